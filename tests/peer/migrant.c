/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client that is sent from one server to another: migrant URI [CA-FILE]. Says on its output what happens, a line
 * each, and does what its input asks for: "key CODE", "dump FILE", "state", "quit". */
#include <spice-client.h>

#include <glib-unix.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
  GMainLoop *loop;
  SpiceSession *session;
} Migrant;

static const char *
event_name (SpiceChannelEvent event)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT);

  return g_enum_get_value (class, (int) event)->value_nick;
}

static void
say (GObject *object, const char *what)
{
  SpiceSession *session = NULL;
  int type, id;

  g_object_get (object, "channel-type", &type, "channel-id", &id, "spice-session", &session, NULL);
  printf ("%s %s:%d %s\n", g_object_get_data (object, "of") ? "target" : "session", spice_channel_type_to_string (type),
          id, what);
  g_clear_object (&session);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Migrant *self)
{
  g_autofree char *text = g_strdup_printf ("event %s", event_name (event));

  say (G_OBJECT (channel), text);
}

static void
on_signal (SpiceChannel *channel, const char *name)
{
  say (G_OBJECT (channel), name);
}

static void
watch (gpointer channel, const char *signal)
{
  g_signal_connect_data (channel, signal, G_CALLBACK (on_signal), (gpointer) signal, NULL, 0);
}

static void
on_primary (SpiceChannel *channel, int format, int width, int height, int stride, int shmid, gpointer data)
{
  say (G_OBJECT (channel), "display-primary-create");
}

static void
on_target_channel (SpiceSession *target, SpiceChannel *channel, Migrant *self)
{
  g_object_set_data (G_OBJECT (channel), "of", target);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
}

static void
on_started (SpiceChannel *main, SpiceSession *target, Migrant *self)
{
  g_autofree char *host = NULL, *port = NULL;

  g_object_get (target, "host", &host, "port", &port, NULL);
  printf ("started for-migration=%d host=%s port=%s\n", spice_session_is_for_migration (target), host, port);
  g_signal_connect (target, "channel-new", G_CALLBACK (on_target_channel), self);
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel, Migrant *self)
{
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  if (SPICE_IS_MAIN_CHANNEL (channel)) {
    g_signal_connect (channel, "migration-started", G_CALLBACK (on_started), self);
    watch (channel, "main-agent-update");
    return;
  }
  if (SPICE_IS_DISPLAY_CHANNEL (channel)) {
    g_signal_connect (channel, "display-primary-create", G_CALLBACK (on_primary), NULL);
    watch (channel, "display-primary-destroy");
  }
  if (SPICE_IS_INPUTS_CHANNEL (channel))
    watch (channel, "inputs-modifiers");
  spice_channel_connect (channel);
}

static void
on_channel_gone (SpiceSession *session, SpiceChannel *channel)
{
  say (G_OBJECT (channel), "destroyed");
}

static void
on_state (SpiceSession *session)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (SPICE_TYPE_SESSION_MIGRATION);
  SpiceSessionMigration state;

  g_object_get (session, "migration-state", &state, NULL);
  printf ("state %s\n", g_enum_get_value (class, (int) state)->value_nick);
}

static gpointer
find (Migrant *self, GType type)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  for (GList *at = channels; at; at = at->next)
    if (G_TYPE_CHECK_INSTANCE_TYPE (at->data, type))
      return at->data;
  return NULL;
}

static bool
dump (Migrant *self, const char *path)
{
  SpiceDisplayPrimary primary;
  gpointer display = find (self, SPICE_TYPE_DISPLAY_CHANNEL);
  FILE *file;

  if (!display || !spice_display_channel_get_primary (display, 0, &primary) || !(file = fopen (path, "wb")))
    return false;
  fprintf (file, "P6\n%d %d\n255\n", primary.width, primary.height);
  for (int y = 0; y < primary.height; y++)
    for (int x = 0; x < primary.width; x++) {
      const guint8 *pixel = primary.data + (gsize) y * primary.stride + 4 * x;

      fputc (pixel[2], file);
      fputc (pixel[1], file);
      fputc (pixel[0], file);
    }
  return fclose (file) == 0;
}

static bool
obey (Migrant *self, const char *line)
{
  g_autofree char *host = NULL, *port = NULL;
  gpointer inputs = find (self, SPICE_TYPE_INPUTS_CHANNEL);

  if (g_str_has_prefix (line, "dump "))
    return dump (self, line + 5);
  if (strcmp (line, "state") == 0) {
    g_object_get (self->session, "host", &host, "port", &port, NULL);
    printf ("address host=%s port=%s\n", host, port);
    return true;
  }
  if (!g_str_has_prefix (line, "key ") || !inputs)
    return false;
  spice_inputs_channel_key_press (inputs, (guint) strtoul (line + 4, NULL, 10));
  spice_inputs_channel_key_release (inputs, (guint) strtoul (line + 4, NULL, 10));
  return true;
}

static void
on_disconnected (SpiceSession *session, Migrant *self)
{
  g_main_loop_quit (self->loop);
}

static gboolean
on_input (gint fd, GIOCondition condition, gpointer data)
{
  Migrant *self = data;
  char line[512];

  if (!fgets (line, sizeof line, stdin) || strcmp (g_strchomp (line), "quit") == 0) {
    spice_session_disconnect (self->session);
    return G_SOURCE_REMOVE;
  }
  printf ("%s %s\n", obey (self, line) ? "done" : "refused", line);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  struct rusage usage;
  Migrant self = { .loop = g_main_loop_new (NULL, FALSE), .session = spice_session_new () };

  setvbuf (stdout, NULL, _IOLBF, 0);
  setvbuf (stdin, NULL, _IONBF, 0);
  g_object_set (self.session, "uri", argv[1], "ca-file", argc > 2 ? argv[2] : NULL, NULL);
  g_signal_connect (self.session, "channel-new", G_CALLBACK (on_channel), &self);
  g_signal_connect (self.session, "channel-destroy", G_CALLBACK (on_channel_gone), NULL);
  g_signal_connect (self.session, "notify::migration-state", G_CALLBACK (on_state), NULL);
  g_signal_connect (self.session, "disconnected", G_CALLBACK (on_disconnected), &self);
  spice_session_connect (self.session);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN, on_input, &self);
  g_main_loop_run (self.loop);
  g_object_unref (self.session);
  g_main_loop_unref (self.loop);
  getrusage (RUSAGE_SELF, &usage);
  printf ("end rss=%ld\n", usage.ru_maxrss);
  return 0;
}
