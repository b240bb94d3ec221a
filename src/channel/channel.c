/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceChannel: the type, its properties and capabilities. Connecting is in connection.c, messages are in messages.c,
 * flushing is in flush.c. */
#include "channel/owner.h"
#include "channel/private.h"
#include "spice-client.h"
#include "spice-glib-enums.h"

#include <string.h>

enum {
  PROP_0,
  PROP_SESSION,
  PROP_TYPE,
  PROP_ID,
  PROP_READ_BYTES,
  PROP_SOCKET,
};

enum {
  CHANNEL_EVENT,
  OPEN_FD,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/**
 * SpiceChannel:
 *
 * One connection to the server, for one purpose: the base of all channels. It lives in the thread that runs the
 * session's main context.
 *
 * Functions of channels are to be called in that thread, unless their text says otherwise, and signals and
 * notifications are emitted in it. No function waits for the server.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceChannel, spice_channel, G_TYPE_OBJECT)

static const CwChannelCap common_caps[] = {
  { CW_COMMON_CAP_AUTH_SELECTION, "SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION" },
  { CW_COMMON_CAP_AUTH_SPICE, "SPICE_COMMON_CAP_AUTH_SPICE" },
  { CW_COMMON_CAP_MINI_HEADER, "SPICE_COMMON_CAP_MINI_HEADER" },
  CW_CHANNEL_CAP_END,
};

static const CwChannelCap sasl_caps[] = {
  { CW_COMMON_CAP_AUTH_SASL, "SPICE_COMMON_CAP_AUTH_SASL" },
  CW_CHANNEL_CAP_END,
};

static GQuark
host_quark (void)
{
  return g_quark_from_static_string ("cw-channel-host");
}

void
cw_channel_host_attach (SpiceSession *session, const CwChannelHost *host)
{
  g_object_set_qdata (G_OBJECT (session), host_quark (), (gpointer) host);
}

int
cw_channel_type (SpiceChannel *self)
{
  return self->priv->type;
}

int
cw_channel_id (SpiceChannel *self)
{
  return self->priv->id;
}

SpiceSession *
cw_channel_session (SpiceChannel *self)
{
  return self->priv->session;
}

GMainContext *
cw_channel_context (SpiceChannel *self)
{
  return self->priv->context;
}

const struct CwMainHost *
cw_channel_main_host (SpiceChannel *self)
{
  return self->priv->host->main;
}

const struct CwDisplayHost *
cw_channel_display_host (SpiceChannel *self)
{
  return self->priv->host->display;
}

size_t *
cw_channel_pointer_bytes (SpiceChannel *self)
{
  return self->priv->host->pointer_bytes (self->priv->session);
}

size_t *
cw_channel_body_bytes (SpiceChannel *self)
{
  return self->priv->host->body_bytes (self->priv->session);
}

const struct CwSoundHost *
cw_channel_sound_host (SpiceChannel *self)
{
  return self->priv->host->sound;
}

unsigned
cw_channel_attempt (SpiceChannel *self)
{
  return self->priv->attempt;
}

const SpiceChannelClassPrivate *
cw_channel_class (SpiceChannel *self)
{
  return SPICE_CHANNEL_GET_CLASS (self)->priv;
}

typedef struct {
  SpiceChannel *channel;
  void (*func) (SpiceChannel *channel);
} Deferred;

static gboolean
run_deferred (gpointer data)
{
  Deferred *self = data;

  self->func (self->channel);
  return G_SOURCE_REMOVE;
}

static void
free_deferred (gpointer data)
{
  Deferred *self = data;

  g_object_unref (self->channel);
  g_free (self);
}

GSource *
cw_channel_defer (SpiceChannel *self, void (*func) (SpiceChannel *channel))
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Deferred *deferred = g_new (Deferred, 1);

  *deferred = (Deferred){ g_object_ref (self), func };
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, run_deferred, deferred, free_deferred);
  g_source_attach (source, self->priv->context);
  return source;
}

static void
add_caps (CwCaps *caps, const CwChannelCap *rows)
{
  for (; rows && rows->bit != UINT32_MAX; rows++)
    if (!rows->variable || g_strcmp0 (g_getenv (rows->variable), "0") != 0)
      cw_caps_set (caps, rows->bit);
}

void
cw_channel_emit_event (SpiceChannel *self, SpiceChannelEvent event)
{
  g_signal_emit (self, signals[CHANNEL_EVENT], 0, event);
}

void
cw_channel_emit_open_fd (SpiceChannel *self, bool with_tls)
{
  g_signal_emit (self, signals[OPEN_FD], 0, with_tls ? 1 : 0);
}

void
cw_channel_add_capability (SpiceChannel *self, uint32_t bit)
{
  cw_caps_set (&self->priv->caps, bit);
}

void
cw_channel_add_descriptor_capability (SpiceChannel *self, uint32_t bit)
{
  cw_caps_set (&self->priv->descriptor_caps, bit);
}

static void
nothing (SpiceChannel *self)
{
}

static void
spice_channel_constructed (GObject *object)
{
  SpiceChannel *self = SPICE_CHANNEL (object);
  SpiceChannelPrivate *priv = self->priv;
  const char *disabled = g_getenv ("SPICE_DISABLE_CHANNELS");
  g_autoptr (SpiceChannel) guard = NULL;

  G_OBJECT_CLASS (spice_channel_parent_class)->constructed (object);

  priv->disabled = disabled && strstr (disabled, spice_channel_type_to_string (priv->type));
  add_caps (&priv->common_caps, common_caps);
  if (cw_sasl_is_available ())
    add_caps (&priv->common_caps, sasl_caps);
  add_caps (&priv->caps, cw_channel_class (self)->caps);
  if (!priv->session)
    return;
  priv->context = g_main_context_ref (priv->host->context (priv->session));
  /* A handler may make the session drop its reference, which is the one that the constructor returns. */
  guard = g_object_ref (self);
  priv->host->channel_added (priv->session, self);
  if (!priv->session)
    cw_channel_defer (self, nothing);
}

void
cw_channel_disposed (SpiceChannel *self)
{
  if (self->priv->end_by_force)
    self->priv->end_by_force (self);
}

static void
spice_channel_dispose (GObject *object)
{
  SpiceChannelPrivate *priv = SPICE_CHANNEL (object)->priv;

  cw_channel_disposed (SPICE_CHANNEL (object));
  if (priv->session)
    cw_sync_remove (priv->host->sync (priv->session), object);
  /* The session that it has left is told of its end. */
  g_clear_object (&priv->session);
  G_OBJECT_CLASS (spice_channel_parent_class)->dispose (object);
}

static void
spice_channel_finalize (GObject *object)
{
  SpiceChannelPrivate *priv = SPICE_CHANNEL (object)->priv;

  g_clear_error (&priv->error);
  g_clear_pointer (&priv->warned_of, g_hash_table_unref);
  cw_caps_clear (&priv->caps);
  cw_caps_clear (&priv->descriptor_caps);
  cw_caps_clear (&priv->common_caps);
  g_clear_pointer (&priv->context, g_main_context_unref);
  G_OBJECT_CLASS (spice_channel_parent_class)->finalize (object);
}

/* Over all attempts and connections. */
static uint64_t
read_bytes (const SpiceChannelPrivate *priv)
{
  return priv->read_before + (priv->dial ? cw_dial_bytes_read (priv->dial) : 0)
         + (priv->live ? cw_pump_bytes_read (priv->live->pump) : 0);
}

static void
spice_channel_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceChannelPrivate *priv = SPICE_CHANNEL (object)->priv;

  switch (id) {
  case PROP_SESSION:
    g_value_set_object (value, priv->session);
    break;
  case PROP_TYPE:
    g_value_set_int (value, priv->type);
    break;
  case PROP_ID:
    g_value_set_int (value, priv->id);
    break;
  case PROP_READ_BYTES:
    g_value_set_ulong (value, (gulong) read_bytes (priv));
    break;
  case PROP_SOCKET:
    g_value_set_object (value, priv->live ? priv->live->connection->socket : NULL);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
spice_channel_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpiceChannelPrivate *priv = SPICE_CHANNEL (object)->priv;

  switch (id) {
  case PROP_SESSION:
    priv->session = g_value_dup_object (value);
    priv->host = priv->session ? g_object_get_qdata (G_OBJECT (priv->session), host_quark ()) : NULL;
    break;
  case PROP_TYPE:
    priv->type = g_value_get_int (value);
    break;
  case PROP_ID:
    priv->id = g_value_get_int (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags construct = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * SpiceChannel:spice-session:
   *
   * The session the channel belongs to. The channel does not keep it alive: %NULL once it has gone.
   */
  g_object_class_install_property (class, PROP_SESSION,
                                   g_param_spec_object ("spice-session", "Session",
                                                        "The session the channel belongs to",
                                                        cw_channel_session_type (), construct));
  /**
   * SpiceChannel:channel-type:
   *
   * What kind of channel this is: a SPICE_CHANNEL_… of spice/enums.h (spice_channel_type_to_string()).
   */
  g_object_class_install_property (class, PROP_TYPE,
                                   g_param_spec_int ("channel-type", "Type", "What kind of channel this is", -1,
                                                     G_MAXINT, -1, construct));
  /**
   * SpiceChannel:channel-id:
   *
   * Which one of its kind this is, counted from 0 by the server.
   */
  g_object_class_install_property (class, PROP_ID,
                                   g_param_spec_int ("channel-id", "Id", "Which one of its kind this is", -1, G_MAXINT,
                                                     -1, construct));
  /**
   * SpiceChannel:total-read-bytes:
   *
   * Bytes read from servers since the channel was made, those of failed attempts included.
   */
  g_object_class_install_property (class, PROP_READ_BYTES,
                                   g_param_spec_ulong ("total-read-bytes", "Bytes read",
                                                       "Bytes read since the channel was made", 0, G_MAXULONG, 0,
                                                       readable));
  /**
   * SpiceChannel:socket:
   *
   * The socket while there is a connection, else %NULL. It is for looking at, such as for its addresses: what is read
   * or written is lost for the channel.
   */
  g_object_class_install_property (class, PROP_SOCKET,
                                   g_param_spec_object ("socket", "Socket", "The socket while connected", G_TYPE_SOCKET,
                                                        readable));
}

static void
spice_channel_class_init (SpiceChannelClass *class)
{
  static const CwChannelHandler no_handlers[] = { { 0, NULL } };
  static SpiceChannelClassPrivate no_kind = { .handlers = no_handlers };
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  /* Programs derive classes of their own from this one. */
  class->priv = &no_kind;

  object_class->constructed = spice_channel_constructed;
  object_class->dispose = spice_channel_dispose;
  object_class->finalize = spice_channel_finalize;
  object_class->get_property = spice_channel_get_property;
  object_class->set_property = spice_channel_set_property;
  install_properties (object_class);

  /**
   * SpiceChannel::channel-event:
   * @channel: the channel
   * @event: what happened
   *
   * The connection of the channel changed. spice_channel_get_error() tells more about errors.
   */
  signals[CHANNEL_EVENT] = g_signal_new ("channel-event", G_OBJECT_CLASS_TYPE (class), G_SIGNAL_RUN_FIRST,
                                         G_STRUCT_OFFSET (SpiceChannelClass, channel_event), NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, SPICE_TYPE_CHANNEL_EVENT);
  /**
   * SpiceChannel::open-fd:
   * @channel: the channel
   * @with_tls: whether TLS will be spoken on the socket
   *
   * A connected socket is needed; answer, now or later, by spice_channel_open_fd().
   */
  signals[OPEN_FD]
      = g_signal_new ("open-fd", G_OBJECT_CLASS_TYPE (class), G_SIGNAL_RUN_FIRST,
                      G_STRUCT_OFFSET (SpiceChannelClass, open_fd), NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
spice_channel_init (SpiceChannel *self)
{
  self->priv = spice_channel_get_instance_private (self);
}

/**
 * spice_channel_test_capability:
 * @channel: a channel
 * @cap: a capability of this kind of channel
 *
 * Whether the server has announced a capability of this type of channel; FALSE before the channel is linked.
 *
 * Returns: whether the server has it; %FALSE while not connected
 */
gboolean
spice_channel_test_capability (SpiceChannel *channel, guint32 cap)
{
  g_return_val_if_fail (SPICE_IS_CHANNEL (channel), FALSE);

  return channel->priv->live && cw_caps_test (&channel->priv->live->connection->channel_caps, cap);
}

/**
 * spice_channel_test_common_capability:
 * @channel: a channel
 * @cap: a capability of all channels
 *
 * Whether the server has announced a capability that all channels share; FALSE before the channel is linked.
 *
 * Returns: whether the server has it; %FALSE while not connected
 */
gboolean
spice_channel_test_common_capability (SpiceChannel *channel, guint32 cap)
{
  g_return_val_if_fail (SPICE_IS_CHANNEL (channel), FALSE);

  return channel->priv->live && cw_caps_test (&channel->priv->live->connection->common_caps, cap);
}

/**
 * spice_channel_set_capability:
 * @channel: a channel
 * @cap: a capability of this kind of channel
 *
 * Announces one more capability at the next connection.
 *
 * Deprecated: 0.13: the library knows what it is capable of
 */
void
spice_channel_set_capability (SpiceChannel *channel, guint32 cap)
{
  g_return_if_fail (SPICE_IS_CHANNEL (channel));

  /* More words than the library's own kinds of channels could ever have would only make linking fail. */
  g_return_if_fail (cap < 1024);
  cw_channel_add_capability (channel, cap);
}

/**
 * spice_channel_get_error:
 * @channel: a channel
 *
 * Why the channel failed last; kept until the next attempt to connect.
 *
 * Returns: (transfer none): why the last connection failed, %NULL if it did not
 */
const GError *
spice_channel_get_error (SpiceChannel *channel)
{
  g_return_val_if_fail (SPICE_IS_CHANNEL (channel), NULL);

  return channel->priv->error;
}
