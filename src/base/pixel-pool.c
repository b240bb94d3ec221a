/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pixel-pool.h"

#include "base/pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Smaller pictures are left to malloc(), which keeps their memory itself. */
#define LEAST_BYTES 65536
#define MAX_BLOCKS 64
#define MAX_AGE 128 /* pictures taken since it was given back; then it goes to the system */

/* Larger ones are mapped, so that their memory goes back to the system. */
#define LEAST_MAPPED ((size_t) 128 << 10)
#define MAP_UNIT ((size_t) 65536) /* no system's pages are larger */

typedef struct {
  void *memory;
  size_t capacity;
  uint64_t given_at; /* of n_taken */
  int64_t given_us;
} Block;

struct CwPixelPool {
  gatomicrefcount ref_count;
  GMutex lock;
  size_t max_bytes, bytes;
  uint64_t n_taken;
  unsigned n_blocks;
  Block blocks[MAX_BLOCKS]; /* the longest unused first */
};

static size_t
round_up (size_t size, size_t unit)
{
  return (size + unit - 1) & ~(unit - 1);
}

static size_t
capacity_for (size_t size)
{
  size_t whole = round_up (size, CW_HUGE_PAGE);

  if (size < LEAST_MAPPED)
    return round_up (size, 64);
  return size >= CW_HUGE_PAGE && whole - size <= size / 8 ? whole : round_up (size, MAP_UNIT);
}

static void *
allocate (size_t capacity)
{
  if (capacity < LEAST_MAPPED)
    return aligned_alloc (64, capacity);
  /* Decoders write all of it. */
  return cw_pages_map (capacity, true);
}

static void
release (Block block)
{
  if (block.capacity < LEAST_MAPPED)
    free (block.memory);
  else
    cw_pages_unmap (block.memory, block.capacity);
}

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
  cw_pixel_pool_trim (self, 0);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* The next two with the lock held. */
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
cw_pixel_pool_trim (CwPixelPool *self, int64_t unused_us)
{
  int64_t before = g_get_monotonic_time () - unused_us;

  g_mutex_lock (&self->lock);
  while (self->n_blocks > 0 && self->blocks[0].given_us <= before)
    release (remove_block (self, 0));
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
  Block found = { .capacity = capacity_for (size) }, aged = { NULL };

  if (self) {
    g_mutex_lock (&self->lock);
    self->n_taken++;
    if (self->n_blocks > 0 && self->n_taken - self->blocks[0].given_at > MAX_AGE)
      aged = remove_block (self, 0);
    /* The one unused for the shortest time is the likeliest to be in a cache. Not more than twice the size, or small
     * pictures would hold large ones' memory. */
    for (unsigned i = size >= LEAST_BYTES ? self->n_blocks : 0; i-- > 0 && !found.memory;)
      if (self->blocks[i].capacity >= size && self->blocks[i].capacity / 2 <= size)
        found = remove_block (self, i);
    g_mutex_unlock (&self->lock);
  }
  if (aged.memory)
    release (aged);
  if (!found.memory)
    found.memory = allocate (found.capacity);
  *capacity = found.capacity;
  return found.memory;
}

/* Exactly as much as is wanted: it is kept for long. */
void *
cw_pixel_pool_take_zeroed (size_t size, size_t *capacity)
{
  void *memory;

  *capacity = size < LEAST_MAPPED ? round_up (size, 64) : round_up (size, MAP_UNIT);
  if (*capacity >= LEAST_MAPPED)
    return cw_pages_map (*capacity, false);
  memory = aligned_alloc (64, *capacity);
  if (memory)
    memset (memory, 0, *capacity);
  return memory;
}

void
cw_pixel_pool_zero (void *memory, size_t capacity, size_t offset, size_t size)
{
  uint8_t *at = (uint8_t *) memory + offset;

  if (capacity < LEAST_MAPPED || madvise (at, size, MADV_DONTNEED) != 0)
    memset (at, 0, size);
}

void
cw_pixel_pool_give (CwPixelPool *self, void *memory, size_t capacity)
{
  Block freed[MAX_BLOCKS + 1];
  unsigned n = 0;

  if (!memory)
    return;
  if (!self || capacity < LEAST_BYTES || capacity > self->max_bytes) {
    release ((Block){ .memory = memory, .capacity = capacity });
    return;
  }
  g_mutex_lock (&self->lock);
  while (self->n_blocks == MAX_BLOCKS || self->bytes > self->max_bytes - capacity)
    freed[n++] = remove_block (self, 0);
  add_block (self, (Block){ memory, capacity, self->n_taken, g_get_monotonic_time () });
  g_mutex_unlock (&self->lock);
  while (n > 0)
    release (freed[--n]);
}

void
cw_pixel_pool_populate (void *memory, size_t capacity, size_t offset, size_t size)
{
  if (capacity >= LEAST_MAPPED)
    cw_pages_populate ((uint8_t *) memory + offset, size);
}
