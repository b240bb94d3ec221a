/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One channel of a session: what all kinds have in common. */
#pragma once

#include <gio/gio.h>
#include "spice-types.h"

G_BEGIN_DECLS

#define SPICE_TYPE_CHANNEL (spice_channel_get_type ())
#define SPICE_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_CHANNEL, SpiceChannel))
#define SPICE_CHANNEL_CLASS(klass) (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_CHANNEL, SpiceChannelClass))
#define SPICE_IS_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_CHANNEL))
#define SPICE_IS_CHANNEL_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_CHANNEL))
#define SPICE_CHANNEL_GET_CLASS(obj) (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_CHANNEL, SpiceChannelClass))

/**
 * SpiceChannelEvent:
 * @SPICE_CHANNEL_NONE: no event, never emitted
 * @SPICE_CHANNEL_OPENED: connected and authenticated
 * @SPICE_CHANNEL_SWITCHING: the connection moves to another host
 * @SPICE_CHANNEL_CLOSED: the connection has ended
 * @SPICE_CHANNEL_ERROR_CONNECT: no connection could be made
 * @SPICE_CHANNEL_ERROR_TLS: the connection could not be secured
 * @SPICE_CHANNEL_ERROR_LINK: the server refused the channel or does not speak the protocol
 * @SPICE_CHANNEL_ERROR_AUTH: the server refused the credentials
 * @SPICE_CHANNEL_ERROR_IO: the connection broke
 *
 * What happened to a channel's connection.
 */
typedef enum {
  SPICE_CHANNEL_NONE = 0,
  SPICE_CHANNEL_OPENED = 10,
  SPICE_CHANNEL_SWITCHING,
  SPICE_CHANNEL_CLOSED,
  SPICE_CHANNEL_ERROR_CONNECT = 20,
  SPICE_CHANNEL_ERROR_TLS,
  SPICE_CHANNEL_ERROR_LINK,
  SPICE_CHANNEL_ERROR_AUTH,
  SPICE_CHANNEL_ERROR_IO,
} SpiceChannelEvent;

struct _SpiceChannel {
  GObject parent;
  SpiceChannelPrivate *priv;
};

struct _SpiceChannelClass {
  GObjectClass parent_class;

  /* signals */
  void (*channel_event) (SpiceChannel *channel, SpiceChannelEvent event);
  void (*open_fd) (SpiceChannel *channel, int with_tls);

  /*< private >*/
  void (*handle_msg) (SpiceChannel *channel, SpiceMsgIn *msg);
  void (*channel_up) (SpiceChannel *channel);
  void (*iterate_write) (SpiceChannel *channel);
  void (*iterate_read) (SpiceChannel *channel);
  gpointer deprecated;
  void (*channel_reset) (SpiceChannel *channel, gboolean migrating);
  gpointer deprecated2;
  void (*channel_send_migration_handshake) (SpiceChannel *channel);
  SpiceChannelClassPrivate *priv;
  gpointer _spice_reserved[8];
};

/* The handler of one kind of message. */
/**
 * spice_msg_handler:
 * @channel: the channel
 * @in: the message
 *
 * Handles a message of a channel. A slot of #SpiceChannelClass; programs have no use for it.
 */
typedef void (*spice_msg_handler) (SpiceChannel *channel, SpiceMsgIn *in);

GType spice_channel_get_type (void);

SpiceChannel *spice_channel_new (SpiceSession *s, int type, int id);
gboolean spice_channel_connect (SpiceChannel *channel);
gboolean spice_channel_open_fd (SpiceChannel *channel, int fd);
void spice_channel_disconnect (SpiceChannel *channel, SpiceChannelEvent reason);
gboolean spice_channel_test_capability (SpiceChannel *channel, guint32 cap);
gboolean spice_channel_test_common_capability (SpiceChannel *channel, guint32 cap);
void spice_channel_flush_async (SpiceChannel *channel, GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean spice_channel_flush_finish (SpiceChannel *channel, GAsyncResult *result, GError **error);
void spice_channel_shutdown_async (SpiceChannel *channel, GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean spice_channel_shutdown_finish (SpiceChannel *channel, GAsyncResult *result, GError **error);
const gchar *spice_channel_type_to_string (gint type);
gint spice_channel_string_to_type (const gchar *str);
const GError *spice_channel_get_error (SpiceChannel *channel);

#ifndef SPICE_DISABLE_DEPRECATED
G_DEPRECATED
void spice_channel_set_capability (SpiceChannel *channel, guint32 cap);
G_DEPRECATED_FOR (spice_channel_disconnect)
void spice_channel_destroy (SpiceChannel *channel);
#endif

G_END_DECLS
