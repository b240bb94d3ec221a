/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of SpiceSession. Most are only remembered and looked at when channels connect. */
#include "session/session.h"

#include "base/wipe.h"
#include "session/uri-object.h"
#include "spice-glib-enums.h"

#include <spice/enums.h>

#define MAX_GLZ_WINDOW_SIZE (128 * 1024 * 1024)

typedef enum {
  PROP_0,
  /* In the order of CwSessionString. */
  PROP_HOST,
  PROP_PORT,
  PROP_TLS_PORT,
  PROP_UNIX_PATH,
  PROP_USERNAME,
  PROP_PASSWORD,
  PROP_CA_FILE,
  PROP_CIPHERS,
  PROP_CERT_SUBJECT,
  PROP_SMARTCARD_DB,
  PROP_SHARED_DIR,

  PROP_CA,
  PROP_PUBKEY,
  PROP_SECURE_CHANNELS,
  PROP_DISABLE_EFFECTS,
  PROP_SMARTCARD_CERTIFICATES,
  PROP_VERIFY,
  PROP_PROTOCOL,
  PROP_COLOR_DEPTH,
  PROP_CACHE_SIZE,
  PROP_GLZ_WINDOW_SIZE,
  PROP_PREFERRED_COMPRESSION,
  PROP_READ_ONLY,
  PROP_ENABLE_AUDIO,
  PROP_ENABLE_USBREDIR,
  PROP_ENABLE_SMARTCARD,
  PROP_SHARE_DIR_RO,
  PROP_GL_SCANOUT,
  PROP_INHIBIT_KEYBOARD_GRAB,
  PROP_CLIENT_SOCKETS,
  PROP_URI,
  PROP_PROXY,
  PROP_NAME,
  PROP_UUID,
  PROP_MIGRATION_STATE,
  PROP_WEBDAV_SERVER,
} Property;

G_STATIC_ASSERT (PROP_HOST == PROP_0 + 1);
G_STATIC_ASSERT (PROP_CA == PROP_HOST + CW_SESSION_N_STRINGS);

static GParamSpec *changes[CW_SESSION_N_CHANGES];

static GType
image_compress_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { SPICE_IMAGE_COMPRESSION_INVALID, "SPICE_IMAGE_COMPRESSION_INVALID", "invalid" },
    { SPICE_IMAGE_COMPRESSION_OFF, "SPICE_IMAGE_COMPRESSION_OFF", "off" },
    { SPICE_IMAGE_COMPRESSION_AUTO_GLZ, "SPICE_IMAGE_COMPRESSION_AUTO_GLZ", "auto-glz" },
    { SPICE_IMAGE_COMPRESSION_AUTO_LZ, "SPICE_IMAGE_COMPRESSION_AUTO_LZ", "auto-lz" },
    { SPICE_IMAGE_COMPRESSION_QUIC, "SPICE_IMAGE_COMPRESSION_QUIC", "quic" },
    { SPICE_IMAGE_COMPRESSION_GLZ, "SPICE_IMAGE_COMPRESSION_GLZ", "glz" },
    { SPICE_IMAGE_COMPRESSION_LZ, "SPICE_IMAGE_COMPRESSION_LZ", "lz" },
    { SPICE_IMAGE_COMPRESSION_LZ4, "SPICE_IMAGE_COMPRESSION_LZ4", "lz4" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("SpiceImageCompress", values));
  return type;
}

void
cw_session_set_string (SpiceSession *self, CwSessionString which, const char *value)
{
  char *copy = g_strdup (value);

  g_clear_pointer (&self->priv->strings[which], cw_wipe_string);
  self->priv->strings[which] = copy;
}

static void
set_uri (SpiceSession *self, const char *text)
{
  g_auto (CwUri) uri = { 0 };
  g_autoptr (GError) error = NULL;

  if (!text)
    return;
  if (!cw_uri_parse (text, &uri, &error)) {
    g_warning ("the SPICE URI is not used: %s", error->message);
    return;
  }
  if (uri.ignored_parts)
    g_warning ("a path, or a port that does not go with the scheme, in the SPICE URI is ignored");
  if (uri.password)
    g_warning ("a password in a SPICE URI may be visible to others");
  cw_session_set_string (self, CW_SESSION_HOST, uri.host);
  cw_session_set_string (self, CW_SESSION_PORT, uri.port);
  cw_session_set_string (self, CW_SESSION_TLS_PORT, uri.tls_port);
  cw_session_set_string (self, CW_SESSION_UNIX_PATH, uri.unix_path);
  cw_session_set_string (self, CW_SESSION_USERNAME, uri.username);
  cw_session_set_string (self, CW_SESSION_PASSWORD, uri.password);
}

/* NULL: what the environment says. */
static void
set_proxy (SpiceSession *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  SpiceURI *proxy = NULL;

  if (!text)
    text = g_getenv ("SPICE_PROXY");
  if (text && *text) {
    proxy = cw_uri_object_new (text, &error);
    if (!proxy) {
      g_warning ("the address of the proxy is not used: %s", error->message);
      return;
    }
  }
  g_clear_object (&self->priv->proxy);
  self->priv->proxy = proxy;
}

static void
set_bytes (GByteArray **array, GBytes **bytes, const GValue *value)
{
  g_clear_pointer (array, g_byte_array_unref);
  g_clear_pointer (bytes, g_bytes_unref);
  *array = g_value_dup_boxed (value);
  if (*array)
    *bytes = g_bytes_new ((*array)->data, (*array)->len);
}

static void
set_strv (char ***place, const GValue *value)
{
  g_strfreev (*place);
  *place = g_value_dup_boxed (value);
}

/* Giving what is to be compared asks for the comparison. */
static void
set_verify_bit (SpiceSession *self, unsigned bit, bool on)
{
  self->priv->verify = on ? self->priv->verify | bit : self->priv->verify & ~bit;
}

void
cw_session_demand_subject (SpiceSession *self, const char *subject)
{
  if (!subject)
    return;
  cw_session_set_string (self, CW_SESSION_CERT_SUBJECT, subject);
  /* A session that accepts every certificate goes on doing so. */
  if (self->priv->verify != 0)
    set_verify_bit (self, SPICE_SESSION_VERIFY_SUBJECT, true);
}

static void
copy_bytes (GByteArray **array, GBytes **bytes, GByteArray *from)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_BYTE_ARRAY);
  g_value_set_boxed (&value, from);
  set_bytes (array, bytes, &value);
  g_value_unset (&value);
}

void
cw_session_copy_settings (SpiceSession *self, SpiceSession *from)
{
  SpiceSessionPrivate *to = self->priv, *priv = from->priv;

  for (CwSessionString i = 0; i < CW_SESSION_N_STRINGS; i++)
    if (i != CW_SESSION_UNIX_PATH)
      cw_session_set_string (self, i, priv->strings[i]);
  copy_bytes (&to->ca, &to->ca_bytes, priv->ca);
  copy_bytes (&to->pubkey, &to->pubkey_bytes, priv->pubkey);
  to->verify = priv->verify;
  g_strfreev (to->secure_channels);
  to->secure_channels = g_strdupv (priv->secure_channels);
  g_strfreev (to->smartcard_certificates);
  to->smartcard_certificates = g_strdupv (priv->smartcard_certificates);
  to->enable_audio = priv->enable_audio;
  to->enable_usbredir = priv->enable_usbredir;
  to->enable_smartcard = priv->enable_smartcard;
  to->read_only = priv->read_only;
  to->protocol = priv->protocol;
  g_set_object (&to->proxy, priv->proxy);
}

static void
set_structured (SpiceSession *self, Property id, const GValue *value, GParamSpec *pspec)
{
  SpiceSessionPrivate *priv = self->priv;

  switch (id) {
  case PROP_CA:
    set_bytes (&priv->ca, &priv->ca_bytes, value);
    break;
  case PROP_PUBKEY:
    set_bytes (&priv->pubkey, &priv->pubkey_bytes, value);
    set_verify_bit (self, SPICE_SESSION_VERIFY_PUBKEY, priv->pubkey != NULL);
    break;
  case PROP_SECURE_CHANNELS:
    set_strv (&priv->secure_channels, value);
    break;
  case PROP_DISABLE_EFFECTS:
    set_strv (&priv->disable_effects, value);
    break;
  case PROP_SMARTCARD_CERTIFICATES:
    set_strv (&priv->smartcard_certificates, value);
    break;
  case PROP_VERIFY:
    priv->verify = g_value_get_flags (value);
    break;
  case PROP_PROTOCOL:
    priv->protocol = g_value_get_int (value);
    if (priv->protocol != 2)
      g_warning ("version %d of the protocol is not supported", priv->protocol);
    break;
  case PROP_COLOR_DEPTH:
    break; /* accepted and ignored */
  case PROP_CACHE_SIZE:
    priv->cache_size = g_value_get_int (value);
    break;
  case PROP_GLZ_WINDOW_SIZE:
    priv->glz_window_size = g_value_get_int (value);
    break;
  case PROP_PREFERRED_COMPRESSION:
    priv->preferred_compression = g_value_get_enum (value);
    break;
  case PROP_URI:
    set_uri (self, g_value_get_string (value));
    break;
  case PROP_PROXY:
    set_proxy (self, g_value_get_string (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (self, id, pspec);
  }
}

/* NULL for properties that are no switches. */
static bool *
find_switch (SpiceSession *self, Property id)
{
  SpiceSessionPrivate *priv = self->priv;

  switch (id) {
  case PROP_READ_ONLY:
    return &priv->read_only;
  case PROP_ENABLE_AUDIO:
    return &priv->enable_audio;
  case PROP_ENABLE_USBREDIR:
    return &priv->enable_usbredir;
  case PROP_ENABLE_SMARTCARD:
    return &priv->enable_smartcard;
  case PROP_SHARE_DIR_RO:
    return &priv->share_dir_ro;
  case PROP_GL_SCANOUT:
    return &priv->gl_scanout;
  case PROP_INHIBIT_KEYBOARD_GRAB:
    return &priv->inhibit_keyboard_grab;
  case PROP_CLIENT_SOCKETS:
    return &priv->client_sockets;
  default:
    return NULL;
  }
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpiceSession *self = SPICE_SESSION (object);
  bool *on = find_switch (self, id);

  if (on) {
    *on = g_value_get_boolean (value);
  } else if (id >= PROP_HOST && id < PROP_CA) {
    cw_session_set_string (self, id - PROP_HOST, g_value_get_string (value));
    if (id == PROP_CERT_SUBJECT)
      set_verify_bit (self, SPICE_SESSION_VERIFY_SUBJECT, g_value_get_string (value) != NULL);
  } else {
    set_structured (self, id, value, pspec);
  }
}

static void
get_uri (SpiceSession *self, GValue *value)
{
  char **strings = self->priv->strings;

  g_value_take_string (value, cw_uri_compose (strings[CW_SESSION_HOST], strings[CW_SESSION_PORT],
                                              strings[CW_SESSION_TLS_PORT], strings[CW_SESSION_UNIX_PATH]));
}

static void
get_structured (SpiceSession *self, Property id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_WEBDAV_SERVER) {
    g_value_set_object (value, cw_registry.webdav_server (self));
    return;
  }
  SpiceSessionPrivate *priv = self->priv;

  switch (id) {
  case PROP_CA:
    g_value_set_boxed (value, priv->ca);
    break;
  case PROP_PUBKEY:
    g_value_set_boxed (value, priv->pubkey);
    break;
  case PROP_SECURE_CHANNELS:
    g_value_set_boxed (value, priv->secure_channels);
    break;
  case PROP_DISABLE_EFFECTS:
    g_value_set_boxed (value, priv->disable_effects);
    break;
  case PROP_SMARTCARD_CERTIFICATES:
    g_value_set_boxed (value, priv->smartcard_certificates);
    break;
  case PROP_VERIFY:
    g_value_set_flags (value, priv->verify);
    break;
  case PROP_PROTOCOL:
    g_value_set_int (value, priv->protocol);
    break;
  case PROP_COLOR_DEPTH:
    g_value_set_int (value, 0);
    break;
  case PROP_CACHE_SIZE:
    g_value_set_int (value, priv->cache_size);
    break;
  case PROP_GLZ_WINDOW_SIZE:
    g_value_set_int (value, priv->glz_window_size);
    break;
  case PROP_PREFERRED_COMPRESSION:
    g_value_set_enum (value, priv->preferred_compression);
    break;
  case PROP_URI:
    get_uri (self, value);
    break;
  case PROP_PROXY:
    g_value_take_string (value, priv->proxy ? spice_uri_to_string (priv->proxy) : NULL);
    break;
  case PROP_NAME:
    g_value_set_string (value, priv->name);
    break;
  case PROP_UUID:
    g_value_set_pointer (value, priv->uuid);
    break;
  case PROP_MIGRATION_STATE:
    g_value_set_enum (value, priv->migration_state);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (self, id, pspec);
  }
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceSession *self = SPICE_SESSION (object);
  const bool *on = find_switch (self, id);

  if (on)
    g_value_set_boolean (value, *on);
  else if (id >= PROP_HOST && id < PROP_CA)
    g_value_set_string (value, self->priv->strings[id - PROP_HOST]);
  else
    get_structured (self, id, value, pspec);
}

#define READWRITE (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)
#define CONSTRUCT (READWRITE | G_PARAM_CONSTRUCT)
#define READABLE (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)

static void
install_strings (GObjectClass *class)
{
  static const struct {
    Property id;
    const char *name, *blurb;
  } rows[] = {
    { PROP_PORT, "port", "Port for plain connections" },
    { PROP_TLS_PORT, "tls-port", "Port for TLS connections" },
    { PROP_USERNAME, "username", "User name for SASL" },
    { PROP_PASSWORD, "password", "Ticket, or password for SASL" },
    { PROP_CA_FILE, "ca-file", "PEM file of the authorities to trust" },
    { PROP_CIPHERS, "ciphers", "OpenSSL's list of ciphers" },
    { PROP_CERT_SUBJECT, "cert-subject", "Subject the server's certificate must have" },
    { PROP_SMARTCARD_DB, "smartcard-db", "Database of the software smartcard's certificates" },
    { PROP_URI, "uri", "Address of the server" },
    { PROP_PROXY, "proxy", "Address of a proxy" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    g_object_class_install_property (class, rows[i].id,
                                     g_param_spec_string (rows[i].name, rows[i].name, rows[i].blurb, NULL, READWRITE));
  g_object_class_install_property (class, PROP_HOST,
                                   g_param_spec_string ("host", "host", "Name or address of the server", "localhost",
                                                        CONSTRUCT));
  g_object_class_install_property (class, PROP_UNIX_PATH,
                                   g_param_spec_string ("unix-path", "unix-path", "Path of the server's unix socket",
                                                        NULL, CONSTRUCT));
  g_object_class_install_property (class, PROP_SHARED_DIR,
                                   g_param_spec_string ("shared-dir", "shared-dir", "Folder shared with the guest",
                                                        g_get_user_special_dir (G_USER_DIRECTORY_PUBLIC_SHARE),
                                                        CONSTRUCT));
  g_object_class_install_property (class, PROP_NAME,
                                   g_param_spec_string ("name", "name", "Name of the server", NULL, READABLE));
}

static void
install_switches (GObjectClass *class)
{
  static const struct {
    Property id;
    const char *name, *blurb;
    bool initial, construct;
  } rows[] = {
    { PROP_READ_ONLY, "read-only", "Send nothing that alters the guest", FALSE, true },
    { PROP_ENABLE_AUDIO, "enable-audio", "Use sound channels", TRUE, true },
    { PROP_ENABLE_USBREDIR, "enable-usbredir", "Use USB channels", TRUE, true },
    { PROP_ENABLE_SMARTCARD, "enable-smartcard", "Use smartcard channels", FALSE, false },
    { PROP_SHARE_DIR_RO, "share-dir-ro", "The guest may not write to the shared folder", FALSE, true },
    { PROP_INHIBIT_KEYBOARD_GRAB, "inhibit-keyboard-grab", "The keyboard is needed elsewhere", FALSE, false },
    { PROP_CLIENT_SOCKETS, "client-sockets", "The application gives the sockets", FALSE, false },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    g_object_class_install_property (class, rows[i].id,
                                     g_param_spec_boolean (rows[i].name, rows[i].name, rows[i].blurb, rows[i].initial,
                                                           rows[i].construct ? CONSTRUCT : READWRITE));
  g_object_class_install_property (class, PROP_GL_SCANOUT,
                                   g_param_spec_boolean ("gl-scanout", "gl-scanout", "Accept contents in video memory",
                                                         !g_getenv ("SPICE_DISABLE_GL_SCANOUT"), CONSTRUCT));
}

static void
install_numbers (GObjectClass *class)
{
  g_object_class_install_property (class, PROP_VERIFY,
                                   g_param_spec_flags ("verify", "verify", "How the server's certificate is verified",
                                                       SPICE_TYPE_SESSION_VERIFY, SPICE_SESSION_VERIFY_HOSTNAME,
                                                       CONSTRUCT));
  g_object_class_install_property (class, PROP_PROTOCOL,
                                   g_param_spec_int ("protocol", "protocol", "Version of the protocol", 1, 2, 2,
                                                     CONSTRUCT));
  /**
   * SpiceSession:color-depth:
   *
   * Ignored.
   *
   * Deprecated: 0.37: guests do not heed it
   */
  g_object_class_install_property (class, PROP_COLOR_DEPTH,
                                   g_param_spec_int ("color-depth", "color-depth", "Ignored", 0, 32, 0,
                                                     READWRITE | G_PARAM_DEPRECATED));
  g_object_class_install_property (class, PROP_CACHE_SIZE,
                                   g_param_spec_int ("cache-size", "cache-size",
                                                     "Bytes of the image cache, 0 to let the library choose", 0,
                                                     G_MAXINT, 0, READWRITE));
  g_object_class_install_property (class, PROP_GLZ_WINDOW_SIZE,
                                   g_param_spec_int ("glz-window-size", "glz-window-size",
                                                     "Bytes of the dictionary, 0 to let the library choose", 0,
                                                     MAX_GLZ_WINDOW_SIZE, 0, READWRITE));
  g_object_class_install_property (class, PROP_PREFERRED_COMPRESSION,
                                   g_param_spec_enum ("preferred-compression", "preferred-compression",
                                                      "How the server should compress pictures", image_compress_type (),
                                                      SPICE_IMAGE_COMPRESSION_INVALID, READWRITE));
  g_object_class_install_property (class, PROP_MIGRATION_STATE,
                                   g_param_spec_enum ("migration-state", "migration-state", "State of a migration",
                                                      SPICE_TYPE_SESSION_MIGRATION, SPICE_SESSION_MIGRATION_NONE,
                                                      READABLE));
}

static void
install_boxed (GObjectClass *class)
{
  g_object_class_install_property (class, PROP_CA,
                                   g_param_spec_boxed ("ca", "ca", "PEM certificates of the authorities to trust",
                                                       G_TYPE_BYTE_ARRAY, READWRITE));
  g_object_class_install_property (class, PROP_PUBKEY,
                                   g_param_spec_boxed ("pubkey", "pubkey",
                                                       "DER public key the server's certificate must have",
                                                       G_TYPE_BYTE_ARRAY, READWRITE));
  g_object_class_install_property (class, PROP_SECURE_CHANNELS,
                                   g_param_spec_boxed ("secure-channels", "secure-channels",
                                                       "Names of channels that use TLS, or all", G_TYPE_STRV,
                                                       READWRITE));
  g_object_class_install_property (class, PROP_DISABLE_EFFECTS,
                                   g_param_spec_boxed ("disable-effects", "disable-effects",
                                                       "wallpaper, font-smooth, animation, all", G_TYPE_STRV,
                                                       READWRITE));
  g_object_class_install_property (class, PROP_SMARTCARD_CERTIFICATES,
                                   g_param_spec_boxed ("smartcard-certificates", "smartcard-certificates",
                                                       "Certificates of the software smartcard", G_TYPE_STRV,
                                                       READWRITE));
  g_object_class_install_property (class, PROP_UUID,
                                   g_param_spec_pointer ("uuid", "uuid", "16 bytes that name the server", READABLE));
}

static void
install_webdav (GObjectClass *class)
{
  if (!cw_registry.webdav_server_type)
    return;
  /**
   * SpiceSession:webdav-server:
   *
   * A PhodavServer of libphodav, for folders that the application wants to offer to the guest beside
   * #SpiceSession:shared-dir: its property root-file is a PhodavVirtualDir to which they are attached. %NULL in a
   * library built without WebDAV.
   */
  g_object_class_install_property (class, PROP_WEBDAV_SERVER,
                                   g_param_spec_object ("webdav-server", "webdav-server",
                                                        "The server for the application's own folders",
                                                        cw_registry.webdav_server_type (), READABLE));
}

void
cw_session_notify (SpiceSession *self, CwSessionChange change)
{
  g_object_notify_by_pspec (G_OBJECT (self), changes[change]);
}

void
cw_session_install_properties (GObjectClass *class)
{
  static const char *const names[] = {
    [CW_SESSION_NAME_CHANGED] = "name",
    [CW_SESSION_UUID_CHANGED] = "uuid",
    [CW_SESSION_MIGRATION_STATE_CHANGED] = "migration-state",
    [CW_SESSION_CERT_SUBJECT_CHANGED] = "cert-subject",
  };

  class->get_property = get_property;
  class->set_property = set_property;
  install_strings (class);
  install_switches (class);
  install_webdav (class);
  install_numbers (class);
  install_boxed (class);
  for (unsigned i = 0; i < CW_SESSION_N_CHANGES; i++)
    changes[i] = g_object_class_find_property (class, names[i]);
}

void
cw_session_init_properties (SpiceSession *self)
{
  set_proxy (self, NULL);
  self->priv->tls_sessions = cw_tls_sessions_new ();
}

void
cw_session_clear_properties (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;

  for (unsigned i = 0; i < CW_SESSION_N_STRINGS; i++)
    g_clear_pointer (&priv->strings[i], cw_wipe_string);
  g_clear_pointer (&priv->ca, g_byte_array_unref);
  g_clear_pointer (&priv->ca_bytes, g_bytes_unref);
  g_clear_pointer (&priv->pubkey, g_byte_array_unref);
  g_clear_pointer (&priv->pubkey_bytes, g_bytes_unref);
  g_strfreev (priv->secure_channels);
  g_strfreev (priv->disable_effects);
  g_strfreev (priv->smartcard_certificates);
  g_clear_object (&priv->proxy);
  g_clear_pointer (&priv->tls_sessions, cw_tls_sessions_unref);
  g_free (priv->name);
}
