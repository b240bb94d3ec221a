/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses as people write them, made into what the library takes; what would be passed over in silence is refused. */
#pragma once

#include <glib.h>

/* "127.0.0.1:5930" and "SPICE://host:1" are understood. NULL with a usage error that says what to write instead. */
char *address_normalize (const char *text, GError **error);
