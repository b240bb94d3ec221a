/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Screen contents in video memory. The capability is not announced yet, so there is never one. */
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

/**
 * spice_display_channel_get_gl_scanout:
 * @channel: a display channel
 *
 * What is shown when the guest draws in video memory.
 *
 * Returns: (transfer none): the current scanout, owned by the channel
 */
const SpiceGlScanout *
spice_display_channel_get_gl_scanout (SpiceDisplayChannel *channel)
{
  g_return_val_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel), NULL);

  return NULL;
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
