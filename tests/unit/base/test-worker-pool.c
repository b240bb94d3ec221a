/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/worker-pool.h"

static void
add_one (gpointer job)
{
  g_atomic_int_inc ((gint *) job);
}

static void
test_threads (void)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new (3);
  gint n = 0;

  for (guint i = 0; i < 1000; i++)
    cw_worker_pool_push (pool, add_one, &n);
  while (g_atomic_int_get (&n) < 1000)
    g_thread_yield ();
}

static void
append_index (gpointer job)
{
  GString *order = ((gpointer *) job)[0];

  g_string_append_printf (order, "%d", GPOINTER_TO_INT (((gpointer *) job)[1]));
}

static void
test_manual_order (void)
{
  CwWorkerPool *pool = cw_worker_pool_new_manual ();
  g_autoptr (GString) order = g_string_new (NULL);
  gpointer jobs[4][2];

  for (gint i = 0; i < 4; i++) {
    jobs[i][0] = order;
    jobs[i][1] = GINT_TO_POINTER (i);
    cw_worker_pool_push (pool, append_index, jobs[i]);
  }
  g_assert_cmpuint (cw_worker_pool_n_queued (pool), ==, 4);
  cw_worker_pool_run_queued (pool, 2);
  cw_worker_pool_run_queued (pool, 0);
  g_assert_cmpstr (order->str, ==, "20");
  cw_worker_pool_unref (pool); /* runs what is left */
  g_assert_cmpstr (order->str, ==, "2013");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/worker-pool/threads", test_threads);
  g_test_add_func ("/base/worker-pool/manual-order", test_manual_order);
  return g_test_run ();
}
