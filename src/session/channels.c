/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session's channels: making, announcing and dropping them. */
#include "session/session.h"

#include "transport/turn.h"

/* A channel is a socket: far more than any server has, far less than a program may open. */
#define MAX_CHANNELS 256
#define MAX_DISPLAYS 16 /* each may be as large as four screens; and a pointer for each */

typedef struct {
  uint8_t type, id;
} ChannelId;

const CwChannelKind *
cw_registry_find_channel (int type)
{
  for (const CwChannelKind *kind = cw_registry.channels; kind->type != 0; kind++)
    if (kind->type == type)
      return kind;
  return NULL;
}

static bool
is_enabled (SpiceSession *self, const CwChannelKind *kind)
{
  gboolean enabled = TRUE;

  if (kind->enabled_by)
    g_object_get (self, kind->enabled_by, &enabled, NULL);
  return enabled;
}

void
cw_session_channel_added (SpiceSession *self, SpiceChannel *channel)
{
  g_autoptr (SpiceSession) guard = NULL;
  SpiceSessionPrivate *priv = self->priv;

  guard = g_object_ref (self);
  priv->channels = g_list_prepend (priv->channels, channel);
  if (!priv->main && cw_channel_type (channel) == CW_CHANNEL_MAIN)
    priv->main = channel;
  g_signal_emit (self, cw_session_signals[CW_SESSION_CHANNEL_NEW], 0, channel);
  cw_session_features_channel_added (self, channel);
}

static void
drop_channel (SpiceSession *self, SpiceChannel *channel)
{
  SpiceSessionPrivate *priv = self->priv;

  cw_channel_retire (channel);
  priv->channels = g_list_remove (priv->channels, channel);
  if (channel == priv->main)
    priv->main = NULL;
  g_signal_emit (self, cw_session_signals[CW_SESSION_CHANNEL_DESTROY], 0, channel);
  cw_session_features_channel_removed (self, channel);
  cw_session_set_playing (self, channel, false);
  if (cw_channel_detach (channel))
    g_hash_table_add (priv->departing, channel);
  g_object_unref (channel);
}

static void
stop_creating (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;

  g_queue_clear_full (&priv->channels_to_create, g_free);
  cw_turn_task_free (g_steal_pointer (&priv->creating));
}

static gpointer
ref_object (gconstpointer object, gpointer data)
{
  return g_object_ref ((gpointer) object);
}

/* Only those that are there now: a handler of channel-destroy may connect again, and for ever. */
void
cw_session_drop_channels (SpiceSession *self, bool also_main)
{
  SpiceSessionPrivate *priv = self->priv;
  GList *channels = g_list_copy_deep (priv->channels, ref_object, NULL);
  unsigned generation = priv->connect_generation;

  cw_session_abort_migration (self);
  cw_session_forget_switch (self);
  stop_creating (self);
  /* Or it goes on announcing channels while handlers run main loops. */
  if (also_main && priv->main)
    cw_channel_retire (priv->main);
  for (GList *at = channels; at; at = at->next)
    if (g_list_find (priv->channels, at->data) && (also_main || at->data != priv->main))
      drop_channel (self, at->data);
  g_list_free_full (channels, g_object_unref);
  if (generation == priv->connect_generation)
    cw_session_forget_server (self);
}

void
cw_session_drop_stale (SpiceSession *self)
{
  GList *channels = g_list_copy_deep (self->priv->channels, ref_object, NULL);

  for (GList *at = channels; at; at = at->next)
    if (g_list_find (self->priv->channels, at->data) && at->data != self->priv->main
        && cw_channel_was_connected (at->data))
      drop_channel (self, at->data);
  g_list_free_full (channels, g_object_unref);
}

static void
tell_disconnected (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;

  if (!priv->disconnected_due || g_hash_table_size (priv->departing) > 0)
    return;
  priv->disconnected_due = false;
  /* A new connection has begun meanwhile: a program that ends on the signal would end it. */
  if (!priv->channels)
    g_signal_emit (self, cw_session_signals[CW_SESSION_DISCONNECTED], 0);
}

static gboolean
end_now (gpointer data)
{
  SpiceSession *self = data;
  SpiceSessionPrivate *priv = self->priv;

  if (priv->channels)
    priv->disconnected_due = true;
  cw_session_drop_channels (self, true);
  tell_disconnected (self);
  /* A handler that connects again is refused until all channels are out: it is to hear of one end, not of half a one.
   */
  priv->disconnecting = false;
  return G_SOURCE_REMOVE;
}

void
cw_session_end (SpiceSession *self)
{
  g_autoptr (GSource) source = NULL;

  if (self->priv->disconnecting)
    return;
  self->priv->disconnecting = true;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, end_now, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->priv->context);
}

void
cw_session_connection_ended (SpiceSession *self, gpointer channel)
{
  g_hash_table_remove (self->priv->departing, channel);
  tell_disconnected (self);
}

SpiceChannel *
cw_session_make_channel (SpiceSession *self, int type, int id)
{
  const CwChannelKind *kind = cw_registry_find_channel (type);
  g_autoptr (SpiceSession) guard = NULL;
  SpiceChannel *channel;

  if (!kind || !is_enabled (self, kind))
    return NULL;
  guard = g_object_ref (self);
  /* The reference made here is the session's; a handler of channel-new may have made it drop the channel already. */
  channel = g_object_new (kind->get_type (), "spice-session", self, "channel-type", type, "channel-id", id, NULL);
  return g_list_find (self->priv->channels, channel) ? channel : NULL;
}

/* Makes one channel of the server's list, and the others as the turn's time lasts. */
static void
create_next (gpointer data, int64_t deadline)
{
  g_autoptr (SpiceSession) self = g_object_ref (data);
  SpiceSessionPrivate *priv = self->priv;
  g_autofree ChannelId *next = g_queue_pop_head (&priv->channels_to_create);

  if (next)
    cw_session_make_channel (self, next->type, next->id);
  if (g_queue_is_empty (&priv->channels_to_create))
    cw_turn_task_free (g_steal_pointer (&priv->creating));
  else
    cw_turn_task_ready (priv->creating);
}

/* A bit for each type and id there can be, so that a long list of the server's is gone through once. */
typedef struct {
  uint32_t bits[256 * 256 / 32];
} KnownChannels;

/* False: it was known before. */
static bool
make_known (KnownChannels *self, unsigned type, unsigned id)
{
  uint32_t *word = &self->bits[(type * 256 + id) / 32], bit = UINT32_C (1) << id % 32;

  if (*word & bit)
    return false;
  *word |= bit;
  return true;
}

static unsigned
collect_known (SpiceSession *self, KnownChannels *known)
{
  unsigned n_known = 0;

  for (GList *at = self->priv->channels; at; at = at->next, n_known++)
    make_known (known, (uint8_t) cw_channel_type (at->data), (uint8_t) cw_channel_id (at->data));
  for (GList *at = self->priv->channels_to_create.head; at; at = at->next, n_known++)
    make_known (known, (uint8_t) ((ChannelId *) at->data)->type, (uint8_t) ((ChannelId *) at->data)->id);
  return n_known;
}

static unsigned
count_channels (SpiceSession *self, uint8_t type)
{
  unsigned n = 0;

  for (GList *at = self->priv->channels; at; at = at->next)
    n += cw_channel_type (at->data) == type;
  for (GList *at = self->priv->channels_to_create.head; at; at = at->next)
    n += ((ChannelId *) at->data)->type == type;
  return n;
}

void
cw_session_create_listed (SpiceSession *self, const CwMsgMainChannelsList *list)
{
  SpiceSessionPrivate *priv = self->priv;
  KnownChannels known = { 0 };
  unsigned n_known = collect_known (self, &known), n_displays = count_channels (self, CW_CHANNEL_DISPLAY),
           n_pointers = count_channels (self, CW_CHANNEL_CURSOR);

  for (uint32_t i = 0; i < list->n_channels; i++) {
    uint8_t type = list->channels[i].type, id = list->channels[i].id;
    const CwChannelKind *kind = cw_registry_find_channel (type);
    ChannelId *entry;

    if (!kind || type == CW_CHANNEL_MAIN || !is_enabled (self, kind) || !make_known (&known, type, id)
        || (type == CW_CHANNEL_DISPLAY && ++n_displays > MAX_DISPLAYS)
        || (type == CW_CHANNEL_CURSOR && ++n_pointers > MAX_DISPLAYS))
      continue;
    if (++n_known > MAX_CHANNELS) {
      g_debug ("the server lists more than %d channels; the others are left out", MAX_CHANNELS);
      break;
    }
    entry = g_new (ChannelId, 1);
    *entry = (ChannelId){ type, id };
    g_queue_push_tail (&priv->channels_to_create, entry);
  }
  if (!priv->creating && !g_queue_is_empty (&priv->channels_to_create)) {
    priv->creating = cw_turn_task_new (priv->context, -1, create_next, self);
    cw_turn_task_ready (priv->creating);
  }
  /* Programs rely on this coming before the channels, also from servers without a uuid. */
  cw_session_notify (self, CW_SESSION_UUID_CHANGED);
}
