/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/strand.h"

#include "base/error.h"
#include "codec/glz.h"
#include "render/shared.h"

/* A run on the pool and a wait in the window hold a reference each. There is one run at most; what stands below the
 * lock's fields belongs to it. */
struct CwStrand {
  gatomicrefcount ref_count;
  CwRenderShared *shared;
  GMutex lock;
  GQueue jobs;
  enum { IDLE, RUNNING, PARKED } state;
  bool again; /* something has changed since the run last looked */
  bool closed;

  bool waiting; /* a wait may still be registered */
  CwDecodeJob *job;
  CwGlzDecoder *decoder;
};

static void strand_run (gpointer data);

CwStrand *
cw_strand_new (CwRenderShared *shared)
{
  CwStrand *self = g_new0 (CwStrand, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_queue_init (&self->jobs);
  self->shared = cw_render_shared_ref (shared);
  return self;
}

static CwStrand *
strand_ref (CwStrand *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_strand_unref (CwStrand *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_assert (!self->job && self->jobs.length == 0);
  cw_render_shared_unref (self->shared);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* With the lock held. */
static void
schedule (CwStrand *self)
{
  self->state = RUNNING;
  cw_worker_pool_push (self->shared->pool, strand_run, strand_ref (self));
}

void
cw_strand_push (CwStrand *self, CwDecodeJob *job)
{
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->jobs, job);
  if (self->state == IDLE)
    schedule (self);
  g_mutex_unlock (&self->lock);
}

void
cw_strand_retry (CwStrand *self)
{
  g_mutex_lock (&self->lock);
  self->again = true;
  if (self->state == PARKED)
    schedule (self);
  g_mutex_unlock (&self->lock);
}

static void
image_stored (gpointer data)
{
  CwStrand *self = data;

  cw_strand_retry (self);
  cw_strand_unref (self);
}

void
cw_strand_close (CwStrand *self)
{
  g_mutex_lock (&self->lock);
  self->closed = true;
  g_mutex_unlock (&self->lock);
  cw_strand_retry (self);
}

/* The next job, or none and idle: another run may have begun already. */
static bool
take_job (CwStrand *self)
{
  bool found;

  g_mutex_lock (&self->lock);
  self->job = g_queue_pop_head (&self->jobs);
  found = self->job != NULL;
  if (!found)
    self->state = IDLE;
  g_mutex_unlock (&self->lock);
  return found;
}

static void
finish (CwStrand *self, CwPixels *pixels, GError *error)
{
  CwDecodeJob *job = g_steal_pointer (&self->job);

  g_clear_pointer (&self->decoder, cw_glz_decoder_free);
  cw_decode_job_finish (job, pixels, true, error);
}

static void
fail_missing (CwStrand *self, uint64_t id)
{
  finish (self, NULL,
          g_error_new (CW_ERROR, CW_ERROR_STATE,
                       "GLZ: refers to image %" G_GUINT64_FORMAT ", which no channel can bring", id));
}

/* TRUE if the strand is parked now: this run ends, another may have begun already. */
static bool
park (CwStrand *self, uint64_t id)
{
  bool hopeless, parked;

  g_mutex_lock (&self->lock);
  self->again = false;
  hopeless = self->closed || g_atomic_int_get (&self->shared->n_channels) < 2;
  g_mutex_unlock (&self->lock);
  if (hopeless) {
    fail_missing (self, id);
    return false;
  }
  strand_ref (self);
  self->waiting = true;
  if (!cw_glz_window_wait_for (self->job->window, id, image_stored, self)) {
    self->waiting = false;
    cw_strand_unref (self);
    return false;
  }
  g_mutex_lock (&self->lock);
  parked = !self->again;
  if (parked)
    self->state = PARKED;
  g_mutex_unlock (&self->lock);
  return parked;
}

static void
withdraw_wait (CwStrand *self)
{
  self->waiting = false;
  if (cw_glz_window_cancel_wait (self->job->window, image_stored, self))
    cw_strand_unref (self);
}

/* One step of one image. FALSE if the strand got parked. */
static bool
step_image (CwStrand *self)
{
  GError *error = NULL;
  uint64_t id;
  CwCodecInput in;

  if (!self->decoder) {
    cw_decode_job_input (self->job, &in);
    self->decoder = cw_glz_decoder_new (self->job->window, &in, &error);
  }
  if (!self->decoder) {
    finish (self, NULL, error);
    return true;
  }
  switch (cw_glz_decoder_step (self->decoder, &id, &error)) {
  case CW_GLZ_DONE:
    finish (self, cw_glz_decoder_steal_pixels (self->decoder), NULL);
    return true;
  case CW_GLZ_FAILED:
    finish (self, NULL, error);
    return true;
  case CW_GLZ_NEEDS_IMAGE:
    return !park (self, id);
  }
  g_assert_not_reached ();
}

static void
strand_run (gpointer data)
{
  CwStrand *self = data;

  if (self->waiting)
    withdraw_wait (self);
  if (!self->job && !take_job (self)) {
    cw_strand_unref (self);
    return;
  }
  /* Other jobs of the pool get their turn between two steps. */
  if (step_image (self))
    cw_worker_pool_push (self->shared->pool, strand_run, self);
  else
    cw_strand_unref (self);
}
