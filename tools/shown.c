/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shown.h"

#include "client.h"

/* Servers on unix sockets tell of video memory right after they have marked the surface, and nothing tells that they
 * are not going to. */
#define VIDEO_MEMORY_WAIT_US (300 * G_TIME_SPAN_MILLISECOND)

/* Set: the surface is shown, although video memory has a content, which servers never take back. */
#define SURFACE_IS_SHOWN "caraway-surface-is-shown"

static const SpiceGlPlanes *
shown_planes (SpiceChannel *channel)
{
  const SpiceGlPlanes *planes = spice_display_channel_get_gl_planes (SPICE_DISPLAY_CHANNEL (channel));

  return g_object_get_data (G_OBJECT (channel), SURFACE_IS_SHOWN) ? NULL : planes;
}

bool
shown_in_video_memory (SpiceChannel *channel)
{
  return shown_planes (channel) != NULL;
}

void
shown_turn_to (SpiceChannel *channel, bool video_memory)
{
  g_object_set_data (G_OBJECT (channel), SURFACE_IS_SHOWN, video_memory ? NULL : channel);
}

bool
shown_is_settled (SpiceChannel *channel, gint64 marked)
{
  g_autoptr (GObject) session = NULL;
  g_autofree char *path = NULL;

  if (shown_in_video_memory (channel) || g_get_monotonic_time () - marked >= VIDEO_MEMORY_WAIT_US)
    return true;
  g_object_get (channel, "spice-session", &session, NULL);
  if (session)
    g_object_get (session, "unix-path", &path, NULL);
  return !path;
}

bool
shown_get_size (SpiceChannel *channel, int *width, int *height)
{
  const SpiceGlPlanes *planes = shown_planes (channel);
  SpiceDisplayPrimary primary;

  /* What a server says of video memory is not checked by anybody so far. */
  if (planes && planes->width <= G_MAXINT && planes->height <= G_MAXINT) {
    *width = (int) planes->width;
    *height = (int) planes->height;
    return true;
  }
  if (!spice_display_channel_get_primary (channel, 0, &primary))
    return false;
  *width = primary.width;
  *height = primary.height;
  return true;
}

static bool
read_video_memory (Shown *shown, SpiceChannel *channel, GError **error)
{
  g_autoptr (GError) problem = NULL;
  guint width, height;
  GBytes *pixels = spice_display_channel_read_gl_scanout (SPICE_DISPLAY_CHANNEL (channel), &width, &height, &problem);

  if (!pixels) {
    bool unsupported = g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);

    g_set_error_literal (error, STATUS_ERROR, unsupported ? STATUS_UNSUPPORTED : STATUS_FAILED, problem->message);
    return false;
  }
  shown->pixels = pixels;
  shown->surface = (SpiceDisplayPrimary){
    .format = SPICE_SURFACE_FMT_32_xRGB,
    .width = (gint) width,
    .height = (gint) height,
    .stride = (gint) width * 4,
    .shmid = -1,
    .data = (guint8 *) g_bytes_get_data (pixels, NULL),
    .marked = TRUE,
  };
  return true;
}

bool
shown_take (Shown *shown, SpiceChannel *channel, GError **error)
{
  shown_clear (shown);
  if (shown_in_video_memory (channel))
    return read_video_memory (shown, channel, error);
  if (spice_display_channel_get_primary (channel, 0, &shown->surface))
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the picture vanished");
  return false;
}

void
shown_clear (Shown *shown)
{
  g_clear_pointer (&shown->pixels, g_bytes_unref);
  *shown = (Shown){ 0 };
}
