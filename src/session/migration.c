/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest moves to another host, and the session with it. A temporary session connects a channel to the target for
 * each that works on the source; when the time has come, the channels of both exchange their connections, and the
 * temporary session closes those to the source. */
#include "channel/main/migrate.h"
#include "session/session.h"

typedef struct CwMigration {
  SpiceSession *source; /* borrowed: it owns the migration */
  SpiceSession *target; /* strong */
  bool wants_seamless;  /* the source asks for it, and the target has not refused */
  uint32_t version;
  bool awaits_reply;    /* of the target, whether it can do it */
  unsigned n_linking;   /* channels of the target whose links are not up yet */
  bool replied;         /* the source knows how it went */
  bool taking_over;     /* the source has ended, INIT of the target has not come */
  GHashTable *migrated; /* channels of the source that have exchanged theirs seamlessly */
  SpiceChannel *main;   /* of the source; strong */
} CwMigration;

void
cw_session_set_migration_state (SpiceSession *self, SpiceSessionMigration state)
{
  if (self->priv->migration_state == state)
    return;
  self->priv->migration_state = state;
  cw_session_notify (self, CW_SESSION_MIGRATION_STATE_CHANGED);
}

/* The one whose target the session was made for, or NULL. */
static CwMigration *
migration_of_target (SpiceSession *target)
{
  return cw_session_is_for_migration (target) ? target->priv->migration : NULL;
}

static SpiceChannel *
find_channel (SpiceSession *session, int type, int id)
{
  for (GList *at = session->priv->channels; at; at = at->next)
    if (cw_channel_type (at->data) == type && cw_channel_id (at->data) == id)
      return at->data;
  return NULL;
}

static void on_other_event (SpiceChannel *channel, SpiceChannelEvent event, SpiceSession *source);
static void on_source_event (SpiceChannel *main, SpiceChannelEvent event, SpiceSession *source);

/* Closes what the temporary session still has. */
static void
migration_free (CwMigration *self)
{
  SpiceSession *source = self->source, *target = self->target;

  source->priv->migration = NULL;
  target->priv->migration = NULL;
  g_signal_handlers_disconnect_by_func (self->main, on_source_event, source);
  for (GList *at = source->priv->channels; at; at = at->next)
    g_signal_handlers_disconnect_by_func (at->data, on_other_event, source);
  g_object_unref (self->main);
  g_hash_table_unref (self->migrated);
  g_free (self);
  cw_session_end (target);
  g_object_unref (target);
  cw_session_set_migration_state (source, SPICE_SESSION_MIGRATION_NONE);
}

void
cw_session_abort_migration (SpiceSession *self)
{
  CwMigration *migration = self->priv->migration;
  GHashTableIter iter;
  gpointer channel;

  if (!migration || migration->target == self)
    return;
  g_hash_table_iter_init (&iter, migration->migrated);
  while (g_hash_table_iter_next (&iter, &channel, NULL)) {
    SpiceChannel *peer = find_channel (migration->target, cw_channel_type (channel), cw_channel_id (channel));

    if (g_list_find (self->priv->channels, channel) && peer)
      cw_channel_take_back (channel, peer);
  }
  migration_free (migration);
}

static void
fail (CwMigration *self)
{
  SpiceSession *source = self->source;

  if (!self->replied && source->priv->main)
    cw_main_migration_reply (SPICE_MAIN_CHANNEL (source->priv->main), CW_MIGRATION_CONNECT_ERROR);
  cw_session_abort_migration (source);
}

/* Tells the source, once, when nothing is under way any more. */
static void
reply_when_ready (CwMigration *self)
{
  SpiceSession *source = self->source;

  if (self->replied || self->awaits_reply || self->n_linking > 0)
    return;
  self->replied = true;
  cw_main_migration_reply (SPICE_MAIN_CHANNEL (source->priv->main),
                           self->wants_seamless ? CW_MIGRATION_CONNECTED_SEAMLESS : CW_MIGRATION_CONNECTED);
  cw_session_set_migration_state (source, SPICE_SESSION_MIGRATION_MIGRATING);
}

static void link_channel (CwMigration *self, int type, int id);

static void
link_others (CwMigration *self)
{
  g_autoptr (GList) channels = g_list_copy (self->source->priv->channels);
  SpiceSession *source = self->source;

  for (GList *at = channels; at && source->priv->migration == self; at = at->next)
    if (g_list_find (source->priv->channels, at->data) && cw_channel_is_ready (at->data)
        && cw_channel_type (at->data) != CW_CHANNEL_MAIN) {
      g_signal_connect_object (at->data, "channel-event", G_CALLBACK (on_other_event), source, 0);
      link_channel (self, cw_channel_type (at->data), cw_channel_id (at->data));
    }
}

static void
on_target_event (SpiceChannel *channel, SpiceChannelEvent event, SpiceSession *target)
{
  CwMigration *self = migration_of_target (target);
  SpiceSession *source = self ? self->source : NULL;

  if (!self || self->taking_over)
    return;
  if (event != SPICE_CHANNEL_OPENED) {
    fail (self);
    return;
  }
  if (cw_channel_type (channel) == CW_CHANNEL_MAIN) {
    if (self->wants_seamless)
      self->awaits_reply = self->wants_seamless
          = cw_main_migration_ask_seamless (SPICE_MAIN_CHANNEL (channel), self->version);
    link_others (self);
    if (source->priv->migration != self)
      return;
  }
  self->n_linking--;
  reply_when_ready (self);
}

static void
link_channel (CwMigration *self, int type, int id)
{
  SpiceSession *source = self->source;
  SpiceChannel *channel = cw_session_make_channel (self->target, type, id);

  /* A handler of channel-new may have ended all this. */
  if (source->priv->migration != self || !channel)
    return;
  self->n_linking++;
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_target_event), self->target);
  spice_channel_connect (channel);
}

/* The source is gone. */
static void
on_source_event (SpiceChannel *main, SpiceChannelEvent event, SpiceSession *source)
{
  if (event != SPICE_CHANNEL_OPENED)
    cw_session_abort_migration (source);
}

static SpiceSession *
make_target (SpiceSession *source, const CwDestination *to)
{
  SpiceSession *target;

  g_main_context_push_thread_default (source->priv->context);
  target = g_object_new (SPICE_TYPE_SESSION, NULL);
  g_main_context_pop_thread_default (source->priv->context);
  cw_session_copy_settings (target, source);
  cw_session_set_string (target, CW_SESSION_HOST, to->host);
  cw_session_set_string (target, CW_SESSION_PORT, to->port);
  cw_session_set_string (target, CW_SESSION_TLS_PORT, to->tls_port);
  cw_session_demand_subject (target, to->subject);
  target->priv->connection_id = target->priv->main_connection_id = source->priv->connection_id;
  target->priv->migration_state = SPICE_SESSION_MIGRATION_CONNECTING;
  return target;
}

void
cw_session_migrate_begin (SpiceSession *self, const CwWireMigrationDst *dst, bool seamless, uint32_t version)
{
  SpiceSessionPrivate *priv = self->priv;
  g_auto (CwDestination) to = { 0 };
  g_autoptr (GError) error = NULL;
  CwMigration *migration;

  if (cw_session_is_for_migration (self) || !priv->main)
    return;
  /* The channels wait for INIT of the target, and nothing else would start them. */
  if (priv->migration && priv->migration->taking_over) {
    cw_main_migration_reply (SPICE_MAIN_CHANNEL (priv->main), CW_MIGRATION_CONNECT_ERROR);
    return;
  }
  /* A second attempt takes the place of the first, which is not answered any more. */
  cw_session_abort_migration (self);
  if (!priv->main)
    return;
  if (priv->client_sockets || !cw_destination_init (&to, self, dst, &error)) {
    g_debug ("the session cannot follow the guest: %s", error ? error->message : "its sockets are the application's");
    cw_main_migration_reply (SPICE_MAIN_CHANNEL (priv->main), CW_MIGRATION_CONNECT_ERROR);
    return;
  }
  migration = priv->migration = g_new0 (CwMigration, 1);
  *migration = (CwMigration){
    .source = self,
    .target = make_target (self, &to),
    .wants_seamless = seamless,
    .version = version,
    .main = g_object_ref (priv->main),
    .migrated = g_hash_table_new (NULL, NULL),
  };
  migration->target->priv->migration = migration;
  g_signal_connect (priv->main, "channel-event", G_CALLBACK (on_source_event), self);
  cw_main_migration_started (SPICE_MAIN_CHANNEL (priv->main), migration->target);
  if (priv->migration == migration)
    link_channel (migration, CW_CHANNEL_MAIN, 0);
}

void
cw_session_migrate_reply (SpiceSession *self, bool seamless)
{
  CwMigration *migration = migration_of_target (self);

  if (!migration || !migration->awaits_reply)
    return;
  migration->awaits_reply = false;
  migration->wants_seamless = seamless;
  reply_when_ready (migration);
}

void
cw_session_migrate_cancel (SpiceSession *self)
{
  if (self->priv->migration && !self->priv->migration->taking_over)
    cw_session_abort_migration (self);
}

SpiceChannel *
cw_session_migration_peer (SpiceSession *self, SpiceChannel *channel)
{
  CwMigration *migration = self->priv->migration;
  SpiceChannel *peer;

  if (!migration || migration->target == self || !migration->replied
      || g_hash_table_contains (migration->migrated, channel))
    return NULL;
  peer = find_channel (migration->target, cw_channel_type (channel), cw_channel_id (channel));
  return peer && cw_channel_is_prepared (peer) ? peer : NULL;
}

/* The session is where its channels are now. */
static void
take_address (SpiceSession *self, SpiceSession *target)
{
  cw_session_set_string (self, CW_SESSION_UNIX_PATH, NULL);
  for (CwSessionString i = CW_SESSION_HOST; i <= CW_SESSION_TLS_PORT; i++)
    cw_session_set_string (self, i, target->priv->strings[i]);
  cw_session_demand_subject (self, target->priv->strings[CW_SESSION_CERT_SUBJECT]);
}

static bool
is_over (CwMigration *self)
{
  for (GList *at = self->source->priv->channels; at; at = at->next)
    if (cw_channel_is_ready (at->data) && !g_hash_table_contains (self->migrated, at->data)
        && cw_session_migration_peer (self->source, at->data))
      return false;
  return true;
}

static void
end_if_over (CwMigration *self)
{
  if (!is_over (self))
    return;
  take_address (self->source, self->target);
  migration_free (self);
}

void
cw_session_channel_migrated (SpiceSession *self, SpiceChannel *channel)
{
  CwMigration *migration = self->priv->migration;

  g_hash_table_add (migration->migrated, channel);
  end_if_over (migration);
}

/* The last that was still to move ends on the source instead. */
static void
on_other_event (SpiceChannel *channel, SpiceChannelEvent event, SpiceSession *source)
{
  CwMigration *self = source->priv->migration;

  if (event != SPICE_CHANNEL_OPENED && self && self->source == source && !self->taking_over
      && g_hash_table_contains (self->migrated, self->main))
    end_if_over (self);
}

static void
take_over (CwMigration *self, SpiceChannel *channel)
{
  SpiceChannel *peer = cw_session_migration_peer (self->source, channel);

  if (cw_channel_is_ready (channel) && peer)
    cw_channel_take_over (channel, peer);
  else if (cw_channel_is_active (channel))
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE); /* it is not there, on the target */
}

static gpointer
ref_object (gconstpointer object, gpointer data)
{
  return g_object_ref ((gpointer) object);
}

void
cw_session_migrate_end (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;
  CwMigration *migration = priv->migration;
  GList *channels;

  if (!migration || migration->target == self || migration->taking_over)
    return;
  if (!migration->replied || !cw_session_migration_peer (self, priv->main)) {
    cw_session_abort_migration (self);
    return;
  }
  migration->taking_over = true;
  channels = g_list_copy_deep (priv->channels, ref_object, NULL);
  for (GList *at = channels; at && priv->migration == migration; at = at->next)
    if (g_list_find (priv->channels, at->data))
      take_over (migration, at->data);
  g_list_free_full (channels, g_object_unref);
  if (priv->migration != migration)
    return;
  if (priv->render_group)
    cw_render_group_clear (priv->render_group);
  take_address (self, migration->target);
  cw_main_migration_end (SPICE_MAIN_CHANNEL (priv->main));
  cw_channel_start_over (priv->main);
}

bool
cw_session_migrate_finish (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;
  CwMigration *migration = priv->migration;
  GList *channels;

  if (!migration || migration->target == self || !migration->taking_over)
    return false;
  migration_free (migration);
  channels = g_list_copy_deep (priv->channels, ref_object, NULL);
  for (GList *at = channels; at; at = at->next)
    if (g_list_find (priv->channels, at->data))
      cw_channel_start_over (at->data);
  g_list_free_full (channels, g_object_unref);
  return true;
}
