/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client on the public API that tests talk to: opens every channel of a session, or, with “only=ports”, the ports
 * alone; prints what happens as lines on standard output, and takes the commands of the tables on standard input:
 *
 * Every command is answered by "done COMMAND" or "refused COMMAND REASON". At the end: "counts …" of
 * the ports' writes, and "end rss=KIB". */
#include "viewer.h"

#include "viewer-fd.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void
viewer_say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static const char *
channel_name (SpiceChannel *channel)
{
  int type = 0;

  g_object_get (channel, "channel-type", &type, NULL);
  return spice_channel_type_to_string (type);
}

static int
channel_id (SpiceChannel *channel)
{
  int id = 0;

  g_object_get (channel, "channel-id", &id, NULL);
  return id;
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
  GEnumValue *value = g_enum_get_value (g_type_class_peek (SPICE_TYPE_CHANNEL_EVENT), event);
  const GError *error = spice_channel_get_error (channel);

  viewer_say ("event %s %d %s", channel_name (channel), channel_id (channel), value ? value->value_nick : "?");
  if (event != SPICE_CHANNEL_OPENED && error) {
    g_autofree char *text = g_strdelimit (g_strdup (error->message), "\n", ' ');

    viewer_say ("error %s %d %s:%d %s", channel_name (channel), channel_id (channel), g_quark_to_string (error->domain),
                error->code, text);
  }
}

static void
on_primary_create (SpiceChannel *channel, gint format, gint width, gint height, gint stride, gint shmid,
                   gpointer pixels, gpointer data)
{
  viewer_say ("primary-create %d %dx%d format=%d", channel_id (channel), width, height, format);
}

static void
on_primary_destroy (SpiceChannel *channel, gpointer data)
{
  viewer_say ("primary-destroy %d", channel_id (channel));
}

static void
on_mark (SpiceChannel *channel, gint mark, gpointer data)
{
  viewer_say ("mark %d %d", channel_id (channel), mark);
}

static void
on_monitors (GObject *channel, GParamSpec *spec, gpointer data)
{
  g_autoptr (GArray) monitors = NULL;
  g_autoptr (GString) line = g_string_new (NULL);

  g_object_get (channel, "monitors", &monitors, NULL);
  for (guint i = 0; monitors && i < monitors->len; i++) {
    const SpiceDisplayMonitorConfig *m = &g_array_index (monitors, SpiceDisplayMonitorConfig, i);

    g_string_append_printf (line, " %ux%u+%u+%u", m->width, m->height, m->x, m->y);
  }
  viewer_say ("monitors %d%s", channel_id (SPICE_CHANNEL (channel)), line->str);
}

static void
on_cursor (GObject *channel, GParamSpec *spec, gpointer data)
{
  SpiceCursorShape *shape = NULL;

  g_object_get (channel, "cursor", &shape, NULL);
  if (!shape || !shape->data) {
    viewer_say ("cursor none");
  } else {
    gsize size = (gsize) shape->width * shape->height * 4;
    g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, shape->data, size);

    viewer_say ("cursor %dx%d hot=%d,%d sha256=%s", shape->width, shape->height, shape->hot_spot_x, shape->hot_spot_y,
                sum);
  }
  if (shape)
    g_boxed_free (SPICE_TYPE_CURSOR_SHAPE, shape);
}

static void
on_cursor_move (SpiceChannel *channel, gint x, gint y, gpointer data)
{
  viewer_say ("cursor-move %d %d", x, y);
}

static void
on_cursor_hide (SpiceChannel *channel, gpointer data)
{
  viewer_say ("cursor-hide");
}

static void
on_mouse_update (SpiceChannel *channel, gpointer data)
{
  int mode = 0;

  g_object_get (channel, "mouse-mode", &mode, NULL);
  viewer_say ("mouse-mode %s", mode == SPICE_MOUSE_MODE_CLIENT ? "client" : "server");
}

static void
on_modifiers (SpiceChannel *channel, gpointer data)
{
  int modifiers = 0;

  g_object_get (channel, "key-modifiers", &modifiers, NULL);
  viewer_say ("modifiers %d", modifiers);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  Viewer *self = data;

  if (self->only_ports)
    viewer_say ("new %s %d", channel_name (channel), channel_id (channel));
  if (SPICE_IS_PORT_CHANNEL (channel))
    viewer_ports_add (SPICE_PORT_CHANNEL (channel), channel_id (channel));
  if (self->only_ports)
    return;
  g_ptr_array_add (self->channels, g_object_ref (channel));
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), self);
  if (SPICE_IS_DISPLAY_CHANNEL (channel)) {
    g_signal_connect (channel, "display-primary-create", G_CALLBACK (on_primary_create), self);
    g_signal_connect (channel, "display-primary-destroy", G_CALLBACK (on_primary_destroy), self);
    g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), self);
    g_signal_connect (channel, "notify::monitors", G_CALLBACK (on_monitors), self);
  } else if (SPICE_IS_CURSOR_CHANNEL (channel)) {
    g_signal_connect (channel, "notify::cursor", G_CALLBACK (on_cursor), self);
    g_signal_connect (channel, "cursor-move", G_CALLBACK (on_cursor_move), self);
    g_signal_connect (channel, "cursor-hide", G_CALLBACK (on_cursor_hide), self);
  } else if (SPICE_IS_MAIN_CHANNEL (channel)) {
    g_signal_connect (channel, "main-mouse-update", G_CALLBACK (on_mouse_update), self);
  } else if (SPICE_IS_INPUTS_CHANNEL (channel)) {
    g_signal_connect (channel, "inputs-modifiers", G_CALLBACK (on_modifiers), self);
  }
  if (!SPICE_IS_MAIN_CHANNEL (channel) && !SPICE_IS_PORT_CHANNEL (channel))
    spice_channel_connect (channel);
}

static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  Viewer *self = data;

  if (self->only_ports)
    return;
  viewer_say ("channel-gone %s %d", channel_name (channel), channel_id (channel));
  g_ptr_array_remove (self->channels, channel);
}

static void
on_disconnected (SpiceSession *session, gpointer data)
{
  viewer_say ("disconnected");
}

static SpiceChannel *
find_channel (Viewer *self, GType type, int id)
{
  for (guint i = 0; i < self->channels->len; i++) {
    SpiceChannel *channel = self->channels->pdata[i];

    if (G_TYPE_CHECK_INSTANCE_TYPE (channel, type) && channel_id (channel) == id)
      return channel;
  }
  return NULL;
}

static guint32
shown (const SpiceDisplayPrimary *primary, int x, int y)
{
  const guint8 *row = primary->data + (gsize) primary->stride * y;
  guint32 word = 0, r, g, b;

  if (primary->format == SPICE_SURFACE_FMT_32_xRGB || primary->format == SPICE_SURFACE_FMT_32_ARGB) {
    memcpy (&word, row + 4 * x, 4);
    return word & 0xffffff;
  }
  memcpy (&word, row + 2 * x, 2);
  word = GUINT32_FROM_LE (word);
  r = primary->format == SPICE_SURFACE_FMT_16_565 ? word >> 11 & 31 : word >> 10 & 31;
  g = primary->format == SPICE_SURFACE_FMT_16_565 ? word >> 5 & 63 : word >> 5 & 31;
  b = word & 31;
  g = primary->format == SPICE_SURFACE_FMT_16_565 ? g << 2 | g >> 4 : g << 3 | g >> 2;
  return (r << 3 | r >> 2) << 16 | g << 8 | (b << 3 | b >> 2);
}

static const char *
dump (Viewer *self, int display, const char *path)
{
  SpiceChannel *channel = find_channel (self, SPICE_TYPE_DISPLAY_CHANNEL, display);
  SpiceDisplayPrimary primary;
  g_autoptr (GString) out = g_string_new (NULL);

  if (!channel || !spice_display_channel_get_primary (channel, 0, &primary))
    return "no such display";
  g_string_append_printf (out, "P6\n%d %d\n255\n", primary.width, primary.height);
  for (int y = 0; y < primary.height; y++) {
    for (int x = 0; x < primary.width; x++) {
      guint32 rgb = shown (&primary, x, y);

      g_string_append_c (out, rgb >> 16);
      g_string_append_c (out, rgb >> 8);
      g_string_append_c (out, rgb);
    }
  }
  if (!g_file_set_contents (path, out->str, out->len, NULL))
    return "cannot write the file";
  viewer_say ("dumped %d %d", primary.width, primary.height);
  return NULL;
}

#define INPUT(name, call)                                                                                              \
  static const char *run_##name (Viewer *self, char **words, const gint64 *n)                                          \
  {                                                                                                                    \
    SpiceInputsChannel *inputs = SPICE_INPUTS_CHANNEL (find_channel (self, SPICE_TYPE_INPUTS_CHANNEL, 0));             \
                                                                                                                       \
    if (!inputs)                                                                                                       \
      return "no inputs channel";                                                                                      \
    call;                                                                                                              \
    return NULL;                                                                                                       \
  }

INPUT (key_press, spice_inputs_channel_key_press (inputs, n[1]))
INPUT (key_release, spice_inputs_channel_key_release (inputs, n[1]))
INPUT (key, spice_inputs_channel_key_press_and_release (inputs, n[1]))
INPUT (locks, spice_inputs_channel_set_key_locks (inputs, n[1]))
INPUT (position, spice_inputs_channel_position (inputs, n[1], n[2], n[3], n[4]))
INPUT (motion, spice_inputs_channel_motion (inputs, n[1], n[2], n[3]))
INPUT (press, spice_inputs_channel_button_press (inputs, n[1], n[2]))
INPUT (release, spice_inputs_channel_button_release (inputs, n[1], n[2]))

static const char *
run_dump (Viewer *self, char **words, const gint64 *n)
{
  return g_strv_length (words) == 3 ? dump (self, (int) n[1], words[2]) : "needs DISPLAY FILE";
}

static const char *
run_bytes (Viewer *self, char **words, const gint64 *n)
{
  SpiceChannel *channel = find_channel (self, SPICE_TYPE_DISPLAY_CHANNEL, (int) n[1]);
  gulong bytes = 0;

  if (!channel)
    return "no such display";
  g_object_get (channel, "total-read-bytes", &bytes, NULL);
  viewer_say ("bytes %lu", bytes);
  return NULL;
}

static const char *
run_mouse_mode (Viewer *self, char **words, const gint64 *n)
{
  SpiceChannel *channel = find_channel (self, SPICE_TYPE_MAIN_CHANNEL, 0);

  if (!channel)
    return "no main channel";
  spice_main_channel_request_mouse_mode (SPICE_MAIN_CHANNEL (channel), (int) n[1]);
  return NULL;
}

static const char *
run_open (Viewer *self, char **words, const gint64 *n)
{
  spice_channel_new (self->session, (int) n[1], (int) n[2]);
  return NULL;
}

static const char *
run_connect (Viewer *self, char **words, const gint64 *n)
{
  return spice_session_connect (self->session) ? NULL : "the session does not connect";
}

static const char *
run_connect_fd (Viewer *self, char **words, const gint64 *n)
{
  return viewer_fd_connect (self->session, "") ? NULL : "the session does not connect";
}

/* NAME=VALUE, of a string or a number. */
static void
set_property (SpiceSession *session, const char *assignment)
{
  g_auto (GStrv) pair = g_strsplit (assignment, "=", 2);
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (session), pair[0]);

  if (G_IS_PARAM_SPEC_STRING (spec))
    g_object_set (session, pair[0], g_str_equal (pair[1], "none") ? NULL : pair[1], NULL);
  else if (G_IS_PARAM_SPEC_BOOLEAN (spec))
    g_object_set (session, pair[0], g_str_equal (pair[1], "true"), NULL);
  else
    g_object_set (session, pair[0], (int) strtol (pair[1], NULL, 0), NULL);
}

/* A drive that is plugged into the first place there is. */
static bool
add_cd (SpiceSession *session, const char *path)
{
  SpiceUsbDeviceManager *manager = spice_usb_device_manager_get (session, NULL);

  if (!manager)
    return false;
  g_object_set (manager, "redirect-on-connect", "-1,-1,-1,-1,1", NULL);
  return spice_usb_device_manager_create_shared_cd_device (manager, (char *) path, NULL);
}

static const char *
run_set (Viewer *self, char **words, const gint64 *n)
{
  g_autofree char *assignment = words[1] && words[2] ? g_strdup_printf ("%s=%s", words[1], words[2]) : NULL;

  if (!assignment)
    return "needs PROPERTY VALUE";
  set_property (self->session, assignment);
  return NULL;
}

/* What programs that offer folders of their own look at. */
static const char *
run_webdav_server (Viewer *self, char **words, const gint64 *n)
{
  g_autoptr (GObject) server = NULL, root = NULL;

  g_object_get (self->session, "webdav-server", &server, NULL);
  if (server)
    g_object_get (server, "root-file", &root, NULL);
  viewer_say ("webdav-server %s %s", server ? G_OBJECT_TYPE_NAME (server) : "(none)",
              root ? G_OBJECT_TYPE_NAME (root) : "(none)");
  return NULL;
}

static const char *
run_disconnect (Viewer *self, char **words, const gint64 *n)
{
  spice_session_disconnect (self->session);
  return NULL;
}

static const char *
run_quit (Viewer *self, char **words, const gint64 *n)
{
  g_main_loop_quit (self->loop);
  return NULL;
}

static const ViewerCommand commands[] = {
  { "dump", "DISPLAY FILE: its primary surface as a pixmap → dumped WIDTH HEIGHT", run_dump },
  { "bytes", "DISPLAY: read by its channel so far → bytes COUNT", run_bytes },
  { "key-press", "CODE", run_key_press },
  { "key-release", "CODE", run_key_release },
  { "key", "CODE: press and release", run_key },
  { "locks", "MASK", run_locks },
  { "position", "X Y DISPLAY MASK", run_position },
  { "motion", "DX DY MASK", run_motion },
  { "press", "BUTTON MASK", run_press },
  { "release", "BUTTON MASK", run_release },
  { "mouse-mode", "MODE: ask for it", run_mouse_mode },
  { "open", "TYPE ID: a channel the server did not list", run_open },
  { "connect", "again, by sockets of the library", run_connect },
  { "connect-fd", "or of the viewer", run_connect_fd },
  { "set", "PROPERTY VALUE: of the session; true, false, a number, none or text", run_set },
  { "webdav-server", "→ webdav-server TYPE OF-ITS-ROOT", run_webdav_server },
  { "disconnect", "the session", run_disconnect },
  { "quit", "as does the end of the input", run_quit },
  { NULL },
};

static const char *
run_words (Viewer *self, char **words)
{
  const ViewerCommand *const tables[] = { commands, viewer_port_commands };
  gint64 numbers[6] = { 0 };

  for (guint i = 1; i < G_N_ELEMENTS (numbers) && words[i]; i++)
    numbers[i] = g_ascii_strtoll (words[i], NULL, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (tables); i++)
    for (const ViewerCommand *command = tables[i]; command->name; command++)
      if (strcmp (command->name, words[0]) == 0)
        return command->run (self, words, numbers);
  return "unknown command";
}

static gboolean
input_ready (gint fd, GIOCondition condition, gpointer data)
{
  Viewer *self = data;
  char block[4096], *end;
  gssize size = read (fd, block, sizeof block);

  if (size <= 0) {
    g_main_loop_quit (self->loop);
    return G_SOURCE_REMOVE;
  }
  g_string_append_len (self->input, block, size);
  while ((end = memchr (self->input->str, '\n', self->input->len))) {
    g_autofree char *line = g_strndup (self->input->str, end - self->input->str);
    g_auto (GStrv) words = g_strsplit (line, " ", -1);

    g_string_erase (self->input, 0, end + 1 - self->input->str);
    if (words[0]) {
      const char *refused = run_words (self, words);

      viewer_say ("%s %s%s%s", refused ? "refused" : "done", words[0], refused ? " " : "", refused ? refused : "");
    }
  }
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  Viewer self = { 0 };
  const char *sockets = NULL; /* by whom they are made: NULL for the library */
  struct rusage usage;

  if (argc < 2) {
    fprintf (stderr, "usage: %s URI [only=ports] [sockets=MODE] [shared-cd=FILE] [PROPERTY=VALUE …]\n", argv[0]);
    return 2;
  }
  self.loop = g_main_loop_new (NULL, FALSE);
  self.channels = g_ptr_array_new_with_free_func (g_object_unref);
  self.input = g_string_new (NULL);
  g_type_class_unref (g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT));
  self.session = spice_session_new ();
  g_object_set (self.session, "uri", argv[1], "enable-audio", FALSE, "enable-usbredir", FALSE, NULL);
  for (int i = 2; i < argc; i++) {
    if (g_str_equal (argv[i], "only=ports")) {
      self.only_ports = true;
      continue;
    }
    if (g_str_has_prefix (argv[i], "shared-cd=")) {
      if (!add_cd (self.session, argv[i] + strlen ("shared-cd=")))
        return 2;
      continue;
    }
    if (!g_str_has_prefix (argv[i], "sockets=")) {
      set_property (self.session, argv[i]);
      continue;
    }
    sockets = argv[i] + strlen ("sockets=");
    if (!viewer_fd_use (self.session, sockets))
      return 2;
  }
  g_signal_connect (self.session, "channel-new", G_CALLBACK (on_channel_new), &self);
  g_signal_connect (self.session, "channel-destroy", G_CALLBACK (on_channel_destroy), &self);
  g_signal_connect (self.session, "disconnected", G_CALLBACK (on_disconnected), &self);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, input_ready, &self);
  if (!(sockets ? viewer_fd_connect (self.session, sockets) : spice_session_connect (self.session)))
    viewer_say ("refused connect");
  g_main_loop_run (self.loop);

  spice_session_disconnect (self.session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  viewer_ports_end ();
  g_ptr_array_set_size (self.channels, 0);
  g_object_unref (self.session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_ptr_array_unref (self.channels);
  g_string_free (self.input, TRUE);
  g_main_loop_unref (self.loop);
  getrusage (RUSAGE_SELF, &usage);
  viewer_say ("end rss=%ld", usage.ru_maxrss);
  return 0;
}
