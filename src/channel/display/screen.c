/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The glue between messages, the render and signals: messages are pushed into the render as they come; one source
 * draws what is ready, for a few milliseconds at a time, and the render's events become signals. */
#include "channel/display/display.h"
#include "transport/source.h"

#define UNMARK_DELAY_MS 1000
#define QUIET_MS 250

/* How long what a server sent before it ended the stream may take to be drawn. */
#define DRAIN_MS 2000

static void
start_timer (SpiceDisplayChannel *self, GSource **timer, unsigned ms, GSourceFunc func)
{
  cw_clear_source (timer);
  *timer = g_timeout_source_new (ms);
  g_source_set_callback (*timer, func, self, NULL);
  g_source_attach (*timer, cw_channel_context (SPICE_CHANNEL (self)));
}

static void
on_primary_create (gpointer data, const CwSurfaceInfo *info)
{
  SpiceDisplayChannel *self = data;

  cw_clear_source (&self->priv->unmark_timer);
  self->priv->primary = *info;
  g_signal_emit_by_name (self, "display-primary-create", (gint) info->format, (gint) info->width, (gint) info->height,
                         (gint) info->stride, -1, info->data);
  if (cw_channel_is_ready (SPICE_CHANNEL (self))
      && !spice_channel_test_capability (SPICE_CHANNEL (self), CW_DISPLAY_CAP_MONITORS_CONFIG))
    cw_display_monitors_synthesise (self);
}

static gboolean
unmark (gpointer data)
{
  SpiceDisplayChannel *self = data;

  if (self->priv->stepping) /* a handler runs */
    return G_SOURCE_CONTINUE;
  cw_clear_source (&self->priv->unmark_timer);
  self->priv->marked = false;
  g_signal_emit_by_name (self, "display-mark", FALSE);
  return G_SOURCE_REMOVE;
}

static void
on_primary_destroy (gpointer data)
{
  SpiceDisplayChannel *self = data;

  self->priv->primary = (CwSurfaceInfo){ 0 };
  g_signal_emit_by_name (self, "display-primary-destroy");
  /* On secondary displays a new one soon follows, or the display is off. */
  if (cw_channel_id (SPICE_CHANNEL (self)) != 0)
    start_timer (self, &self->priv->unmark_timer, UNMARK_DELAY_MS, unmark);
}

static void
on_invalidate (gpointer data, const CwRect *box)
{
  g_signal_emit_by_name (data, "display-invalidate", (gint) box->left, (gint) box->top, (gint) cw_rect_width (box),
                         (gint) cw_rect_height (box));
}

static void
on_mark (gpointer data)
{
  SPICE_DISPLAY_CHANNEL (data)->priv->marked = true;
  g_signal_emit_by_name (data, "display-mark", TRUE);
}

static void
on_reset (gpointer data)
{
  SPICE_DISPLAY_CHANNEL (data)->priv->marked = false;
  g_signal_emit_by_name (data, "display-mark", FALSE);
}

static void
on_monitors (gpointer data, const CwMsgDisplayMonitorsConfig *config)
{
  cw_display_monitors_set (data, config);
}

static void
on_unsupported (gpointer data, const char *operation)
{
  g_message ("display:%d: the server uses %s, which is not drawn", cw_channel_id (SPICE_CHANNEL (data)), operation);
}

static void
on_failed (gpointer data, const GError *error)
{
  SpiceDisplayChannelPrivate *priv = SPICE_DISPLAY_CHANNEL (data)->priv;

  if (!priv->failure)
    priv->failure = g_error_copy (error);
}

static const CwRenderObserver render_observer = {
  .primary_create = on_primary_create,
  .primary_destroy = on_primary_destroy,
  .invalidate = on_invalidate,
  .mark = on_mark,
  .reset = on_reset,
  .monitors = on_monitors,
  .video_memory = cw_display_video_memory,
  .unsupported = on_unsupported,
  .video_overlay = cw_display_video_overlay,
  .media_time = cw_display_media_time,
  .stream_report = cw_display_stream_report,
  .failed = on_failed,
};

static void
regulate (SpiceDisplayChannel *self)
{
  if (cw_render_is_full (self->priv->render) || cw_display_scanout_is_full (self))
    cw_channel_pause (SPICE_CHANNEL (self), CW_PAUSE_FULL);
  else
    cw_channel_resume (SPICE_CHANNEL (self), CW_PAUSE_FULL);
}

static void
stop_draining (SpiceDisplayChannel *self)
{
  cw_clear_source (&self->priv->end_timer);
  g_clear_error (&self->priv->end_reason);
}

static void
end_draining (SpiceDisplayChannel *self)
{
  GError *reason = g_steal_pointer (&self->priv->end_reason);

  stop_draining (self);
  cw_channel_end (SPICE_CHANNEL (self), reason);
}

static gboolean
on_end_timer (gpointer data)
{
  g_autoptr (SpiceDisplayChannel) self = g_object_ref (data);

  self->priv->end_overdue = true;
  if (!self->priv->stepping)
    end_draining (self);
  return G_SOURCE_REMOVE;
}

bool
cw_display_drain (SpiceChannel *channel, GError *reason)
{
  SpiceDisplayChannel *self = SPICE_DISPLAY_CHANNEL (channel);
  SpiceDisplayChannelPrivate *priv = self->priv;

  if (!priv->render || (cw_render_is_idle (priv->render) && !priv->stepping))
    return false;
  priv->end_reason = reason;
  priv->end_overdue = false;
  start_timer (self, &priv->end_timer, DRAIN_MS, on_end_timer);
  return true;
}

/* What has to wait until no handler runs. */
static void
after_step (SpiceDisplayChannel *self)
{
  SpiceDisplayChannelPrivate *priv = self->priv;

  if (priv->failure)
    cw_channel_end (SPICE_CHANNEL (self), g_steal_pointer (&priv->failure));
  if (priv->end_timer && (priv->end_overdue || cw_render_is_idle (priv->render)))
    end_draining (self);
  cw_channel_advanced (SPICE_CHANNEL (self));
}

/* Memory for pictures is kept as long as there may be another one soon. */
static gboolean
on_quiet (gpointer data)
{
  SpiceDisplayChannel *self = data;
  bool stepped = self->priv->stepped;

  self->priv->stepped = false;
  if (stepped)
    return G_SOURCE_CONTINUE;
  cw_clear_source (&self->priv->quiet_timer);
  cw_render_trim (self->priv->render, QUIET_MS * INT64_C (1000));
  return G_SOURCE_REMOVE;
}

static void
step (gpointer data, int64_t deadline)
{
  g_autoptr (SpiceDisplayChannel) self = g_object_ref (data);
  SpiceDisplayChannelPrivate *priv = self->priv;
  SpiceChannel *channel = SPICE_CHANNEL (self);
  unsigned attempt = cw_channel_attempt (channel);
  int64_t now = g_get_monotonic_time ();
  int64_t due;

  /* Before the channel is up, its pump is paused for other reasons, and there is nothing to draw. */
  if (!cw_channel_is_started (channel))
    return;
  cw_channel_pause (channel, CW_PAUSE_EMIT);
  priv->stepping = priv->stepped = true;
  if (!priv->quiet_timer)
    start_timer (self, &priv->quiet_timer, QUIET_MS, on_quiet);
  due = cw_render_step (priv->render, now, MAX (deadline - now, 0));
  if (due != CW_RENDER_NEVER)
    cw_turn_task_at (priv->step_task, due);
  priv->stepping = false;
  if (attempt == cw_channel_attempt (channel))
    cw_channel_resume (channel, CW_PAUSE_EMIT);
  regulate (self);
  after_step (self);
}

static void
wake (gpointer data)
{
  cw_turn_task_wake (data);
}

void
cw_display_screen_start (SpiceDisplayChannel *self)
{
  SpiceDisplayChannelPrivate *priv = self->priv;
  SpiceChannel *channel = SPICE_CHANNEL (self);

  if (priv->render) {
    cw_render_begin (priv->render);
    return;
  }
  priv->step_task = cw_turn_task_new (cw_channel_context (channel), -1, step, self);
  priv->render = cw_render_new (cw_channel_display_host (channel)->render_group (cw_channel_session (channel)),
                                &render_observer, self, wake, priv->step_task);
}

void
cw_display_screen_reset (SpiceDisplayChannel *self, bool migrating)
{
  SpiceDisplayChannelPrivate *priv = self->priv;

  stop_draining (self);
  g_clear_error (&priv->failure);
  if (!priv->render)
    return;
  if (migrating)
    cw_render_reset (priv->render);
  else
    cw_render_end_connection (priv->render);
}

void
cw_display_screen_dispose (SpiceDisplayChannel *self)
{
  SpiceDisplayChannelPrivate *priv = self->priv;

  cw_clear_source (&priv->unmark_timer);
  cw_clear_source (&priv->quiet_timer);
  stop_draining (self);
  if (priv->render)
    cw_render_close (priv->render);
  g_clear_pointer (&priv->render, cw_render_unref);
  cw_turn_task_free (g_steal_pointer (&priv->step_task));
  g_clear_error (&priv->failure);
}

void
cw_display_push (SpiceChannel *channel, const CwMessage *message)
{
  SpiceDisplayChannel *self = SPICE_DISPLAY_CHANNEL (channel);
  g_autoptr (GError) error = NULL;

  if (!cw_render_push (self->priv->render, (CwMessage *) message, &error)) {
    cw_channel_finish (channel, g_steal_pointer (&error));
    return;
  }
  cw_turn_task_ready (self->priv->step_task);
  regulate (self);
}

uint64_t
cw_display_processed (SpiceChannel *channel, uint64_t received)
{
  CwRender *render = SPICE_DISPLAY_CHANNEL (channel)->priv->render;
  uint64_t waiting = render ? cw_render_first_waiting_serial (render) : 0;

  return waiting ? waiting - 1 : received;
}

/**
 * spice_display_channel_get_primary: (method)
 * @channel: (type SpiceDisplayChannel): a display channel
 * @surface_id: the surface's id
 * @primary: filled on success
 *
 * Tells about the surface on the screen, for those who have missed #SpiceDisplayChannel::display-primary-create.
 *
 * Returns: whether there is such a surface
 */
gboolean
spice_display_channel_get_primary (SpiceChannel *channel, guint32 surface_id, SpiceDisplayPrimary *primary)
{
  SpiceDisplayChannelPrivate *priv;
  CwSurfaceInfo info;

  g_return_val_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel), FALSE);
  g_return_val_if_fail (primary != NULL, FALSE);

  priv = SPICE_DISPLAY_CHANNEL (channel)->priv;
  /* The id may come from the server, by way of the monitors. */
  if (!priv->render || !cw_render_get_surface (priv->render, surface_id, &info) || !info.primary)
    return FALSE;
  *primary = (SpiceDisplayPrimary){
    .format = info.format,
    .width = (gint) info.width,
    .height = (gint) info.height,
    .stride = (gint) info.stride,
    .shmid = -1,
    .data = info.data,
    .marked = priv->marked,
  };
  return TRUE;
}

/**
 * spice_display_get_primary: (method)
 * @channel: (type SpiceDisplayChannel): a display channel
 * @surface_id: the surface's id
 * @primary: filled on success
 *
 * The older name of spice_display_channel_get_primary().
 *
 * Returns: whether there is such a surface
 *
 * Deprecated: 0.35: use spice_display_channel_get_primary()
 */
gboolean
spice_display_get_primary (SpiceChannel *channel, guint32 surface_id, SpiceDisplayPrimary *primary)
{
  return spice_display_channel_get_primary (channel, surface_id, primary);
}
