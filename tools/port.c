/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway port: standard input and output as the near end of a port. */
#include "commands.h"
#include "output.h"
#include "ports.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#define BLOCK (64 * 1024)

/* Input is read while fewer writes than this wait to be sent. */
#define MAX_WRITES 4

typedef struct {
  SpicePortChannel *port;
  guint input;     /* source of standard input, or 0 */
  bool input_over; /* and when, for quit_after */
  gint64 input_end;
  double quit_after; /* seconds; negative: never */
  unsigned n_writes;
  bool closed, interrupted;
  GError *error;
} Pipe;

static gboolean read_input (gint fd, GIOCondition condition, gpointer data);

static void
listen_input (Pipe *self)
{
  if (self->input == 0 && !self->input_over && self->n_writes < MAX_WRITES)
    self->input = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, read_input, self);
}

typedef struct {
  Pipe *pipe;
  guint8 bytes[BLOCK];
} Block;

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Block *block = data;
  Pipe *self = block->pipe;
  g_autoptr (GError) error = NULL;

  g_free (block);
  self->n_writes--;
  if (spice_port_channel_write_finish (SPICE_PORT_CHANNEL (source), result, &error) < 0 && !self->error
      && !self->closed)
    g_set_error (&self->error, STATUS_ERROR, STATUS_PROTOCOL, "the input was not sent: %s", error->message);
  listen_input (self);
}

static gboolean
read_input (gint fd, GIOCondition condition, gpointer data)
{
  Pipe *self = data;
  Block *block = g_new (Block, 1);
  ssize_t size;

  block->pipe = self;
  do
    size = read (fd, block->bytes, sizeof block->bytes);
  while (size < 0 && errno == EINTR);
  if (size > 0) {
    self->n_writes++;
    spice_port_channel_write_async (self->port, block->bytes, (gsize) size, NULL, on_written, block);
  } else if (size < 0 && errno == EAGAIN) {
    g_free (block);
    return G_SOURCE_CONTINUE;
  } else {
    if (size < 0)
      g_set_error (&self->error, STATUS_ERROR, STATUS_FILE, "cannot read the input: %s", g_strerror (errno));
    g_free (block);
    self->input_over = true;
    self->input_end = g_get_monotonic_time ();
  }
  if (size > 0 && self->n_writes < MAX_WRITES)
    return G_SOURCE_CONTINUE;
  self->input = 0;
  return G_SOURCE_REMOVE;
}

static gboolean
on_writable (gint fd, GIOCondition condition, gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

/* The loop goes on meanwhile, with the input and with Ctrl-C; the port does not, as its signal is being handled. */
static void
wait_for_output (Pipe *self)
{
  bool writable = false;
  guint source = g_unix_fd_add (STDOUT_FILENO, G_IO_OUT | G_IO_ERR | G_IO_HUP, on_writable, &writable);

  while (!writable && !self->interrupted)
    g_main_context_iteration (NULL, TRUE);
  if (!writable)
    g_source_remove (source);
}

/* As the port is read no faster than its bytes are taken, a slow reader of the output slows the other end down. */
static void
on_data (SpicePortChannel *port, gpointer bytes, gint size, Pipe *self)
{
  const char *at = bytes, *end = at + size;

  while (at < end && !self->error && !self->interrupted) {
    ssize_t n;

    if (!output_takes_more ())
      wait_for_output (self);
    if (self->interrupted)
      return;
    n = output_write_some (at, (size_t) (end - at));
    if (n >= 0)
      at += n;
    else if (errno != EINTR && errno != EAGAIN)
      g_set_error (&self->error, STATUS_ERROR, STATUS_FILE, "cannot write the output: %s", g_strerror (errno));
  }
}

static void
on_opened (SpicePortChannel *port, GParamSpec *pspec, Pipe *self)
{
  gboolean opened;

  g_object_get (port, "port-opened", &opened, NULL);
  self->closed |= !opened;
}

static gboolean
on_interrupt (gpointer data)
{
  ((Pipe *) data)->interrupted = true;
  return G_SOURCE_CONTINUE;
}

static bool
is_over (gpointer data)
{
  Pipe *self = data;
  bool idle = self->input_over && self->n_writes == 0 && self->quit_after >= 0
              && g_get_monotonic_time () - self->input_end >= (gint64) (self->quit_after * G_USEC_PER_SEC);

  return self->error || self->closed || self->interrupted || idle;
}

static bool
run_pipe (Pipe *self, Client *client, GError **error)
{
  guint interrupt = g_unix_signal_add (SIGINT, on_interrupt, self);
  bool ok;

  g_signal_connect (self->port, "notify::port-opened", G_CALLBACK (on_opened), self);
  listen_input (self);
  ok = client_run (client, is_over, self, error);
  if (self->input != 0)
    g_source_remove (self->input);
  self->input = 0;
  self->input_over = true;
  g_source_remove (interrupt);
  if (ok && self->error) {
    g_propagate_error (error, g_steal_pointer (&self->error));
    ok = false;
  }
  return ok;
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  Pipe self = { .quit_after = NO_SECONDS };
  const GOptionEntry entries[] = {
    { "quit-after", 'q', 0, G_OPTION_ARG_DOUBLE, &self.quit_after,
      "End this long after the end of the input; otherwise only when the port is closed", "SECONDS" },
    { 0 },
  };
  bool ok;

  if (!command_parse (&command_port, client, entries,
                      "Sends standard input through the port of this name, and writes what comes to standard output, "
                      "until the\nother end closes the port. \"caraway info\" counts ports; their names are the "
                      "machine's configuration.",
                      &argc, &argv, 2, 2, error)
      || !command_check_seconds ("--quit-after", self.quit_after, error)
      || !client_connect_main (client, argv[1], error))
    return false;
  self.port = ports_open (client, argv[2], G_CALLBACK (on_data), &self, error);
  if (!self.port)
    return false;
  g_object_ref (self.port);
  ok = run_pipe (&self, client, error);
  if (ok && !self.closed && !self.interrupted)
    ok = client_shut_down (client, SPICE_CHANNEL (self.port), error);
  /* What is not sent by now never will be; each write still has its answer to come. */
  spice_channel_disconnect (SPICE_CHANNEL (self.port), SPICE_CHANNEL_NONE);
  while (self.n_writes > 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_error (&self.error);
  g_signal_handlers_disconnect_by_data (self.port, &self);
  g_object_unref (self.port);
  return ok && client_finish (client, NULL, error);
}

const Command command_port = {
  .name = "port",
  .arguments = "URI NAME",
  .summary = "Connect standard input and output to a port",
  .example = "echo 'info status' | caraway port -q 1 spice://127.0.0.1:5930 org.qemu.monitor.hmp.0",
  .run = run,
};
