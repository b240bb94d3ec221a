/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include "codec/opus.h"
#include "wire/messages.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define RATE 48000
#define PACKET_US 10000
#define SAMPLES 960   /* of both channels in a packet */
#define LOUD_EVERY 25 /* packets */
#define LOUD 20000
#define MAX_LOUD 1024

static bool
start (PeerIo *io, uint16_t mode)
{
  return server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .time = 0, .mode = mode })
         && server_send (io, CW_MSG_PLAYBACK_START, &(CwMsgPlaybackStart){ 2, CW_AUDIO_FMT_S16, RATE, 0 });
}

static bool
send_packet (PeerIo *io, unsigned i, const void *data, size_t size)
{
  return server_send (io, CW_MSG_PLAYBACK_DATA, &(CwMsgPlaybackData){ .time = i * 10, .data = { data, size } });
}

/* When that packet is due. */
static void
wait_for (int64_t began, unsigned i)
{
  int64_t left = began + (int64_t) i * PACKET_US - g_get_monotonic_time ();

  if (left > 0)
    g_usleep ((gulong) left);
}

void
device_play_opus (PeerIo *io, unsigned seconds)
{
  g_autoptr (CwOpusEncoder) encoder = cw_opus_encoder_new (RATE, 2);
  int64_t began = g_get_monotonic_time ();
  int16_t samples[SAMPLES];
  uint8_t packet[SAMPLES];

  if (!encoder || !start (io, CW_AUDIO_DATA_MODE_OPUS))
    device_fail ("the stream does not begin");
  for (unsigned i = 0; i < seconds * 100; i++) {
    size_t size;

    for (unsigned k = 0; k < SAMPLES; k++)
      samples[k] = (int16_t) (LOUD * sin ((i * SAMPLES + k) * 0.05) * sin (i * 0.03));
    size = cw_opus_encode (encoder, samples, packet, sizeof packet);
    wait_for (began, i);
    if (size == 0 || !send_packet (io, i, packet, size))
      device_fail ("the client went away");
  }
  device_say ("packets=%u", seconds * 100);
}

typedef struct {
  const char *path;
  GMutex lock;
  int64_t sent[MAX_LOUD];
  double delays[MAX_LOUD]; /* ms */
  unsigned n_sent, n_heard;
  int over; /* atomic */
} Listener;

/* The loud packets come out in the order in which they went in; between them it is quiet. */
static gpointer
listen_to_fifo (gpointer data)
{
  Listener *self = data;
  struct pollfd fifo = { .fd = open (self->path, O_RDONLY | O_NONBLOCK), .events = POLLIN };
  bool was_loud = false;
  int16_t samples[SAMPLES];

  while (!g_atomic_int_get (&self->over)) {
    ssize_t n = poll (&fifo, 1, 20) > 0 ? read (fifo.fd, samples, sizeof samples) : 0;

    for (unsigned k = 0; n > 0 && k < (size_t) n / sizeof *samples; k++) {
      bool loud = samples[k] > LOUD / 2;

      g_mutex_lock (&self->lock);
      if (loud && !was_loud && self->n_heard < self->n_sent) {
        self->delays[self->n_heard] = (double) (g_get_monotonic_time () - self->sent[self->n_heard]) / 1000;
        self->n_heard++;
      }
      g_mutex_unlock (&self->lock);
      was_loud = loud;
    }
    if (n <= 0)
      g_usleep (200); /* nobody has opened it yet */
  }
  close (fifo.fd);
  return NULL;
}

static int
compare_delays (const void *a, const void *b)
{
  return *(const double *) a < *(const double *) b ? -1 : *(const double *) a > *(const double *) b;
}

static void
tell (Listener *self)
{
  /* The first ones meet a device that is being opened. */
  unsigned first = self->n_heard / 4, n = self->n_heard - first;

  qsort (self->delays + first, n, sizeof *self->delays, compare_delays);
  device_say ("median-ms=%.2f longest-ms=%.2f heard=%u lost=%u", n > 0 ? self->delays[first + n / 2] : NAN,
              n > 0 ? self->delays[self->n_heard - 1] : NAN, self->n_heard, self->n_sent - self->n_heard);
}

void
device_play_raw (PeerIo *io, unsigned seconds, const char *path)
{
  Listener listener = { .path = path };
  int64_t began;
  int16_t samples[SAMPLES];
  GThread *thread = g_thread_new ("listener", listen_to_fifo, &listener);

  if (!start (io, CW_AUDIO_DATA_MODE_RAW))
    device_fail ("the stream does not begin");
  began = g_get_monotonic_time ();
  for (unsigned i = 0; i < seconds * 100; i++) {
    bool loud = i % LOUD_EVERY == LOUD_EVERY - 1 && i + LOUD_EVERY < seconds * 100 && listener.n_sent < MAX_LOUD;

    for (unsigned k = 0; k < SAMPLES; k++)
      samples[k] = loud ? LOUD : 0;
    wait_for (began, i);
    g_mutex_lock (&listener.lock);
    if (loud)
      listener.sent[listener.n_sent++] = g_get_monotonic_time ();
    g_mutex_unlock (&listener.lock);
    if (!send_packet (io, i, samples, sizeof samples))
      device_fail ("the client went away");
  }
  g_atomic_int_set (&listener.over, 1);
  g_thread_join (thread);
  tell (&listener);
}
