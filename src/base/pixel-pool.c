/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pixel-pool.h"

#include <stdlib.h>
#include <string.h>

/* Smaller pictures are left to malloc(), which keeps their memory itself. */
#define LEAST_BYTES 65536
#define MAX_BLOCKS 16

typedef struct {
  void *memory;
  size_t capacity;
} Block;

struct CwPixelPool {
  gatomicrefcount ref_count;
  GMutex lock;
  size_t max_bytes, bytes;
  unsigned n_blocks;
  Block blocks[MAX_BLOCKS]; /* the longest unused first */
};

CwPixelPool *
cw_pixel_pool_new (size_t max_bytes)
{
  CwPixelPool *self = g_new0 (CwPixelPool, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->max_bytes = max_bytes;
  return self;
}

CwPixelPool *
cw_pixel_pool_ref (CwPixelPool *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_pixel_pool_unref (CwPixelPool *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  cw_pixel_pool_trim (self);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Both with the lock held. */
static Block
remove_block (CwPixelPool *self, unsigned i)
{
  const Block block = self->blocks[i];

  self->n_blocks--;
  memmove (self->blocks + i, self->blocks + i + 1, (self->n_blocks - i) * sizeof (Block));
  self->bytes -= block.capacity;
  return block;
}

static void
add_block (CwPixelPool *self, Block block)
{
  self->blocks[self->n_blocks++] = block;
  self->bytes += block.capacity;
}

void
cw_pixel_pool_trim (CwPixelPool *self)
{
  g_mutex_lock (&self->lock);
  while (self->n_blocks > 0)
    free (remove_block (self, self->n_blocks - 1).memory);
  g_mutex_unlock (&self->lock);
}

size_t
cw_pixel_pool_unused (CwPixelPool *self)
{
  size_t bytes;

  g_mutex_lock (&self->lock);
  bytes = self->bytes;
  g_mutex_unlock (&self->lock);
  return bytes;
}

void *
cw_pixel_pool_take (CwPixelPool *self, size_t size, size_t *capacity)
{
  Block found = { NULL, (size + 63) & ~(size_t) 63 };

  if (self != NULL && size >= LEAST_BYTES) {
    g_mutex_lock (&self->lock);
    /* The one unused for the shortest time is the likeliest to be in a cache. Not more than twice the size, or small
     * pictures would hold large ones' memory. */
    for (unsigned i = self->n_blocks; i-- > 0 && found.memory == NULL;)
      if (self->blocks[i].capacity >= size && self->blocks[i].capacity / 2 <= size)
        found = remove_block (self, i);
    g_mutex_unlock (&self->lock);
  }
  if (found.memory == NULL)
    found.memory = aligned_alloc (64, found.capacity);
  *capacity = found.capacity;
  return found.memory;
}

void
cw_pixel_pool_give (CwPixelPool *self, void *memory, size_t capacity)
{
  Block freed[MAX_BLOCKS + 1];
  unsigned n = 0;

  if (self == NULL || capacity < LEAST_BYTES || capacity > self->max_bytes) {
    free (memory);
    return;
  }
  g_mutex_lock (&self->lock);
  while (self->n_blocks == MAX_BLOCKS || self->bytes > self->max_bytes - capacity)
    freed[n++] = remove_block (self, 0);
  add_block (self, (Block){ memory, capacity });
  g_mutex_unlock (&self->lock);
  while (n > 0)
    free (freed[--n].memory);
}
