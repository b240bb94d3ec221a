/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A display that records what a render tells it. */
#include "stream.h"

#include <string.h>

static void
record (Recorder *self, const char *word)
{
  g_string_append_printf (self->log, "%s%s", self->log->len > 0 ? " " : "", word);
  if (self->hook)
    self->hook (self->hook_data);
}

static void
on_primary_create (gpointer data, const CwSurfaceInfo *info)
{
  Recorder *self = data;
  g_autofree char *word = g_strdup_printf ("create:%ux%u/%u", info->width, info->height, info->format);

  self->primary = *info;
  g_free (self->shadow);
  self->shadow = g_memdup2 (info->data, (gsize) info->stride * info->height);
  record (self, word);
}

static void
on_primary_destroy (gpointer data)
{
  Recorder *self = data;

  g_assert_true (recorder_shadow_is_current (self)); /* still readable, and all damage was reported before */
  self->primary.data = NULL;
  record (self, "destroy");
}

static void
on_invalidate (gpointer data, const CwRect *box)
{
  Recorder *self = data;
  size_t pixel = self->primary.format == CW_SURFACE_FMT_32_XRGB ? 4 : 2;

  self->n_invalidates++;
  if (self->blind)
    return;
  g_assert_true (box->left >= 0 && box->top >= 0 && box->left < box->right && box->top < box->bottom);
  g_assert_true (box->right <= (int) self->primary.width && box->bottom <= (int) self->primary.height);
  for (int y = box->top; y < box->bottom; y++) {
    gsize at = (gsize) y * self->primary.stride + box->left * pixel;

    memcpy (self->shadow + at, self->primary.data + at, (box->right - box->left) * pixel);
  }
}

static void
on_mark (gpointer data)
{
  g_assert_true (recorder_shadow_is_current (data));
  record (data, "mark");
}

static void
on_reset (gpointer data)
{
  Recorder *self = data;

  /* No damage comes with it: who sees it knows. */
  if (self->primary.data && !self->blind)
    memcpy (self->shadow, self->primary.data, (gsize) self->primary.stride * self->primary.height);
  record (data, "reset");
}

static void
on_monitors (gpointer data, const CwMsgDisplayMonitorsConfig *config)
{
  g_autofree char *word = g_strdup_printf ("monitors:%u", config->n_heads);

  record (data, word);
}

static void
on_video_memory (gpointer data, const CwMessage *message)
{
  g_assert_true (recorder_shadow_is_current (data));
  record (data, message->info->name);
}

static void
on_unsupported (gpointer data, const char *operation)
{
  g_autofree char *word = g_strdup_printf ("unsupported:%s", operation);

  record (data, word);
}

static void
on_failed (gpointer data, const GError *error)
{
  Recorder *self = data;

  g_assert_null (self->failure);
  self->failure = g_error_copy (error);
  record (self, "failed");
}

static CwMediaTime
on_media_time (gpointer data)
{
  return ((Recorder *) data)->media;
}

static bool
on_video_overlay (gpointer data, gpointer pipeline)
{
  g_assert_true (recorder_shadow_is_current (data));
  record (data, pipeline ? "overlay:pipeline" : "overlay:none");
  return pipeline && ((Recorder *) data)->takes_video;
}

static void
on_stream_report (gpointer data, const CwMsgcDisplayStreamReport *report)
{
  g_array_append_val (((Recorder *) data)->reports, *report);
}

const CwRenderObserver recorder_observer = {
  .primary_create = on_primary_create,
  .primary_destroy = on_primary_destroy,
  .invalidate = on_invalidate,
  .mark = on_mark,
  .reset = on_reset,
  .monitors = on_monitors,
  .video_memory = on_video_memory,
  .unsupported = on_unsupported,
  .video_overlay = on_video_overlay,
  .media_time = on_media_time,
  .stream_report = on_stream_report,
  .failed = on_failed,
};

void
recorder_init (Recorder *self)
{
  *self = (Recorder){ .log = g_string_new (NULL) };
  self->reports = g_array_new (FALSE, FALSE, sizeof (CwMsgcDisplayStreamReport));
}

void
recorder_clear (Recorder *self)
{
  g_string_free (self->log, TRUE);
  g_array_unref (self->reports);
  g_free (self->shadow);
  g_clear_error (&self->failure);
}

void
recorder_wake (gpointer recorder)
{
  g_atomic_int_inc (&((Recorder *) recorder)->n_wakes);
}

bool
recorder_shadow_is_current (const Recorder *self)
{
  return self->blind || !self->primary.data
         || memcmp (self->shadow, self->primary.data, (gsize) self->primary.stride * self->primary.height) == 0;
}

char *
surface_hash (CwRender *render, uint32_t id)
{
  CwSurfaceInfo info;

  if (!cw_render_get_surface (render, id, &info))
    return g_strdup ("none");
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, info.data, (gsize) info.stride * info.height);
}

static bool
any_woken (CwRender **renders, unsigned n)
{
  for (unsigned i = 0; i < n; i++) {
    if (cw_render_is_woken (renders[i]))
      return true;
  }
  return false;
}

void
drain (CwRender **renders, unsigned n, CwWorkerPool *manual, GRand *rand, int64_t budget_us)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  bool idle;

  do {
    idle = true;
    for (unsigned i = 0; i < n; i++) {
      while (cw_render_step (renders[i], g_get_monotonic_time (), budget_us) == 0)
        ;
      idle = idle && cw_render_is_idle (renders[i]);
    }
    if (manual && cw_worker_pool_n_queued (manual) > 0)
      cw_worker_pool_run_queued (manual, rand ? g_rand_int (rand) % cw_worker_pool_n_queued (manual) : 0);
    else if (manual && !any_woken (renders, n))
      return; /* nothing can change any more */
    else if (!idle)
      g_thread_yield ();
    g_assert_cmpint (g_get_monotonic_time (), <, end);
  } while (!idle || any_woken (renders, n) || (manual && cw_worker_pool_n_queued (manual) > 0));
}
