/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control.h"
#include "scene.h"
#include "server.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define FRAME_MS 40
#define DEFAULT_WIDTH 800
#define DEFAULT_HEIGHT 600

typedef struct {
  DemoOptions server;
  char *size, *mouse;
  gboolean control, no_animation, no_scene, heading, agent, seamless;
} Options;

typedef struct {
  DemoServer *server;
  DemoScene *scenes[DEMO_MAX_DISPLAYS];
  GMainLoop *loop;
} Demo;

static gboolean
animate (gpointer data)
{
  Demo *self = data;

  for (guint i = 0; i < self->server->n_devices; i++) {
    if (self->scenes[i])
      demo_scene_step (self->scenes[i]);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
quit (gpointer data)
{
  Demo *self = data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static bool
parse_options (Options *self, int *argc, char ***argv, GError **error)
{
  DemoOptions *server = &self->server;
  const GOptionEntry entries[] = {
    { "addr", 0, 0, G_OPTION_ARG_STRING, &server->addr, "Listen on this address (127.0.0.1)", "ADDR" },
    { "port", 0, 0, G_OPTION_ARG_INT, &server->port, "Port without TLS; 0 (default): any free one; -1: none", "PORT" },
    { "tls-port", 0, 0, G_OPTION_ARG_INT, &server->tls_port, "Port with TLS; 0: any free one", "PORT" },
    { "tls-dir", 0, 0, G_OPTION_ARG_FILENAME, &server->tls_dir, "Write the certificates made at start to DIR", "DIR" },
    { "tls-host", 0, 0, G_OPTION_ARG_STRING, &server->tls_host, "Name in the certificate (localhost)", "NAME" },
    { "unix", 0, 0, G_OPTION_ARG_FILENAME, &server->unix_path, "Listen on a unix socket instead of a port", "PATH" },
    { "password", 0, 0, G_OPTION_ARG_STRING, &server->password, "Ask clients for this password", "WORD" },
    { "compression", 0, 0, G_OPTION_ARG_STRING, &server->compression,
      "off, quic, lz, glz, auto_glz (default), auto_lz or lz4", "NAME" },
    { "jpeg", 0, 0, G_OPTION_ARG_STRING, &server->jpeg, "Lossy images: auto, always, never (default)", "WHEN" },
    { "zlib-glz", 0, 0, G_OPTION_ARG_STRING, &server->zlib_glz, "Deflate over GLZ: auto, always, never (default)",
      "WHEN" },
    { "streaming", 0, 0, G_OPTION_ARG_STRING, &server->streaming, "Video streams: off (default), filter, all",
      "WHICH" },
    { "video-codecs", 0, 0, G_OPTION_ARG_STRING, &server->video_codecs,
      "What videos are encoded by, like “spice:mjpeg;gstreamer:vp8”", "LIST" },
    { "displays", 0, 0, G_OPTION_ARG_INT, &server->displays, "Display devices, 1 to 4 (1)", "N" },
    { "heads", 0, 0, G_OPTION_ARG_INT, &server->heads, "Monitors side by side on each device, 1 to 8 (1)", "N" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &self->size, "Size of each display (800x600)", "WxH" },
    { "mouse", 0, 0, G_OPTION_ARG_STRING, &self->mouse, "server (default), or client: offers a tablet", "MODE" },
    { "name", 0, 0, G_OPTION_ARG_STRING, &server->name, "Name of the machine", "NAME" },
    { "uuid", 0, 0, G_OPTION_ARG_STRING, &server->uuid, "UUID of the machine", "UUID" },
    { "spice-port", 0, 0, G_OPTION_ARG_STRING_ARRAY, &server->ports,
      "Offer a port of this name that echoes; may be repeated", "NAME" },
    { "agent", 0, 0, G_OPTION_ARG_NONE, &self->agent,
      "Have a guest agent, which takes files and gives back what clients copy", NULL },
    { "seamless", 0, 0, G_OPTION_ARG_NONE, &self->seamless, "Migrate clients without a break, where they can", NULL },
    { "no-animation", 0, 0, G_OPTION_ARG_NONE, &self->no_animation, "Draw the scene once", NULL },
    { "no-scene", 0, 0, G_OPTION_ARG_NONE, &self->no_scene, "Start with a black screen", NULL },
    { "control", 0, 0, G_OPTION_ARG_NONE, &self->control, "Take commands from standard input (“help” lists them)",
      NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("— a real SPICE server that draws by itself");

  g_option_context_set_description (context,
                                    "Prints “ready port=… tls-port=… tls-dir=…” when clients can connect and runs "
                                    "until SIGINT, SIGTERM, “quit” or, with --control, the end of its input.\n");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static bool
in_range (const char *option, int value, int least, int most, GError **error)
{
  if (value >= least && value <= most)
    return true;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s %d is not %d…%d", option, value, least, most);
  return false;
}

static bool
check_options (Options *self, int argc, GError **error)
{
  DemoOptions *server = &self->server;
  char rest;

  if (argc > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument");
    return false;
  }
  if (self->size && sscanf (self->size, "%dx%d%c", &server->width, &server->height, &rest) != 2) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--size “%s” is not WIDTHxHEIGHT", self->size);
    return false;
  }
  if (self->mouse && !g_str_equal (self->mouse, "server") && !g_str_equal (self->mouse, "client")) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--mouse “%s” is not server or client", self->mouse);
    return false;
  }
  server->agent = self->agent;
  server->seamless = self->seamless;
  server->client_mouse = self->mouse && g_str_equal (self->mouse, "client");
  if (server->port == -1 && server->tls_port == -1 && !server->unix_path) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "neither a port nor a TLS port nor a unix socket");
    return false;
  }
  return in_range ("--displays", server->displays, 1, DEMO_MAX_DISPLAYS, error)
         && in_range ("--heads", server->heads, 1, DEMO_MAX_HEADS, error)
         && in_range ("--port", server->port, -1, 65535, error)
         && in_range ("--tls-port", server->tls_port, -1, 65535, error);
}

static void
set_default (char **option, const char *value)
{
  if (!*option)
    *option = g_strdup (value);
}

static void
options_init (Options *self)
{
  *self = (Options){ 0 };
  self->server.tls_port = -1;
  self->server.displays = 1;
  self->server.heads = 1;
  self->server.width = DEFAULT_WIDTH;
  self->server.height = DEFAULT_HEIGHT;
}

static void
options_complete (DemoOptions *self)
{
  set_default (&self->addr, "127.0.0.1");
  set_default (&self->tls_host, "localhost");
  set_default (&self->compression, "auto_glz");
  set_default (&self->jpeg, "never");
  set_default (&self->zlib_glz, "never");
  set_default (&self->streaming, "off");
  set_default (&self->name, "Caraway demo");
}

static void
options_clear (Options *self)
{
  DemoOptions *server = &self->server;
  char *texts[] = { server->addr,      server->unix_path,    server->tls_dir,     server->tls_host, server->password,
                    server->name,      server->uuid,         server->compression, server->jpeg,     server->zlib_glz,
                    server->streaming, server->video_codecs, self->size,          self->mouse };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_strfreev (server->ports);
}

static void
print_ready (const DemoServer *server, const DemoOptions *options)
{
  printf ("ready");
  if (server->port > 0)
    printf (" port=%d", server->port);
  if (server->tls_port > 0)
    printf (" tls-port=%d tls-dir=%s", server->tls_port, server->tls_dir);
  if (options->unix_path)
    printf (" unix=%s", options->unix_path);
  printf ("\n");
  fflush (stdout);
}

static void
run (Demo *self, const Options *options)
{
  DemoControl *control = NULL;
  guint animation = 0, signals[2];

  for (guint i = 0; !options->no_scene && i < self->server->n_devices; i++) {
    g_autofree char *title = self->server->n_devices > 1 ? g_strdup_printf ("CARAWAY %u", i + 1) : g_strdup ("CARAWAY");

    self->scenes[i] = demo_scene_new (self->server->devices[i], title);
  }
  self->loop = g_main_loop_new (NULL, FALSE);
  signals[0] = g_unix_signal_add (SIGINT, quit, self);
  signals[1] = g_unix_signal_add (SIGTERM, quit, self);
  if (!options->no_animation && !options->no_scene)
    animation = g_timeout_add (FRAME_MS, animate, self);
  if (options->control)
    control = demo_control_new (self->server, self->loop);
  print_ready (self->server, &options->server);
  g_main_loop_run (self->loop);
  g_clear_pointer (&control, demo_control_free);
  if (animation != 0)
    g_source_remove (animation);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_source_remove (signals[i]);
  for (guint i = 0; i < self->server->n_devices; i++)
    g_clear_pointer (&self->scenes[i], demo_scene_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Options options;
  Demo self = { 0 };
  int status = EXIT_FAILURE;

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN); /* the server library writes to clients that have gone */
  options_init (&options);
  if (!parse_options (&options, &argc, &argv, &error) || !check_options (&options, argc, &error)) {
    fprintf (stderr, "caraway-demo-server: %s\nTry --help.\n", error->message);
    options_clear (&options);
    return 2;
  }
  options_complete (&options.server);
  self.server = demo_server_new (&options.server, &error);
  if (self.server) {
    run (&self, &options);
    demo_server_free (self.server);
    status = EXIT_SUCCESS;
  } else {
    fprintf (stderr, "caraway-demo-server: %s\n", error->message);
  }
  if (options.server.unix_path)
    g_unlink (options.server.unix_path);
  options_clear (&options);
  return status;
}
