/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/slab.h"

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_BYTES 16384

/* Address sanitizers see what becomes of a piece only if it is malloc()'s. */
#if defined(__SANITIZE_ADDRESS__)
#  define ALL_PLAIN 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define ALL_PLAIN 1
#  endif
#endif
#ifndef ALL_PLAIN
#  define ALL_PLAIN 0
#endif

struct CwSlabBlock {
  gatomicrefcount refs; /* pieces, and the slab that takes from it */
  size_t used;
  uint64_t memory[];
};

typedef union {
  CwSlabBlock *block; /* NULL: malloc()'s */
  uint64_t align;
} Piece;

#define CAPACITY (BLOCK_BYTES - sizeof (CwSlabBlock))

static void
unref (CwSlabBlock *block)
{
  if (block && g_atomic_ref_count_dec (&block->refs))
    g_free (block);
}

/* Room in the slab's block, or in a new one. */
static bool
make_room (CwSlab *self, size_t size)
{
  CwSlabBlock *block = self->block;

  if (block && size <= CAPACITY - block->used)
    return true;
  if (!block || !g_atomic_ref_count_compare (&block->refs, 1)) {
    block = g_try_malloc (BLOCK_BYTES);
    if (!block)
      return false;
    g_atomic_ref_count_init (&block->refs);
    unref (self->block);
    self->block = block;
  }
  block->used = 0;
  return true;
}

void *
cw_slab_alloc (CwSlab *self, size_t size)
{
  size_t whole = sizeof (Piece) + ((size + 7) & ~(size_t) 7);
  Piece *piece;

  if (ALL_PLAIN || !self || size > CW_SLAB_MOST) {
    piece = size <= SIZE_MAX - 64 ? g_try_malloc (whole) : NULL;
    if (!piece)
      return NULL;
    piece->block = NULL;
    return piece + 1;
  }
  if (!make_room (self, whole))
    return NULL;
  piece = (Piece *) (void *) ((uint8_t *) self->block->memory + self->block->used);
  piece->block = self->block;
  self->block->used += whole;
  g_atomic_ref_count_inc (&self->block->refs);
  return piece + 1;
}

void
cw_slab_free (void *memory)
{
  Piece *piece = memory;

  if (!memory)
    return;
  piece--;
  if (piece->block)
    unref (piece->block);
  else
    g_free (piece);
}

void
cw_slab_clear (CwSlab *self)
{
  unref (g_steal_pointer (&self->block));
}
