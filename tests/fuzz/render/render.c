/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of display messages on two channels that share their caches. A record of the input is
 *   u8 what to do, u16 message type, u16 size, body
 * where bit 0 is the channel, and the other bits make a step, let a job finish, reset or close a channel. */
#include "fuzz/fuzz.h"

#include "render/render.h"

#define CHANNEL 0x01
#define STEP 0x02
#define JOB 0x04
#define LAST_JOB 0x08
#define RARE 0xf0
#define RARE_RESET 0xf0
#define RARE_CLOSE 0xe0
#define RARE_CLEAR 0xd0

/* Looks at all that an application may look at. */
static void
on_primary_create (gpointer data, const CwSurfaceInfo *info)
{
  const volatile uint8_t *pixels = info->data;

  for (size_t i = 0; i < (size_t) info->stride * info->height; i += 61)
    (void) pixels[i];
}

static void
on_event (gpointer data)
{
}

static void
on_invalidate (gpointer data, const CwRect *box)
{
  g_assert (box->left >= 0 && box->top >= 0 && box->left < box->right && box->top < box->bottom);
}

static void
on_monitors (gpointer data, const CwMsgDisplayMonitorsConfig *config)
{
}

static void
on_unsupported (gpointer data, const char *operation)
{
  g_assert (operation != NULL);
}

static void
on_failed (gpointer data, const GError *error)
{
  g_assert (error && error->domain == CW_ERROR);
}

static CwMediaTime
on_media_time (gpointer data)
{
  return (CwMediaTime){ .time = 1000, .sound = true };
}

static bool
on_video_overlay (gpointer data, gpointer pipeline)
{
  return false;
}

static void
on_stream_report (gpointer data, const CwMsgcDisplayStreamReport *report)
{
  g_assert (report->num_frames > 0 || report->num_drops == UINT32_MAX);
}

static const CwRenderObserver events = {
  .primary_create = on_primary_create,
  .primary_destroy = on_event,
  .invalidate = on_invalidate,
  .mark = on_event,
  .reset = on_event,
  .monitors = on_monitors,
  .unsupported = on_unsupported,
  .video_overlay = on_video_overlay,
  .media_time = on_media_time,
  .stream_report = on_stream_report,
  .failed = on_failed,
};

static void
push (CwRender *render, uint16_t type, uint64_t serial, const uint8_t *data, size_t size)
{
  /* A block of its own shows reads beyond its end. */
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (CwMessage) message = cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type, serial, body, &error);

  if (!message || cw_render_push (render, message, &error))
    return;
  g_assert (error != NULL);
  cw_render_reset (render);
}

static void
act (uint8_t what, CwRender *render, CwRenderGroup *group, CwWorkerPool *pool)
{
  unsigned n = cw_worker_pool_n_queued (pool);

  if ((what & JOB) && n > 0)
    cw_worker_pool_run_queued (pool, (what & LAST_JOB) ? n - 1 : 0);
  if (what & STEP)
    cw_render_step (render, g_get_monotonic_time (), (what & LAST_JOB) ? 0 : 1000);
  if ((what & RARE) == RARE_RESET)
    cw_render_reset (render);
  if ((what & RARE) == RARE_CLOSE)
    cw_render_close (render);
  if ((what & RARE) == RARE_CLEAR)
    cw_render_group_clear (group);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const CwRenderLimits limits = { .glz_window_pixels = 1 << 20,
                                         .image_cache_pixels = 1 << 18,
                                         .queue_bytes = 1 << 20,
                                         .in_flight_bytes = 1 << 22,
                                         .surface_bytes = 1 << 21,
                                         .n_surfaces = 50 };
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
  g_autoptr (CwRenderGroup) group = cw_render_group_new (pool, &limits);
  CwRender *renders[2];
  uint64_t serial = 1;

  for (int i = 0; i < 2; i++)
    renders[i] = cw_render_new (group, &events, NULL, on_event, NULL);
  while (size >= 5) {
    uint8_t what = data[0];
    uint16_t type = data[1] | data[2] << 8;
    size_t length = MIN ((size_t) (data[3] | data[4] << 8), size - 5);

    push (renders[what & CHANNEL], type, serial++, data + 5, length);
    act (what, renders[what & CHANNEL], group, pool);
    data += 5 + length;
    size -= 5 + length;
  }
  while (cw_worker_pool_n_queued (pool) > 0)
    cw_worker_pool_run_queued (pool, 0);
  for (int i = 0; i < 2; i++) {
    for (int k = 0; k < 1000 && cw_render_step (renders[i], g_get_monotonic_time (), 10000) == 0; k++)
      ;
    cw_render_unref (renders[i]);
  }
  while (cw_worker_pool_n_queued (pool) > 0)
    cw_worker_pool_run_queued (pool, 0);
  return 0;
}
