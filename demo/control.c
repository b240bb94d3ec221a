/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control.h"

#include "control-draw.h"
#include "control-migration.h"
#include "control-port.h"
#include "folder.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_LIMIT (1 << 20)

struct DemoControl {
  DemoServer *server;
  GMainLoop *loop;
  GString *input;
  GHashTable *pictures;
  guint source;
  DemoFolder *folder; /* or NULL */
};

/* `reply` gets what follows "ok". */
typedef bool (*Command) (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error);

static bool
run_picture (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_control_picture (self->pictures, args, error);
}

static bool
run_surface_create (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  int id = 0, width = 64, height = 64, format = SPICE_SURFACE_FMT_32_xRGB;

  return demo_args_need (args, "id", error) && demo_args_int (args, "id", 1, 1023, &id, error)
         && demo_args_size (args, "size", &width, &height, error) && demo_control_surface_format (args, &format, error)
         && demo_args_finish (args, error) && demo_device_create_surface (device, id, format, width, height, error);
}

static bool
run_surface_destroy (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  int id = 0;

  return demo_args_need (args, "id", error) && demo_args_int (args, "id", 1, 1023, &id, error)
         && demo_args_finish (args, error) && demo_device_destroy_surface (device, id, error);
}

static bool
run_mode (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  int width = 640, height = 480, format = SPICE_SURFACE_FMT_32_xRGB;

  return demo_args_size (args, "size", &width, &height, error) && demo_control_surface_format (args, &format, error)
         && demo_args_finish (args, error) && demo_device_set_mode (device, format, width, height, error);
}

/* at=WxH+X+Y,… */
static bool
run_heads (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  const char *text = demo_args_text (args, "at");
  DemoHead heads[DEMO_MAX_HEADS];
  g_auto (GStrv) words = NULL;
  int most = DEMO_MAX_HEADS;
  guint n;

  if (!demo_args_need (args, "at", error) || !demo_args_int (args, "max", 0, 256, &most, error)
      || !demo_args_finish (args, error))
    return false;
  words = g_strsplit (text, ",", -1);
  n = g_strv_length (words);
  for (guint i = 0; i < n; i++) {
    char rest;

    if (n > DEMO_MAX_HEADS
        || sscanf (words[i], "%dx%d+%d+%d%c", &heads[i].width, &heads[i].height, &heads[i].x, &heads[i].y, &rest)
               != 4) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "heads: “%s” is not WxH+X+Y, or more than %d",
                   words[i], DEMO_MAX_HEADS);
      return false;
    }
  }
  demo_device_set_heads (device, heads, n, most);
  return true;
}

static bool
run_scanout (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  DemoScanout scanout = { .width = 640, .height = 480 };
  const char *format = demo_args_text (args, "format");
  int seed = 0, size = -1;

  if (!demo_args_size (args, "size", &scanout.width, &scanout.height, error))
    return false;
  scanout.stride = 4 * scanout.width;
  if (!demo_args_int (args, "stride", 0, 1 << 20, &scanout.stride, error))
    return false;
  scanout.y0top = true;
  if (!demo_args_flag (args, "top", &scanout.y0top, error) || !demo_args_int (args, "seed", 0, 255, &seed, error)
      || !demo_args_int (args, "bytes", 1, 1 << 26, &size, error) || !demo_args_finish (args, error))
    return false;
  if (!format)
    format = "XR24";
  if (strlen (format) != 4) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "scanout: “%s” is not a DRM format", format);
    return false;
  }
  for (guint i = 0; i < 4; i++)
    scanout.format |= (guint32) (guint8) format[i] << 8 * i;
  scanout.seed = (guint) seed;
  scanout.size = size > 0 ? (gsize) size : (gsize) scanout.stride * scanout.height;
  return demo_device_scanout (device, &scanout, error);
}

static bool
run_scanout_off (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_args_finish (args, error) && demo_device_scanout_off (device, error);
}

static bool
run_cursor (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_control_cursor (device, args, error);
}

static bool
run_cursor_move (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  int x = 0, y = 0;

  if (!demo_args_need (args, "at", error) || !demo_args_point (args, "at", &x, &y, error)
      || !demo_args_finish (args, error))
    return false;
  demo_device_push_cursor (device, demo_command_cursor_move (x, y));
  return true;
}

static bool
run_cursor_hide (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  if (!demo_args_finish (args, error))
    return false;
  demo_device_push_cursor (device, demo_command_cursor_hide ());
  return true;
}

static bool
run_inputs (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  bool clear = false;
  const GPtrArray *log;
  guint64 lost;

  if (!demo_args_flag (args, "clear", &clear, error) || !demo_args_finish (args, error))
    return false;
  log = demo_inputs_log (self->server->inputs, &lost);
  g_string_append_printf (reply, " count=%u lost=%" G_GUINT64_FORMAT " events=", log->len, lost);
  for (guint i = 0; i < log->len; i++) {
    g_autofree char *event = g_strdelimit (g_strdup (log->pdata[i]), " ", ':');

    g_string_append_printf (reply, "%s%s", i > 0 ? "," : "", event);
  }
  if (clear)
    demo_inputs_clear (self->server->inputs);
  return true;
}

static bool
run_tablet (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  bool on = true;

  if (!demo_args_flag (args, "on", &on, error) || !demo_args_finish (args, error))
    return false;
  demo_inputs_set_tablet (self->server->inputs, on);
  return true;
}

static bool
run_leds (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  int state = 0;

  if (!demo_args_int (args, "state", 0, 7, &state, error) || !demo_args_finish (args, error))
    return false;
  demo_inputs_set_leds (self->server->inputs, state);
  return true;
}

static bool
run_port (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_control_port (self->server, args, reply, error);
}

static bool
run_port_send (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_control_port_send (self->server, args, error);
}

static bool
run_port_event (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_control_port_event (self->server, args, error);
}

static bool
run_migration (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_control_migration (self->server, args, reply, error);
}

static bool
run_migration_end (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_control_migration_end (self->server, args, error);
}

static bool
run_migration_switch (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  return demo_control_migration_switch (self->server, args, error);
}

static bool
run_folder (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  if (!demo_args_finish (args, error))
    return false;
  if (!self->folder)
    self->folder = demo_folder_new (self->server, error);
  if (self->folder)
    g_string_append_printf (reply, " port=%d", demo_folder_port (self->folder));
  return self->folder != NULL;
}

static bool
run_password (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  const char *word = demo_args_text (args, "word");

  if (!demo_args_finish (args, error))
    return false;
  demo_server_set_password (self->server, word);
  return true;
}

static bool
run_compression (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  const char *name = demo_args_text (args, "name");

  return demo_args_need (args, "name", error) && demo_args_finish (args, error)
         && demo_server_set_compression (self->server, name, error);
}

static bool
run_disconnect (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  if (!demo_args_finish (args, error))
    return false;
  demo_server_disconnect (self->server);
  return true;
}

static bool
run_dump (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  const char *path = demo_args_text (args, "file");
  int surface = 0, width, height;
  g_autoptr (GBytes) pixmap = NULL;

  if (!demo_args_need (args, "file", error) || !demo_args_int (args, "surface", 0, 1023, &surface, error)
      || !demo_args_finish (args, error))
    return false;
  if (!demo_oracle_has_surface (demo_device_oracle (device), surface, &width, &height, NULL)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "dump: no surface %d", surface);
    return false;
  }
  pixmap = demo_oracle_pixmap (demo_device_oracle (device), surface);
  g_string_append_printf (reply, " width=%d height=%d", width, height);
  return g_file_set_contents (path, g_bytes_get_data (pixmap, NULL), g_bytes_get_size (pixmap), error);
}

/* Inverts one pixel of the oracle alone, for tests of the comparisons themselves. */
static bool
run_spoil (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  DemoOp op = { .type = DEMO_INVERS };

  if (!demo_args_need (args, "at", error) || !demo_args_point (args, "at", &op.box.left, &op.box.top, error)
      || !demo_args_finish (args, error))
    return false;
  op.box.right = op.box.left + 1;
  op.box.bottom = op.box.top + 1;
  demo_oracle_draw (demo_device_oracle (device), &op);
  return true;
}

static bool
run_check (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  int x = 0, y = 0;
  guint32 server = 0, oracle = 0;
  guint n;

  if (!demo_args_finish (args, error))
    return false;
  n = demo_device_check (device, &x, &y, &server, &oracle);
  g_string_append_printf (reply, " different=%u", n);
  if (n > 0)
    g_string_append_printf (reply, " x=%d y=%d server=%06x oracle=%06x", x, y, server, oracle);
  return true;
}

static bool
run_sync (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  int timeout = DEMO_DRAIN_MS;

  if (!demo_args_int (args, "timeout", 0, DEMO_DRAIN_MS, &timeout, error) || !demo_args_finish (args, error))
    return false;
  if (demo_device_drain (device, timeout))
    return true;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "sync: %u commands still queued after %d ms",
               demo_device_queued (device), timeout);
  return false;
}

static bool
run_stats (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  const guint *channels = self->server->channels;

  if (!demo_args_finish (args, error))
    return false;
  g_string_append_printf (reply,
                          " main=%u display=%u inputs=%u cursor=%u port=%u connections=%" G_GUINT64_FORMAT
                          " queued=%u taken=%" G_GUINT64_FORMAT,
                          channels[SPICE_CHANNEL_MAIN], channels[SPICE_CHANNEL_DISPLAY], channels[SPICE_CHANNEL_INPUTS],
                          channels[SPICE_CHANNEL_CURSOR], channels[SPICE_CHANNEL_PORT], self->server->connections,
                          demo_device_queued (device), demo_device_sent (device));
  g_string_append_printf (reply, " mouse=%s",
                          spice_server_is_server_mouse (self->server->server) ? "server" : "client");
  return true;
}

static bool
run_quit (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  if (!demo_args_finish (args, error))
    return false;
  g_main_loop_quit (self->loop);
  return true;
}

static bool run_help (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error);

static const struct {
  const char *verb;
  Command run;
  const char *usage;
} commands[] = {
  { "help", run_help, "" },
  { "picture", run_picture, "NAME kind= size=WxH format= seed= padding= palette= bottom-up= cache= high-bits=" },
  { "surface-create", run_surface_create, "id= size=WxH format=" },
  { "surface-destroy", run_surface_destroy, "id=" },
  { "mode", run_mode, "size=WxH format=" },
  { "heads", run_heads, "at=WxH+X+Y,… max=" },
  { "scanout", run_scanout, "size=WxH format=FOURCC stride= top= seed= bytes=" },
  { "scanout-off", run_scanout_off, "" },
  { "cursor", run_cursor, "type= size=WxH hot=X,Y at=X,Y seed= cached= visible=" },
  { "cursor-move", run_cursor_move, "at=X,Y" },
  { "cursor-hide", run_cursor_hide, "" },
  { "inputs", run_inputs, "clear=" },
  { "tablet", run_tablet, "on=" },
  { "leds", run_leds, "state=" },
  { "port", run_port, "NAME echo= sum= room= clear=" },
  { "port-send", run_port_send, "NAME size= seed=" },
  { "port-event", run_port_event, "NAME number=" },
  { "migration", run_migration, "host= port= tls-port= subject=" },
  { "migration-end", run_migration_end, "completed=" },
  { "migration-switch", run_migration_switch, "host= port= tls-port= subject=" },
  { "folder", run_folder, "" },
  { "password", run_password, "word=" },
  { "compression", run_compression, "name=" },
  { "disconnect", run_disconnect, "" },
  { "dump", run_dump, "file= surface=" },
  { "check", run_check, "" },
  { "spoil", run_spoil, "at=X,Y" },
  { "sync", run_sync, "timeout=" },
  { "stats", run_stats, "" },
  { "quit", run_quit, "" },
};

static bool
run_help (DemoControl *self, DemoDevice *device, DemoArgs *args, GString *reply, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_string_append_printf (reply, " %s %s;", commands[i].verb, commands[i].usage);
  g_string_append (reply, " fill|copy|opaque|blend|blackness|whiteness|invers|copy-bits|alpha-blend|transparent "
                          "box=L,T,R,B surface= src= area= color= pattern= pattern-at= rop= scale= clip=L,T,R,B;… "
                          "mask= mask-at= mask-invers= from= alpha= flags=; all: display=");
  return true;
}

static bool
dispatch (DemoControl *self, const char *line, GString *reply, GError **error)
{
  g_autoptr (DemoArgs) args = demo_args_parse (line, error);
  DemoDevice *device;
  int display = 0;

  if (!args || !demo_args_int (args, "display", 0, self->server->n_devices - 1, &display, error))
    return false;
  device = self->server->devices[display];
  if (demo_control_is_operation (args->verb))
    return demo_control_draw (device, self->pictures, args, error);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (g_str_equal (commands[i].verb, args->verb))
      return commands[i].run (self, device, args, reply, error);
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "unknown command “%s”", args->verb);
  return false;
}

static void
run_line (DemoControl *self, const char *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) reply = g_string_new (NULL);

  if (dispatch (self, line, reply, &error))
    printf ("ok%s\n", reply->str);
  else
    printf ("error %s\n", error->message);
  fflush (stdout);
}

static void
run_complete_lines (DemoControl *self)
{
  char *end;

  while ((end = memchr (self->input->str, '\n', self->input->len))) {
    g_autofree char *line = g_strndup (self->input->str, end - self->input->str);

    g_string_erase (self->input, 0, end + 1 - self->input->str);
    if (*g_strstrip (line) != '\0')
      run_line (self, line);
  }
}

static gboolean
input_ready (gint fd, GIOCondition condition, gpointer data)
{
  DemoControl *self = data;
  char block[4096];
  gssize n = read (fd, block, sizeof block);

  if (n <= 0 || self->input->len > LINE_LIMIT) {
    g_main_loop_quit (self->loop);
    self->source = 0;
    return G_SOURCE_REMOVE;
  }
  g_string_append_len (self->input, block, n);
  run_complete_lines (self);
  return G_SOURCE_CONTINUE;
}

DemoControl *
demo_control_new (DemoServer *server, GMainLoop *loop)
{
  DemoControl *self = g_new0 (DemoControl, 1);

  self->server = server;
  self->loop = loop;
  self->input = g_string_new (NULL);
  self->pictures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) demo_picture_unref);
  self->source = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, input_ready, self);
  return self;
}

void
demo_control_free (DemoControl *self)
{
  if (self->source != 0)
    g_source_remove (self->source);
  demo_folder_free (self->folder);
  g_string_free (self->input, TRUE);
  g_hash_table_unref (self->pictures);
  g_free (self);
}
