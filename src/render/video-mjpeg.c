/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MJPEG: a stream's frames one after the other on the pool, because tables may be handed on. */
#include "base/serial-queue.h"
#include "codec/mjpeg.h"
#include "render/video.h"

typedef struct {
  CwSerialQueue *serial; /* of which this is the data: each lives as long as the other */
  CwMjpegStream *stream; /* used by one run at a time */
  CwPixelPool *pool;
  CwWaker *waker;
  uint8_t flags;
  GMutex lock;
  GQueue done; /* CwVideoPicture; under the lock */
} Decoder;

typedef struct {
  Decoder *decoder;
  uint64_t number;
  CwMessage *message;
  CwSlice data;
} Job;

static void
finish (Job *job, CwPixels *pixels)
{
  Decoder *self = job->decoder;
  CwVideoPicture *picture = g_new (CwVideoPicture, 1);

  *picture = (CwVideoPicture){ job->number, pixels };
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->done, picture);
  g_mutex_unlock (&self->lock);
  cw_message_unref (job->message);
  g_free (job);
}

static CwSerialResult
run (gpointer data, gpointer item)
{
  Decoder *self = data;
  Job *job = item;
  const CwCodecInput in = { .codec = CW_CODEC_MJPEG, .data = job->data, .flags = self->flags, .pool = self->pool };
  CwPixels *pixels = NULL;

  cw_mjpeg_stream_decode (self->stream, &in, &pixels, NULL);
  finish (job, pixels);
  cw_waker_wake (self->waker);
  return CW_SERIAL_DONE;
}

static void
free_decoder (gpointer data)
{
  Decoder *self = data;
  CwVideoPicture *picture;

  while ((picture = g_queue_pop_head (&self->done))) {
    g_clear_pointer (&picture->pixels, cw_pixels_unref);
    g_free (picture);
  }
  cw_mjpeg_stream_free (self->stream);
  cw_pixel_pool_unref (self->pool);
  cw_waker_unref (self->waker);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static const CwSerialClass serial_class = { CW_JOB_COMPUTES, run, free_decoder };

static gpointer
open_decoder (const CwVideoParams *params, GError **error)
{
  Decoder *self = g_new0 (Decoder, 1);

  g_mutex_init (&self->lock);
  g_queue_init (&self->done);
  self->stream = cw_mjpeg_stream_new ();
  self->pool = cw_pixel_pool_ref (params->pool);
  self->waker = cw_waker_ref (params->waker);
  self->flags = params->top_down ? CW_STREAM_TOP_DOWN : 0;
  self->serial = cw_serial_queue_new (params->workers, &serial_class, self);
  return self;
}

static void
push (gpointer decoder, uint64_t number, CwMessage *message, CwSlice data)
{
  Decoder *self = decoder;
  Job *job = g_new (Job, 1);

  *job = (Job){ self, number, cw_message_ref (message), data };
  cw_serial_queue_push (self->serial, job);
}

static void
lose (gpointer job)
{
  finish (job, NULL);
}

static void
skip (gpointer decoder)
{
  cw_serial_queue_drop (((Decoder *) decoder)->serial, lose);
}

static CwVideoTake
take (gpointer decoder, CwVideoPicture *picture, GError **error)
{
  Decoder *self = decoder;
  g_autofree CwVideoPicture *first = NULL;

  g_mutex_lock (&self->lock);
  first = g_queue_pop_head (&self->done);
  g_mutex_unlock (&self->lock);
  if (!first)
    return CW_VIDEO_NOTHING;
  *picture = *first;
  return CW_VIDEO_PICTURE;
}

static void
close_decoder (gpointer decoder)
{
  skip (decoder);
  cw_serial_queue_unref (((Decoder *) decoder)->serial);
}

const CwVideoDecoder cw_mjpeg_decoder = {
  .codec = CW_VIDEO_CODEC_TYPE_MJPEG,
  .independent = true,
  .open = open_decoder,
  .push = push,
  .skip = skip,
  .take = take,
  .close = close_decoder,
};
