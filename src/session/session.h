/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of SpiceSession. Everything belongs to the thread of its main context. */
#pragma once

#include "channel/display/host.h"
#include "channel/main/host.h"
#include "channel/owner.h"
#include "channel/sound/host.h"
#include "session/clock.h"
#include "session/registry.h"
#include "spice-session.h"

/* The string properties: one place each. */
typedef enum {
  CW_SESSION_HOST,
  CW_SESSION_PORT,
  CW_SESSION_TLS_PORT,
  CW_SESSION_UNIX_PATH,
  CW_SESSION_USERNAME,
  CW_SESSION_PASSWORD,
  CW_SESSION_CA_FILE,
  CW_SESSION_CIPHERS,
  CW_SESSION_CERT_SUBJECT,
  CW_SESSION_SMARTCARD_DB,
  CW_SESSION_SHARED_DIR,
  CW_SESSION_N_STRINGS,
} CwSessionString;

/* media-clock.c */
typedef struct {
  CwClock clock;
  GQueue playing;       /* playback channels with a stream, borrowed; the first one is the clock */
  uint32_t audio_delay; /* ms, of the first */
  bool has_server_time; /* the server has told the time while sound played … */
  uint32_t server_time;
  int64_t server_us; /* … then */
} CwMediaClock;

struct _SpiceSessionPrivate {
  GMainContext *context;
  gpointer *feature_data; /* one for each feature; NULL as long as none was used */
  bool disposed;          /* no feature is attached any more */

  /* Parameters (session.c, properties.c). */
  char *strings[CW_SESSION_N_STRINGS];
  GByteArray *ca, *pubkey;         /* the properties */
  GBytes *ca_bytes, *pubkey_bytes; /* their content */
  char **secure_channels, **disable_effects, **smartcard_certificates;
  unsigned verify;
  int protocol, cache_size, glz_window_size, preferred_compression;
  bool read_only, enable_audio, enable_usbredir, enable_smartcard, share_dir_ro, gl_scanout, inhibit_keyboard_grab;
  bool client_sockets;
  SpiceURI *proxy;
  size_t *pointer_bytes; /* of shapes kept, in a g_rc_box */
  size_t *body_bytes;    /* of messages that are being read, likewise */
  CwLinkOrder *link_order;
  CwTlsSessions *tls_sessions; /* of the server, for all channels */
  CwProxyParams proxy_params;  /* target.c: what proxy says, borrowed */

  /* Channels (channels.c). */
  GList *channels;             /* newest first; holds the first reference of each */
  SpiceChannel *main;          /* one of them, or NULL */
  GQueue channels_to_create;   /* of the server's list, a turn each */
  struct CwTurnTask *creating; /* or NULL */
  GHashTable *departing;       /* addresses of channels out of the list whose connections have not ended */
  unsigned connect_generation;
  bool disconnecting;    /* spice_session_disconnect () was called and has not run */
  bool disconnected_due; /* "disconnected" is to be emitted */

  /* What the server says (server.c), and what channels share. */
  uint32_t connection_id;
  char *name;
  uint8_t uuid[16];
  CwMediaClock media;
  SpiceSessionMigration migration_state;
  struct CwMigration *migration;  /* migration.c; or NULL */
  uint32_t main_connection_id;    /* of the main channel; not 0 in a session made for a target */
  struct CwSwitchHost *switching; /* what a server has announced and what is to be done in a later turn, or NULL */
  unsigned n_switches;            /* since the program connected */
  CwSync *sync;
  CwRenderGroup *render_group;
  CwRecorder *recorder; /* recording.c; or NULL */
};

/* Made by a migration for its destination. */
static inline bool
cw_session_is_for_migration (const SpiceSession *self)
{
  return self->priv->migration_state == SPICE_SESSION_MIGRATION_CONNECTING;
}

/* signals.c */
enum {
  CW_SESSION_CHANNEL_NEW,
  CW_SESSION_CHANNEL_DESTROY,
  CW_SESSION_MM_TIME_RESET,
  CW_SESSION_DISCONNECTED,
  CW_SESSION_N_SIGNALS,
};
extern guint cw_session_signals[CW_SESSION_N_SIGNALS];
void cw_session_install_signals (SpiceSessionClass *class);

/* properties.c */

/* The properties that the library itself notifies. */
typedef enum {
  CW_SESSION_NAME_CHANGED,
  CW_SESSION_UUID_CHANGED,
  CW_SESSION_MIGRATION_STATE_CHANGED,
  CW_SESSION_CERT_SUBJECT_CHANGED,
  CW_SESSION_N_CHANGES,
} CwSessionChange;
void cw_session_notify (SpiceSession *self, CwSessionChange change);
void cw_session_install_properties (GObjectClass *class);
void cw_session_init_properties (SpiceSession *self);
void cw_session_clear_properties (SpiceSession *self);

/* channels.c */
void cw_session_channel_added (SpiceSession *self, SpiceChannel *channel);
void cw_session_connection_ended (SpiceSession *self, gpointer channel);
void cw_session_create_listed (SpiceSession *self, const CwMsgMainChannelsList *list);
/* The session owns it. NULL: a kind that is unknown or disabled, or a handler of channel-new dropped it. */
SpiceChannel *cw_session_make_channel (SpiceSession *self, int type, int id);
/* All channels, or all but the main one; newest first. */
void cw_session_drop_channels (SpiceSession *self, bool also_main);
/* Those of an earlier connection, when only the main channel has been connected again. */
void cw_session_drop_stale (SpiceSession *self);
/* Drops all, in a later turn; "disconnected" comes when their connections have ended. */
void cw_session_end (SpiceSession *self);

/* feature.c */
void cw_session_features_channel_added (SpiceSession *self, SpiceChannel *channel);
void cw_session_features_channel_removed (SpiceSession *self, SpiceChannel *channel);
void cw_session_features_property_changed (SpiceSession *self, const char *name);
void cw_session_features_dispose (SpiceSession *self);

/* recording.c */
CwRecorder *cw_session_recorder (SpiceSession *self);
void cw_session_clear_recording (SpiceSession *self);

/* migration.c */
void cw_session_migrate_begin (SpiceSession *self, const CwWireMigrationDst *dst, bool seamless, uint32_t version);
void cw_session_migrate_reply (SpiceSession *self, bool seamless);
void cw_session_migrate_end (SpiceSession *self);
void cw_session_migrate_cancel (SpiceSession *self);
bool cw_session_migrate_finish (SpiceSession *self);
SpiceChannel *cw_session_migration_peer (SpiceSession *self, SpiceChannel *channel);
void cw_session_channel_migrated (SpiceSession *self, SpiceChannel *channel);
/* Nothing happens when there is none. */
void cw_session_abort_migration (SpiceSession *self);
void cw_session_set_migration_state (SpiceSession *self, SpiceSessionMigration state);

/* switch-host.c */
void cw_session_switch_host (SpiceSession *self, const CwWireMigrationDst *dst);
void cw_session_forget_switch (SpiceSession *self);

/* What a server says of another one: checked, and never weaker than what the program asked for. */
typedef struct {
  char *host;
  char *port, *tls_port; /* NULL: none */
  char *subject;         /* or NULL: what the session has */
} CwDestination;
/* For a session with a main channel: if that is secured, the destination has to be, too. */
bool cw_destination_init (CwDestination *self, SpiceSession *session, const CwWireMigrationDst *dst, GError **error);
void cw_destination_clear (CwDestination *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CwDestination, cw_destination_clear)

/* properties.c */
void cw_session_copy_settings (SpiceSession *self, SpiceSession *from);
void cw_session_set_string (SpiceSession *self, CwSessionString which, const char *value);
/* Without a notification; NULL leaves it as it is. */
void cw_session_demand_subject (SpiceSession *self, const char *subject);

/* target.c */
CwTarget cw_session_target (SpiceSession *self);

/* media-clock.c */
void cw_session_server_time (SpiceSession *self, uint32_t time);
void cw_session_set_playing (SpiceSession *self, SpiceChannel *channel, bool playing);
void cw_session_heard (SpiceSession *self, SpiceChannel *channel, uint32_t time, uint32_t delay_ms);

/* server-info.c */
void cw_session_server_init (SpiceSession *self, const CwMsgMainInit *init);
/* In pixels. */
void cw_session_budgets (SpiceSession *self, uint32_t *cache, uint32_t *glz_window);
void cw_session_server_name (SpiceSession *self, CwSlice name);
void cw_session_server_uuid (SpiceSession *self, const uint8_t uuid[16]);
void cw_session_forget_server (SpiceSession *self);
CwRenderGroup *cw_session_render_group (SpiceSession *self);

/* host.c */
extern const CwChannelHost cw_session_host;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceSession, g_object_unref)
