/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client for smartcards on the public API: card-client URI [DATABASE CERTIFICATE CERTIFICATE CERTIFICATE]. Prints
 * what happens as lines on standard output, and takes commands on standard input:
 *
 *   insert, remove               → insert RESULT of the manager
 *   readers                      → readers COUNT [NAME-IS-SOFTWARE …]
 *   leave, enter                 disconnect and connect the smartcard channel
 *   quit
 *
 * Every command is answered by "done COMMAND". */
#include <spice-client.h>

#include <glib-unix.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
  GMainLoop *loop;
  SpiceSession *session;
  SpiceChannel *channel; /* strong, or NULL */
  GString *input;
} Client;

static void G_GNUC_PRINTF (1, 2) say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
  GEnumValue *value = g_enum_get_value (g_type_class_peek (SPICE_TYPE_CHANNEL_EVENT), event);
  const GError *error = spice_channel_get_error (channel);

  say ("channel %s%s%s", value->value_nick, error ? " " : "", error ? error->message : "");
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  int type;

  g_object_get (channel, "channel-type", &type, NULL);
  say ("new %s", spice_channel_type_to_string (type));
  if (!SPICE_IS_SMARTCARD_CHANNEL (channel))
    return;
  self->channel = g_object_ref (channel);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), NULL);
  spice_channel_connect (channel);
}

static void
on_reader (SpiceSmartcardManager *manager, SpiceSmartcardReader *reader, const char *what)
{
  say ("%s software=%d type=%s", what, spice_smartcard_reader_is_software (reader),
       g_type_name (SPICE_TYPE_SMARTCARD_READER));
}

static void
list_readers (void)
{
  GList *readers = spice_smartcard_manager_get_readers (spice_smartcard_manager_get ());
  GString *text = g_string_new (NULL);

  for (GList *l = readers; l; l = l->next) {
    g_string_append_printf (text, " %d", spice_smartcard_reader_is_software (l->data));
    g_boxed_free (SPICE_TYPE_SMARTCARD_READER, l->data);
  }
  say ("readers %u%s", g_list_length (readers), text->str);
  g_list_free (readers);
  g_string_free (text, TRUE);
}

static void
run (Client *self, const char *verb)
{
  SpiceSmartcardManager *manager = spice_smartcard_manager_get ();

  if (g_str_equal (verb, "insert"))
    say ("insert %d", spice_smartcard_manager_insert_card (manager));
  else if (g_str_equal (verb, "remove"))
    say ("remove %d", spice_smartcard_manager_remove_card (manager));
  else if (g_str_equal (verb, "readers"))
    list_readers ();
  else if (g_str_equal (verb, "leave"))
    spice_channel_disconnect (self->channel, SPICE_CHANNEL_NONE);
  else if (g_str_equal (verb, "enter"))
    spice_channel_connect (self->channel);
  else if (g_str_equal (verb, "quit"))
    g_main_loop_quit (self->loop);
  say ("done %s", verb);
}

static gboolean
input_ready (gint fd, GIOCondition condition, gpointer data)
{
  Client *self = data;
  char block[4096], *end;
  gssize size = read (fd, block, sizeof block);

  if (size <= 0) {
    g_main_loop_quit (self->loop);
    return G_SOURCE_REMOVE;
  }
  g_string_append_len (self->input, block, size);
  while ((end = memchr (self->input->str, '\n', self->input->len))) {
    g_autofree char *line = g_strndup (self->input->str, (gsize) (end - self->input->str));

    g_string_erase (self->input, 0, end + 1 - self->input->str);
    run (self, line);
  }
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  Client self = { 0 };
  SpiceSmartcardManager *manager = spice_smartcard_manager_get ();
  struct rusage usage;

  self.loop = g_main_loop_new (NULL, FALSE);
  self.input = g_string_new (NULL);
  g_type_class_unref (g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT));
  say ("same %d", spice_smartcard_manager_get () == manager);
  g_signal_connect (manager, "reader-added", G_CALLBACK (on_reader), (gpointer) "reader-added");
  g_signal_connect (manager, "reader-removed", G_CALLBACK (on_reader), (gpointer) "reader-removed");
  g_signal_connect (manager, "card-inserted", G_CALLBACK (on_reader), (gpointer) "card-inserted");
  g_signal_connect (manager, "card-removed", G_CALLBACK (on_reader), (gpointer) "card-removed");
  self.session = spice_session_new ();
  g_object_set (self.session, "uri", argv[1], "enable-smartcard", TRUE, NULL);
  if (argc > 3)
    g_object_set (self.session, "smartcard-db", argv[2], "smartcard-certificates", argv + 3, NULL);
  g_signal_connect (self.session, "channel-new", G_CALLBACK (on_channel_new), &self);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, input_ready, &self);
  spice_session_connect (self.session);
  g_main_loop_run (self.loop);

  spice_session_disconnect (self.session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&self.channel);
  g_object_unref (self.session);
  g_string_free (self.input, TRUE);
  g_main_loop_unref (self.loop);
  getrusage (RUSAGE_SELF, &usage);
  say ("end rss=%ld", usage.ru_maxrss);
  return 0;
}
