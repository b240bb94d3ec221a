/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs that have to be done one after the other, each in pieces, on the threads of a pool. One that cannot go on parks
 * the queue; no thread waits. */
#pragma once

#include "base/worker-pool.h"

typedef struct CwSerialQueue CwSerialQueue;

typedef enum {
  CW_SERIAL_DONE,   /* with the job, which belongs to whoever run() gave it to */
  CW_SERIAL_AGAIN,  /* more of the same job; jobs of others get their turn before */
  CW_SERIAL_PARKED, /* the same job again, after cw_serial_queue_resume(); one since run() was called counts */
} CwSerialResult;

typedef struct {
  CwJobKind kind;
  /* Some work on a job; never twice at a time. */
  CwSerialResult (*run) (gpointer data, gpointer job);
  /* With the last reference. */
  void (*free) (gpointer data);
} CwSerialClass;

/* Takes a reference to the group; data is given to the class's functions. The class is kept. */
CwSerialQueue *cw_serial_queue_new (CwWorkerGroup *group, const CwSerialClass *class, gpointer data);
CwSerialQueue *cw_serial_queue_ref (CwSerialQueue *self);

/* Any thread. Jobs that are queued hold references of their own. */
void cw_serial_queue_unref (CwSerialQueue *self);

/* Takes the job. Any thread. */
void cw_serial_queue_push (CwSerialQueue *self, gpointer job);

/* The same, but if nothing is queued it begins on the caller's thread; what is left of it when it parks is done on the
 * pool. For jobs that are done sooner than a thread is woken. */
void cw_serial_queue_push_here (CwSerialQueue *self, gpointer job);

/* A parked queue goes on. Any thread, without locks that run() takes. */
void cw_serial_queue_resume (CwSerialQueue *self);

/* Takes out the jobs that nobody has begun with and gives each to drop(). Any thread. */
void cw_serial_queue_drop (CwSerialQueue *self, void (*drop) (gpointer job));

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwSerialQueue, cw_serial_queue_unref)
