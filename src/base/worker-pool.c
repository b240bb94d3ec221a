/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/worker-pool.h"

/* A thread without work ends after this time. */
#define IDLE_US (2 * G_TIME_SPAN_SECOND)

/* Of unused memory for pictures: two of 3840×2160. */
#define PIXEL_BYTES ((size_t) 64 << 20)

/* Unused items kept, so that threads need not allocate and free. */
#define MAX_SPARE 256

typedef struct Item Item;

struct Item {
  Item *next;
  CwWorkerGroup *group; /* referenced */
  CwJobKind kind;
  uint64_t number;
  CwJobFunc run;
  gpointer job;
};

typedef struct {
  Item *first, *last;
} ItemQueue;

struct CwWorkerGroup {
  gatomicrefcount ref_count;
  CwWorkerPool *pool; /* referenced */
  /* Under the pool's lock. */
  ItemQueue queues[CW_N_JOB_KINDS];
  bool copying;
  bool listed;
};

struct CwWorkerPool {
  gatomicrefcount ref_count; /* threads have none: they are counted by themselves */
  bool of_process;
  unsigned max_threads; /* 0: manual */
  GMutex lock;
  GCond pushed;
  /* All below under the lock. */
  unsigned n_threads;
  unsigned n_idle, n_waking; /* those that wait, and of these those that have been told */
  bool running_here;         /* somebody runs jobs on his own thread, for want of another */
  bool closed;
  uint64_t next_number;
  Item *spare;
  unsigned n_spare;
  CwPixelPool *pixels;
  GQueue ready;      /* CwWorkerGroup that have jobs; whose turn it is first */
  GPtrArray *queued; /* manual: Item, the oldest first */
};

/* The pool of the process, as long as somebody uses it. */
static GMutex process_lock;
static CwWorkerPool *process_pool;

static CwWorkerPool *
pool_new (unsigned max_threads)
{
  CwWorkerPool *self = g_new0 (CwWorkerPool, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_cond_init (&self->pushed);
  g_queue_init (&self->ready);
  self->max_threads = max_threads;
  self->pixels = cw_pixel_pool_new (PIXEL_BYTES);
  return self;
}

CwWorkerPool *
cw_worker_pool_get (void)
{
  CwWorkerPool *self;

  g_mutex_lock (&process_lock);
  if (process_pool) {
    self = cw_worker_pool_ref (process_pool);
  } else {
    self = process_pool = pool_new (g_get_num_processors ());
    self->of_process = true;
  }
  g_mutex_unlock (&process_lock);
  return self;
}

CwWorkerPool *
cw_worker_pool_new (unsigned max_threads)
{
  g_assert (max_threads > 0);
  return pool_new (max_threads);
}

CwWorkerPool *
cw_worker_pool_new_manual (void)
{
  CwWorkerPool *self = pool_new (0);

  self->queued = g_ptr_array_new ();
  return self;
}

CwWorkerPool *
cw_worker_pool_ref (CwWorkerPool *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
pool_free (CwWorkerPool *self)
{
  Item *item;

  g_assert (self->ready.length == 0);
  while ((item = self->spare)) {
    self->spare = item->next;
    g_free (item);
  }
  g_clear_pointer (&self->queued, g_ptr_array_unref);
  cw_pixel_pool_unref (self->pixels);
  g_cond_clear (&self->pushed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Nobody uses it, so there are no jobs either: they keep their groups, and groups keep their pool. */
static void
pool_close (CwWorkerPool *self)
{
  bool last;

  g_mutex_lock (&self->lock);
  self->closed = true;
  g_cond_broadcast (&self->pushed);
  last = self->n_threads == 0;
  g_mutex_unlock (&self->lock);
  if (last)
    pool_free (self);
}

/* The pool of the process must not be taken between its last reference's end and its being forgotten. */
static bool
drop_reference (CwWorkerPool *self)
{
  bool last;

  if (!self->of_process)
    return g_atomic_ref_count_dec (&self->ref_count);
  g_mutex_lock (&process_lock);
  last = g_atomic_ref_count_dec (&self->ref_count);
  if (last)
    process_pool = NULL;
  g_mutex_unlock (&process_lock);
  return last;
}

void
cw_worker_pool_unref (CwWorkerPool *self)
{
  if (drop_reference (self))
    pool_close (self);
}

CwPixelPool *
cw_worker_pool_pixels (CwWorkerPool *self)
{
  return self->pixels;
}

unsigned
cw_worker_pool_n_threads (CwWorkerPool *self)
{
  unsigned n;

  g_mutex_lock (&self->lock);
  n = self->n_threads;
  g_mutex_unlock (&self->lock);
  return n;
}

unsigned
cw_worker_pool_n_queued (CwWorkerPool *self)
{
  unsigned n;

  g_assert (self->queued);
  g_mutex_lock (&self->lock);
  n = self->queued->len;
  g_mutex_unlock (&self->lock);
  return n;
}

CwWorkerGroup *
cw_worker_group_new (CwWorkerPool *pool)
{
  CwWorkerGroup *self = g_new0 (CwWorkerGroup, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->pool = cw_worker_pool_ref (pool);
  return self;
}

CwWorkerGroup *
cw_worker_group_ref (CwWorkerGroup *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_worker_group_unref (CwWorkerGroup *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  cw_worker_pool_unref (self->pool);
  g_free (self);
}

/* With the lock held, up to the next such line. */

static Item *
new_item (CwWorkerPool *self)
{
  Item *item = self->spare;

  if (!item)
    return g_new (Item, 1);
  self->spare = item->next;
  self->n_spare--;
  return item;
}

static void
free_item (CwWorkerPool *self, Item *item)
{
  if (self->n_spare == MAX_SPARE) {
    g_free (item);
    return;
  }
  item->next = self->spare;
  self->spare = item;
  self->n_spare++;
}

static void
append (CwWorkerGroup *self, Item *item)
{
  ItemQueue *queue = &self->queues[item->kind];

  if (queue->first)
    queue->last->next = item;
  else
    queue->first = item;
  queue->last = item;
  if (!self->listed)
    g_queue_push_tail (&self->pool->ready, self);
  self->listed = true;
}

/* The oldest that may run, or NULL. */
static Item *
peek (const CwWorkerGroup *self)
{
  Item *computes = self->queues[CW_JOB_COMPUTES].first;
  Item *copies = self->copying ? NULL : self->queues[CW_JOB_COPIES].first;

  return !copies || (computes && computes->number < copies->number) ? computes : copies;
}

static bool
has_work (CwWorkerPool *self)
{
  for (GList *l = self->ready.head; l; l = l->next) {
    if (peek (l->data))
      return true;
  }
  return false;
}

/* Takes a job out, of the group whose turn it is. */
static Item *
take (CwWorkerPool *self)
{
  for (GList *l = self->ready.head; l; l = l->next) {
    CwWorkerGroup *group = l->data;
    Item *item = peek (group);

    if (!item)
      continue;
    group->queues[item->kind].first = item->next;
    group->copying = group->copying || item->kind == CW_JOB_COPIES;
    g_queue_unlink (&self->ready, l);
    group->listed = group->queues[CW_JOB_COMPUTES].first || group->queues[CW_JOB_COPIES].first;
    if (group->listed)
      g_queue_push_tail_link (&self->ready, l);
    else
      g_list_free_1 (l);
    return item;
  }
  return NULL;
}

static gpointer work (gpointer pool);

/* Gets another thread to work, if there is work for one. */
static void
call_worker (CwWorkerPool *self)
{
  GThread *thread;

  if (!has_work (self))
    return;
  if (self->n_idle > self->n_waking) {
    self->n_waking++;
    g_cond_signal (&self->pushed);
  } else if (self->n_threads < self->max_threads) {
    thread = g_thread_try_new ("cw-worker", work, self, NULL);
    if (!thread)
      return;
    self->n_threads++;
    g_thread_unref (thread);
  }
}

/* Gives the lock up while the job runs. */
static void
run (CwWorkerPool *self, Item *item)
{
  CwWorkerGroup *group = item->group;

  g_mutex_unlock (&self->lock);
  item->run (item->job);
  g_mutex_lock (&self->lock);
  if (item->kind == CW_JOB_COPIES)
    group->copying = false;
  free_item (self, item);
  g_mutex_unlock (&self->lock);
  cw_worker_group_unref (group);
  g_mutex_lock (&self->lock);
}

static void
run_all_here (CwWorkerPool *self)
{
  Item *item;

  self->running_here = true;
  while ((item = take (self)))
    run (self, item);
  self->running_here = false;
}

/* FALSE if there was nothing to do for too long. */
static bool
wait_for_work (CwWorkerPool *self)
{
  int64_t end = g_get_monotonic_time () + IDLE_US;
  bool in_time = true;

  self->n_idle++;
  while (in_time && !self->closed && !has_work (self)) {
    in_time = g_cond_wait_until (&self->pushed, &self->lock, end);
    if (self->n_waking > 0)
      self->n_waking--;
  }
  self->n_idle--;
  self->n_waking = MIN (self->n_waking, self->n_idle);
  return has_work (self);
}

/* Without the lock. */

static gpointer
work (gpointer pool)
{
  CwWorkerPool *self = pool;
  Item *item;
  bool last;

  g_mutex_lock (&self->lock);
  do {
    while ((item = take (self))) {
      call_worker (self);
      run (self, item);
    }
  } while (wait_for_work (self));
  self->n_threads--;
  last = self->closed && self->n_threads == 0;
  g_mutex_unlock (&self->lock);
  if (last)
    pool_free (self);
  return NULL;
}

void
cw_worker_group_push (CwWorkerGroup *self, CwJobKind kind, CwJobFunc run_job, gpointer job)
{
  CwWorkerPool *pool = self->pool;
  Item *item;

  g_mutex_lock (&pool->lock);
  item = new_item (pool);
  *item = (Item){ NULL, cw_worker_group_ref (self), kind, pool->next_number++, run_job, job };
  if (pool->queued) {
    g_ptr_array_add (pool->queued, item);
  } else {
    append (self, item);
    call_worker (pool);
    if (pool->n_threads == 0 && !pool->running_here)
      run_all_here (pool);
  }
  g_mutex_unlock (&pool->lock);
}

void
cw_worker_pool_run_queued (CwWorkerPool *self, unsigned index)
{
  g_assert (self->queued);
  g_mutex_lock (&self->lock);
  g_assert (index < self->queued->len);
  run (self, g_ptr_array_remove_index (self->queued, index));
  g_mutex_unlock (&self->lock);
}
