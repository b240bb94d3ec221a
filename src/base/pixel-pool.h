/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps the memory of large pictures for the next ones: fresh memory costs a page fault every 4 KiB, which is more
 * than many decoders take. Any thread. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CwPixelPool CwPixelPool;

/* max_bytes: how much unused memory to keep at most; what no picture has wanted for long is not kept. Pixels made from
 * a pool hold a reference to it. */
CwPixelPool *cw_pixel_pool_new (size_t max_bytes);
CwPixelPool *cw_pixel_pool_ref (CwPixelPool *self);
void cw_pixel_pool_unref (CwPixelPool *self);

/* Frees what has been unused for so long, in µs; 0: all that is unused now. */
void cw_pixel_pool_trim (CwPixelPool *self, int64_t unused_us);

/* Bytes kept unused, for accounting. */
size_t cw_pixel_pool_unused (CwPixelPool *self);

/* For pixels.c. Memory of at least size bytes, aligned to 64, with unspecified content; NULL if there is none. self may
 * be NULL: then it is plain memory. *capacity is its true size, to be given back with it. */
void *cw_pixel_pool_take (CwPixelPool *self, size_t size, size_t *capacity);

/* Memory of no pool, all zero, without being touched. */
void *cw_pixel_pool_take_zeroed (size_t size, size_t *capacity);

/* Makes size bytes of memory from offset on, a multiple of a page's size, all zero; where it is large, without touching
 * it. */
void cw_pixel_pool_zero (void *memory, size_t capacity, size_t offset, size_t size);

void cw_pixel_pool_give (CwPixelPool *self, void *memory, size_t capacity);

/* All these bytes of memory that was taken zeroed are about to be written: large ones get their pages in one go, where
 * the system can do that. */
void cw_pixel_pool_populate (void *memory, size_t capacity, size_t offset, size_t size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwPixelPool, cw_pixel_pool_unref)
