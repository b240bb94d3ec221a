/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/block.h"

/* A slice keeps alive at most so many times its size. */
#define PINNED_MAX 4

CwBlock *
cw_block_new (size_t capacity)
{
  CwBlock *self = g_try_malloc (sizeof *self + capacity);

  if (!self)
    return NULL;
  g_atomic_ref_count_init (&self->refs);
  self->capacity = capacity;
  return self;
}

void
cw_block_unref (CwBlock *self)
{
  if (self && g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

bool
cw_block_is_shared (CwBlock *self)
{
  return !g_atomic_ref_count_compare (&self->refs, 1);
}

static bool
is_small (size_t size, size_t pinned)
{
  return size < pinned / PINNED_MAX;
}

static void
free_slice (gpointer block)
{
  cw_block_unref (block);
}

GBytes *
cw_block_slice (CwBlock *self, size_t offset, size_t size)
{
  if (is_small (size, self->capacity))
    return NULL;
  g_atomic_ref_count_inc (&self->refs);
  return g_bytes_new_with_free_func (self->data + offset, size, free_slice, self);
}

GBytes *
cw_block_part (GBytes *whole, size_t pinned, size_t offset, size_t size)
{
  return is_small (size, pinned) ? NULL : g_bytes_new_from_bytes (whole, offset, size);
}

CwBlock *
cw_block_pool_take (CwBlockPool *self)
{
  return self && self->n > 0 ? self->spare[--self->n] : cw_block_new (CW_BLOCK_SIZE);
}

void
cw_block_pool_give (CwBlockPool *self, CwBlock *block)
{
  if (self && block && self->n < G_N_ELEMENTS (self->spare) && block->capacity == CW_BLOCK_SIZE
      && !cw_block_is_shared (block))
    self->spare[self->n++] = block;
  else
    cw_block_unref (block);
}

void
cw_block_pool_clear (CwBlockPool *self)
{
  while (self->n > 0)
    cw_block_unref (self->spare[--self->n]);
}
