/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session as its channels see it. */
#include "session/session.h"

static SpiceSessionPrivate *
private_of (GObject *session)
{
  return cw_session_from (session)->priv;
}

static GMainContext *
context (GObject *session)
{
  return private_of (session)->context;
}

static CwSync *
sync_of (GObject *session)
{
  return private_of (session)->sync;
}

static void
channel_added (GObject *session, SpiceChannel *channel)
{
  cw_session_channel_added (cw_session_from (session), channel);
}

static void
connection_ended (GObject *session, gpointer channel)
{
  cw_session_connection_ended (cw_session_from (session), channel);
}

static bool
asks_for_fd (GObject *session)
{
  return private_of (session)->client_sockets;
}

static bool
needs_tls (GObject *session, int channel_type)
{
  return cw_session_needs_tls (cw_session_from (session), channel_type);
}

static bool
target (GObject *session, int channel_type, bool *secured, CwConnectParams *params, CwTlsParams *tls, GError **error)
{
  return cw_session_target (cw_session_from (session), channel_type, secured, params, tls, error);
}

static bool
read_only (GObject *session)
{
  return private_of (session)->read_only;
}

static void
server_init (GObject *session, const CwMsgMainInit *init)
{
  cw_session_server_init (cw_session_from (session), init);
}

static void
server_name (GObject *session, CwSlice name)
{
  cw_session_server_name (cw_session_from (session), name);
}

static void
server_uuid (GObject *session, const uint8_t uuid[16])
{
  cw_session_server_uuid (cw_session_from (session), uuid);
}

static void
server_time (GObject *session, uint32_t time)
{
  cw_session_server_time (cw_session_from (session), time);
}

static void
server_channels (GObject *session, const CwMsgMainChannelsList *list)
{
  cw_session_announce (cw_session_from (session), list);
}

static CwDisabledEffects
disabled_effects (GObject *session)
{
  const char *const *names = (const char *const *) private_of (session)->disable_effects;
  bool all = names && g_strv_contains (names, "all");

  return (CwDisabledEffects){
    .wallpaper = all || (names && g_strv_contains (names, "wallpaper")),
    .font_smooth = all || (names && g_strv_contains (names, "font-smooth")),
    .animation = all || (names && g_strv_contains (names, "animation")),
  };
}

static CwRenderShared *
render_shared (GObject *session)
{
  return cw_session_render_shared (cw_session_from (session));
}

static void
display_budgets (GObject *session, uint32_t *cache_pixels, uint32_t *glz_window_pixels)
{
  *cache_pixels = (uint32_t) private_of (session)->cache_size / 4;
  *glz_window_pixels = (uint32_t) private_of (session)->glz_window_size / 4;
}

static int
preferred_compression (GObject *session)
{
  return private_of (session)->preferred_compression;
}

const CwChannelHost cw_session_host = {
  .context = context,
  .sync = sync_of,
  .channel_added = channel_added,
  .connection_ended = connection_ended,
  .asks_for_fd = asks_for_fd,
  .needs_tls = needs_tls,
  .target = target,
  .read_only = read_only,
  .server_init = server_init,
  .server_name = server_name,
  .server_uuid = server_uuid,
  .server_time = server_time,
  .server_channels = server_channels,
  .disabled_effects = disabled_effects,
  .render_shared = render_shared,
  .display_budgets = display_budgets,
  .preferred_compression = preferred_compression,
};
