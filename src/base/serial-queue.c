/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/serial-queue.h"

struct CwSerialQueue {
  gatomicrefcount ref_count; /* a run on the pool holds one */
  CwWorkerGroup *group;
  const CwSerialClass *class;
  gpointer data;
  GMutex lock;
  /* All below under the lock. */
  GQueue jobs; /* the one being worked on included */
  enum { IDLE, RUNNING, PARKED } state;
  bool resumed; /* since the run began */
  bool begun;   /* with the first job */
};

CwSerialQueue *
cw_serial_queue_new (CwWorkerGroup *group, const CwSerialClass *class, gpointer data)
{
  CwSerialQueue *self = g_new0 (CwSerialQueue, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_queue_init (&self->jobs);
  self->group = cw_worker_group_ref (group);
  self->class = class;
  self->data = data;
  return self;
}

CwSerialQueue *
cw_serial_queue_ref (CwSerialQueue *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_serial_queue_unref (CwSerialQueue *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_assert (self->jobs.length == 0);
  if (self->class->free)
    self->class->free (self->data);
  cw_worker_group_unref (self->group);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void run_on_pool (gpointer data);

/* Without the lock, because the pool may have no thread and run at once. */
static void
schedule (CwSerialQueue *self)
{
  cw_worker_group_push (self->group, self->class->kind, run_on_pool, cw_serial_queue_ref (self));
}

/* What follows a piece of work. TRUE: there is more to do, by whoever did it. */
static bool
settle (CwSerialQueue *self, CwSerialResult result)
{
  g_mutex_lock (&self->lock);
  if (result == CW_SERIAL_DONE)
    g_queue_pop_head (&self->jobs);
  self->begun = result != CW_SERIAL_DONE;
  if (self->jobs.length == 0)
    self->state = IDLE;
  else if (result == CW_SERIAL_PARKED && !self->resumed)
    self->state = PARKED;
  result = self->state == RUNNING;
  g_mutex_unlock (&self->lock);
  return result;
}

/* TRUE: again. */
static bool
run_piece (CwSerialQueue *self)
{
  gpointer job;

  g_mutex_lock (&self->lock);
  self->resumed = false;
  job = g_queue_peek_head (&self->jobs);
  self->begun = job != NULL;
  if (!job) /* dropped meanwhile */
    self->state = IDLE;
  g_mutex_unlock (&self->lock);
  return job && settle (self, self->class->run (self->data, job));
}

static void
run_on_pool (gpointer data)
{
  CwSerialQueue *self = data;

  if (run_piece (self))
    schedule (self);
  cw_serial_queue_unref (self);
}

/* TRUE if the caller has to see to its being run. */
static bool
append (CwSerialQueue *self, gpointer job)
{
  bool idle;

  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->jobs, job);
  idle = self->state == IDLE;
  if (idle)
    self->state = RUNNING;
  g_mutex_unlock (&self->lock);
  return idle;
}

void
cw_serial_queue_push (CwSerialQueue *self, gpointer job)
{
  if (append (self, job))
    schedule (self);
}

void
cw_serial_queue_push_here (CwSerialQueue *self, gpointer job)
{
  if (!append (self, job))
    return;
  while (run_piece (self))
    ;
}

void
cw_serial_queue_resume (CwSerialQueue *self)
{
  bool parked;

  g_mutex_lock (&self->lock);
  self->resumed = true;
  parked = self->state == PARKED;
  if (parked)
    self->state = RUNNING;
  g_mutex_unlock (&self->lock);
  if (parked)
    schedule (self);
}

void
cw_serial_queue_drop (CwSerialQueue *self, void (*drop) (gpointer job))
{
  GQueue dropped = G_QUEUE_INIT;
  gpointer first = NULL, job;

  g_mutex_lock (&self->lock);
  if (self->begun)
    first = g_queue_pop_head (&self->jobs);
  while ((job = g_queue_pop_head (&self->jobs)))
    g_queue_push_tail (&dropped, job);
  if (first)
    g_queue_push_tail (&self->jobs, first);
  g_mutex_unlock (&self->lock);
  while ((job = g_queue_pop_head (&dropped)))
    drop (job);
}
