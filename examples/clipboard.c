/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets the guest paste a text, and prints the first text that is copied there: clipboard URI TEXT */
#include <spice-client.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  GMainLoop *loop;
  const char *text;
  gboolean closing;
  int status;
} Share;

/* The agent has come, gone or told what it can do. */
static void
on_agent_update (SpiceMainChannel *channel, Share *self)
{
  guint32 types[] = { VD_AGENT_CLIPBOARD_UTF8_TEXT };

  if (spice_main_channel_agent_test_capability (channel, VD_AGENT_CAP_CLIPBOARD_BY_DEMAND))
    spice_main_channel_clipboard_selection_grab (channel, VD_AGENT_CLIPBOARD_SELECTION_CLIPBOARD, types, 1);
}

/* The guest pastes. Each request wants an answer; no data when there is none. */
static gboolean
on_request (SpiceMainChannel *channel, guint selection, guint type, Share *self)
{
  gsize size = type == VD_AGENT_CLIPBOARD_UTF8_TEXT ? strlen (self->text) : 0;

  printf ("the guest pastes\n");
  spice_main_channel_clipboard_selection_notify (channel, selection, type, (const guchar *) self->text, size);
  return TRUE;
}

/* The guest has copied something: which types it can be had as is known, the content has to be asked for. */
static gboolean
on_grab (SpiceMainChannel *channel, guint selection, gpointer types, guint n, Share *self)
{
  for (guint i = 0; i < n; i++)
    if (((const guint32 *) types)[i] == VD_AGENT_CLIPBOARD_UTF8_TEXT)
      spice_main_channel_clipboard_selection_request (channel, selection, VD_AGENT_CLIPBOARD_UTF8_TEXT);
  return TRUE;
}

static void
on_content (SpiceMainChannel *channel, guint selection, guint type, gpointer content, guint size, Share *self)
{
  printf ("the guest copied: %.*s\n", (int) size, (const char *) content);
  self->status = 0;
  g_main_loop_quit (self->loop);
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Share *self)
{
  const GError *error = spice_channel_get_error (channel);

  if (event == SPICE_CHANNEL_OPENED || event == SPICE_CHANNEL_SWITCHING || self->closing)
    return;
  fprintf (stderr, "the connection ended: %s\n", error ? error->message : "closed");
  g_main_loop_quit (self->loop);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Share *self)
{
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    return;
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), self);
  g_signal_connect (channel, "main-agent-update", G_CALLBACK (on_agent_update), self);
  g_signal_connect (channel, "main-clipboard-selection-request", G_CALLBACK (on_request), self);
  g_signal_connect (channel, "main-clipboard-selection-grab", G_CALLBACK (on_grab), self);
  g_signal_connect (channel, "main-clipboard-selection", G_CALLBACK (on_content), self);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Share self = { .loop = loop, .status = 1 };
  SpiceSession *session;

  if (argc != 3) {
    fprintf (stderr, "usage: clipboard URI TEXT\n");
    return 2;
  }
  self.text = argv[2];
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
