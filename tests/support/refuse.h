/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Allocations that fail on demand: the linker (refuse_link_args) sends the allocators that are used for sizes of the
 * peer's choice through here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The n-th request (from 0) of at least so many bytes fails, once; from any thread. */
void refuse_next (unsigned n, size_t at_least);

/* Whether it has. */
bool refuse_has (void);

/* No other one fails. */
void refuse_none (void);
