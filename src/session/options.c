/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command-line options, and their way into a session. Values are the process's: that is how the interface is made. */
#include "session/options.h"

#include "session/registry.h"
#include "spice-channel.h"
#include "spice-option.h"
#include "spice-util.h"
#include "wire/messages.h"

#include <spice/enums.h>
#include <stdlib.h>
#include <string.h>

static struct {
  char **secure_channels, **disable_effects, **smartcard_certificates, **shared_cds;
  char *ca_file, *host_subject, *smartcard_db, *usb_auto_filter, *usb_connect_filter, *shared_dir;
  int color_depth, cache_size, glz_window_size, compression;
  gboolean disable_audio, smartcard, disable_usbredir;
} values;

static gboolean
refuse (GError **error, const char *option, const char *value)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "%s does not know '%s'", option, value);
  return FALSE;
}

static gboolean
parse_secure_channels (const gchar *option, const gchar *value, gpointer data, GError **error)
{
  g_auto (GStrv) names = g_strsplit (value, ",", -1);

  for (unsigned i = 0; names[i]; i++)
    if (strcmp (names[i], "all") != 0 && spice_channel_string_to_type (names[i]) < 0)
      return refuse (error, option, names[i]);
  g_strfreev (values.secure_channels);
  values.secure_channels = g_steal_pointer (&names);
  return TRUE;
}

static gboolean
parse_disable_effects (const gchar *option, const gchar *value, gpointer data, GError **error)
{
  static const char *const known[] = { "wallpaper", "font-smooth", "animation", "all", NULL };
  g_auto (GStrv) names = g_strsplit (value, ",", -1);

  for (unsigned i = 0; names[i]; i++)
    if (!g_strv_contains (known, names[i]))
      return refuse (error, option, names[i]);
  g_strfreev (values.disable_effects);
  values.disable_effects = g_steal_pointer (&names);
  return TRUE;
}

/* Of a list that is given twice the second counts. */
static gboolean
parse_certificates (const gchar *option, const gchar *value, gpointer data, GError **error)
{
  g_strfreev (values.smartcard_certificates);
  values.smartcard_certificates = g_strsplit (value, ",", -1);
  return TRUE;
}

static gboolean
parse_compression (const gchar *option, const gchar *value, gpointer data, GError **error)
{
  static const struct {
    const char *name;
    int compression;
  } rows[] = {
    { "auto-glz", SPICE_IMAGE_COMPRESSION_AUTO_GLZ },
    { "auto-lz", SPICE_IMAGE_COMPRESSION_AUTO_LZ },
    { "quic", SPICE_IMAGE_COMPRESSION_QUIC },
    { "glz", SPICE_IMAGE_COMPRESSION_GLZ },
    { "lz", SPICE_IMAGE_COMPRESSION_LZ },
    { "lz4", SPICE_IMAGE_COMPRESSION_LZ4 },
    { "off", SPICE_IMAGE_COMPRESSION_OFF },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].name, value) == 0) {
      values.compression = rows[i].compression;
      return TRUE;
    }
  return refuse (error, option, value);
}

static gboolean
switch_debug (const gchar *option, const gchar *value, gpointer data, GError **error)
{
  spice_util_set_debug (TRUE);
  return TRUE;
}

static gboolean
print_version (const gchar *option, const gchar *value, gpointer data, GError **error)
{
  g_print ("Caraway, with the interface of spice-gtk %s\n", spice_util_get_version_string ());
  exit (EXIT_SUCCESS);
}

static const GOptionEntry entries[] = {
  { "spice-secure-channels", 0, 0, G_OPTION_ARG_CALLBACK, parse_secure_channels, "Channels that use TLS",
    "main,display,…,all" },
  { "spice-disable-effects", 0, 0, G_OPTION_ARG_CALLBACK, parse_disable_effects, "Effects the guest should do without",
    "wallpaper,font-smooth,animation,all" },
  { "spice-color-depth", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &values.color_depth, "Ignored", "16,32" },
  { "spice-ca-file", 0, 0, G_OPTION_ARG_FILENAME, &values.ca_file, "Certificates of the authorities to trust", "FILE" },
  { "spice-host-subject", 0, 0, G_OPTION_ARG_STRING, &values.host_subject, "Subject the server's certificate must have",
    "SUBJECT" },
  { "spice-disable-audio", 0, 0, G_OPTION_ARG_NONE, &values.disable_audio, "Do without sound", NULL },
  { "spice-smartcard", 0, 0, G_OPTION_ARG_NONE, &values.smartcard, "Use smartcards", NULL },
  { "spice-smartcard-certificates", 0, 0, G_OPTION_ARG_CALLBACK, parse_certificates,
    "Certificates of a software smartcard", "CERTIFICATE,…" },
  { "spice-smartcard-db", 0, 0, G_OPTION_ARG_STRING, &values.smartcard_db, "Database of these certificates", "PATH" },
  { "spice-disable-usbredir", 0, 0, G_OPTION_ARG_NONE, &values.disable_usbredir, "Do without USB devices", NULL },
  { "spice-usbredir-auto-redirect-filter", 0, 0, G_OPTION_ARG_STRING, &values.usb_auto_filter,
    "USB devices to connect when they are plugged in", "FILTER" },
  { "spice-usbredir-redirect-on-connect", 0, 0, G_OPTION_ARG_STRING, &values.usb_connect_filter,
    "USB devices to connect at the start", "FILTER" },
  { "spice-share-cd", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &values.shared_cds,
    "A file or device the guest sees as a CD; may be repeated", "FILE" },
  { "spice-cache-size", 0, 0, G_OPTION_ARG_INT, &values.cache_size, "Size of the image cache", "BYTES" },
  { "spice-glz-window-size", 0, 0, G_OPTION_ARG_INT, &values.glz_window_size, "Size of the dictionary of pictures",
    "BYTES" },
  { "spice-shared-dir", 0, 0, G_OPTION_ARG_FILENAME, &values.shared_dir, "Folder shared with the guest", "DIRECTORY" },
  { "spice-preferred-compression", 0, 0, G_OPTION_ARG_CALLBACK, parse_compression,
    "How the server should compress pictures", "auto-glz,auto-lz,quic,glz,lz,lz4,off" },
  { "spice-debug", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, switch_debug, "Print what happens", NULL },
  { "spice-gtk-version", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, print_version, "Print the version and exit",
    NULL },
  { NULL },
};

/**
 * spice_get_option_group:
 *
 * Options for the command line of a program, --spice-… Parsed ones hold for sessions to which
 * spice_set_session_option() is applied.
 *
 * Returns: (transfer full): a new group of the library's options
 */
GOptionGroup *
spice_get_option_group (void)
{
  GOptionGroup *group = g_option_group_new ("spice", "SPICE options:", "Show the options of SPICE", NULL, NULL);

  g_option_group_add_entries (group, entries);
  for (unsigned i = 0; cw_registry.features[i]; i++)
    if (cw_registry.features[i]->options)
      g_option_group_add_entries (group, cw_registry.features[i]->options);
  return group;
}

static void
set_ca_file (SpiceSession *session)
{
  g_autofree char *usual = g_build_filename (g_get_home_dir (), ".spicec", "spice_truststore.pem", NULL);

  if (values.ca_file)
    g_object_set (session, "ca-file", values.ca_file, NULL);
  else if (g_file_test (usual, G_FILE_TEST_IS_REGULAR))
    g_object_set (session, "ca-file", usual, NULL);
}

static void
set_devices (SpiceSession *session)
{
  if (values.disable_audio)
    g_object_set (session, "enable-audio", FALSE, NULL);
  if (values.disable_usbredir)
    g_object_set (session, "enable-usbredir", FALSE, NULL);
  if ((values.usb_auto_filter || values.usb_connect_filter || values.shared_cds)
      && !cw_registry_find_channel (CW_CHANNEL_USBREDIR))
    g_warning ("options for USB devices have no effect: this library was built without USB");
  if (!values.smartcard)
    return;
  g_object_set (session, "enable-smartcard", TRUE, NULL);
  if (values.smartcard_certificates)
    g_object_set (session, "smartcard-certificates", values.smartcard_certificates, NULL);
  if (values.smartcard_db)
    g_object_set (session, "smartcard-db", values.smartcard_db, NULL);
}

CwUsbOptions
cw_usb_options (void)
{
  return (CwUsbOptions){ values.usb_auto_filter, values.usb_connect_filter, (const char *const *) values.shared_cds };
}

void
cw_usb_options_shared (void)
{
  g_clear_pointer (&values.shared_cds, g_strfreev);
}

/**
 * spice_set_session_option:
 * @session: a session
 *
 * Gives the session what was asked for on the command line.
 */
void
spice_set_session_option (SpiceSession *session)
{
  g_return_if_fail (SPICE_IS_SESSION (session));

  set_ca_file (session);
  set_devices (session);
  if (values.color_depth)
    g_warning ("the color depth cannot be chosen any more");
  if (values.secure_channels)
    g_object_set (session, "secure-channels", values.secure_channels, NULL);
  if (values.disable_effects)
    g_object_set (session, "disable-effects", values.disable_effects, NULL);
  if (values.host_subject)
    g_object_set (session, "cert-subject", values.host_subject, NULL);
  if (values.cache_size > 0)
    g_object_set (session, "cache-size", values.cache_size, NULL);
  if (values.glz_window_size > 0)
    g_object_set (session, "glz-window-size", values.glz_window_size, NULL);
  if (values.shared_dir)
    g_object_set (session, "shared-dir", values.shared_dir, NULL);
  if (values.compression)
    g_object_set (session, "preferred-compression", values.compression, NULL);
  for (unsigned i = 0; cw_registry.features[i]; i++)
    if (cw_registry.features[i]->apply_options)
      cw_registry.features[i]->apply_options (session);
}
