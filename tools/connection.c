/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include "address.h"
#include "client.h"
#include "input.h"
#include "terminal.h"
#include "text.h"

#include <string.h>

/* The protocol's field has 60 bytes, and servers keep the last one for themselves. */
#define PASSWORD_MAX 59

/* All authorities of a system are a fourth of a megabyte. */
#define MAX_KEYS ((size_t) 16 << 20)

GOptionEntry *
connection_entries (Connection *self)
{
  const GOptionEntry entries[] = {
    { "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &self->timeout,
      "Give up when nothing has moved on for this many seconds (default 30)", "SECONDS" },
    { "password-file", 0, 0, G_OPTION_ARG_FILENAME, &self->password_file,
      "Read the password from the first line of FILE; \"-\" is standard input", "FILE" },
    { "ca-file", 0, 0, G_OPTION_ARG_FILENAME, &self->ca_file,
      "Trust the certificate authorities in this PEM file instead of the system's; \"-\" is standard input", "FILE" },
    { "cert-subject", 0, 0, G_OPTION_ARG_STRING, &self->cert_subject,
      "Accept only a certificate with this subject, such as \"O=Example,CN=host\"", "SUBJECT" },
    { "pubkey-file", 0, 0, G_OPTION_ARG_FILENAME, &self->pubkey_file,
      "Accept a certificate with this public key (PEM or DER)", "FILE" },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &self->insecure, "Accept any certificate (unsafe)", NULL },
    { "proxy", 0, 0, G_OPTION_ARG_STRING, &self->proxy, "Connect through this proxy, such as http://HOST:PORT", "URI" },
    { "secure-channel", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->secure_channels,
      "Require TLS for this channel type; \"all\" for every one; may be repeated", "TYPE" },
    { "compression", 0, 0, G_OPTION_ARG_STRING, &self->compression,
      "Ask the server for this image compression: off, auto-glz, auto-lz, quic, glz, lz or lz4", "NAME" },
    { 0 },
  };

  return g_memdup2 (entries, sizeof entries);
}

void
connection_clear (Connection *self)
{
  g_free (self->password_file);
  g_free (self->ca_file);
  g_free (self->cert_subject);
  g_free (self->pubkey_file);
  g_free (self->proxy);
  g_strfreev (self->secure_channels);
  g_free (self->compression);
}

/* g_object_set () would make a copy and leave it behind. */
static void
set_secret (SpiceSession *session, const char *property, const char *text)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_static_string (&value, text);
  g_object_set_property (G_OBJECT (session), property, &value);
}

bool
connection_set_password (SpiceSession *session, const char *password, GError **error)
{
  if (password && strlen (password) > PASSWORD_MAX) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "the password has %zu bytes, and SPICE servers take at most %d",
                 strlen (password), PASSWORD_MAX);
    return false;
  }
  if (password)
    set_secret (session, "password", password);
  return true;
}

bool
connection_set_proxy (SpiceSession *session, const char *address, GError **error)
{
  const char *reason, *host;

  terminal_catch_warnings (true);
  set_secret (session, "proxy", address); /* a password may be in it */
  terminal_catch_warnings (false);
  reason = terminal_last_warning ();
  if (!reason && *address) {
    host = spice_uri_get_hostname (spice_session_get_proxy_uri (session));
    if (strchr (host, '@')) /* the end of a password, which reasons of failures would tell */
      reason = "the address of the proxy is not used: \"@\" in a user name or password is written %40";
  }
  if (reason)
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s", reason);
  return !reason;
}

/* Up to the end character, or the end; NULL for a wrong escape. */
static const char *
skip_part (const char *text, char end)
{
  for (; *text && *text != end; text++)
    if (*text == '\\' && *++text != '\\' && *text != ',')
      return NULL;
  return text;
}

/* As the library reads it, which alone knows what keys there are. */
static bool
is_subject (const char *text)
{
  do {
    const char *key = text + strspn (text, " "), *value;

    text = skip_part (key, '=');
    if (!text || *text == 0 || text == key)
      return false;
    value = text + 1;
    text = skip_part (value, ',');
    if (!text || text == value)
      return false;
    text += *text == ',';
  } while (*text);
  return true;
}

bool
connection_set_subject (SpiceSession *session, const char *subject, GError **error)
{
  if (!is_subject (subject)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE,
                 "\"%s\" is no subject such as \"O=Example,CN=host\", where \"\\,\" is a comma of a value", subject);
    return false;
  }
  g_object_set (session, "cert-subject", subject, NULL);
  return true;
}

/* A file or the environment; the command line offers no other way, and a password in the URI stays possible but is
 * visible to everybody on the machine. */
static bool
read_password (const Connection *self, SpiceSession *session, GError **error)
{
  char *text = NULL;
  bool ok;

  if (!self->password_file)
    return connection_set_password (session, g_getenv ("CARAWAY_PASSWORD"), error);
  if (!terminal_read_secret_file (self->password_file, &text, error)) {
    g_prefix_error (error, "cannot read the password: ");
    return false;
  }
  ok = connection_set_password (session, text, error);
  text_wipe (text);
  return ok;
}

/* What stands between the lines BEGIN and END, or NULL when it is no such file. */
static GByteArray *
decode_pem (const char *text, gsize size)
{
  static const char begin[] = "-----BEGIN PUBLIC KEY-----";
  const char *start = g_strstr_len (text, (gssize) size, begin), *end;
  g_autofree char *base64 = NULL;
  gsize der_size;
  guchar *der;

  if (!start)
    return NULL;
  start += strlen (begin);
  end = g_strstr_len (start, (gssize) (size - (gsize) (start - text)), "-----END");
  if (!end)
    return NULL;
  base64 = g_strndup (start, (gsize) (end - start));
  der = g_base64_decode (base64, &der_size);
  return g_byte_array_new_take (der, der_size);
}

static bool
apply_pubkey (const char *path, SpiceSession *session, GError **error)
{
  g_autoptr (GByteArray) key = NULL;
  size_t size;
  g_autofree char *data = input_read (path, MAX_KEYS, &size, error);

  if (!data) {
    g_prefix_error (error, "--pubkey-file: ");
    return false;
  }
  key = decode_pem (data, size);
  if (!key && size > 0 && (guint8) *data == 0x30) /* DER begins with a sequence */
    key = g_byte_array_new_take ((guint8 *) g_steal_pointer (&data), size);
  if (!key) {
    g_set_error (error, STATUS_ERROR, STATUS_FILE,
                 "--pubkey-file: %s is no public key; \"openssl x509 -pubkey -noout -in CERTIFICATE\" prints one",
                 path);
    return false;
  }
  g_object_set (session, "pubkey", key, NULL);
  return true;
}

static bool
apply_ca (const char *path, SpiceSession *session, GError **error)
{
  size_t size;
  g_autofree char *data = input_read (path, MAX_KEYS, &size, error);

  if (!data) {
    g_prefix_error (error, "--ca-file: ");
    return false;
  }
  if (!strstr (data, "-----BEGIN") || !strstr (data, "CERTIFICATE-----")) {
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "--ca-file: %s holds no PEM certificate", path);
    return false;
  }
  if (strcmp (path, "-") == 0) {
    g_autoptr (GByteArray) bytes = g_byte_array_new_take ((guint8 *) g_steal_pointer (&data), size);

    g_object_set (session, "ca", bytes, NULL);
  } else {
    g_object_set (session, "ca-file", path, NULL);
  }
  return true;
}

static bool
apply_uri (SpiceSession *session, const char *address, GError **error)
{
  char *uri = address_normalize (address, error);
  g_autofree char *accepted = NULL;

  if (!uri)
    return false;
  terminal_catch_warnings (true);
  set_secret (session, "uri", uri); /* a password may be in it */
  text_wipe (uri);
  terminal_catch_warnings (false);
  g_object_get (session, "uri", &accepted, NULL);
  if (!accepted) {
    const char *reason = terminal_last_warning ();

    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s", reason ? reason : "the address is not valid");
    return false;
  }
  return true;
}

static bool
apply_compression (const char *wanted, SpiceSession *session, GError **error)
{
  static const char *const names[] = { "off", "auto-glz", "auto-lz", "quic", "glz", "lz", "lz4" };

  /* The names stand in the order of the protocol's numbers, which begin with off = 1. */
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (names[i], wanted) == 0) {
      g_object_set (session, "preferred-compression", (int) (SPICE_IMAGE_COMPRESSION_OFF + i), NULL);
      return true;
    }
  }
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--compression: \"%s\" is none; see --help", wanted);
  return false;
}

static bool
apply_secure_channels (char **names, SpiceSession *session, GError **error)
{
  for (char **name = names; *name; name++) {
    if (strcmp (*name, "all") != 0 && spice_channel_string_to_type (*name) == -1) {
      g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--secure-channel: \"%s\" is not a channel type", *name);
      return false;
    }
  }
  g_object_set (session, "secure-channels", names, NULL);
  return true;
}

bool
connection_check (const Connection *self, GError **error)
{
  if (self->timeout != NO_SECONDS && !(self->timeout > 0 && self->timeout <= 86400)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--timeout must be above 0 and at most 86400 seconds");
    return false;
  }
  return g_strcmp0 (self->password_file, "-") != 0 || input_claim_stdin (error);
}

bool
connection_apply (const Connection *self, SpiceSession *session, const char *address, GError **error)
{
  bool is_file = strcmp (address, "-") == 0 || (g_str_has_suffix (address, ".vv") && !strstr (address, "://"));

  if (is_file ? !connection_file_apply (session, address, error) : !apply_uri (session, address, error))
    return false;
  if (self->secure_channels && !apply_secure_channels (self->secure_channels, session, error))
    return false;
  if (self->compression && !apply_compression (self->compression, session, error))
    return false;
  if (self->ca_file && !apply_ca (self->ca_file, session, error))
    return false;
  if (self->cert_subject && !connection_set_subject (session, self->cert_subject, error))
    return false;
  if (self->pubkey_file && !apply_pubkey (self->pubkey_file, session, error))
    return false;
  if (self->proxy && !connection_set_proxy (session, self->proxy, error))
    return false;
  /* A key that is given is the one that is meant, whatever else would do. */
  if (self->pubkey_file)
    g_object_set (session, "verify", SPICE_SESSION_VERIFY_PUBKEY, NULL);
  else if (self->insecure)
    g_object_set (session, "verify", 0, NULL);
  return read_password (self, session, error);
}
