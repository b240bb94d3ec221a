/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages behind memory. */
#pragma once

#include <stddef.h>

/* All these bytes are about to be written: they get their pages in one go instead of by a fault each, where the system
 * can do that. What is there already stays as it is. */
void cw_pages_populate (void *memory, size_t size);
