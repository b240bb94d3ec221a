/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory that bytes are read into, and that bodies of messages are slices of. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One read of 64 KiB, and room for the headers in front of and behind a body of that size: a stream of such messages
 * is read without moving their bodies. */
#define CW_BLOCK_SIZE (68 * 1024)

typedef struct {
  gatomicrefcount refs;
  size_t capacity;
  uint8_t data[];
} CwBlock;

/* NULL when there is no memory. */
CwBlock *cw_block_new (size_t capacity);

/* In any thread. */
void cw_block_unref (CwBlock *self);

/* Slices of it are alive. */
bool cw_block_is_shared (CwBlock *self);

/* A part of a block, which it keeps alive. NULL when that is much more than the part: what is kept is never more than
 * four times what is counted, so the part is to be copied by whoever keeps it. */
GBytes *cw_block_slice (CwBlock *self, size_t offset, size_t size);

/* Likewise, a part of whole, which keeps pinned bytes alive. */
GBytes *cw_block_part (GBytes *whole, size_t pinned, size_t offset, size_t size);

/* Blocks of CW_BLOCK_SIZE that nobody uses just now, for all connections of a thread. Zero-initialised = empty. */
#define CW_BLOCK_POOL_MAX 4

typedef struct {
  CwBlock *spare[CW_BLOCK_POOL_MAX];
  unsigned n;
} CwBlockPool;

/* pool may be NULL. */
CwBlock *cw_block_pool_take (CwBlockPool *self);
void cw_block_pool_give (CwBlockPool *self, CwBlock *block);
void cw_block_pool_clear (CwBlockPool *self);
