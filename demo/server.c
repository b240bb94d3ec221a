/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include "core.h"
#include "tls.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_TRIES 5

typedef struct {
  const char *name;
  int value;
} Choice;

static const Choice compressions[] = {
  { "off", SPICE_IMAGE_COMPRESSION_OFF },
  { "quic", SPICE_IMAGE_COMPRESSION_QUIC },
  { "lz", SPICE_IMAGE_COMPRESSION_LZ },
  { "glz", SPICE_IMAGE_COMPRESSION_GLZ },
  { "auto_glz", SPICE_IMAGE_COMPRESSION_AUTO_GLZ },
  { "auto_lz", SPICE_IMAGE_COMPRESSION_AUTO_LZ },
  { "lz4", SPICE_IMAGE_COMPRESSION_LZ4 },
  { NULL },
};

static const Choice wan_modes[] = {
  { "auto", SPICE_WAN_COMPRESSION_AUTO },
  { "always", SPICE_WAN_COMPRESSION_ALWAYS },
  { "never", SPICE_WAN_COMPRESSION_NEVER },
  { NULL },
};

static const Choice streamings[] = {
  { "off", SPICE_STREAM_VIDEO_OFF },
  { "all", SPICE_STREAM_VIDEO_ALL },
  { "filter", SPICE_STREAM_VIDEO_FILTER },
  { NULL },
};

/* The library's channel events carry no pointer of ours. */
static DemoServer *the_server;

static void
channel_event (int event, SpiceChannelEventInfo *info)
{
  DemoServer *self = the_server;

  if (!self || info->type < 0 || info->type >= (int) G_N_ELEMENTS (self->channels))
    return;
  if (event == SPICE_CHANNEL_EVENT_INITIALIZED) {
    self->channels[info->type]++;
    self->connections += info->type == SPICE_CHANNEL_MAIN;
  } else if (event == SPICE_CHANNEL_EVENT_DISCONNECTED && self->channels[info->type] > 0) {
    self->channels[info->type]--;
  }
}

static bool
choose (const Choice *choices, const char *option, const char *name, int *out, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  for (; choices->name; choices++) {
    if (g_str_equal (choices->name, name)) {
      *out = choices->value;
      return true;
    }
    g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", choices->name);
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s cannot be “%s”, only %s", option, name, known->str);
  return false;
}

static int
free_port (const char *addr)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string (addr, 0), bound = NULL;
  g_autoptr (GSocket) socket = NULL;

  if (!any)
    any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  socket = g_socket_new (g_socket_address_get_family (any), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  if (!socket || !g_socket_bind (socket, any, TRUE, NULL))
    return -1;
  bound = g_socket_get_local_address (socket, NULL);
  return bound ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)) : -1;
}

static bool
make_tls_dir (DemoServer *self, const DemoOptions *options, GError **error)
{
  if (options->tls_port < 0)
    return true;
  if (options->tls_dir) {
    if (g_mkdir_with_parents (options->tls_dir, 0700) != 0) {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "cannot make folder %s: %s", options->tls_dir,
                   g_strerror (errno));
      return false;
    }
    self->tls_dir = g_strdup (options->tls_dir);
  } else {
    self->tls_dir = g_dir_make_tmp ("caraway-demo-XXXXXX", error);
    self->own_tls_dir = true;
    if (!self->tls_dir)
      return false;
  }
  return demo_tls_write (self->tls_dir, options->tls_host, error);
}

static bool
set_tls (DemoServer *self)
{
  g_autofree char *ca = g_build_filename (self->tls_dir, "ca-cert.pem", NULL);
  g_autofree char *cert = g_build_filename (self->tls_dir, "server-cert.pem", NULL);
  g_autofree char *key = g_build_filename (self->tls_dir, "server-key.pem", NULL);

  return spice_server_set_tls (self->server, self->tls_port, ca, cert, key, NULL, NULL, NULL) == 0;
}

static bool
parse_uuid (const char *text, guint8 *out)
{
  if (!g_uuid_string_is_valid (text))
    return false;
  for (guint i = 0; i < 16; text++) {
    if (*text == '-')
      continue;
    out[i++] = g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]);
    text++;
  }
  return true;
}

static bool
configure (DemoServer *self, const DemoOptions *options, GError **error)
{
  int compression, jpeg, zlib, streaming;
  guint8 uuid[16];

  if (!choose (compressions, "--compression", options->compression, &compression, error)
      || !choose (wan_modes, "--jpeg", options->jpeg, &jpeg, error)
      || !choose (wan_modes, "--zlib-glz", options->zlib_glz, &zlib, error)
      || !choose (streamings, "--streaming", options->streaming, &streaming, error))
    return false;
  if (options->uuid && !parse_uuid (options->uuid, uuid)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "--uuid “%s” is not a UUID", options->uuid);
    return false;
  }
  spice_server_set_image_compression (self->server, compression);
  spice_server_set_jpeg_compression (self->server, jpeg);
  spice_server_set_zlib_glz_compression (self->server, zlib);
  spice_server_set_streaming_video (self->server, streaming);
  if (options->video_codecs && spice_server_set_video_codecs (self->server, options->video_codecs) != 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "--video-codecs: the server does not take “%s”",
                 options->video_codecs);
    return false;
  }
  if (options->name)
    spice_server_set_name (self->server, options->name);
  if (options->uuid)
    spice_server_set_uuid (self->server, uuid);
  spice_server_set_seamless_migration (self->server, options->seamless);
  demo_server_set_password (self, options->password);
  return true;
}

static bool
listen_once (DemoServer *self, const DemoOptions *options, GError **error)
{
  const char *addr = options->unix_path ? options->unix_path : options->addr;

  self->server = spice_server_new ();
  self->port = options->port == 0 ? free_port (options->addr) : options->port;
  self->tls_port = options->tls_port == 0 ? free_port (options->addr) : options->tls_port;
  if (options->unix_path)
    self->port = -1;
  spice_server_set_addr (self->server, addr, options->unix_path ? SPICE_ADDR_FLAG_UNIX_ONLY : 0);
  if (self->port > 0)
    spice_server_set_port (self->server, self->port);
  if ((self->tls_port > 0 && !set_tls (self)) || !configure (self, options, error)
      || spice_server_init (self->server, &self->core) != 0) {
    g_clear_pointer (&self->server, spice_server_destroy);
    if (!error || !*error)
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE, "cannot listen on %s port %d, TLS port %d", addr,
                   self->port, self->tls_port);
    return false;
  }
  return true;
}

/* A free port can be taken by someone else between the question and its use. */
static bool
listen_somewhere (DemoServer *self, const DemoOptions *options, GError **error)
{
  bool any = (options->port == 0 && !options->unix_path) || options->tls_port == 0;

  for (int i = 0; any && i < PORT_TRIES - 1; i++) {
    g_autoptr (GError) local = NULL;

    if (listen_once (self, options, &local))
      return true;
    if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
      g_propagate_error (error, g_steal_pointer (&local));
      return false;
    }
  }
  return listen_once (self, options, error);
}

static bool
add_devices (DemoServer *self, const DemoOptions *options, GError **error)
{
  for (int i = 0; i < options->displays; i++) {
    DemoHead heads[DEMO_MAX_HEADS];

    self->devices[i] = demo_device_new (self->server, i, options->heads);
    self->n_devices++;
    if (!demo_device_set_mode (self->devices[i], SPICE_SURFACE_FMT_32_xRGB, options->width, options->height, error))
      return false;
    for (int n = 0; n < options->heads; n++)
      heads[n] = (DemoHead){ .x = n * (options->width / options->heads),
                             .width = options->width / options->heads,
                             .height = options->height };
    demo_device_set_heads (self->devices[i], heads, options->heads, options->heads);
  }
  return true;
}

DemoServer *
demo_server_new (const DemoOptions *options, GError **error)
{
  DemoServer *self = g_new0 (DemoServer, 1);

  the_server = self;
  self->ports = g_ptr_array_new_with_free_func ((GDestroyNotify) demo_port_free);
  demo_core_init (&self->core, channel_event);
  if (!make_tls_dir (self, options, error) || !listen_somewhere (self, options, error)) {
    demo_server_free (self);
    return NULL;
  }
  self->migration = demo_migration_new (self->server);
  self->inputs = demo_inputs_new (self->server, options->client_mouse);
  for (char **name = options->ports; name && *name; name++) {
    DemoPort *port = demo_server_add_port (self, *name);

    demo_port_set_echo (port, true);
    demo_port_event (port, SPICE_PORT_EVENT_OPENED);
  }
  if (options->agent)
    self->agent = demo_agent_new (self->server);
  if (!add_devices (self, options, error)) {
    demo_server_free (self);
    return NULL;
  }
  /* Starts the devices that exist now, so it comes last. */
  spice_server_vm_start (self->server);
  return self;
}

static void
remove_tls_dir (DemoServer *self)
{
  static const char *const names[] = { "ca-cert.pem", "ca-key.pem", "server-cert.pem", "server-key.pem" };

  if (!self->tls_dir || !self->own_tls_dir)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (self->tls_dir, names[i], NULL);

    g_unlink (path);
  }
  g_rmdir (self->tls_dir);
}

void
demo_server_free (DemoServer *self)
{
  the_server = NULL;
  g_clear_pointer (&self->server, spice_server_destroy);
  for (guint i = 0; i < self->n_devices; i++)
    demo_device_free (self->devices[i]);
  g_clear_pointer (&self->inputs, demo_inputs_free);
  g_ptr_array_unref (self->ports);
  demo_agent_free (self->agent);
  demo_migration_free (self->migration);
  remove_tls_dir (self);
  g_free (self->tls_dir);
  g_free (self->password);
  g_free (self);
}

DemoPort *
demo_server_port (DemoServer *self, const char *name)
{
  for (guint i = 0; i < self->ports->len; i++) {
    if (g_str_equal (demo_port_name (self->ports->pdata[i]), name))
      return self->ports->pdata[i];
  }
  return NULL;
}

DemoPort *
demo_server_add_port (DemoServer *self, const char *name)
{
  DemoPort *port = demo_port_new (self->server, name);

  g_ptr_array_add (self->ports, port);
  return port;
}

static void
set_ticket (DemoServer *self, bool disconnect)
{
  spice_server_set_ticket (self->server, self->password, 0, FALSE, disconnect);
  if (!self->password)
    spice_server_set_noauth (self->server);
}

void
demo_server_set_password (DemoServer *self, const char *password)
{
  g_free (self->password);
  self->password = !password || *password == '\0' ? NULL : g_strdup (password);
  set_ticket (self, false);
}

/* The library has no call for this, but a new ticket may ask for it. */
void
demo_server_disconnect (DemoServer *self)
{
  set_ticket (self, true);
}

bool
demo_server_set_compression (DemoServer *self, const char *name, GError **error)
{
  int value;

  if (!choose (compressions, "compression", name, &value, error))
    return false;
  spice_server_set_image_compression (self->server, value);
  return true;
}
