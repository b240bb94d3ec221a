/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/late-flush.h"

typedef struct {
  CwPumpFlushFunc done;
  gpointer data;
  GError *error;
} LateFlush;

static gboolean
on_late_flush (gpointer data)
{
  LateFlush *flush = data;

  flush->done (flush->data, flush->error);
  return G_SOURCE_REMOVE;
}

static void
free_late_flush (gpointer data)
{
  LateFlush *flush = data;

  g_clear_error (&flush->error);
  g_free (flush);
}

void
cw_late_flush (GMainContext *context, CwPumpFlushFunc done, gpointer data, const GError *error)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  LateFlush *flush = g_new0 (LateFlush, 1);

  *flush = (LateFlush){ done, data, error ? g_error_copy (error) : NULL };
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_late_flush, flush, free_late_flush);
  g_source_attach (source, context);
}
