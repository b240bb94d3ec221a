/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for tests: "two.test" is 127.0.0.2 and 127.0.0.1, "both.test" is ::1 and 127.0.0.1; "never.test" gets no
 * answer, until cancelled. */
#pragma once

/* The default resolver of the process is this one, between the two. */
void resolver_begin (void);
void resolver_end (void);
