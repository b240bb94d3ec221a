/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "no-threads.h"

#include <dlfcn.h>

gint no_threads;

GThread *
g_thread_try_new (const gchar *name, GThreadFunc func, gpointer data, GError **error)
{
  __typeof__ (&g_thread_try_new) real;

  if (g_atomic_int_get (&no_threads)) {
    g_set_error_literal (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "no thread");
    return NULL;
  }
  real = (__typeof__ (real)) dlsym (RTLD_NEXT, "g_thread_try_new");
  return real (name, func, data, error);
}
