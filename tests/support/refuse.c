/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "refuse.h"

#include <glib.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Of a slab, whose pieces are as small as any other memory that GLib ends the program for. */
#define SLAB_BLOCK 16384

static gint countdown = -1; /* requests up to the one that fails; < 0: none does */
static size_t smallest;

static bool
refuse (size_t size)
{
  return size >= smallest && size != SLAB_BLOCK && g_atomic_int_get (&countdown) >= 0
         && g_atomic_int_add (&countdown, -1) == 0;
}

void
refuse_next (unsigned n, size_t at_least)
{
  smallest = at_least;
  g_atomic_int_set (&countdown, (gint) n);
}

bool
refuse_has (void)
{
  return g_atomic_int_get (&countdown) < 0;
}

void
refuse_none (void)
{
  g_atomic_int_set (&countdown, -1);
}

/* clang-format off */
#define WRAP(type, function, parameters, arguments, size, failed) \
  type __real_##function parameters; \
  type __wrap_##function parameters; \
  type __wrap_##function parameters { return refuse (size) ? failed : __real_##function arguments; }

WRAP (void *, aligned_alloc, (size_t alignment, size_t n), (alignment, n), n, NULL)
WRAP (void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t offset), (at, n, prot, flags, fd, offset), n,
      MAP_FAILED)
WRAP (void *, mmap64, (void *at, size_t n, int prot, int flags, int fd, off64_t offset), (at, n, prot, flags, fd, offset), n,
      MAP_FAILED)
WRAP (gpointer, g_try_malloc, (gsize n), (n), n, NULL)
WRAP (gpointer, g_try_malloc0, (gsize n), (n), n, NULL)
WRAP (gpointer, g_try_realloc, (gpointer memory, gsize n), (memory, n), n, NULL)
WRAP (gpointer, g_try_malloc_n, (gsize n, gsize each), (n, each), n * each, NULL)
WRAP (gpointer, g_try_malloc0_n, (gsize n, gsize each), (n, each), n * each, NULL)
WRAP (struct libdeflate_decompressor *, libdeflate_alloc_decompressor, (void), (), SIZE_MAX, NULL)
/* clang-format on */
