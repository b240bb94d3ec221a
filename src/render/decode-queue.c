/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/decode-queue.h"

void
cw_decode_queue_init (CwDecodeQueue *self, CwRenderGroup *group)
{
  *self = (CwDecodeQueue){ .group = group, .producer = cw_producer_new (group->producers) };
  g_queue_init (&self->unstarted);
}

void
cw_decode_queue_clear (CwDecodeQueue *self)
{
  g_assert (!self->glz && self->unstarted.length == 0);
  g_clear_pointer (&self->producer, cw_producer_unref);
}

void
cw_decode_queue_push (CwDecodeQueue *self, CwDecodeJob *job, gconstpointer owner)
{
  job->owner = owner;
  self->unstarted_bytes += job->bytes;
  g_queue_push_tail (&self->unstarted, job);
  if (job->window)
    cw_producer_add_decoding (self->producer, 1);
}

static void
start (CwDecodeQueue *self, CwDecodeJob *job)
{
  CwWorkerGroup *workers = cw_render_group_get_workers (self->group);

  if (!job->window) {
    cw_worker_group_push (workers, cw_decode_job_kind (job), cw_decode_job_run, job);
    return;
  }
  if (!self->glz)
    self->glz = cw_glz_queue_new (workers, self->producer);
  cw_glz_queue_push (self->glz, job, job->bytes <= self->group->limits.here_bytes);
}

static void
count_in_flight (CwDecodeQueue *self, int64_t bytes)
{
  self->in_flight_bytes += (uint64_t) bytes;
  self->group->in_flight_bytes += (uint64_t) bytes;
}

/* Two large ones at a time keep two workers busy. */
static bool
may_start (const CwDecodeQueue *self, const CwDecodeJob *job)
{
  const CwRenderLimits *limits = &self->group->limits;
  uint64_t before = self->group->in_flight_bytes, after = before + job->bytes;

  return after <= limits->in_flight_bytes && (after <= limits->ahead_bytes || before <= job->bytes);
}

void
cw_decode_queue_start (CwDecodeQueue *self, gconstpointer next)
{
  CwDecodeJob *job;

  while ((job = g_queue_peek_head (&self->unstarted))
         && (job->owner == next || self->in_flight_bytes == 0 || may_start (self, job))) {
    g_queue_pop_head (&self->unstarted);
    self->unstarted_bytes -= job->bytes;
    count_in_flight (self, (int64_t) job->bytes);
    start (self, job);
  }
}

void
cw_decode_queue_drawn (CwDecodeQueue *self, uint64_t bytes)
{
  count_in_flight (self, -(int64_t) bytes);
}

bool
cw_decode_queue_is_full (const CwDecodeQueue *self)
{
  uint64_t most = self->group->limits.in_flight_bytes;

  return cw_render_group_is_enough (self->unstarted_bytes + self->in_flight_bytes,
                                    self->unstarted_bytes + self->group->in_flight_bytes, most);
}

static void
drop (CwDecodeJob *job)
{
  cw_decode_job_finish (job, NULL, true, g_error_new_literal (CW_ERROR, CW_ERROR_STATE, "the channel has ended"));
}

void
cw_decode_queue_abandon (CwDecodeQueue *self)
{
  bool siblings = cw_producer_has_siblings (self->producer);
  CwDecodeJob *job;

  while ((job = g_queue_pop_head (&self->unstarted))) {
    if (siblings && (job->window || !g_atomic_ref_count_compare (&job->image->ref_count, 1)))
      start (self, job);
    else
      drop (job);
  }
  self->unstarted_bytes = 0;
  count_in_flight (self, -(int64_t) self->in_flight_bytes);
  /* An image may be parked that will never come. */
  g_clear_pointer (&self->glz, cw_glz_queue_close);
  cw_producer_leave (self->producer);
  cw_producer_unref (self->producer);
  self->producer = cw_producer_new (self->group->producers);
}
