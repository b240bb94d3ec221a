/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connection files of the type application/x-virt-viewer, as Proxmox, oVirt and virt-viewer itself write them. */
#include "client.h"
#include "connection.h"
#include "input.h"
#include "text.h"

#include <string.h>

#define GROUP "virt-viewer"
#define MAX_SIZE (1 << 20)
#define DISABLED "caraway-disabled-channels" /* data of the session */

static bool G_GNUC_PRINTF (3, 4) fail (GError **error, Status status, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_clear_error (error);
  if (error)
    *error = g_error_new_valist (STATUS_ERROR, status, format, args);
  va_end (args);
  return false;
}

/* Numbers, and the words that people write instead. */
static bool
get_flag (GKeyFile *file, const char *key)
{
  g_autofree char *text = g_key_file_get_string (file, GROUP, key, NULL);

  return text && (g_ascii_strcasecmp (g_strstrip (text), "true") == 0 || g_ascii_strtoll (text, NULL, 10) > 0);
}

static bool
set_port (SpiceSession *session, GKeyFile *file, const char *key, GError **error)
{
  g_autofree char *text = g_key_file_get_string (file, GROUP, key, NULL);
  gint64 port = 0; /* what is not above it, such as -1, is none */

  if (text && *g_strstrip (text) && !g_ascii_string_to_signed (text, 10, G_MININT, 65535, &port, NULL))
    return fail (error, STATUS_FILE, "%s=%s is not a port: ports are 1 to 65535", key, text);
  if (port > 0) {
    g_free (text);
    text = g_strdup_printf ("%d", (int) port);
    g_object_set (session, key, text, NULL);
  }
  return true;
}

static void
set_string (SpiceSession *session, GKeyFile *file, const char *key, const char *property)
{
  g_autofree char *text = g_key_file_get_string (file, GROUP, key, NULL);

  if (text && *text)
    g_object_set (session, property, text, NULL);
}

static void
set_ca (SpiceSession *session, GKeyFile *file)
{
  g_autofree char *text = g_key_file_get_string (file, GROUP, "ca", NULL);
  g_autoptr (GByteArray) bytes = NULL;

  if (!text || !*text)
    return;
  bytes = g_byte_array_append (g_byte_array_new (), (const guint8 *) text, strlen (text));
  g_object_set (session, "ca", bytes, NULL);
}

static bool
set_server (SpiceSession *session, GKeyFile *file, GError **error)
{
  g_autofree char *type = g_key_file_get_string (file, GROUP, "type", NULL);
  g_autofree char *host = g_key_file_get_string (file, GROUP, "host", NULL);
  g_autofree char *path = g_key_file_get_string (file, GROUP, "unix-path", NULL);
  g_autofree char *port = NULL, *tls_port = NULL;

  if (!type)
    return fail (error, STATUS_FILE, "not a connection file: it has no group [" GROUP "] with a type");
  if (strcmp (type, "spice") != 0)
    return fail (error, STATUS_UNSUPPORTED, "the connection file is for a %s server, not for SPICE", type);
  if (path && *path) {
    g_object_set (session, "unix-path", path, NULL);
    return true;
  }
  if (!host || !*host)
    return fail (error, STATUS_FILE, "the connection file names no host");
  g_object_set (session, "host", host, NULL);
  if (!set_port (session, file, "port", error) || !set_port (session, file, "tls-port", error))
    return false;
  g_object_get (session, "port", &port, "tls-port", &tls_port, NULL);
  return port || tls_port || fail (error, STATUS_FILE, "the connection file names no port");
}

static void
set_disabled (SpiceSession *session, GKeyFile *file)
{
  char **channels = g_key_file_get_string_list (file, GROUP, "disable-channels", NULL, NULL);

  if (channels)
    g_object_set_data_full (G_OBJECT (session), DISABLED, channels, (GDestroyNotify) g_strfreev);
}

bool
connection_disables (SpiceSession *session, int type)
{
  const char *const *channels = g_object_get_data (G_OBJECT (session), DISABLED);

  return channels && g_strv_contains (channels, spice_channel_type_to_string (type));
}

static bool
apply (SpiceSession *session, GKeyFile *file, GError **error)
{
  g_auto (GStrv) channels = g_key_file_get_string_list (file, GROUP, "secure-channels", NULL, NULL);
  g_autofree char *proxy = g_key_file_get_string (file, GROUP, "proxy", NULL);
  g_autofree char *subject = g_key_file_get_string (file, GROUP, "host-subject", NULL);
  char *password;
  bool ok;

  if (!set_server (session, file, error))
    return false;
  set_ca (session, file);
  set_disabled (session, file);
  set_string (session, file, "tls-ciphers", "ciphers");
  set_string (session, file, "username", "username");
  if (subject && *subject && !connection_set_subject (session, subject, error))
    return false;
  if (proxy && *proxy && !connection_set_proxy (session, proxy, error))
    return false;
  if (channels && *channels)
    g_object_set (session, "secure-channels", channels, NULL);
  password = g_key_file_get_string (file, GROUP, "password", NULL);
  ok = connection_set_password (session, password && *password ? password : NULL, error);
  text_wipe (password);
  return ok;
}

bool
connection_file_apply (SpiceSession *session, const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  size_t size;
  char *text = input_read (path, MAX_SIZE, &size, error);
  const char *begin = text;
  bool ok;

  if (!text)
    return false;
  if (g_str_has_prefix (begin, "\xef\xbb\xbf"))
    begin += 3;
  ok = g_key_file_load_from_data (file, begin, strlen (begin), G_KEY_FILE_NONE, NULL);
  text_wipe (text);
  /* Before anything else: its secret is meant for one use. */
  if (ok && strcmp (path, "-") != 0 && get_flag (file, "delete-this-file"))
    (void) unlink (path);
  if (!ok)
    return fail (error, STATUS_FILE, "%s is not a connection file", path);
  if (!apply (session, file, error)) {
    g_prefix_error (error, "%s: ", path);
    return false;
  }
  return true;
}
