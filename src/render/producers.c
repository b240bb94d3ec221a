/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/producers.h"

typedef struct {
  void (*notify) (gpointer data); /* NULL: does not wait */
  gpointer data;
} Waiter;

struct CwProducers {
  gatomicrefcount ref_count;
  GMutex lock;
  GPtrArray *members; /* CwProducer at work, not referenced; under the lock */
  /* The owner's thread. */
  unsigned n_cache_waits;
  bool changed, notifying;
};

struct CwProducer {
  gatomicrefcount ref_count;
  CwProducers *all;
  gint n_decoding; /* atomic */
  /* Under the lock of all. */
  bool at_work;
  Waiter waiters[CW_N_WAITS];
};

CwProducers *
cw_producers_new (void)
{
  CwProducers *self = g_new0 (CwProducers, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->members = g_ptr_array_new ();
  return self;
}

CwProducers *
cw_producers_ref (CwProducers *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_producers_unref (CwProducers *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->members);
  g_mutex_clear (&self->lock);
  g_free (self);
}

CwProducer *
cw_producer_new (CwProducers *producers)
{
  CwProducer *self = g_new0 (CwProducer, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->all = cw_producers_ref (producers);
  return self;
}

CwProducer *
cw_producer_ref (CwProducer *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_producer_unref (CwProducer *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_assert (!self->at_work);
  cw_producers_unref (self->all);
  g_free (self);
}

/* With the lock. */
static Waiter
take_waiter (CwProducer *self, CwWait wait)
{
  Waiter waiter = self->waiters[wait];

  if (wait == CW_WAIT_CACHE && waiter.notify)
    self->all->n_cache_waits--;
  self->waiters[wait] = (Waiter){ NULL };
  return waiter;
}

/* Calls all that wait in this way, each once; what they wait for next comes on top. */
static void
notify_waiters (CwProducers *self, CwWait wait)
{
  g_autoptr (GArray) waiters = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->members->len; i++) {
    Waiter waiter = take_waiter (self->members->pdata[i], wait);

    if (!waiter.notify)
      continue;
    if (!waiters)
      waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
    g_array_append_val (waiters, waiter);
  }
  g_mutex_unlock (&self->lock);
  for (guint i = 0; waiters && i < waiters->len; i++) {
    const Waiter *waiter = &g_array_index (waiters, Waiter, i);

    waiter->notify (waiter->data);
  }
}

void
cw_producers_cache_changed (CwProducers *self)
{
  if (self->n_cache_waits == 0)
    return;
  self->changed = true;
  if (self->notifying)
    return;
  /* One that gets further may bring what the next one waits for. */
  self->notifying = true;
  while (self->changed) {
    self->changed = false;
    notify_waiters (self, CW_WAIT_CACHE);
  }
  self->notifying = false;
}

void
cw_producer_join (CwProducer *self)
{
  if (self->at_work)
    return;
  g_mutex_lock (&self->all->lock);
  g_ptr_array_add (self->all->members, self);
  self->at_work = true;
  g_mutex_unlock (&self->all->lock);
}

void
cw_producer_leave (CwProducer *self)
{
  Waiter waiters[CW_N_WAITS] = { 0 };

  g_mutex_lock (&self->all->lock);
  self->at_work = false;
  g_ptr_array_remove (self->all->members, self);
  for (unsigned i = 0; i < CW_N_WAITS; i++)
    waiters[i] = take_waiter (self, i);
  g_mutex_unlock (&self->all->lock);
  for (unsigned i = 0; i < CW_N_WAITS; i++) {
    if (waiters[i].notify)
      waiters[i].notify (waiters[i].data);
  }
  notify_waiters (self->all, CW_WAIT_DICTIONARY);
  cw_producers_cache_changed (self->all);
}

bool
cw_producer_has_siblings (CwProducer *self)
{
  bool found;

  g_mutex_lock (&self->all->lock);
  found = self->all->members->len > (self->at_work ? 1 : 0);
  g_mutex_unlock (&self->all->lock);
  return found;
}

/* Neither more messages nor more pictures come of it. The server has sent everything in one order: if all are like
 * this, the oldest message of those they stand at waits for a picture that must have been there. */
static bool
is_stuck (CwProducer *self)
{
  return self->waiters[CW_WAIT_DICTIONARY].notify
         || (self->waiters[CW_WAIT_CACHE].notify && g_atomic_int_get (&self->n_decoding) == 0);
}

static bool
may_be_helped (const CwProducer *self)
{
  const GPtrArray *members = self->all->members;

  for (guint i = 0; self->at_work && i < members->len; i++) {
    if (members->pdata[i] != self && !is_stuck (members->pdata[i]))
      return true;
  }
  return false;
}

bool
cw_producer_wait (CwProducer *self, CwWait wait, void (*notify) (gpointer data), gpointer data)
{
  bool possible;

  g_mutex_lock (&self->all->lock);
  g_assert (!self->waiters[wait].notify);
  possible = may_be_helped (self);
  if (possible)
    self->waiters[wait] = (Waiter){ notify, data };
  if (possible && wait == CW_WAIT_CACHE)
    self->all->n_cache_waits++;
  g_mutex_unlock (&self->all->lock);
  return possible;
}

bool
cw_producer_withdraw (CwProducer *self, CwWait wait)
{
  bool waited;

  g_mutex_lock (&self->all->lock);
  waited = take_waiter (self, wait).notify != NULL;
  g_mutex_unlock (&self->all->lock);
  return waited;
}

bool
cw_producer_is_waiting (CwProducer *self, CwWait wait)
{
  bool waiting;

  g_mutex_lock (&self->all->lock);
  waiting = self->waiters[wait].notify != NULL;
  g_mutex_unlock (&self->all->lock);
  return waiting;
}

void
cw_producer_add_decoding (CwProducer *self, int n)
{
  g_atomic_int_add (&self->n_decoding, n);
}
