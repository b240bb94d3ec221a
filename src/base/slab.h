/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for what is small, comes by the thousand and goes about in the order in which it came, such as messages that
 * wait: taken from blocks one after the other, without a search or a lock. A block goes when the last piece in it has
 * gone, so what may stay for long does not belong here.
 *
 * Pieces are taken on one thread and freed on any. */
#pragma once

#include <glib.h>
#include <stddef.h>

/* Larger ones are malloc()'s. */
#define CW_SLAB_MOST 1024

typedef struct CwSlabBlock CwSlabBlock;

/* Zero-initialised = empty. */
typedef struct {
  CwSlabBlock *block;
} CwSlab;

/* Unspecified content, aligned to 8 bytes; NULL if there is no memory. self may be NULL: then it is malloc()'s. */
void *cw_slab_alloc (CwSlab *self, size_t size);
void cw_slab_free (void *memory);

/* What was taken stays. */
void cw_slab_clear (CwSlab *self);
