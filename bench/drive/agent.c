/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs with a guest agent: the demo server's, which takes everything. */
#include "drive.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES 64

typedef struct {
  SpiceMainChannel *channel;
  const guint8 *content;
  gsize size;
  bool ready, over, given;
  GError *error;
} Agent;

static void
on_update (SpiceMainChannel *channel, Agent *self)
{
  self->ready |= spice_main_channel_agent_test_capability (channel, VD_AGENT_CAP_CLIPBOARD_BY_DEMAND);
}

static SpiceMainChannel *
main_of (SpiceSession *session)
{
  g_autoptr (GList) channels = spice_session_get_channels (session);

  for (GList *at = channels; at; at = at->next)
    if (SPICE_IS_MAIN_CHANNEL (at->data))
      return at->data;
  drive_fail ("there is no main channel");
}

static void
run_while (const bool *done, const Agent *self, const char *what)
{
  double end = drive_now_ms () + 300000;

  while (!*done) {
    g_main_context_iteration (NULL, TRUE);
    if (self->error)
      drive_fail ("%s: %s", what, self->error->message);
    if (drive_now_ms () > end)
      drive_fail ("%s never came", what);
  }
}

static DriveClient *
begin (Agent *self, const DriveOptions *options)
{
  DriveClient *client = drive_client_new (options);

  drive_client_connect (client);
  self->channel = main_of (client->session);
  g_signal_connect (self->channel, "main-agent-update", G_CALLBACK (on_update), self);
  run_while (&self->ready, self, "the agent");
  drive_run (200);
  return client;
}

/* A hole, which no disk has to write; read once, so that the kernel has its pages. */
static GFile *
make_file (unsigned mib, const char *folder, unsigned index)
{
  g_autofree char *path = g_strdup_printf ("%s/%u", folder, index), *block = g_malloc (1 << 20);
  FILE *file = fopen (path, "w+");

  if (!file || ftruncate (fileno (file), (off_t) mib << 20) != 0)
    drive_fail ("cannot make %s", path);
  while (fread (block, 1 << 20, 1, file) == 1)
    ;
  fclose (file);
  return g_file_new_for_path (path);
}

static void
on_sent (GObject *channel, GAsyncResult *result, gpointer data)
{
  Agent *self = data;

  spice_main_channel_file_copy_finish (SPICE_MAIN_CHANNEL (channel), result, &self->error);
  self->over = true;
}

/* count files of size MiB each. */
void
drive_send (const DriveOptions *options)
{
  g_autofree char *folder = g_dir_make_tmp ("drive-XXXXXX", NULL);
  GFile *files[MAX_FILES + 1] = { NULL };
  unsigned n = MIN (options->count, MAX_FILES);
  Agent self = { 0 };
  DriveClient *client = begin (&self, options);
  double start, cpu, mb = (double) (1 << 20) * options->size * n / 1e6, peak;

  for (unsigned i = 0; i < n; i++)
    files[i] = make_file (options->size, folder, i);
  if (options->stalls)
    drive_stalls_start ();
  peak = drive_peak_kib ();
  start = drive_now_ms (), cpu = drive_cpu_ms ();
  spice_main_channel_file_copy_async (self.channel, files, G_FILE_COPY_NONE, NULL, NULL, NULL, on_sent, &self);
  run_while (&self.over, &self, "the files");
  drive_tell ("mb-per-s", mb / ((drive_now_ms () - start) / 1000));
  drive_tell ("cpu-ms-per-mb", (drive_cpu_ms () - cpu) / mb);
  drive_tell ("more-peak-kib", drive_peak_kib () - peak);
  if (options->stalls)
    drive_stalls_tell ();
  for (unsigned i = 0; i < n; i++) {
    g_file_delete (files[i], NULL, NULL);
    g_object_unref (files[i]);
  }
  rmdir (folder);
  drive_client_free (client);
}

static gboolean
on_request (SpiceMainChannel *channel, guint selection, guint type, Agent *self)
{
  spice_main_channel_clipboard_selection_notify (channel, selection, type, self->content, self->size);
  self->given = true;
  return TRUE;
}

static gboolean
on_grab (SpiceMainChannel *channel, guint selection, gpointer types, guint n, Agent *self)
{
  spice_main_channel_clipboard_selection_request (channel, selection, ((const guint32 *) types)[0]);
  return TRUE;
}

static void
on_content (SpiceMainChannel *channel, guint selection, guint type, gpointer content, guint size, Agent *self)
{
  if (size != self->size || memcmp (content, self->content, size) != 0)
    drive_fail ("%u bytes came back, or others than were given", size);
  self->over = true;
}

/* size MB of text, there and back. */
void
drive_clipboard (const DriveOptions *options)
{
  guint32 type = VD_AGENT_CLIPBOARD_UTF8_TEXT;
  gsize size = (gsize) options->size * 1000000;
  g_autofree char *content = g_strnfill (size, 'x');
  Agent self = { .content = (const guint8 *) content, .size = size };
  DriveClient *client = begin (&self, options);
  double start, cpu, peak;

  g_signal_connect (self.channel, "main-clipboard-selection-request", G_CALLBACK (on_request), &self);
  g_signal_connect (self.channel, "main-clipboard-selection-grab", G_CALLBACK (on_grab), &self);
  g_signal_connect (self.channel, "main-clipboard-selection", G_CALLBACK (on_content), &self);
  if (options->stalls)
    drive_stalls_start ();
  peak = drive_peak_kib ();
  start = drive_now_ms (), cpu = drive_cpu_ms ();
  spice_main_channel_clipboard_selection_grab (self.channel, 0, &type, 1);
  run_while (&self.over, &self, "the content");
  drive_tell ("there-and-back-ms", drive_now_ms () - start);
  drive_tell ("cpu-ms", drive_cpu_ms () - cpu);
  drive_tell ("more-peak-kib", drive_peak_kib () - peak);
  if (options->stalls)
    drive_stalls_tell ();
  drive_client_free (client);
}
