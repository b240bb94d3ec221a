/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceUsbredirChannel: one place where a device can be plugged into the guest. The protocol inside is the driver's
 * business. */
#include "channel/usbredir.h"

#include "channel-usbredir.h"

#include "spice-client.h"

struct _SpiceUsbredirChannelPrivate {
  CwSpicevmc *pipe;
  const CwUsbredirDriver *driver;
  gpointer data;
  bool up;     /* the driver knows of a stream */
  bool paused; /* until what waits has been sent */
};

/**
 * SpiceUsbredirChannel:
 *
 * A connection for one USB device.
 *
 * What is said of threads at #SpiceChannel holds here too.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceUsbredirChannel, spice_usbredir_channel, SPICE_TYPE_CHANNEL)

static SpiceUsbredirChannelPrivate *
private_of (SpiceChannel *channel)
{
  return SPICE_USBREDIR_CHANNEL (channel)->priv;
}

static void
on_received (SpiceChannel *channel, CwSlice bytes)
{
  SpiceUsbredirChannelPrivate *priv = private_of (channel);
  GError *error = NULL;

  if (priv->up && !priv->driver->received (priv->data, channel, bytes, &error))
    cw_channel_end (channel, error);
}

static void
on_room (SpiceChannel *channel)
{
  SpiceUsbredirChannelPrivate *priv = private_of (channel);

  if (priv->paused)
    cw_spicevmc_resume (priv->pipe);
  priv->paused = false;
}

static const CwSpicevmcEvents pipe_events = { on_received, on_room };

static void
handle_data (SpiceChannel *channel, const CwMessage *message)
{
  cw_spicevmc_take (private_of (channel)->pipe, message);
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_SPICEVMC_DATA, handle_data },
  { CW_MSG_SPICEVMC_COMPRESSED_DATA, handle_data },
  { 0, NULL },
};

static const CwChannelCap caps[] = {
  { CW_SPICEVMC_CAP_DATA_COMPRESS_LZ4, "SPICE_SPICEVMC_CAP_DATA_COMPRESS_LZ4" },
  CW_CHANNEL_CAP_END,
};

static SpiceChannelClassPrivate usbredir_class = {
  .handlers = handlers,
  .caps = caps,
};

static void
channel_up (SpiceChannel *channel)
{
  SpiceUsbredirChannelPrivate *priv = private_of (channel);

  if (!priv->driver) {
    cw_channel_end (channel, g_error_new (CW_ERROR, CW_ERROR_STATE,
                                          "usbredir: there is no USB device manager that could serve this channel"));
    return;
  }
  cw_spicevmc_start (priv->pipe, spice_channel_test_capability (channel, CW_SPICEVMC_CAP_DATA_COMPRESS_LZ4));
  priv->paused = false;
  priv->up = true;
  priv->driver->up (priv->data, channel);
}

static void
end_stream (SpiceChannel *channel)
{
  SpiceUsbredirChannelPrivate *priv = private_of (channel);

  if (!priv->up)
    return;
  priv->up = false;
  priv->driver->down (priv->data, channel);
}

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  end_stream (channel);
}

static void
finalize (GObject *object)
{
  cw_spicevmc_unref (SPICE_USBREDIR_CHANNEL (object)->priv->pipe);
  G_OBJECT_CLASS (spice_usbredir_channel_parent_class)->finalize (object);
}

static void
spice_usbredir_channel_class_init (SpiceUsbredirChannelClass *class)
{
  SpiceChannelClass *channel_class = SPICE_CHANNEL_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = finalize;
  channel_class->channel_up = channel_up;
  channel_class->channel_reset = channel_reset;
  channel_class->priv = &usbredir_class;
}

static void
spice_usbredir_channel_init (SpiceUsbredirChannel *self)
{
  self->priv = spice_usbredir_channel_get_instance_private (self);
  self->priv->pipe = cw_spicevmc_new (SPICE_CHANNEL (self), &pipe_events);
}

void
cw_usbredir_set_driver (SpiceChannel *channel, const CwUsbredirDriver *driver, gpointer data)
{
  end_stream (channel);
  private_of (channel)->driver = driver;
  private_of (channel)->data = data;
}

void
cw_usbredir_send (SpiceChannel *channel, GBytes *bytes)
{
  SpiceUsbredirChannelPrivate *priv = private_of (channel);

  if (!priv->up || !cw_channel_is_ready (channel))
    return;
  cw_spicevmc_write (priv->pipe, bytes, NULL, NULL, NULL);
  if (!priv->paused && cw_spicevmc_is_full (priv->pipe)) {
    priv->paused = true;
    cw_spicevmc_pause (priv->pipe);
  }
}
