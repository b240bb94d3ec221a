/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of memory: apart from each other, there until they are freed, and their blocks no longer than that. Where an
 * address sanitizer watches, a slab has no blocks. */
#include "base/slab.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define N_PIECES 3000

static size_t
size_of (unsigned i)
{
  return i * 37 % (CW_SLAB_MOST + 200);
}

static uint8_t *
take (CwSlab *slab, unsigned i)
{
  uint8_t *piece = cw_slab_alloc (slab, size_of (i));

  g_assert_nonnull (piece);
  g_assert_cmpuint ((uintptr_t) piece % 8, ==, 0);
  memset (piece, (int) (i & 0xff), size_of (i));
  return piece;
}

static void
give (uint8_t *piece, unsigned i)
{
  for (size_t k = 0; k < size_of (i); k++)
    g_assert_cmpuint (piece[k], ==, i & 0xff);
  cw_slab_free (piece);
}

/* What is freed late, early and after the slab has gone. */
static void
test_apart (gconstpointer without_slab)
{
  CwSlab slab = { NULL };
  CwSlab *from = without_slab ? NULL : &slab;
  uint8_t *pieces[N_PIECES];

  for (unsigned i = 0; i < N_PIECES; i++) {
    pieces[i] = take (from, i);
    if (i % 3 == 2)
      give (pieces[i - 1], i - 1);
  }
  for (unsigned i = 0; i < N_PIECES; i += 3)
    give (pieces[i], i);
  cw_slab_clear (&slab);
  for (unsigned i = 2; i < N_PIECES; i += 3)
    give (pieces[i], i);
  cw_slab_free (NULL);
}

/* One piece at a time needs one block. */
static void
test_reuse (void)
{
  CwSlab slab = { NULL };
  CwSlabBlock *first;

  cw_slab_free (cw_slab_alloc (&slab, 100));
  first = slab.block;
  for (unsigned i = 0; i < N_PIECES; i++)
    cw_slab_free (cw_slab_alloc (&slab, 100));
  g_assert_true (slab.block == first);
  cw_slab_clear (&slab);
  g_assert_null (slab.block);
}

/* Large ones would leave most of a block unused. */
static void
test_large (void)
{
  CwSlab slab = { NULL };
  uint8_t *piece = cw_slab_alloc (&slab, 1025);

  g_assert_nonnull (piece);
  g_assert_null (slab.block);
  memset (piece, 1, 1025);
  cw_slab_free (piece);
  g_assert_null (cw_slab_alloc (&slab, SIZE_MAX));
  g_assert_null (cw_slab_alloc (NULL, SIZE_MAX - 7));
}

static gpointer
free_all (gpointer data)
{
  GAsyncQueue *queue = data;

  for (unsigned i = 0; i < N_PIECES; i++)
    give (g_async_queue_pop (queue), i);
  return NULL;
}

/* Taken here, freed there. */
static void
test_threads (void)
{
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  GThread *thread = g_thread_new ("free", free_all, queue);
  CwSlab slab = { NULL };

  for (unsigned i = 0; i < N_PIECES; i++)
    g_async_queue_push (queue, take (&slab, i));
  cw_slab_clear (&slab);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/slab/apart", GINT_TO_POINTER (false), test_apart);
  g_test_add_data_func ("/slab/none", GINT_TO_POINTER (true), test_apart);
  g_test_add_func ("/slab/reuse", test_reuse);
  g_test_add_func ("/slab/large", test_large);
  g_test_add_func ("/slab/threads", test_threads);
  return g_test_run ();
}
