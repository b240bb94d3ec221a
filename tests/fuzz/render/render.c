/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of display messages on two channels that share their caches. The first byte of the input chooses threads,
 * limits and an allocation that fails; then come records of
 *   u8 what to do, u16 message type, u16 size, body
 * where bit 0 is the channel, and the other bits make a step, let a job finish, reset or close a channel and so on. */
#include "fuzz/fuzz.h"
#include "records.h"

#include "refuse.h"
#include "render/render.h"

/* What is not small whatever the server says. */
#define LARGE 512

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
on_video_memory (gpointer data, const CwMessage *message)
{
  g_assert (message->data != NULL);
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
  return pipeline != NULL;
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
  .video_memory = on_video_memory,
  .unsupported = on_unsupported,
  .video_overlay = on_video_overlay,
  .media_time = on_media_time,
  .stream_report = on_stream_report,
  .failed = on_failed,
};

/* A decoder that obeys the first byte of a frame: a picture, a lost one, none, failure. */
typedef struct {
  uint64_t number;
  uint8_t order;
  bool elsewhere, waits;
} Toy;

static gpointer
toy_open (const CwVideoParams *params, GError **error)
{
  Toy *self = g_new0 (Toy, 1);

  self->elsewhere = params->overlay && params->overlay (params->overlay_data, self);
  return self;
}

static void
toy_push (gpointer decoder, uint64_t number, CwMessage *message, CwSlice data)
{
  Toy *self = decoder;

  g_assert (number > self->number && data.size > 0);
  *self = (Toy){ number, data.data[0], self->elsewhere, true };
}

static CwVideoTake
toy_take (gpointer decoder, CwVideoPicture *picture, GError **error)
{
  Toy *self = decoder;

  if (self->order % 4 == 3)
    return CW_VIDEO_FAILED;
  if (!self->waits || self->order % 4 == 2)
    return CW_VIDEO_NOTHING;
  self->waits = false;
  *picture = (CwVideoPicture){ self->number, NULL };
  if (self->order % 4 == 0 && !self->elsewhere)
    picture->pixels = cw_pixels_new_zeroed (CW_PIXELS_BGRX, 1 + self->order / 4, 1 + self->order / 4, NULL);
  return CW_VIDEO_PICTURE;
}

static const CwVideoDecoder toy = { .codec = CW_VIDEO_CODEC_TYPE_VP8,
                                    .has_pipeline = true,
                                    .open = toy_open,
                                    .push = toy_push,
                                    .take = toy_take,
                                    .close = g_free };
static const CwVideoDecoder *const decoders[] = { &toy, NULL };

/* What an owner asks at any time. */
static void
ask (CwRender *render)
{
  CwSurfaceInfo info;

  if (cw_render_is_idle (render))
    g_assert (cw_render_first_waiting_serial (render) == 0);
  for (uint32_t id = 0; id < 3; id++) {
    if (cw_render_get_surface (render, id, &info))
      g_assert (info.surface_id == id && info.data && info.width > 0 && info.stride == 4 * info.width);
  }
  cw_render_is_woken (render);
  cw_render_is_full (render);
}

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
act_rarely (uint8_t what, CwRender *render, CwRenderGroup *group)
{
  switch (what & RARE) {
  case RARE_RESET:
    cw_render_reset (render);
    break;
  case RARE_CLOSE:
    cw_render_close (render);
    break;
  case RARE_CLEAR:
    cw_render_group_clear (group);
    break;
  case RARE_LATER:
    cw_render_step (render, g_get_monotonic_time () + 60 * G_USEC_PER_SEC, 0);
    break;
  case RARE_BUDGETS:
    cw_render_group_set_budgets (group, what & STEP ? 1 << 10 : 0, what & JOB ? 1 << 10 : 0);
    break;
  case RARE_BEGIN:
    cw_render_begin (render);
    cw_render_trim (render, 0);
    break;
  default:
    break;
  }
}

/* pool: NULL with threads, which need nobody. */
static void
act (uint8_t what, CwRender *render, CwRenderGroup *group, CwWorkerPool *pool)
{
  unsigned n = pool ? cw_worker_pool_n_queued (pool) : 0;

  if ((what & JOB) && n > 0)
    cw_worker_pool_run_queued (pool, (what & LAST_JOB) ? n - 1 : 0);
  if (what & STEP)
    cw_render_step (render, g_get_monotonic_time (), (what & LAST_JOB) ? 0 : 1000);
  act_rarely (what, render, group);
  ask (render);
}

static void
run_jobs (CwWorkerPool *pool)
{
  while (pool && cw_worker_pool_n_queued (pool) > 0)
    cw_worker_pool_run_queued (pool, 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const uint8_t how = size > 0 ? data[0] : 0;
  const CwRenderLimits limits = { .glz_window_pixels = 1 << 20,
                                  .image_cache_pixels = 1 << 18,
                                  .queue_bytes = 1 << 20,
                                  .in_flight_bytes = how & TIGHT ? 1 : 1 << 22,
                                  .here_bytes = how & TIGHT ? 1 : 0,
                                  .decoded_bytes = how & TIGHT ? 1 : 0,
                                  .surface_bytes = 1 << 21,
                                  .n_surfaces = 50 };
  g_autoptr (CwWorkerPool) pool = how & THREADS ? NULL : cw_worker_pool_new_manual ();
  g_autoptr (CwRenderGroup) group = cw_render_group_new (pool, &limits);
  CwRender *renders[2];
  uint64_t serial = 1;

  cw_render_group_set_decoders (group, decoders);
  for (int i = 0; i < 2; i++)
    renders[i] = cw_render_new (group, &events, NULL, on_event, NULL);
  if (how >> REFUSED)
    refuse_next ((how >> REFUSED) - 1, LARGE);
  for (size_t at = 1; at < size && size - at >= 5;) {
    uint8_t what = data[at];
    uint16_t type = data[at + 1] | data[at + 2] << 8;
    size_t length = MIN ((size_t) (data[at + 3] | data[at + 4] << 8), size - at - 5);

    push (renders[what & CHANNEL], type, serial++, data + at + 5, length);
    act (what, renders[what & CHANNEL], group, pool);
    at += 5 + length;
  }
  run_jobs (pool);
  for (int i = 0; i < 2; i++) {
    for (int k = 0; k < 1000 && cw_render_step (renders[i], g_get_monotonic_time (), 10000) == 0; k++)
      ;
    cw_render_unref (renders[i]);
  }
  run_jobs (pool);
  refuse_none ();
  return 0;
}
