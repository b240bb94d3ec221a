/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to a SPICE server: parameters and the list of channels. */
#pragma once

#include "spice-types.h"
#include "spice-uri.h"

G_BEGIN_DECLS

#define SPICE_TYPE_SESSION (spice_session_get_type ())
#define SPICE_SESSION(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_SESSION, SpiceSession))
#define SPICE_SESSION_CLASS(klass) (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_SESSION, SpiceSessionClass))
#define SPICE_IS_SESSION(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_SESSION))
#define SPICE_IS_SESSION_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_SESSION))
#define SPICE_SESSION_GET_CLASS(obj) (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_SESSION, SpiceSessionClass))

/**
 * SpiceSessionVerify:
 * @SPICE_SESSION_VERIFY_PUBKEY: the certificate's public key must be the one given
 * @SPICE_SESSION_VERIFY_HOSTNAME: the certificate must be for the host's name
 * @SPICE_SESSION_VERIFY_SUBJECT: the certificate's subject must be the one given
 *
 * How the server's certificate is verified.
 */
typedef enum {
  SPICE_SESSION_VERIFY_PUBKEY = 1 << 0,
  SPICE_SESSION_VERIFY_HOSTNAME = 1 << 1,
  SPICE_SESSION_VERIFY_SUBJECT = 1 << 2,
} SpiceSessionVerify;

/**
 * SpiceSessionMigration:
 * @SPICE_SESSION_MIGRATION_NONE: no migration
 * @SPICE_SESSION_MIGRATION_SWITCHING: the session changes to another host
 * @SPICE_SESSION_MIGRATION_MIGRATING: the session's channels are connected to the destination
 * @SPICE_SESSION_MIGRATION_CONNECTING: the session is a temporary one, connecting to the destination
 *
 * The state of a migration.
 */
typedef enum {
  SPICE_SESSION_MIGRATION_NONE,
  SPICE_SESSION_MIGRATION_SWITCHING,
  SPICE_SESSION_MIGRATION_MIGRATING,
  SPICE_SESSION_MIGRATION_CONNECTING,
} SpiceSessionMigration;

/* Directory of the shared folder through which copied files travel. */
#define SPICE_WEBDAV_CLIPBOARD_FOLDER_PATH "/.spice-clipboard"

struct _SpiceSession {
  GObject parent;
  SpiceSessionPrivate *priv;
};

struct _SpiceSessionClass {
  GObjectClass parent_class;

  /* signals */
  void (*channel_new) (SpiceSession *session, SpiceChannel *channel);
  void (*channel_destroy) (SpiceSession *session, SpiceChannel *channel);

  /*< private >*/
  gpointer _spice_reserved[10];
};

GType spice_session_get_type (void);

SpiceSession *spice_session_new (void);
gboolean spice_session_connect (SpiceSession *session);
gboolean spice_session_open_fd (SpiceSession *session, int fd);
void spice_session_disconnect (SpiceSession *session);
GList *spice_session_get_channels (SpiceSession *session);
gboolean spice_session_get_read_only (SpiceSession *session);
SpiceURI *spice_session_get_proxy_uri (SpiceSession *session);
gboolean spice_session_has_channel_type (SpiceSession *session, gint type);
gboolean spice_session_is_for_migration (SpiceSession *session);
gboolean spice_session_start_recording (SpiceSession *session, const gchar *filename, GError **error);
gboolean spice_session_stop_recording (SpiceSession *session, GError **error);

G_END_DECLS
