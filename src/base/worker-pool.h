/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads that run jobs. A job owns or references all it touches, never waits for another job, and hands its result
 * over by itself (a queue and a wake-up of the owner). */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct CwWorkerPool CwWorkerPool;

typedef void (*CwJobFunc) (gpointer job);

/* A pool of at most max_threads threads, started on first use; 0 means one less than there are processors, at least
 * one. */
CwWorkerPool *cw_worker_pool_new (unsigned max_threads);

/* A pool without threads: jobs wait until cw_worker_pool_run_queued() runs them on the caller's thread, in the order
 * the caller chooses. For tests, fuzzing and benchmarks of order. */
CwWorkerPool *cw_worker_pool_new_manual (void);

CwWorkerPool *cw_worker_pool_ref (CwWorkerPool *self);

/* Dropping the last reference lets queued jobs finish and does not wait for them. Any thread. */
void cw_worker_pool_unref (CwWorkerPool *self);

/* Queues a job. Any thread, also from inside a job. */
void cw_worker_pool_push (CwWorkerPool *self, CwJobFunc run, gpointer job);

/* Manual pools: how many jobs wait, and runs the index-th of them (0 = oldest). */
unsigned cw_worker_pool_n_queued (CwWorkerPool *self);
void cw_worker_pool_run_queued (CwWorkerPool *self, unsigned index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwWorkerPool, cw_worker_pool_unref)
