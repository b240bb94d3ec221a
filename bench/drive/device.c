/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs against a server with one device (bench/device), which ends the channel when it has had enough. */
#include "drive.h"

#include <spice-audio.h>
#include <string.h>

#define TIME_LIMIT_MS 300000

typedef struct {
  int type; /* of the device's channel */
  double opened_ms, opened_cpu_ms, over_ms, over_cpu_ms;
} Device;

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Device *self)
{
  if (event == SPICE_CHANNEL_OPENED) {
    self->opened_ms = drive_now_ms ();
    self->opened_cpu_ms = drive_cpu_ms ();
  } else if (self->over_ms == 0) {
    self->over_ms = drive_now_ms ();
    self->over_cpu_ms = drive_cpu_ms ();
  }
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Device *self)
{
  int type = 0;

  g_object_get (channel, "channel-type", &type, NULL);
  if (type == self->type)
    g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
}

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
serve (DriveClient *client, Device *self, int type)
{
  double limit = drive_now_ms () + TIME_LIMIT_MS;
  guint tick = g_timeout_add_seconds (1, on_tick, NULL);

  self->type = type;
  g_signal_connect (client->session, "channel-new", G_CALLBACK (on_channel_new), self);
  drive_client_connect (client);
  while (self->over_ms == 0) {
    g_main_context_iteration (NULL, TRUE);
    if (drive_now_ms () > limit)
      drive_fail ("the server has not had enough in time");
  }
  if (self->opened_ms == 0)
    drive_fail ("the device's channel was not opened");
  g_source_remove (tick);
}

/* The file as an emulated CD, read by the server. */
void
drive_cd (const DriveOptions *options)
{
  Device device = { 0 };
  DriveClient *client = drive_client_new (options);
  SpiceUsbDeviceManager *manager;
  GError *error = NULL;

  g_object_set (client->session, "enable-usbredir", TRUE, NULL);
  manager = spice_usb_device_manager_get (client->session, &error);
  if (!manager || !spice_usb_device_manager_create_shared_cd_device (manager, (char *) options->file, &error))
    drive_fail ("no CD: %s", error->message);
  g_object_set (manager, "redirect-on-connect", "-1,-1,-1,-1,1", NULL);
  drive_run (50); /* until it is listed */
  serve (client, &device, 9);
  drive_tell ("cpu-ms", device.over_cpu_ms - device.opened_cpu_ms);
  drive_client_free (client);
}

/* What the server plays, on the pipeline of SPICE_GST_AUDIOSINK. */
void
drive_sound (const DriveOptions *options)
{
  Device device = { 0 };
  DriveClient *client = drive_client_new (options);

  g_object_set (client->session, "enable-audio", TRUE, NULL);
  if (!spice_audio_get (client->session, NULL))
    drive_fail ("there is no sound");
  serve (client, &device, 5);
  drive_tell ("cpu-ms", device.over_cpu_ms - device.opened_cpu_ms);
  drive_tell ("cpu-ms-per-s",
              (device.over_cpu_ms - device.opened_cpu_ms) / ((device.over_ms - device.opened_ms) / 1000));
  drive_client_free (client);
}
