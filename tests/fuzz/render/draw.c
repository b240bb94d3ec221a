/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One drawing message on surfaces of every format: u8 unused, u8 surface, u16 message type, body. The surface replaces
 * that of the body, so that what a message draws is tried on all of them. */
#include "fuzz/fuzz.h"

#include "render/render.h"

#include <string.h>

static const uint32_t formats[] = { CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FMT_32_ARGB, CW_SURFACE_FMT_16_555,
                                    CW_SURFACE_FMT_16_565, CW_SURFACE_FMT_8_A };

static void
on_event (gpointer data)
{
}

static void
on_primary_create (gpointer data, const CwSurfaceInfo *info)
{
}

static void
on_invalidate (gpointer data, const CwRect *box)
{
  g_assert (box->left >= 0 && box->top >= 0 && box->right <= 64 && box->bottom <= 48);
}

static void
on_unsupported (gpointer data, const char *operation)
{
}

static void
on_failed (gpointer data, const GError *error)
{
  g_assert (error && error->domain == CW_ERROR);
}

static const CwRenderObserver observer = {
  .primary_create = on_primary_create,
  .primary_destroy = on_event,
  .invalidate = on_invalidate,
  .mark = on_event,
  .reset = on_event,
  .unsupported = on_unsupported,
  .failed = on_failed,
};

static void
push (CwRender *render, uint16_t type, const void *data, size_t size)
{
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  g_autoptr (CwMessage) message = cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type, 1, body, NULL);

  if (message && !cw_render_push (render, message, NULL))
    cw_render_reset (render);
}

static void
create_surfaces (CwRender *render)
{
  for (uint32_t i = 0; i < G_N_ELEMENTS (formats); i++) {
    const uint32_t fields[] = { GUINT32_TO_LE (i), GUINT32_TO_LE (64), GUINT32_TO_LE (48), GUINT32_TO_LE (formats[i]),
                                GUINT32_TO_LE (i == 0) };

    push (render, CW_MSG_DISPLAY_SURFACE_CREATE, fields, sizeof fields);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
  g_autoptr (CwRenderGroup) group = cw_render_group_new (pool, NULL);
  g_autoptr (CwRender) render = NULL;
  g_autofree uint8_t *body = NULL;
  uint16_t type;

  if (size < 8)
    return 0;
  type = data[2] | data[3] << 8;
  /* Drawing: what else a body could ask for is the render target's. */
  if (type != CW_MSG_DISPLAY_COPY_BITS && (type < CW_MSG_DISPLAY_DRAW_FILL || type > CW_MSG_DISPLAY_DRAW_COMPOSITE))
    return 0;
  if (type >= CW_MSG_DISPLAY_SURFACE_CREATE && type < CW_MSG_DISPLAY_DRAW_COMPOSITE)
    return 0;
  render = cw_render_new (group, &observer, NULL, on_event, NULL);
  create_surfaces (render);
  body = g_memdup2 (data + 4, size - 4);
  memset (body, 0, 4);
  body[0] = data[1] % G_N_ELEMENTS (formats);
  push (render, type, body, size - 4);
  while (cw_worker_pool_n_queued (pool) > 0)
    cw_worker_pool_run_queued (pool, 0);
  while (cw_render_step (render, g_get_monotonic_time (), 1000) == 0)
    ;
  return 0;
}
