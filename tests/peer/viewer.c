/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client on the public API that tests talk to: opens every channel of a session, prints what happens as lines on
 * standard output, and takes commands on standard input:
 *
 *   dump DISPLAY FILE   write the display's primary surface as a pixmap     → dumped WIDTH HEIGHT
 *   key-press CODE, key-release CODE, key CODE (press and release), locks MASK
 *   position X Y DISPLAY MASK, motion DX DY MASK, press BUTTON MASK, release BUTTON MASK
 *   mouse-mode MODE     ask for a mouse mode
 *   bytes DISPLAY       → bytes COUNT, read by the display's channel so far
 *   open TYPE ID        open a channel the server did not list
 *   disconnect, quit    (as does the end of the input)
 *   connect, connect-fd again, by sockets of the library or of the viewer
 *
 * Every command is answered by "done COMMAND" or "refused COMMAND REASON". At the end: "end rss=KIB". */
#include "viewer-fd.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
  GMainLoop *loop;
  SpiceSession *session;
  GPtrArray *channels; /* SpiceChannel, referenced */
  GString *input;
} Viewer;

static void G_GNUC_PRINTF (1, 2) say (const char *format, ...)
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

  say ("event %s %d %s", channel_name (channel), channel_id (channel), value ? value->value_nick : "?");
  if (event != SPICE_CHANNEL_OPENED && error) {
    g_autofree char *text = g_strdelimit (g_strdup (error->message), "\n", ' ');

    say ("error %s %d %s:%d %s", channel_name (channel), channel_id (channel), g_quark_to_string (error->domain),
         error->code, text);
  }
}

static void
on_primary_create (SpiceChannel *channel, gint format, gint width, gint height, gint stride, gint shmid,
                   gpointer pixels, gpointer data)
{
  say ("primary-create %d %dx%d format=%d", channel_id (channel), width, height, format);
}

static void
on_primary_destroy (SpiceChannel *channel, gpointer data)
{
  say ("primary-destroy %d", channel_id (channel));
}

static void
on_mark (SpiceChannel *channel, gint mark, gpointer data)
{
  say ("mark %d %d", channel_id (channel), mark);
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
  say ("monitors %d%s", channel_id (SPICE_CHANNEL (channel)), line->str);
}

static void
on_cursor (GObject *channel, GParamSpec *spec, gpointer data)
{
  SpiceCursorShape *shape = NULL;

  g_object_get (channel, "cursor", &shape, NULL);
  if (!shape || !shape->data) {
    say ("cursor none");
  } else {
    gsize size = (gsize) shape->width * shape->height * 4;
    g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, shape->data, size);

    say ("cursor %dx%d hot=%d,%d sha256=%s", shape->width, shape->height, shape->hot_spot_x, shape->hot_spot_y, sum);
  }
  if (shape)
    g_boxed_free (SPICE_TYPE_CURSOR_SHAPE, shape);
}

static void
on_cursor_move (SpiceChannel *channel, gint x, gint y, gpointer data)
{
  say ("cursor-move %d %d", x, y);
}

static void
on_cursor_hide (SpiceChannel *channel, gpointer data)
{
  say ("cursor-hide");
}

static void
on_mouse_update (SpiceChannel *channel, gpointer data)
{
  int mode = 0;

  g_object_get (channel, "mouse-mode", &mode, NULL);
  say ("mouse-mode %s", mode == SPICE_MOUSE_MODE_CLIENT ? "client" : "server");
}

static void
on_modifiers (SpiceChannel *channel, gpointer data)
{
  int modifiers = 0;

  g_object_get (channel, "key-modifiers", &modifiers, NULL);
  say ("modifiers %d", modifiers);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  Viewer *self = data;

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
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    spice_channel_connect (channel);
}

static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  Viewer *self = data;

  say ("channel-gone %s %d", channel_name (channel), channel_id (channel));
  g_ptr_array_remove (self->channels, channel);
}

static void
on_disconnected (SpiceSession *session, gpointer data)
{
  say ("disconnected");
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
  say ("dumped %d %d", primary.width, primary.height);
  return NULL;
}

static const char *
run_input (Viewer *self, char **words, const int *n)
{
  SpiceInputsChannel *inputs = SPICE_INPUTS_CHANNEL (find_channel (self, SPICE_TYPE_INPUTS_CHANNEL, 0));

  if (!inputs)
    return "no inputs channel";
  if (g_str_equal (words[0], "key-press"))
    spice_inputs_channel_key_press (inputs, n[1]);
  else if (g_str_equal (words[0], "key-release"))
    spice_inputs_channel_key_release (inputs, n[1]);
  else if (g_str_equal (words[0], "key"))
    spice_inputs_channel_key_press_and_release (inputs, n[1]);
  else if (g_str_equal (words[0], "locks"))
    spice_inputs_channel_set_key_locks (inputs, n[1]);
  else if (g_str_equal (words[0], "position"))
    spice_inputs_channel_position (inputs, n[1], n[2], n[3], n[4]);
  else if (g_str_equal (words[0], "motion"))
    spice_inputs_channel_motion (inputs, n[1], n[2], n[3]);
  else if (g_str_equal (words[0], "press"))
    spice_inputs_channel_button_press (inputs, n[1], n[2]);
  else if (g_str_equal (words[0], "release"))
    spice_inputs_channel_button_release (inputs, n[1], n[2]);
  else
    return "unknown command";
  return NULL;
}

static const char *
tell_bytes (Viewer *self, int display)
{
  SpiceChannel *channel = find_channel (self, SPICE_TYPE_DISPLAY_CHANNEL, display);
  gulong bytes = 0;

  if (!channel)
    return "no such display";
  g_object_get (channel, "total-read-bytes", &bytes, NULL);
  say ("bytes %lu", bytes);
  return NULL;
}

static const char *
run_words (Viewer *self, char **words)
{
  int numbers[6] = { 0 };

  for (guint i = 1; i < G_N_ELEMENTS (numbers) && words[i]; i++) {
    numbers[i] = strtol (words[i], NULL, 0);
    if (i + 1 < G_N_ELEMENTS (numbers) && !words[i + 1])
      break;
  }
  if (g_str_equal (words[0], "quit")) {
    g_main_loop_quit (self->loop);
  } else if (g_str_equal (words[0], "disconnect")) {
    spice_session_disconnect (self->session);
  } else if (g_str_equal (words[0], "connect")) {
    return spice_session_connect (self->session) ? NULL : "the session does not connect";
  } else if (g_str_equal (words[0], "connect-fd")) {
    return viewer_fd_connect (self->session, "") ? NULL : "the session does not connect";
  } else if (g_str_equal (words[0], "dump")) {
    return g_strv_length (words) == 3 ? dump (self, numbers[1], words[2]) : "needs DISPLAY FILE";
  } else if (g_str_equal (words[0], "bytes")) {
    return tell_bytes (self, numbers[1]);
  } else if (g_str_equal (words[0], "open")) {
    spice_channel_new (self->session, numbers[1], numbers[2]);
  } else if (g_str_equal (words[0], "mouse-mode")) {
    SpiceChannel *channel = find_channel (self, SPICE_TYPE_MAIN_CHANNEL, 0);

    if (!channel)
      return "no main channel";
    spice_main_channel_request_mouse_mode (SPICE_MAIN_CHANNEL (channel), numbers[1]);
  } else {
    return run_input (self, words, numbers);
  }
  return NULL;
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

      say ("%s %s%s%s", refused ? "refused" : "done", words[0], refused ? " " : "", refused ? refused : "");
    }
  }
  return G_SOURCE_CONTINUE;
}

/* NAME=VALUE, of a string or a number. */
static void
set_property (SpiceSession *session, const char *assignment)
{
  g_auto (GStrv) pair = g_strsplit (assignment, "=", 2);
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (session), pair[0]);

  if (G_IS_PARAM_SPEC_STRING (spec))
    g_object_set (session, pair[0], pair[1], NULL);
  else
    g_object_set (session, pair[0], (int) strtol (pair[1], NULL, 0), NULL);
}

int
main (int argc, char **argv)
{
  Viewer self = { 0 };
  const char *sockets = NULL; /* by whom they are made: NULL for the library */
  struct rusage usage;

  if (argc < 2) {
    fprintf (stderr, "usage: %s URI [sockets=MODE] [PROPERTY=VALUE …]\n", argv[0]);
    return 2;
  }
  self.loop = g_main_loop_new (NULL, FALSE);
  self.channels = g_ptr_array_new_with_free_func (g_object_unref);
  self.input = g_string_new (NULL);
  g_type_class_unref (g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT));
  self.session = spice_session_new ();
  g_object_set (self.session, "uri", argv[1], "enable-audio", FALSE, "enable-usbredir", FALSE, NULL);
  for (int i = 2; i < argc; i++) {
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
    say ("refused connect");
  g_main_loop_run (self.loop);

  spice_session_disconnect (self.session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_ptr_array_set_size (self.channels, 0);
  g_object_unref (self.session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_ptr_array_unref (self.channels);
  g_string_free (self.input, TRUE);
  g_main_loop_unref (self.loop);
  getrusage (RUSAGE_SELF, &usage);
  say ("end rss=%ld", usage.ru_maxrss);
  return 0;
}
