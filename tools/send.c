/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway send: files to the guest. */
#include "commands.h"
#include "guest.h"
#include "text.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR 30 /* characters */
#define REDRAW_US (100 * G_TIME_SPAN_MILLISECOND)

typedef struct {
  GCancellable *cancellable;
  bool show; /* a progress bar */
  bool over;
  gint64 begun, drawn;
  goffset current, total;
  Status status; /* of the first file that failed */
  unsigned n_failed, n_files;
  GError *error; /* of all */
} Sending;

static void
draw (Sending *self)
{
  double part = self->total > 0 ? (double) self->current / (double) self->total : 0;
  double seconds = (double) (g_get_monotonic_time () - self->begun) / G_USEC_PER_SEC;
  g_autofree char *sent = g_format_size ((guint64) self->current), *all = g_format_size ((guint64) self->total);
  g_autofree char *rate = g_format_size (seconds > 0 ? (guint64) ((double) self->current / seconds) : 0);
  g_autofree char *bar = g_strnfill ((gsize) (part * BAR), '#');

  fprintf (stderr, "\r[%-*s] %3d %%  %s of %s, %s/s \033[K", BAR, bar, (int) (part * 100), sent, all, rate);
  fflush (stderr);
}

static void
on_progress (goffset current, goffset total, gpointer data)
{
  Sending *self = data;
  gint64 now = g_get_monotonic_time ();

  self->current = current;
  self->total = total;
  if (!self->show || (now - self->drawn < REDRAW_US && current < total))
    return;
  self->drawn = now;
  draw (self);
}

static bool
is_local (const GError *error)
{
  if (strstr (error->message, "no regular file")) /* the library's words */
    return true;
  return error->domain == G_IO_ERROR && error->code != G_IO_ERROR_CANCELLED
         && error->code != G_IO_ERROR_INVALID_FILENAME;
}

static void
on_finished (SpiceFileTransferTask *task, const GError *error, Sending *self)
{
  g_autofree char *name = NULL, *raw = NULL, *text = NULL;

  if (!error)
    return;
  name = spice_file_transfer_task_get_filename (task);
  raw = g_strdup_printf ("%s: %s", name, error->message);
  text = text_escape (raw);
  fprintf (stderr, "%scaraway send: %s\n", self->show ? "\r\033[K" : "", text);
  if (self->n_failed++ == 0)
    self->status = is_local (error) ? STATUS_FILE : STATUS_FAILED;
}

static void
on_task (SpiceMainChannel *channel, SpiceFileTransferTask *task, Sending *self)
{
  g_signal_connect (task, "finished", G_CALLBACK (on_finished), self);
}

static void
on_over (GObject *channel, GAsyncResult *result, gpointer data)
{
  Sending *self = data;

  spice_main_channel_file_copy_finish (SPICE_MAIN_CHANNEL (channel), result, &self->error);
  self->over = true;
}

static gboolean
on_interrupt (gpointer data)
{
  g_cancellable_cancel (((Sending *) data)->cancellable);
  return G_SOURCE_CONTINUE;
}

static bool
is_over (gpointer data)
{
  return ((Sending *) data)->over;
}

/* Guests may ask their user first, and some never answer. */
static bool
has_begun (gpointer data)
{
  return is_over (data) || ((Sending *) data)->current > 0;
}

static void
begin (Sending *self, SpiceMainChannel *channel, char **paths)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  for (; *paths; paths++)
    g_ptr_array_add (files, g_file_new_for_commandline_arg (*paths));
  self->n_files = files->len;
  g_ptr_array_add (files, NULL);
  g_signal_connect (channel, "new-file-transfer", G_CALLBACK (on_task), self);
  self->begun = g_get_monotonic_time ();
  spice_main_channel_file_copy_async (channel, (GFile **) files->pdata, G_FILE_COPY_NONE, self->cancellable,
                                      on_progress, self, on_over, self);
  g_ptr_array_set_free_func (files, NULL);
  for (guint i = 0; i < self->n_files; i++)
    g_object_unref (files->pdata[i]);
}

static bool
report (const Sending *self, bool quiet, GError **error)
{
  double seconds = (double) (g_get_monotonic_time () - self->begun) / G_USEC_PER_SEC;
  g_autofree char *sent = g_format_size ((guint64) self->current);
  g_autofree char *rate = g_format_size (seconds > 0 ? (guint64) ((double) self->current / seconds) : 0);

  if (self->show)
    fputs ("\r\033[K", stderr);
  if (self->error) {
    g_set_error_literal (error, STATUS_ERROR, self->status != STATUS_OK ? (int) self->status : (int) STATUS_FAILED,
                         self->error->message);
    return false;
  }
  if (!quiet)
    printf ("%u file%s, %s in %.1f s, %s/s\n", self->n_files, self->n_files == 1 ? "" : "s", sent, seconds, rate);
  return true;
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Sending self = { .cancellable = cancellable, .show = isatty (STDERR_FILENO) != 0 };
  gboolean quiet = FALSE;
  const GOptionEntry entries[] = {
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Say nothing but errors", NULL },
    { 0 },
  };
  guint interrupt;
  bool ok;

  if (!command_parse (&command_send, client, entries,
                      "Sends files to the guest, where its agent stores them, usually among the downloads of the user "
                      "who is\nlogged in. --timeout limits the time until the first byte is sent.",
                      &argc, &argv, 2, -1, error)
      || !client_connect_main (client, argv[1], error) || !guest_wait (client, -1, "file transfer", error))
    return false;
  if (spice_main_channel_agent_test_capability (client_main (client), VD_AGENT_CAP_FILE_XFER_DISABLED)) {
    g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED, "the guest does not allow file transfers");
    return false;
  }
  self.show &= !quiet;
  begin (&self, client_main (client), argv + 2);
  interrupt = g_unix_signal_add (SIGINT, on_interrupt, &self);
  ok = client_wait (client, has_begun, &self, "the guest to take a file", error)
       && client_run (client, is_over, &self, error);
  g_source_remove (interrupt);
  /* The connection has failed: what it takes down with it still has its answer to come. */
  g_cancellable_cancel (cancellable);
  while (!self.over)
    g_main_context_iteration (NULL, TRUE);
  if (client_main (client))
    g_signal_handlers_disconnect_by_data (client_main (client), &self);
  ok = ok && report (&self, quiet, error);
  g_clear_error (&self.error);
  return ok && client_finish (client, NULL, error);
}

const Command command_send = {
  .name = "send",
  .arguments = "URI FILE…",
  .summary = "Send files to the guest",
  .example = "caraway send spice://127.0.0.1:5930 report.pdf",
  .run = run,
};
