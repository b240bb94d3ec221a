/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive.h"

#define TIME_LIMIT_MS 120000

static void
see_picture (DriveClient *self)
{
  if (self->picture_ms == 0 && self->marked && self->drawn)
    self->picture_ms = drive_now_ms ();
}

static void
on_mark (SpiceChannel *channel, int mark, DriveClient *self)
{
  self->marked |= mark != 0;
  see_picture (self);
}

static void
on_invalidate (SpiceChannel *channel, int x, int y, int width, int height, DriveClient *self)
{
  self->n_invalidates++;
  self->drawn = true;
  see_picture (self);
}

static void
on_primary_create (SpiceChannel *channel, int format, int width, int height, int stride, int shmid, gpointer pixels,
                   DriveClient *self)
{
  self->framebuffer_kib = (double) stride * height / 1024;
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, DriveClient *self)
{
  if (event == SPICE_CHANNEL_OPENED)
    return;
  if (event != SPICE_CHANNEL_CLOSED && event != SPICE_CHANNEL_SWITCHING)
    self->failed = true;
  else if (SPICE_IS_DISPLAY_CHANNEL (channel))
    self->n_displays_closed++;
}

static void
on_port_opened (SpiceChannel *channel, GParamSpec *spec, DriveClient *self)
{
  g_autofree char *name = NULL;
  gboolean opened = FALSE;

  g_object_get (channel, "port-name", &name, "port-opened", &opened, NULL);
  if (opened && g_strcmp0 (name, self->port_name) == 0)
    self->port = channel;
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, DriveClient *self)
{
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  if (SPICE_IS_DISPLAY_CHANNEL (channel)) {
    self->n_displays++;
    g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), self);
    g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_invalidate), self);
    g_signal_connect (channel, "display-primary-create", G_CALLBACK (on_primary_create), self);
  } else if (SPICE_IS_PORT_CHANNEL (channel)) {
    g_signal_connect (channel, "notify::port-opened", G_CALLBACK (on_port_opened), self);
  }
  /* Sound channels are SpiceAudio's. */
  if (!SPICE_IS_MAIN_CHANNEL (channel) && !SPICE_IS_PLAYBACK_CHANNEL (channel))
    spice_channel_connect (channel);
}

DriveClient *
drive_client_new (const DriveOptions *options)
{
  DriveClient *self = g_new0 (DriveClient, 1);

  self->port_name = options->port;
  self->session = spice_session_new ();
  g_object_set (self->session, "uri", options->uri, "enable-audio", FALSE, "enable-usbredir", FALSE, NULL);
  if (options->ca)
    g_object_set (self->session, "ca-file", options->ca, NULL);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
  return self;
}

void
drive_client_connect (DriveClient *self)
{
  self->started_ms = drive_now_ms ();
  if (!spice_session_connect (self->session))
    drive_fail ("the session does not connect");
}

bool
drive_client_has_picture (const DriveClient *self)
{
  return self->picture_ms > 0;
}

bool
drive_client_has_ended (const DriveClient *self)
{
  return self->n_displays > 0 && self->n_displays_closed == self->n_displays;
}

static void
on_gone (gpointer data, GObject *object)
{
  *(bool *) data = true;
}

void
drive_client_free (DriveClient *self)
{
  double end = drive_now_ms () + TIME_LIMIT_MS;
  bool gone = false;

  g_object_weak_ref (G_OBJECT (self->session), on_gone, &gone);
  g_signal_handlers_disconnect_by_data (self->session, self);
  spice_session_disconnect (self->session);
  g_object_unref (self->session);
  while (!gone) {
    g_main_context_iteration (NULL, TRUE);
    if (drive_now_ms () > end)
      drive_fail ("a session is still there");
  }
  g_free (self);
}

static gboolean
set_flag (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

void
drive_run (unsigned ms)
{
  bool late = false;

  g_timeout_add (ms, set_flag, &late);
  while (!late)
    g_main_context_iteration (NULL, TRUE);
}

void
drive_run_until (GPtrArray *clients, DriveDone done, const char *what)
{
  guint timer;
  bool late = false;

  timer = g_timeout_add (TIME_LIMIT_MS, set_flag, &late);
  for (unsigned i = 0; i < clients->len; i++) {
    const DriveClient *client = clients->pdata[i];

    while (!done (client)) {
      g_main_context_iteration (NULL, TRUE);
      if (client->failed || late)
        drive_fail ("%s: %s", what, late ? "not within the time limit" : "a connection failed");
    }
  }
  g_source_remove (timer);
}
