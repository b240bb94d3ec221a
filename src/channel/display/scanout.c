/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Screen contents in video memory, on unix sockets: a descriptor comes with the message, and every change is answered
 * when it has been shown. The server waits for that, so the channel answers by itself when nobody listens. */
#include "channel/display/display.h"

#include <fcntl.h>
#include <unistd.h>

static gpointer
scanout_copy (gpointer boxed)
{
  SpiceGlScanout *copy = g_memdup2 (boxed, sizeof *copy);

  if (copy->fd >= 0)
    copy->fd = fcntl (copy->fd, F_DUPFD_CLOEXEC, 0);
  return copy;
}

/**
 * spice_gl_scanout_free:
 * @scanout: a scanout
 *
 * Frees the structure and closes its descriptor.
 */
void
spice_gl_scanout_free (SpiceGlScanout *scanout)
{
  g_return_if_fail (scanout != NULL);

  if (scanout->fd >= 0)
    close (scanout->fd);
  g_free (scanout);
}

static void
scanout_free (gpointer boxed)
{
  spice_gl_scanout_free (boxed);
}

G_DEFINE_BOXED_TYPE (SpiceGlScanout, spice_gl_scanout, scanout_copy, scanout_free)

void
cw_display_scanout_announce (SpiceDisplayChannel *self)
{
  SpiceChannel *channel = SPICE_CHANNEL (self);
  const char *variable = g_getenv ("SPICE_DISPLAY_CAP_GL_SCANOUT");

  if (!cw_channel_session (channel) || g_strcmp0 (variable, "0") == 0
      || !cw_channel_display_host (channel)->gl_scanout (cw_channel_session (channel)))
    return;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  spice_channel_set_capability (channel, CW_DISPLAY_CAP_GL_SCANOUT);
  G_GNUC_END_IGNORE_DEPRECATIONS
}

static void
set_scanout (SpiceDisplayChannel *self, SpiceGlScanout *scanout)
{
  g_clear_pointer (&self->priv->scanout, spice_gl_scanout_free);
  self->priv->scanout = scanout;
  g_object_notify (G_OBJECT (self), "gl-scanout");
}

/* Without a format, or without the descriptor that belongs to it, there is nothing to show. */
void
cw_display_handle_scanout (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgDisplayGlScanoutUnix *from = message->data;
  int fd = from->drm_fourcc_format != 0 ? cw_channel_take_descriptor (channel, 0) : -1;
  SpiceGlScanout *scanout = NULL;

  if (from->drm_fourcc_format != 0 && fd < 0)
    g_warning ("display:%d: a content in video memory came without its descriptor", cw_channel_id (channel));
  if (fd >= 0) {
    scanout = g_new (SpiceGlScanout, 1);
    *scanout = (SpiceGlScanout){
      .fd = fd,
      .width = from->width,
      .height = from->height,
      .stride = from->stride,
      .format = from->drm_fourcc_format,
      .y0top = (from->flags & CW_GL_SCANOUT_Y0TOP) != 0,
    };
  }
  set_scanout (SPICE_DISPLAY_CHANNEL (channel), scanout);
}

static void
answer (SpiceDisplayChannel *self)
{
  self->priv->n_gl_draws--;
  cw_channel_send (SPICE_CHANNEL (self), CW_MSGC_DISPLAY_GL_DRAW_DONE, NULL);
}

void
cw_display_handle_gl_draw (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgDisplayGlDraw *draw = message->data;
  SpiceDisplayChannel *self = SPICE_DISPLAY_CHANNEL (channel);
  guint signal = g_signal_lookup ("gl-draw", SPICE_TYPE_DISPLAY_CHANNEL);

  self->priv->n_gl_draws++;
  if (!self->priv->scanout || !g_signal_has_handler_pending (self, signal, 0, FALSE))
    answer (self);
  else
    g_signal_emit (self, signal, 0, draw->x, draw->y, draw->w, draw->h);
}

void
cw_display_scanout_reset (SpiceDisplayChannel *self)
{
  self->priv->n_gl_draws = 0;
  if (self->priv->scanout)
    set_scanout (self, NULL);
}

void
cw_display_scanout_clear (SpiceDisplayChannel *self)
{
  g_clear_pointer (&self->priv->scanout, spice_gl_scanout_free);
}

/**
 * spice_display_channel_get_gl_scanout:
 * @channel: a display channel
 *
 * What is shown when the guest draws in video memory.
 *
 * Returns: (transfer none): the current scanout, owned by the channel and valid until the next notification of
 *   #SpiceDisplayChannel:gl-scanout
 */
const SpiceGlScanout *
spice_display_channel_get_gl_scanout (SpiceDisplayChannel *channel)
{
  g_return_val_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel), NULL);

  return channel->priv->scanout;
}

/**
 * spice_display_get_gl_scanout:
 * @channel: a display channel
 *
 * The older name of spice_display_channel_get_gl_scanout().
 *
 * Returns: (transfer none): the current scanout, owned by the channel
 *
 * Deprecated: 0.35: use spice_display_channel_get_gl_scanout()
 */
const SpiceGlScanout *
spice_display_get_gl_scanout (SpiceDisplayChannel *channel)
{
  return spice_display_channel_get_gl_scanout (channel);
}

/**
 * spice_display_channel_gl_draw_done:
 * @channel: a display channel
 *
 * Answers #SpiceDisplayChannel::gl-draw: the content has been shown.
 */
void
spice_display_channel_gl_draw_done (SpiceDisplayChannel *channel)
{
  g_return_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel));

  /* The server closes the connection of a client that answers what it was not asked. */
  if (channel->priv->n_gl_draws > 0)
    answer (channel);
  else
    g_debug ("no drawing of the server waits for an answer");
}

/**
 * spice_display_gl_draw_done:
 * @channel: a display channel
 *
 * The older name of spice_display_channel_gl_draw_done().
 *
 * Deprecated: 0.35: use spice_display_channel_gl_draw_done()
 */
void
spice_display_gl_draw_done (SpiceDisplayChannel *channel)
{
  spice_display_channel_gl_draw_done (channel);
}
