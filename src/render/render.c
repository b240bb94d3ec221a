/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"
#include "render/internal.h"

/* Pixels between two looks at the clock: some tens of microseconds, for the slowest operations hundreds. */
#define PIXELS_PER_LOOK 32768

CwRender *
cw_render_new (CwRenderShared *shared, const CwRenderEvents *events, gpointer events_data, void (*wake) (gpointer data),
               gpointer wake_data)
{
  CwRender *self = g_new0 (CwRender, 1);

  self->ref_count = 1;
  self->shared = cw_render_shared_ref (shared);
  self->events = events;
  self->events_data = events_data;
  self->waker = cw_waker_new (wake, wake_data);
  self->strand = cw_strand_new (shared);
  g_queue_init (&self->inbox);
  g_queue_init (&self->queue);
  g_queue_init (&self->unstarted);
  self->palettes = cw_palette_cache_new ();
  cw_surface_table_init (&self->surfaces, shared->limits.surface_bytes, shared->limits.n_surfaces);
  cw_damage_init (&self->damage);
  self->reported = g_hash_table_new (g_str_hash, g_str_equal);
  cw_render_shared_add (shared, self);
  return self;
}

CwRender *
cw_render_ref (CwRender *self)
{
  self->ref_count++;
  return self;
}

void
cw_render_unref (CwRender *self)
{
  if (self->ref_count > 1) {
    self->ref_count--;
    return;
  }
  cw_render_close (self);
  cw_strand_unref (self->strand);
  cw_waker_unref (self->waker);
  g_hash_table_unref (self->palettes);
  g_hash_table_unref (self->reported);
  cw_surface_table_clear (&self->surfaces);
  cw_damage_clear (&self->damage);
  cw_render_shared_unref (self->shared);
  g_free (self);
}

static void
queue_op (CwRender *self, CwOp *op)
{
  g_queue_push_tail (&self->queue, op);
}

void
cw_render_queue_event (CwRender *self, const CwOpInfo *info, CwRenderSurface *surface)
{
  CwOp *op = cw_op_new (info, NULL);

  op->target = cw_render_surface_ref (surface);
  self->queue_bytes += op->queue_bytes;
  queue_op (self, op);
}

/* Done with an operation, wherever it was. */
static void
drop_op (CwRender *self, CwOp *op)
{
  self->queue_bytes -= op->queue_bytes;
  cw_op_free (op);
}

static void
book_target (CwRender *self, CwOp *op)
{
  const CwWireDisplayBase *base = op->message->data;
  CwRenderSurface *surface;

  if (op->target || (op->info->kind != CW_OP_DRAW && !op->info->images))
    return;
  surface = cw_surface_table_get_booked (&self->surfaces, base->surface_id);
  if (surface)
    op->target = cw_render_surface_ref (surface);
}

/* The bookkeeping of one operation. FALSE with *parked: later. */
static bool
book_op (CwRender *self, CwOp *op, bool *parked, GError **error)
{
  *parked = false;
  book_target (self, op);
  if (op->info->check && !op->info->check (op->message->data, error))
    return false;
  if (!cw_render_book_images (self, op, parked, error))
    return false;
  return !op->info->book || op->info->book (self, op, op->message->data, error);
}

/* Books what is at the head of the inbox. FALSE with *error unset: it has to wait. */
static bool
admit_one (CwRender *self, GError **error)
{
  CwOp *op = g_queue_peek_head (&self->inbox);
  const char *name = op->message->info->name;
  bool parked;

  if (!book_op (self, op, &parked, error)) {
    if (!parked) {
      g_prefix_error (error, "display: %s: ", name);
      g_queue_pop_head (&self->inbox);
      drop_op (self, op);
    }
    return false;
  }
  g_queue_pop_head (&self->inbox);
  if (op->info->kind == CW_OP_BOOKED)
    drop_op (self, op);
  else
    queue_op (self, op);
  return true;
}

/* Books as much as can be. TRUE if anything was. */
static bool
admit_all (CwRender *self, GError **error)
{
  GError *cause = NULL;
  bool progress = false;

  while (self->inbox.length > 0 && admit_one (self, &cause))
    progress = true;
  cw_render_start_jobs (self);
  if (cause)
    g_propagate_error (error, cause);
  return progress;
}

static void
clear_inbox (CwRender *self)
{
  CwOp *op;

  while ((op = g_queue_pop_head (&self->inbox)))
    drop_op (self, op);
}

bool
cw_render_admit (CwRender *self)
{
  GError *error = NULL;
  bool progress;

  if (self->admitting || self->closed || self->failed || self->inbox.length == 0)
    return false;
  self->admitting = true;
  progress = admit_all (self, &error);
  self->admitting = false;
  if (error) {
    /* Nobody is there to be told; it is reported after all that came before. */
    CwOp *op = cw_op_new (NULL, NULL);

    op->error = error;
    self->queue_bytes += op->queue_bytes;
    clear_inbox (self);
    queue_op (self, op);
  }
  if (progress || error)
    cw_waker_wake (self->waker);
  return progress;
}

bool
cw_render_is_parked (const CwRender *self)
{
  return self->inbox.length > 0;
}

void
cw_render_retry_strand (CwRender *self)
{
  cw_strand_retry (self->strand);
}

static const CwOpInfo unknown_info = { 0, CW_OP_UNSUPPORTED };

bool
cw_render_push (CwRender *self, CwMessage *message, GError **error)
{
  const CwOpInfo *info = cw_op_info (message->type);
  GError *cause = NULL;
  CwOp *op;

  if (self->closed || self->failed) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "display: the channel has ended");
    return false;
  }
  cw_render_begin (self);
  op = cw_op_new (info ? info : &unknown_info, message);
  self->queue_bytes += op->queue_bytes;
  g_queue_push_tail (&self->inbox, op);
  if (self->inbox.length > 1) /* an older one waits */
    return true;
  self->admitting = true;
  admit_all (self, &cause);
  self->admitting = false;
  /* What was stored may be what a sibling waits for. */
  cw_render_shared_retry (self->shared);
  if (cause) {
    g_propagate_error (error, cause);
    return false;
  }
  return true;
}

bool
cw_render_flush_damage (CwRender *self)
{
  CwRect rects[CW_DAMAGE_MAX_RECTS];
  unsigned generation = self->generation;
  int n = cw_damage_take (&self->damage, rects);

  for (int i = 0; i < n && self->generation == generation; i++)
    self->events->invalidate (self->events_data, &rects[i]);
  return self->generation == generation;
}

void
cw_render_report_unsupported (CwRender *self, const char *name)
{
  if (g_hash_table_add (self->reported, (gpointer) name) && cw_render_flush_damage (self))
    self->events->unsupported (self->events_data, name);
}

static void
drop_queued (CwRender *self)
{
  CwOp *op;

  self->generation++;
  clear_inbox (self);
  while ((op = g_queue_pop_head (&self->queue)))
    drop_op (self, op);
  cw_render_abandon_jobs (self);
  self->queue_bytes = 0; /* an operation that is just running included */
  cw_damage_reset (&self->damage);
}

static void
fail (CwRender *self, const GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);

  if (!cw_render_flush_damage (self))
    return;
  self->failed = true;
  drop_queued (self);
  self->events->failed (self->events_data, copy);
}

typedef enum {
  DONE,
  UNFINISHED, /* time is up */
  FAILED,
} Outcome;

static void
add_damage (CwRender *self, const CwOp *op)
{
  if (op->target == self->surfaces.live_primary)
    cw_damage_add (&self->damage, &op->on.box, op->target->width, op->target->height);
}

static Outcome
run_draw (CwRender *self, CwOp *op, int64_t deadline, GError **error)
{
  const char *unsupported;

  if (!op->target || !op->target->pixels)
    return DONE;
  if (!op->started) {
    if (!cw_op_start (op, &unsupported, error))
      return FAILED;
    if (unsupported) {
      cw_render_report_unsupported (self, unsupported);
      return DONE;
    }
  }
  while (!cw_draw_paint (&op->draw, PIXELS_PER_LOOK)) {
    if (g_get_monotonic_time () >= deadline)
      return UNFINISHED;
  }
  add_damage (self, op);
  return DONE;
}

static Outcome
run_op (CwRender *self, CwOp *op, int64_t deadline, GError **error)
{
  if (!op->info) {
    g_propagate_error (error, g_steal_pointer (&op->error));
    return FAILED;
  }
  switch (op->info->kind) {
  case CW_OP_DRAW:
    return run_draw (self, op, deadline, error);
  case CW_OP_UNSUPPORTED:
    cw_render_report_unsupported (self, op->message->info->name);
    return DONE;
  default:
    return op->info->apply (self, op, op->message ? op->message->data : NULL, error) ? DONE : FAILED;
  }
}

/* TRUE to go on with the next one. *more: the time was up. The operation is out of the queue while it runs, because
 * the events it causes may drop the queue. */
static bool
step_one (CwRender *self, int64_t deadline, bool *more)
{
  CwOp *op = g_queue_peek_head (&self->queue);
  unsigned generation = self->generation;
  g_autoptr (GError) error = NULL;
  const GError *bad_image = NULL;
  Outcome outcome;

  if (!op)
    return false;
  switch (cw_op_poll (op, self->waker, &bad_image)) {
  case CW_IMAGE_PENDING:
    return false;
  case CW_IMAGE_FAILED:
    error = g_error_copy (bad_image);
    g_prefix_error (&error, "display: %s: ", op->message->info->name);
    fail (self, error);
    return false;
  case CW_IMAGE_READY:
    break;
  }
  g_queue_pop_head (&self->queue);
  outcome = run_op (self, op, deadline, &error);
  if (self->generation != generation) {
    cw_op_free (op);
    return false;
  }
  if (outcome == UNFINISHED) {
    g_queue_push_head (&self->queue, op);
    *more = true;
    return false;
  }
  if (outcome == FAILED && op->message)
    g_prefix_error (&error, "display: %s: ", op->message->info->name);
  self->in_flight_bytes -= op->flight_bytes;
  drop_op (self, op);
  cw_render_start_jobs (self);
  if (outcome == FAILED)
    fail (self, error);
  return outcome == DONE;
}

bool
cw_render_step (CwRender *self, int64_t budget_us)
{
  int64_t deadline = g_get_monotonic_time () + budget_us;
  bool more = false;

  if (self->stepping || self->closed)
    return false;
  cw_render_ref (self);
  self->stepping = true;
  cw_waker_rearm (self->waker);
  while (step_one (self, deadline, &more)) {
    if (g_get_monotonic_time () >= deadline) {
      more = self->queue.length > 0;
      break;
    }
  }
  if (!cw_render_flush_damage (self))
    more = !self->closed && self->queue.length > 0;
  self->stepping = false;
  cw_render_unref (self);
  return more;
}

bool
cw_render_is_full (CwRender *self)
{
  const CwRenderLimits *limits = &self->shared->limits;

  return self->queue_bytes >= limits->queue_bytes
         || self->unstarted_bytes + self->in_flight_bytes >= limits->in_flight_bytes;
}

bool
cw_render_is_idle (CwRender *self)
{
  return self->inbox.length == 0 && self->queue.length == 0;
}

uint64_t
cw_render_first_parked_serial (CwRender *self)
{
  CwOp *op = g_queue_peek_head (&self->inbox);

  return op ? op->message->serial : 0;
}

bool
cw_render_get_surface (CwRender *self, uint32_t surface_id, CwSurfaceInfo *info)
{
  CwRenderSurface *surface = g_hash_table_lookup (self->surfaces.live, GUINT_TO_POINTER (surface_id));

  if (!surface)
    return false;
  cw_render_surface_get_info (surface, info);
  return true;
}

void
cw_render_trim (CwRender *self)
{
  cw_pixel_pool_trim (self->shared->pixels);
}

void
cw_render_begin (CwRender *self)
{
  if (!self->closed)
    cw_render_shared_add (self->shared, self);
}

void
cw_render_reset (CwRender *self)
{
  drop_queued (self);
  cw_palette_cache_clear (self->palettes);
  cw_surface_table_reset (&self->surfaces);
  self->failed = false;
  /* The old one may be parked on an image that will never come. */
  cw_strand_close (self->strand);
  cw_strand_unref (self->strand);
  self->strand = cw_strand_new (self->shared);
  cw_render_shared_remove (self->shared, self);
}

void
cw_render_close (CwRender *self)
{
  if (self->closed)
    return;
  self->closed = true;
  cw_waker_end (self->waker);
  cw_render_reset (self);
}
