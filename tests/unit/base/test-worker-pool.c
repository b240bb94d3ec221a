/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/worker-pool.h"

#include "base/serial-queue.h"
#include "no-threads.h"

static void
add_one (gpointer job)
{
  g_atomic_int_inc ((gint *) job);
}

static void
wait_until (const gint *value, gint expected)
{
  while (g_atomic_int_get (value) < expected)
    g_thread_yield ();
}

static void
test_threads (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new (3);
  g_autoptr (CwWorkerGroup) group = cw_worker_group_new (pool);
  gint n = 0;

  g_assert_cmpuint (cw_worker_pool_n_threads (pool), ==, 0);
  for (guint i = 0; i < 1000; i++)
    cw_worker_group_push (group, i % 2 ? CW_JOB_COMPUTES : CW_JOB_COPIES, add_one, &n);
  g_assert_cmpuint (cw_worker_pool_n_threads (pool), <=, 3);
  wait_until (&n, 1000);
}

/* Nobody is left who could wait for it. */
static void
test_last_reference (void)
{
  CwWorkerPool *pool = cw_worker_pool_new (2);
  CwWorkerGroup *group = cw_worker_group_new (pool);
  static gint n;

  for (guint i = 0; i < 100; i++)
    cw_worker_group_push (group, CW_JOB_COMPUTES, add_one, &n);
  cw_worker_group_unref (group);
  cw_worker_pool_unref (pool);
  wait_until (&n, 100);
}

static void
test_process (void)
{
  CwWorkerPool *a = cw_worker_pool_get (), *b = cw_worker_pool_get ();

  g_assert_true (a == b);
  cw_worker_pool_unref (a);
  cw_worker_pool_unref (b);
  g_assert_nonnull (a = cw_worker_pool_get ());
  cw_worker_pool_unref (a);
}

static void
test_no_threads (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new (2);
  g_autoptr (CwWorkerGroup) group = cw_worker_group_new (pool);
  gint n = 0;

  g_atomic_int_set (&no_threads, 1);
  cw_worker_group_push (group, CW_JOB_COMPUTES, add_one, &n);
  g_atomic_int_set (&no_threads, 0);
  g_assert_cmpint (n, ==, 1); /* done already */
  g_assert_cmpuint (cw_worker_pool_n_threads (pool), ==, 0);
}

typedef struct {
  gint open, running, most;
} Gate;

static void
pass (gpointer data)
{
  Gate *gate = data;
  gint n = g_atomic_int_add (&gate->running, 1) + 1;

  while (!g_atomic_int_get (&gate->open))
    g_thread_yield ();
  gate->most = MAX (gate->most, n);
  g_atomic_int_add (&gate->running, -1);
}

/* Only one job of the copying kind runs, though there are threads for more, while others go on. */
static void
test_copies (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new (4);
  g_autoptr (CwWorkerGroup) group = cw_worker_group_new (pool);
  Gate gate = { 0 };
  gint n = 0;

  for (guint i = 0; i < 5; i++)
    cw_worker_group_push (group, CW_JOB_COPIES, pass, &gate);
  for (guint i = 0; i < 5; i++)
    cw_worker_group_push (group, CW_JOB_COMPUTES, add_one, &n);
  wait_until (&n, 5);
  g_assert_cmpint (g_atomic_int_get (&gate.running), <=, 1);
  g_atomic_int_set (&gate.open, 1);
  cw_worker_group_push (group, CW_JOB_COPIES, add_one, &n);
  wait_until (&n, 6);
  g_assert_cmpint (gate.most, ==, 1);
}

typedef struct {
  GString *order;
  const char *word;
  gint *done;
} Word;

static void
append_word (gpointer job)
{
  Word *word = job;

  g_string_append (word->order, word->word);
  g_atomic_int_inc (word->done);
}

/* One that has pushed much does not hold up one that has pushed little. */
static void
test_turns (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new (1);
  g_autoptr (CwWorkerGroup) a = cw_worker_group_new (pool), b = cw_worker_group_new (pool);
  g_autoptr (GString) order = g_string_new (NULL);
  gint done = 0;
  Word word_a = { order, "a", &done }, word_b = { order, "b", &done };
  Gate gate = { 0 };

  cw_worker_group_push (a, CW_JOB_COMPUTES, pass, &gate);
  wait_until (&gate.running, 1);
  for (guint i = 0; i < 6; i++)
    cw_worker_group_push (a, CW_JOB_COMPUTES, append_word, &word_a);
  for (guint i = 0; i < 2; i++)
    cw_worker_group_push (b, CW_JOB_COMPUTES, append_word, &word_b);
  g_atomic_int_set (&gate.open, 1);
  wait_until (&done, 8);
  g_assert_cmpstr (order->str, ==, "ababaaaa");
}

static void
test_manual_order (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
  g_autoptr (CwWorkerGroup) group = cw_worker_group_new (pool);
  g_autoptr (GString) order = g_string_new (NULL);
  gint done = 0;
  Word words[4] = { { order, "0", &done }, { order, "1", &done }, { order, "2", &done }, { order, "3", &done } };

  for (gint i = 0; i < 4; i++)
    cw_worker_group_push (group, CW_JOB_COMPUTES, append_word, &words[i]);
  g_assert_cmpuint (cw_worker_pool_n_queued (pool), ==, 4);
  cw_worker_pool_run_queued (pool, 2);
  cw_worker_pool_run_queued (pool, 0);
  cw_worker_pool_run_queued (pool, 1);
  cw_worker_pool_run_queued (pool, 0);
  g_assert_cmpstr (order->str, ==, "2031");
}

/* A job of a serial queue: so many pieces, of which some park. */
typedef struct {
  const char *word;
  unsigned n_pieces, n_parks;
} Task;

static CwSerialResult
run_task (gpointer data, gpointer job)
{
  Task *task = job;

  if (task->n_parks > 0) {
    task->n_parks--;
    return CW_SERIAL_PARKED;
  }
  g_string_append (data, task->word);
  return --task->n_pieces > 0 ? CW_SERIAL_AGAIN : CW_SERIAL_DONE;
}

static void
end_word (gpointer data)
{
  g_string_append_c (data, '.');
}

static const CwSerialClass task_class = { CW_JOB_COPIES, run_task, end_word };

static void
run_queued (CwWorkerPool *pool)
{
  while (cw_worker_pool_n_queued (pool) > 0)
    cw_worker_pool_run_queued (pool, 0);
}

static void
test_serial (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
  g_autoptr (CwWorkerGroup) group = cw_worker_group_new (pool);
  g_autoptr (GString) log = g_string_new (NULL);
  CwSerialQueue *queue = cw_serial_queue_new (group, &task_class, log);
  Task a = { "a", 2, 0 }, b = { "b", 1, 1 }, c = { "c", 2, 0 };

  cw_serial_queue_push (queue, &a);
  cw_serial_queue_push (queue, &b);
  cw_serial_queue_push_here (queue, &c); /* others come first */
  g_assert_cmpuint (cw_worker_pool_n_queued (pool), ==, 1);
  run_queued (pool);
  g_assert_cmpstr (log->str, ==, "aa");
  cw_serial_queue_resume (queue);
  run_queued (pool);
  g_assert_cmpstr (log->str, ==, "aabcc");
  cw_serial_queue_resume (queue); /* nothing to go on with */
  g_assert_cmpuint (cw_worker_pool_n_queued (pool), ==, 0);
  cw_serial_queue_unref (queue);
  g_assert_cmpstr (log->str, ==, "aabcc.");
}

static void
test_serial_here (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
  g_autoptr (CwWorkerGroup) group = cw_worker_group_new (pool);
  g_autoptr (GString) log = g_string_new (NULL);
  CwSerialQueue *queue = cw_serial_queue_new (group, &task_class, log);
  Task a = { "a", 2, 0 }, b = { "b", 2, 1 };

  cw_serial_queue_push_here (queue, &a);
  g_assert_cmpstr (log->str, ==, "aa");
  cw_serial_queue_push_here (queue, &b);
  g_assert_cmpuint (cw_worker_pool_n_queued (pool), ==, 0);
  cw_serial_queue_resume (queue);
  run_queued (pool);
  g_assert_cmpstr (log->str, ==, "aabb");
  cw_serial_queue_unref (queue);
}

static void
drop_task (gpointer job)
{
  ((Task *) job)->word = NULL;
}

static void
test_serial_drop (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
  g_autoptr (CwWorkerGroup) group = cw_worker_group_new (pool);
  g_autoptr (GString) log = g_string_new (NULL);
  CwSerialQueue *queue = cw_serial_queue_new (group, &task_class, log);
  Task a = { "a", 2, 0 }, b = { "b", 1, 0 }, c = { "c", 1, 0 };

  cw_serial_queue_push (queue, &c);
  cw_serial_queue_drop (queue, drop_task); /* before it has begun */
  g_assert_null (c.word);
  run_queued (pool);
  g_assert_cmpstr (log->str, ==, "");
  cw_serial_queue_push (queue, &a);
  cw_serial_queue_push (queue, &b);
  cw_worker_pool_run_queued (pool, 0);
  cw_serial_queue_drop (queue, drop_task);
  g_assert_null (b.word);
  run_queued (pool);
  g_assert_cmpstr (log->str, ==, "aa");
  cw_serial_queue_unref (queue);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/worker-pool/threads", test_threads);
  g_test_add_func ("/base/worker-pool/last-reference", test_last_reference);
  g_test_add_func ("/base/worker-pool/process", test_process);
  g_test_add_func ("/base/worker-pool/no-threads", test_no_threads);
  g_test_add_func ("/base/worker-pool/copies", test_copies);
  g_test_add_func ("/base/worker-pool/turns", test_turns);
  g_test_add_func ("/base/worker-pool/manual-order", test_manual_order);
  g_test_add_func ("/base/serial-queue/order", test_serial);
  g_test_add_func ("/base/serial-queue/here", test_serial_here);
  g_test_add_func ("/base/serial-queue/drop", test_serial_drop);
  return g_test_run ();
}
