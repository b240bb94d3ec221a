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

/**
 * SpiceSession:host:
 *
 * Name or address of the server; "localhost" at first. A change counts for connections made from then on, as with all
 * properties that say where and how to connect.
 */

/**
 * SpiceSession:port:
 *
 * Port for connections without TLS, in decimal; %NULL: there is none.
 */

/**
 * SpiceSession:tls-port:
 *
 * Port for connections with TLS, in decimal; %NULL: there is none. Channels use it when they have to be secured
 * (#SpiceSession:secure-channels), when there is no other, and when the server demands TLS.
 */

/**
 * SpiceSession:unix-path:
 *
 * Path of the server's unix socket; while it is set, host and ports are not used.
 */

/**
 * SpiceSession:username:
 *
 * User name for SASL; %NULL: none is given.
 */

/**
 * SpiceSession:password:
 *
 * The ticket, at most 60 bytes in UTF-8 (most servers keep 59), or the password for SASL; %NULL counts as empty. The
 * session keeps a copy, which it wipes when it is no longer needed.
 */

/**
 * SpiceSession:ca-file:
 *
 * Name of a file with the PEM certificates of the authorities that may have signed the server's; %NULL: those of
 * #SpiceSession:ca, and the system's if there are none either. A file that cannot be read or holds no certificate ends
 * an attempt to connect with %SPICE_CHANNEL_ERROR_TLS.
 */

/**
 * SpiceSession:ciphers:
 *
 * OpenSSL's list of the ciphers that may be used with TLS 1.2 and below; %NULL: its default.
 */

/**
 * SpiceSession:cert-subject:
 *
 * Subject that the server's certificate must have, as "KEY=value,KEY=value". Setting it also sets
 * %SPICE_SESSION_VERIFY_SUBJECT in #SpiceSession:verify, %NULL takes that away.
 */

/**
 * SpiceSession:smartcard-db:
 *
 * Folder of the database with the certificates of the software smartcard (#SpiceSession:smartcard-certificates); %NULL:
 * the usual one.
 */

/**
 * SpiceSession:shared-dir:
 *
 * Folder of this machine that the guest's WebDAV can see; at first the user's public folder, if there is one. %NULL:
 * none is shared.
 */

/**
 * SpiceSession:ca:
 *
 * PEM certificates of the authorities that may have signed the server's, beside those of #SpiceSession:ca-file. The
 * session keeps a reference to the array, whose bytes are not to be changed.
 */

/**
 * SpiceSession:pubkey:
 *
 * The public key that the server's certificate must have, in DER (SubjectPublicKeyInfo). Setting it also sets
 * %SPICE_SESSION_VERIFY_PUBKEY in #SpiceSession:verify, %NULL takes that away.
 */

/**
 * SpiceSession:secure-channels:
 *
 * Kinds of channels that are connected with TLS only, by the names of spice_channel_type_to_string(), or "all". The
 * array is copied.
 */

/**
 * SpiceSession:disable-effects:
 *
 * What the guest is asked to do without: "wallpaper", "font-smooth", "animation", "all". It counts for main channels
 * made from then on. The array is copied.
 */

/**
 * SpiceSession:smartcard-certificates:
 *
 * Names of the three certificates of the software smartcard in #SpiceSession:smartcard-db; %NULL: only cards in readers
 * are used. The array is copied.
 */

/**
 * SpiceSession:verify:
 *
 * What of the server's certificate is verified, besides that an authority signed it: #SpiceSessionVerify flags, the
 * host's name at first. 0 accepts every certificate.
 */

/**
 * SpiceSession:protocol:
 *
 * Version of the protocol. Only 2 is supported: with 1, connecting fails.
 */

/**
 * SpiceSession:cache-size:
 *
 * Bytes that the server may take for pictures in the cache of display channels. 0 lets the library choose: it becomes
 * 80 MiB when the server has answered.
 */

/**
 * SpiceSession:glz-window-size:
 *
 * Bytes of the dictionary of compressed pictures. 0 lets the library choose: it becomes half of the guest's video
 * memory, 12 to 64 MiB, when the server has answered.
 */

/**
 * SpiceSession:preferred-compression:
 *
 * How the server is asked to compress pictures, when a display channel connects: a SpiceImageCompression of
 * spice/enums.h; 0 leaves the choice to the server. Servers that cannot be asked are not.
 */

/**
 * SpiceSession:read-only:
 *
 * Whether nothing is sent that alters the guest: no keys, no pointer, no clipboard, no files, no devices. Functions
 * that would do so do nothing, or fail.
 */

/**
 * SpiceSession:enable-audio:
 *
 * Whether playback and record channels are used.
 */

/**
 * SpiceSession:enable-usbredir:
 *
 * Whether channels for USB devices are used.
 */

/**
 * SpiceSession:enable-smartcard:
 *
 * Whether channels for smartcards are used; %FALSE at first.
 */

/**
 * SpiceSession:share-dir-ro:
 *
 * Whether the guest may only read #SpiceSession:shared-dir.
 */

/**
 * SpiceSession:gl-scanout:
 *
 * Whether display channels accept the guest's picture in video memory, over unix sockets; %TRUE at first, unless the
 * environment has SPICE_DISABLE_GL_SCANOUT.
 */

/**
 * SpiceSession:inhibit-keyboard-grab:
 *
 * Whether widgets that show the session shall leave the keyboard alone, as something else needs it. The library sets it
 * while the user is asked for the permission to use a USB device.
 */

/**
 * SpiceSession:client-sockets:
 *
 * Whether the application gives the socket of each channel, asked by #SpiceChannel::open-fd. spice_session_open_fd()
 * sets it to %TRUE, spice_session_connect() to %FALSE.
 */

/**
 * SpiceSession:uri:
 *
 * Address of the server: "spice://HOST:PORT", "spice+tls://HOST:PORT", "spice+unix://PATH" or
 * "spice://HOST?port=PORT&tls-port=PORT". Setting it sets host, ports, unix-path, username and password; of text that
 * is none a warning says why, and nothing changes. Reading it gives a new string without user and password, %NULL when
 * nothing is set that could be one.
 */

/**
 * SpiceSession:proxy:
 *
 * Address of a proxy: "http://USER:PASSWORD@HOST:PORT", or with https. %NULL stands for the environment's SPICE_PROXY.
 * Of text that is no address a warning says why, and nothing changes. Reading it gives a new string.
 */

/**
 * SpiceSession:name:
 *
 * The virtual machine's name, as the server has told it; %NULL before, and when it does not.
 */

/**
 * SpiceSession:uuid:
 *
 * The 16 bytes by which the server names the virtual machine, all zero before it has. They are owned by the session and
 * valid as long as it is.
 */

/**
 * SpiceSession:migration-state:
 *
 * Whether the session moves to another host.
 */

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
