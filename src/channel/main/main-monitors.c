/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's monitors, as programs want them. */
#include "channel/main/main.h"

static void
plan (SpiceMainChannel *self)
{
  cw_monitors_plan (self->priv->monitors, g_get_monotonic_time () + CW_MONITORS_DELAY);
  cw_main_schedule (self);
}

/**
 * spice_main_channel_update_display:
 * @channel: the main channel
 * @id: a monitor, from 0 to 15
 * @x: where it is, in pixels from the left
 * @y: where it is, in pixels from the top
 * @width: in pixels
 * @height: in pixels
 * @update: whether the guest is to be told, a second after the last change
 *
 * Says how large a monitor of the guest should be, and where.
 */
void
spice_main_channel_update_display (SpiceMainChannel *channel, int id, int x, int y, int width, int height,
                                   gboolean update)
{
  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));
  g_return_if_fail (id >= 0 && id < CW_MONITORS_MAX);
  g_return_if_fail (x >= 0 && y >= 0);
  g_return_if_fail (width >= 0 && height >= 0);

  if (cw_monitors_set_geometry (channel->priv->monitors, (unsigned) id, x, y, width, height) && update)
    plan (channel);
}

/**
 * spice_main_channel_update_display_mm:
 * @channel: the main channel
 * @id: a monitor, from 0 to 15
 * @width_mm: in millimetres, 0 if it is not known
 * @height_mm: in millimetres, 0 if it is not known
 * @update: whether the guest is to be told, a second after the last change
 *
 * Says how large a monitor appears to the user.
 */
void
spice_main_channel_update_display_mm (SpiceMainChannel *channel, int id, int width_mm, int height_mm, gboolean update)
{
  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));
  g_return_if_fail (id >= 0 && id < CW_MONITORS_MAX);
  g_return_if_fail (width_mm >= 0 && height_mm >= 0);

  if (cw_monitors_set_size_mm (channel->priv->monitors, (unsigned) id, width_mm, height_mm) && update)
    plan (channel);
}

/**
 * spice_main_channel_update_display_enabled:
 * @channel: the main channel
 * @id: a monitor, from 0 to 15, or -1 for all
 * @enabled: whether the guest is to have it
 * @update: whether the guest is to be told, a second after the last change
 *
 * Says whether the guest is to have a monitor.
 */
void
spice_main_channel_update_display_enabled (SpiceMainChannel *channel, int id, gboolean enabled, gboolean update)
{
  bool changed = true;

  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));
  g_return_if_fail (id >= -1 && id < CW_MONITORS_MAX);

  if (id == -1)
    cw_monitors_set_all_enabled (channel->priv->monitors, enabled);
  else
    changed = cw_monitors_set_enabled (channel->priv->monitors, (unsigned) id, enabled);
  if (changed && update)
    plan (channel);
}

/**
 * spice_main_channel_send_monitor_config:
 * @channel: the main channel
 *
 * Tells the guest at once which monitors it is to have.
 *
 * Returns: whether that was possible; not before at least one monitor is enabled or all are disabled
 */
gboolean
spice_main_channel_send_monitor_config (SpiceMainChannel *channel)
{
  bool sent;

  g_return_val_if_fail (SPICE_IS_MAIN_CHANNEL (channel), FALSE);
  g_return_val_if_fail (cw_agent_is_connected (channel->priv->agent), FALSE);

  sent = cw_monitors_send (channel->priv->monitors, g_get_monotonic_time ());
  cw_main_schedule (channel);
  return sent;
}

/**
 * spice_main_update_display:
 * @channel: the main channel
 * @id: a monitor, from 0 to 15
 * @x: where it is, in pixels from the left
 * @y: where it is, in pixels from the top
 * @width: in pixels
 * @height: in pixels
 * @update: whether the guest is to be told, a second after the last change
 *
 * Says how large a monitor of the guest should be, and where.
 *
 * Deprecated: 0.38: use spice_main_channel_update_display()
 */
void
spice_main_update_display (SpiceMainChannel *channel, int id, int x, int y, int width, int height, gboolean update)
{
  spice_main_channel_update_display (channel, id, x, y, width, height, update);
}

/**
 * spice_main_update_display_enabled:
 * @channel: the main channel
 * @id: a monitor, from 0 to 15, or -1 for all
 * @enabled: whether the guest is to have it
 * @update: whether the guest is to be told, a second after the last change
 *
 * Says whether the guest is to have a monitor.
 *
 * Deprecated: 0.38: use spice_main_channel_update_display_enabled()
 */
void
spice_main_update_display_enabled (SpiceMainChannel *channel, int id, gboolean enabled, gboolean update)
{
  spice_main_channel_update_display_enabled (channel, id, enabled, update);
}

/**
 * spice_main_set_display:
 * @channel: the main channel
 * @id: a monitor, from 0 to 15
 * @x: where it is, in pixels from the left
 * @y: where it is, in pixels from the top
 * @width: in pixels
 * @height: in pixels
 *
 * Says how large a monitor of the guest should be, and where. The guest is told a second after the last change.
 *
 * Deprecated: 0.35: use spice_main_channel_update_display()
 */
void
spice_main_set_display (SpiceMainChannel *channel, int id, int x, int y, int width, int height)
{
  spice_main_channel_update_display (channel, id, x, y, width, height, TRUE);
}

/**
 * spice_main_set_display_enabled:
 * @channel: the main channel
 * @id: a monitor, from 0 to 15, or -1 for all
 * @enabled: whether the guest is to have it
 *
 * Says whether the guest is to have a monitor. The guest is told a second after the last change.
 *
 * Deprecated: 0.35: use spice_main_channel_update_display_enabled()
 */
void
spice_main_set_display_enabled (SpiceMainChannel *channel, int id, gboolean enabled)
{
  spice_main_channel_update_display_enabled (channel, id, enabled, TRUE);
}

/**
 * spice_main_send_monitor_config:
 * @channel: the main channel
 *
 * Tells the guest at once which monitors it is to have.
 *
 * Returns: whether that was possible
 *
 * Deprecated: 0.38: use spice_main_channel_send_monitor_config()
 */
gboolean
spice_main_send_monitor_config (SpiceMainChannel *channel)
{
  return spice_main_channel_send_monitor_config (channel);
}
