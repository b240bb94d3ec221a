/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive.h"

#include <string.h>

#define WARM_UP 300 /* cycles after which memory should not grow any more */
#define IDLE_MS 2000

static GPtrArray *
clients_new (const DriveOptions *options, unsigned n)
{
  GPtrArray *self = g_ptr_array_new_with_free_func ((GDestroyNotify) drive_client_free);

  for (unsigned i = 0; i < n; i++)
    g_ptr_array_add (self, drive_client_new (options));
  for (unsigned i = 0; i < n; i++)
    drive_client_connect (self->pdata[i]);
  return self;
}

/* How long it takes until there is something to see. */
void
drive_first (const DriveOptions *options)
{
  double cpu = drive_cpu_ms ();
  g_autoptr (GPtrArray) clients = clients_new (options, 1);
  const DriveClient *client = clients->pdata[0];

  drive_run_until (clients, drive_client_has_picture, "the first picture");
  drive_tell ("first-ms", client->picture_ms - client->started_ms);
  drive_tell ("first-cpu-ms", drive_cpu_ms () - cpu);
}

/* Connecting, the first picture, disconnecting, again and again. */
void
drive_cycles (const DriveOptions *options)
{
  double start = drive_now_ms (), cpu = drive_cpu_ms (), warm_kib = 0;
  unsigned warm_up = MIN (WARM_UP, options->cycles / 5);

  for (unsigned i = 0; i < options->cycles; i++) {
    g_autoptr (GPtrArray) clients = clients_new (options, 1);

    drive_run_until (clients, drive_client_has_picture, "a picture");
    if (i == warm_up)
      warm_kib = drive_rss_kib ();
  }
  drive_tell ("cycles-per-s", options->cycles / ((drive_now_ms () - start) / 1000));
  drive_tell ("cycle-cpu-ms", (drive_cpu_ms () - cpu) / options->cycles);
  drive_tell ("growth-per-cycle-kib", (drive_rss_kib () - warm_kib) / (options->cycles - warm_up));
}

/* Servers that play a recording and close the displays at its end. */
void
drive_replay (const DriveOptions *options)
{
  double start, cpu, first = 0;
  GPtrArray *clients;

  if (options->stalls)
    drive_stalls_start ();
  start = drive_now_ms (), cpu = drive_cpu_ms ();
  clients = clients_new (options, options->sessions);
  drive_run_until (clients, drive_client_has_picture, "the first pictures");
  for (unsigned i = 0; i < clients->len; i++) {
    const DriveClient *client = clients->pdata[i];

    first = MAX (first, client->picture_ms - client->started_ms);
  }
  drive_run_until (clients, drive_client_has_ended, "the end of the recording");
  drive_tell ("wall-ms", drive_now_ms () - start);
  drive_tell ("cpu-ms", drive_cpu_ms () - cpu);
  drive_tell ("all-pictures-ms", first);
  drive_tell ("peak-kib", drive_peak_kib ());
  drive_tell ("threads", drive_n_threads ());
  if (options->stalls)
    drive_stalls_tell ();
  g_ptr_array_unref (clients);
}

/* Writes over a few megabytes for a millisecond, as drawing does. */
static gboolean
on_piece (gpointer data)
{
  static unsigned char picture[4 << 20];
  int64_t until = g_get_monotonic_time () + 1000;

  for (unsigned i = 0; g_get_monotonic_time () < until; i++)
    memset (picture + (i % 64 << 16), (int) i, 1 << 16);
  return G_SOURCE_CONTINUE;
}

void
drive_machine (const DriveOptions *options)
{
  unsigned piece = g_idle_add_full (G_PRIORITY_LOW, on_piece, NULL, NULL);

  drive_stalls_start ();
  drive_run (options->count);
  drive_stalls_tell ();
  g_source_remove (piece);
}

static uint64_t
count_invalidates (GPtrArray *clients)
{
  uint64_t n = 0;

  for (unsigned i = 0; i < clients->len; i++)
    n += ((DriveClient *) clients->pdata[i])->n_invalidates;
  return n;
}

/* What sessions cost that show a picture and have nothing to do. */
void
drive_idle (const DriveOptions *options)
{
  double before_kib, framebuffer_kib = 0, start = drive_now_ms (), cpu;
  uint64_t n_seen;
  GPtrArray *clients;

  before_kib = drive_rss_kib ();
  cpu = drive_cpu_ms ();
  clients = clients_new (options, options->sessions);
  drive_run_until (clients, drive_client_has_picture, "the pictures");
  drive_tell ("all-up-ms", drive_now_ms () - start);
  drive_tell ("all-up-cpu-ms", drive_cpu_ms () - cpu);
  do {
    n_seen = count_invalidates (clients);
    drive_run (500);
  } while (count_invalidates (clients) != n_seen);
  drive_run (IDLE_MS);
  cpu = drive_cpu_ms ();
  drive_run (IDLE_MS);
  for (unsigned i = 0; i < clients->len; i++)
    framebuffer_kib += ((DriveClient *) clients->pdata[i])->framebuffer_kib;
  drive_tell ("threads", drive_n_threads ());
  drive_tell ("session-kib", (drive_rss_kib () - before_kib) / options->sessions);
  drive_tell ("framebuffer-kib", framebuffer_kib / options->sessions);
  drive_tell ("idle-cpu-percent", (drive_cpu_ms () - cpu) / IDLE_MS * 100);
  g_ptr_array_unref (clients);
}

/* Stays until the input ends, for recordings. */
void
drive_watch (const DriveOptions *options)
{
  g_autoptr (GPtrArray) clients = clients_new (options, 1);
  GPollFD input = { .fd = 0, .events = G_IO_IN | G_IO_HUP };

  drive_run_until (clients, drive_client_has_picture, "the picture");
  while (g_poll (&input, 1, 0) == 0)
    drive_run (20);
  drive_tell ("invalidates", (double) count_invalidates (clients));
}

typedef struct {
  unsigned n_left, n_awaited;
  bool failed;
} Writes;

static void
on_written (GObject *channel, GAsyncResult *result, gpointer data)
{
  Writes *self = data;

  self->failed |= spice_port_channel_write_finish (SPICE_PORT_CHANNEL (channel), result, NULL) < 0;
  self->n_awaited--;
}

static bool
has_port (const DriveClient *self)
{
  return self->port != NULL;
}

/* Writes into a port, so many at a time. */
void
drive_port (const DriveOptions *options)
{
  const unsigned window = 64;
  g_autofree guint8 *block = g_malloc0 (options->size);
  Writes writes = { .n_left = options->count };
  GPtrArray *clients = clients_new (options, 1);
  double start, cpu, seconds;

  drive_run_until (clients, has_port, "the port");
  start = drive_now_ms (), cpu = drive_cpu_ms ();
  while (writes.n_left + writes.n_awaited > 0) {
    for (; writes.n_left > 0 && writes.n_awaited < window; writes.n_left--, writes.n_awaited++)
      spice_port_channel_write_async (SPICE_PORT_CHANNEL (((DriveClient *) clients->pdata[0])->port), block,
                                      options->size, NULL, on_written, &writes);
    g_main_context_iteration (NULL, TRUE);
    if (writes.failed)
      drive_fail ("a write failed");
  }
  seconds = (drive_now_ms () - start) / 1000;
  drive_tell ("mb-per-s", (double) options->size * options->count / 1e6 / seconds);
  drive_tell ("cpu-ms-per-mb", (drive_cpu_ms () - cpu) / ((double) options->size * options->count / 1e6));
  g_ptr_array_unref (clients);
}
