/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session as its channels see it. */
#include "session/session.h"

static GMainContext *
context (SpiceSession *self)
{
  return self->priv->context;
}

static CwSync *
sync_of (SpiceSession *self)
{
  return self->priv->sync;
}

static bool
read_only (SpiceSession *self)
{
  return self->priv->read_only;
}

static bool
is_for_migration (SpiceSession *self)
{
  return cw_session_is_for_migration (self);
}

static size_t *
pointer_bytes (SpiceSession *self)
{
  return self->priv->pointer_bytes;
}

static size_t *
body_bytes (SpiceSession *self)
{
  return self->priv->body_bytes;
}

static CwLinkOrder *
link_order (SpiceSession *self)
{
  return self->priv->link_order;
}

static CwDisabledEffects
disabled_effects (SpiceSession *self)
{
  const char *const *names = (const char *const *) self->priv->disable_effects;
  bool all = names && g_strv_contains (names, "all");

  return (CwDisabledEffects){
    .wallpaper = all || (names && g_strv_contains (names, "wallpaper")),
    .font_smooth = all || (names && g_strv_contains (names, "font-smooth")),
    .animation = all || (names && g_strv_contains (names, "animation")),
  };
}

static CwMediaTime
media_time (SpiceSession *self)
{
  const CwMediaClock *media = &self->priv->media;

  return (CwMediaTime){ .time = cw_clock_time (&media->clock, g_get_monotonic_time ()),
                        .sound = media->playing.length > 0,
                        .audio_delay = media->audio_delay };
}

static int
preferred_compression (SpiceSession *self)
{
  return self->priv->preferred_compression;
}

static bool
gl_scanout (SpiceSession *self)
{
  return self->priv->gl_scanout;
}

static const CwMainHost main_host = {
  .server_init = cw_session_server_init,
  .server_name = cw_session_server_name,
  .server_uuid = cw_session_server_uuid,
  .server_time = cw_session_server_time,
  .server_channels = cw_session_create_listed,
  .disabled_effects = disabled_effects,
  .migrate_begin = cw_session_migrate_begin,
  .migrate_cancel = cw_session_migrate_cancel,
  .migrate_end = cw_session_migrate_end,
  .switch_host = cw_session_switch_host,
  .migrate_reply = cw_session_migrate_reply,
  .migrate_finish = cw_session_migrate_finish,
};

static const CwDisplayHost display_host = {
  .render_group = cw_session_render_group,
  .budgets = cw_session_budgets,
  .media_time = media_time,
  .preferred_compression = preferred_compression,
  .gl_scanout = gl_scanout,
};

static const CwSoundHost sound_host = {
  .set_playing = cw_session_set_playing,
  .heard = cw_session_heard,
};

const CwChannelHost cw_session_host = {
  .context = context,
  .sync = sync_of,
  .channel_added = cw_session_channel_added,
  .connection_ended = cw_session_connection_ended,
  .target = cw_session_target,
  .read_only = read_only,
  .pointer_bytes = pointer_bytes,
  .body_bytes = body_bytes,
  .link_order = link_order,
  .recorder = cw_session_recorder,
  .is_for_migration = is_for_migration,
  .migration_peer = cw_session_migration_peer,
  .channel_migrated = cw_session_channel_migrated,
  .main = &main_host,
  .display = &display_host,
  .sound = &sound_host,
};
