/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/glz-queue.h"

#include "base/error.h"
#include "codec/glz.h"

/* What stands last belongs to the run: of a serial queue there is one at a time. */
struct CwGlzQueue {
  CwSerialQueue *serial; /* of which this is the data: each lives as long as the other */
  CwProducer *producer;
  gint closed; /* atomic */

  CwGlzDecoder *decoder; /* of the first job */
  bool waits_for_image;  /* in the window, which holds a reference then */
  bool waits_for_others; /* among the producers, likewise */
};

static void
finish (CwGlzQueue *self, CwDecodeJob *job, CwPixels *pixels, GError *error)
{
  g_clear_pointer (&self->decoder, cw_glz_decoder_free);
  cw_producer_add_decoding (self->producer, -1);
  cw_decode_job_finish (job, pixels, true, error);
}

static void
look_again (gpointer data)
{
  CwGlzQueue *self = data;

  cw_serial_queue_resume (self->serial);
  cw_serial_queue_unref (self->serial);
}

/* From here on others may count on this queue again, whenever its next run comes. */
static void
image_stored (gpointer data)
{
  CwGlzQueue *self = data;

  if (cw_producer_withdraw (self->producer, CW_WAIT_DICTIONARY))
    cw_serial_queue_unref (self->serial);
  look_again (self);
}

static void
withdraw_waits (CwGlzQueue *self, CwDecodeJob *job)
{
  if (self->waits_for_image && cw_glz_window_cancel_wait (job->window, image_stored, self))
    cw_serial_queue_unref (self->serial);
  if (self->waits_for_others && cw_producer_withdraw (self->producer, CW_WAIT_DICTIONARY))
    cw_serial_queue_unref (self->serial);
  self->waits_for_image = self->waits_for_others = false;
}

/* FALSE: nobody can bring what is missing. */
static bool
wait_for_others (CwGlzQueue *self)
{
  if (g_atomic_int_get (&self->closed))
    return false;
  cw_serial_queue_ref (self->serial);
  self->waits_for_others = cw_producer_wait (self->producer, CW_WAIT_DICTIONARY, look_again, self);
  if (!self->waits_for_others)
    cw_serial_queue_unref (self->serial);
  return self->waits_for_others;
}

static CwSerialResult
wait_for_image (CwGlzQueue *self, CwDecodeJob *job, uint64_t id)
{
  cw_serial_queue_ref (self->serial);
  self->waits_for_image = cw_glz_window_wait_for (job->window, id, image_stored, self);
  if (!self->waits_for_image) { /* it has come */
    cw_serial_queue_unref (self->serial);
    return CW_SERIAL_AGAIN;
  }
  if (wait_for_others (self))
    return CW_SERIAL_PARKED;
  withdraw_waits (self, job);
  finish (self, job, NULL,
          g_error_new (CW_ERROR, CW_ERROR_STATE,
                       "glz: refers to image %" G_GUINT64_FORMAT ", which no channel can bring", id));
  return CW_SERIAL_DONE;
}

/* As much of an image as there is. */
static CwSerialResult
run (gpointer data, gpointer item)
{
  CwGlzQueue *self = data;
  CwDecodeJob *job = item;
  GError *error = NULL;
  uint64_t id;
  CwCodecInput in;

  withdraw_waits (self, job);
  if (!self->decoder) {
    cw_decode_job_input (job, &in);
    self->decoder = cw_glz_decoder_new (job->window, &in, &error);
  }
  if (!self->decoder) {
    finish (self, job, NULL, error);
    return CW_SERIAL_DONE;
  }
  switch (cw_glz_decoder_step (self->decoder, &id, &error)) {
  case CW_GLZ_DONE:
    finish (self, job, cw_glz_decoder_steal_pixels (self->decoder), NULL);
    return CW_SERIAL_DONE;
  case CW_GLZ_FAILED:
    finish (self, job, NULL, error);
    return CW_SERIAL_DONE;
  case CW_GLZ_NEEDS_IMAGE:
    return wait_for_image (self, job, id);
  }
  g_assert_not_reached ();
}

static void
free_queue (gpointer data)
{
  CwGlzQueue *self = data;

  cw_producer_unref (self->producer);
  g_free (self);
}

static const CwSerialClass serial_class = { CW_JOB_COPIES, run, free_queue };

CwGlzQueue *
cw_glz_queue_new (CwWorkerGroup *workers, CwProducer *producer)
{
  CwGlzQueue *self = g_new0 (CwGlzQueue, 1);

  self->producer = cw_producer_ref (producer);
  self->serial = cw_serial_queue_new (workers, &serial_class, self);
  return self;
}

void
cw_glz_queue_push (CwGlzQueue *self, CwDecodeJob *job, bool here)
{
  if (here)
    cw_serial_queue_push_here (self->serial, job);
  else
    cw_serial_queue_push (self->serial, job);
}

static void
drop (gpointer job)
{
  cw_decode_job_finish (job, NULL, true, g_error_new_literal (CW_ERROR, CW_ERROR_STATE, "glz: the channel has ended"));
}

void
cw_glz_queue_close (CwGlzQueue *self)
{
  g_atomic_int_set (&self->closed, true);
  if (!cw_producer_has_siblings (self->producer))
    cw_serial_queue_drop (self->serial, drop);
  cw_serial_queue_resume (self->serial);
  cw_serial_queue_unref (self->serial);
}
