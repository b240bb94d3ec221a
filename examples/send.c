/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends files to the guest and shows the progress: send URI FILE… */
#include <spice-client.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  GMainLoop *loop;
  char **paths;
  gboolean begun, closing;
  int status;
} Sending;

static void
on_progress (goffset current, goffset total, gpointer data)
{
  printf ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " bytes\n", (gint64) current, (gint64) total);
}

static void
on_sent (GObject *channel, GAsyncResult *result, gpointer data)
{
  Sending *self = data;
  g_autoptr (GError) error = NULL;

  if (spice_main_channel_file_copy_finish (SPICE_MAIN_CHANNEL (channel), result, &error))
    self->status = 0;
  else
    fprintf (stderr, "%s\n", error->message);
  g_main_loop_quit (self->loop);
}

static void
on_finished (SpiceFileTransferTask *task, const GError *error, gpointer data)
{
  g_autofree char *name = spice_file_transfer_task_get_filename (task);

  printf ("%s: %s\n", name, error ? error->message : "sent");
}

static void
on_new_task (SpiceMainChannel *channel, SpiceFileTransferTask *task, gpointer data)
{
  g_signal_connect (task, "finished", G_CALLBACK (on_finished), NULL);
}

/* The agent has come, gone or told what it can do; files can be sent once it has told. */
static void
on_agent_update (SpiceMainChannel *channel, Sending *self)
{
  g_autoptr (GPtrArray) files = NULL;
  int capabilities;

  g_object_get (channel, "agent-caps-0", &capabilities, NULL);
  if (capabilities == 0 || self->begun)
    return;
  self->begun = TRUE;
  files = g_ptr_array_new ();
  for (char **path = self->paths; *path; path++)
    g_ptr_array_add (files, g_file_new_for_commandline_arg (*path));
  g_ptr_array_add (files, NULL);
  spice_main_channel_file_copy_async (channel, (GFile **) files->pdata, G_FILE_COPY_NONE, NULL, on_progress, NULL,
                                      on_sent, self);
  for (guint i = 0; i + 1 < files->len; i++)
    g_object_unref (files->pdata[i]);
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Sending *self)
{
  const GError *error = spice_channel_get_error (channel);

  if (event == SPICE_CHANNEL_OPENED || event == SPICE_CHANNEL_SWITCHING || self->closing)
    return;
  fprintf (stderr, "the connection ended: %s\n", error ? error->message : "closed");
  g_main_loop_quit (self->loop);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Sending *self)
{
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    return;
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), self);
  g_signal_connect (channel, "main-agent-update", G_CALLBACK (on_agent_update), self);
  g_signal_connect (channel, "new-file-transfer", G_CALLBACK (on_new_task), self);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Sending self = { .loop = loop, .paths = argv + 2, .status = 1 };
  SpiceSession *session;

  if (argc < 3) {
    fprintf (stderr, "usage: send URI FILE…\n");
    return 2;
  }
  session = spice_session_new ();
  g_object_set (session, "uri", argv[1], NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), &self);
  g_signal_connect_swapped (session, "disconnected", G_CALLBACK (g_main_loop_quit), loop);
  if (spice_session_connect (session)) {
    g_main_loop_run (loop);
    self.closing = TRUE;
    spice_session_disconnect (session);
    g_main_loop_run (loop);
  }
  g_object_unref (session);
  return self.status;
}
