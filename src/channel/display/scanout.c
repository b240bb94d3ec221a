/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Screen contents in video memory, on unix sockets: a descriptor for each plane comes with the message, and every
 * change is answered when it has been shown. The server waits for that, so the channel answers by itself when nobody
 * listens. The descriptors are taken as the messages come; programs hear of them in their turn among the drawing: what
 * they have heard of last, surface or video memory, is what they show.
 */
#include "channel/display/display.h"

#include <fcntl.h>
#include <unistd.h>

/* Servers pass two or three buffers in turn; processes may have only some hundreds of descriptors. */
#define MAX_ANNOUNCED 8

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
cw_display_scanout_init (SpiceDisplayChannel *self)
{
  self->priv->scanout.fd = -1;
  g_queue_init (&self->priv->announced);
}

void
cw_display_scanout_announce (SpiceDisplayChannel *self)
{
  SpiceChannel *channel = SPICE_CHANNEL (self);

  if (!cw_channel_session (channel) || g_strcmp0 (g_getenv ("SPICE_DISPLAY_CAP_GL_SCANOUT"), "0") == 0
      || !cw_channel_display_host (channel)->gl_scanout (cw_channel_session (channel)))
    return;
  cw_channel_add_capability (channel, CW_DISPLAY_CAP_GL_SCANOUT);
  /* 0.42 announces the first one on every connection; this one says what is true. */
  if (g_strcmp0 (g_getenv ("SPICE_DISPLAY_CAP_GL_SCANOUT2"), "0") != 0)
    cw_channel_add_descriptor_capability (channel, CW_DISPLAY_CAP_GL_SCANOUT2);
}

static void
planes_free (SpiceGlPlanes *planes)
{
  if (!planes)
    return;
  for (unsigned i = 0; i < G_N_ELEMENTS (planes->fd); i++)
    if (planes->fd[i] >= 0)
      close (planes->fd[i]);
  g_free (planes);
}

/* One plane from the buffer's beginning on. An older message says no more either, even of contents whose modifier is
 * another one: drivers know it without. */
static SpiceGlScanout
say_shortly (const SpiceGlPlanes *planes)
{
  if (!planes || planes->n_planes != 1 || planes->offset[0] != 0)
    return (SpiceGlScanout){ .fd = -1 };
  return (SpiceGlScanout){
    .fd = planes->fd[0],
    .width = planes->width,
    .height = planes->height,
    .stride = planes->stride[0],
    .format = planes->format,
    .y0top = planes->y0top,
  };
}

static void
set_planes (SpiceDisplayChannel *self, SpiceGlPlanes *planes)
{
  g_clear_pointer (&self->priv->planes, planes_free);
  self->priv->planes = planes;
  self->priv->scanout = say_shortly (planes);
  g_object_notify (G_OBJECT (self), "gl-scanout");
}

/* Those that are too many are closed behind the handler. */
static bool
take_descriptors (SpiceChannel *channel, SpiceGlPlanes *planes)
{
  for (unsigned i = 0; i < planes->n_planes; i++) {
    planes->fd[i] = cw_channel_take_descriptor (channel, i);
    if (planes->fd[i] < 0)
      return false;
  }
  return true;
}

/* Without a format, or without the descriptors that belong to it, there is nothing to show. */
static void
handle (SpiceChannel *channel, const SpiceGlPlanes *announced, const CwMessage *message)
{
  SpiceGlPlanes *planes = g_memdup2 (announced, sizeof *announced);

  for (unsigned i = 0; i < G_N_ELEMENTS (planes->fd); i++)
    planes->fd[i] = -1;
  if (planes->format != 0 && !take_descriptors (channel, planes)) {
    g_warning ("display:%d: a content in video memory came without its descriptor", cw_channel_id (channel));
    planes->format = 0;
  }
  if (planes->format == 0)
    g_clear_pointer (&planes, planes_free);
  g_queue_push_tail (&SPICE_DISPLAY_CHANNEL (channel)->priv->announced, planes);
  cw_display_push (channel, message);
}

bool
cw_display_scanout_is_full (const SpiceDisplayChannel *self)
{
  return self->priv->announced.length >= MAX_ANNOUNCED;
}

void
cw_display_handle_scanout (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgDisplayGlScanoutUnix *from = message->data;

  const SpiceGlPlanes planes = {
    .width = from->width,
    .height = from->height,
    .format = from->drm_fourcc_format,
    .y0top = (from->flags & CW_GL_SCANOUT_Y0TOP) != 0,
    .modifier = CW_DRM_MODIFIER_UNKNOWN,
    .n_planes = 1,
    .stride = { from->stride },
  };

  handle (channel, &planes, message);
}

void
cw_display_handle_planes (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgDisplayGlScanout2Unix *from = message->data;
  SpiceGlPlanes planes = {
    .width = from->width,
    .height = from->height,
    .format = from->drm_fourcc_format,
    .y0top = (from->flags & CW_GL_SCANOUT_Y0TOP) != 0,
    .modifier = from->modifier,
    .n_planes = from->n_planes,
  };

  if (planes.format != 0 && planes.n_planes == 0) {
    cw_channel_finish (channel,
                       g_error_new (CW_ERROR, CW_ERROR_MALFORMED, "display: %s.planes: 0 < 1", message->info->name));
    return;
  }
  for (unsigned i = 0; i < from->n_planes; i++) {
    planes.offset[i] = from->planes[i].offset;
    planes.stride[i] = from->planes[i].stride;
  }
  handle (channel, &planes, message);
}

static void
answer (SpiceDisplayChannel *self)
{
  self->priv->n_gl_draws--;
  cw_channel_send (SPICE_CHANNEL (self), CW_MSGC_DISPLAY_GL_DRAW_DONE, NULL);
}

/* Programs made for one plane do not answer for what they cannot see. */
static bool
can_be_shown (const SpiceDisplayChannel *self)
{
  return self->priv->scanout.fd >= 0 || (self->priv->planes && self->priv->knows_planes);
}

static void
tell_draw (SpiceDisplayChannel *self, const CwMsgDisplayGlDraw *draw)
{
  guint signal = g_signal_lookup ("gl-draw", SPICE_TYPE_DISPLAY_CHANNEL);

  self->priv->n_gl_draws++;
  if (!can_be_shown (self) || !g_signal_has_handler_pending (self, signal, 0, FALSE))
    answer (self);
  else
    g_signal_emit (self, signal, 0, draw->x, draw->y, draw->w, draw->h);
}

void
cw_display_video_memory (gpointer data, const CwMessage *message)
{
  SpiceDisplayChannel *self = data;

  if (message->type == CW_MSG_DISPLAY_GL_DRAW)
    tell_draw (self, message->data);
  else
    set_planes (self, g_queue_pop_head (&self->priv->announced));
}

static void
forget_announced (SpiceDisplayChannel *self)
{
  while (self->priv->announced.length > 0)
    planes_free (g_queue_pop_head (&self->priv->announced));
}

void
cw_display_scanout_reset (SpiceDisplayChannel *self)
{
  forget_announced (self);
  self->priv->n_gl_draws = 0;
  if (self->priv->planes)
    set_planes (self, NULL);
}

void
cw_display_scanout_clear (SpiceDisplayChannel *self)
{
  forget_announced (self);
  g_clear_pointer (&self->priv->planes, planes_free);
}

/**
 * spice_display_channel_get_gl_scanout:
 * @channel: a display channel
 *
 * What is shown when the guest draws in video memory, in one plane that begins where the buffer begins; for others
 * there is spice_display_channel_get_gl_planes().
 *
 * Returns: (transfer none) (nullable): the current scanout, owned by the channel and valid until the next notification
 *   of #SpiceDisplayChannel:gl-scanout
 */
const SpiceGlScanout *
spice_display_channel_get_gl_scanout (SpiceDisplayChannel *channel)
{
  g_return_val_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel), NULL);

  return channel->priv->scanout.fd >= 0 ? &channel->priv->scanout : NULL;
}

/**
 * spice_display_channel_get_gl_planes:
 * @channel: a display channel
 *
 * What is shown when the guest draws in video memory, in any number of planes; it changes with
 * #SpiceDisplayChannel:gl-scanout. A program that has called this is asked by #SpiceDisplayChannel::gl-draw to show
 * such contents, too; for others the channel answers.
 *
 * Returns: (transfer none) (nullable): the current content, owned by the channel and valid until the next notification
 *   of #SpiceDisplayChannel:gl-scanout
 */
const SpiceGlPlanes *
spice_display_channel_get_gl_planes (SpiceDisplayChannel *channel)
{
  g_return_val_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel), NULL);

  channel->priv->knows_planes = true;
  return channel->priv->planes;
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
