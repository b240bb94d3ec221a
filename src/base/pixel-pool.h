/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps the memory of large pictures for the next ones: fresh memory costs a page fault every 4 KiB, which is more
 * than many decoders take. A pool is owned by whatever the pictures belong to, usually a session. Any thread. */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct CwPixelPool CwPixelPool;

/* max_bytes: how much unused memory to keep at most; what no picture has wanted for long is not kept. Pixels made from
 * a pool hold a reference to it. */
CwPixelPool *cw_pixel_pool_new (size_t max_bytes);
CwPixelPool *cw_pixel_pool_ref (CwPixelPool *self);
void cw_pixel_pool_unref (CwPixelPool *self);

/* Frees what is unused now. */
void cw_pixel_pool_trim (CwPixelPool *self);

/* Bytes kept unused, for accounting. */
size_t cw_pixel_pool_unused (CwPixelPool *self);

/* For pixels.c. Memory of at least size bytes, aligned to 64, with unspecified content; NULL if there is none. self may
 * be NULL: then it is plain memory. *capacity is its true size, to be given back with it. */
void *cw_pixel_pool_take (CwPixelPool *self, size_t size, size_t *capacity);

/* Memory of no pool, all zero, without being touched. */
void *cw_pixel_pool_take_zeroed (size_t size, size_t *capacity);

/* Makes memory all zero; where it is large, without touching it. */
void cw_pixel_pool_zero (void *memory, size_t capacity);

void cw_pixel_pool_give (CwPixelPool *self, void *memory, size_t capacity);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwPixelPool, cw_pixel_pool_unref)
