/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads that run jobs. A job owns or references all it touches, never waits for another job, and hands its result
 * over by itself (a queue and a wake-up of the owner). Jobs are pushed into groups, usually one for each session, which
 * get turns: one that has pushed a thousand jobs does not hold up one that has pushed one. */
#pragma once

#include "base/pixel-pool.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct CwWorkerPool CwWorkerPool;
typedef struct CwWorkerGroup CwWorkerGroup;

typedef void (*CwJobFunc) (gpointer job);

/* Jobs of the second kind are as fast as memory: two of them at once only get in each other's way, so of a group one at
 * most runs at a time. */
typedef enum {
  CW_JOB_COMPUTES,
  CW_JOB_COPIES,
  CW_N_JOB_KINDS,
} CwJobKind;

/* A reference to the pool that the whole process shares: as many threads as there are processors. */
CwWorkerPool *cw_worker_pool_get (void);

/* A pool of at most max_threads threads, started when there is something to do and ended when there has been nothing
 * for a while. */
CwWorkerPool *cw_worker_pool_new (unsigned max_threads);

/* A pool without threads: jobs wait until cw_worker_pool_run_queued() runs them on the caller's thread, in the order
 * the caller chooses; all have to be run before it goes. For tests, fuzzing and benchmarks of order. */
CwWorkerPool *cw_worker_pool_new_manual (void);

CwWorkerPool *cw_worker_pool_ref (CwWorkerPool *self);

/* Dropping the last reference lets queued jobs finish and does not wait for them. Any thread. */
void cw_worker_pool_unref (CwWorkerPool *self);

/* Memory for the pictures that jobs make: what was of one session is in a cache for the next. Borrowed. */
CwPixelPool *cw_worker_pool_pixels (CwWorkerPool *self);

/* How many threads there are now. */
unsigned cw_worker_pool_n_threads (CwWorkerPool *self);

/* Manual pools: how many jobs wait, and runs the index-th of them (0 = oldest). */
unsigned cw_worker_pool_n_queued (CwWorkerPool *self);
void cw_worker_pool_run_queued (CwWorkerPool *self, unsigned index);

/* Takes a reference to the pool. */
CwWorkerGroup *cw_worker_group_new (CwWorkerPool *pool);
CwWorkerGroup *cw_worker_group_ref (CwWorkerGroup *self);

/* Dropping the last reference lets queued jobs finish and does not wait for them. Any thread. */
void cw_worker_group_unref (CwWorkerGroup *self);

/* Queues a job. Any thread, also from inside a job, but without a lock that the job takes: if the system gives no
 * thread at all, the job is run before the call returns, or by another such call that is just running one. */
void cw_worker_group_push (CwWorkerGroup *self, CwJobKind kind, CwJobFunc run, gpointer job);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwWorkerPool, cw_worker_pool_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwWorkerGroup, cw_worker_group_unref)
