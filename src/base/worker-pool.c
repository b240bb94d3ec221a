/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/worker-pool.h"

typedef struct {
  CwJobFunc run;
  gpointer job;
} Item;

struct CwWorkerPool {
  gatomicrefcount ref_count;
  GThreadPool *threads; /* NULL: manual */
  GMutex lock;          /* manual: guards queued */
  GPtrArray *queued;
};

static void
run_item (gpointer data, gpointer user_data)
{
  Item *item = data;

  item->run (item->job);
  g_free (item);
}

CwWorkerPool *
cw_worker_pool_new (unsigned max_threads)
{
  CwWorkerPool *self = g_new0 (CwWorkerPool, 1);

  if (max_threads == 0)
    max_threads = MAX (g_get_num_processors (), 2) - 1;
  g_atomic_ref_count_init (&self->ref_count);
  /* A non-exclusive pool starts threads on demand and shares idle ones; creation cannot fail. */
  self->threads = g_thread_pool_new (run_item, NULL, max_threads, FALSE, NULL);
  return self;
}

CwWorkerPool *
cw_worker_pool_new_manual (void)
{
  CwWorkerPool *self = g_new0 (CwWorkerPool, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->queued = g_ptr_array_new ();
  return self;
}

CwWorkerPool *
cw_worker_pool_ref (CwWorkerPool *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_worker_pool_unref (CwWorkerPool *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->threads) {
    g_thread_pool_free (self->threads, FALSE, FALSE);
  } else {
    while (self->queued->len > 0)
      cw_worker_pool_run_queued (self, 0);
    g_ptr_array_unref (self->queued);
    g_mutex_clear (&self->lock);
  }
  g_free (self);
}

void
cw_worker_pool_push (CwWorkerPool *self, CwJobFunc run, gpointer job)
{
  Item *item = g_new (Item, 1);

  *item = (Item){ run, job };
  if (self->threads) {
    g_thread_pool_push (self->threads, item, NULL);
    return;
  }
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->queued, item);
  g_mutex_unlock (&self->lock);
}

unsigned
cw_worker_pool_n_queued (CwWorkerPool *self)
{
  unsigned n;

  g_assert (!self->threads);
  g_mutex_lock (&self->lock);
  n = self->queued->len;
  g_mutex_unlock (&self->lock);
  return n;
}

void
cw_worker_pool_run_queued (CwWorkerPool *self, unsigned index)
{
  Item *item;

  g_assert (!self->threads);
  g_mutex_lock (&self->lock);
  g_assert (index < self->queued->len);
  item = g_ptr_array_remove_index (self->queued, index);
  g_mutex_unlock (&self->lock);
  run_item (item, NULL);
}
