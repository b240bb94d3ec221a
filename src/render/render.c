/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine: takes messages, keeps operations in order, draws those whose images are there. */
#include "render/render.h"

#include "base/error.h"
#include "render/operands.h"

/* Pixels between two looks at the clock: some tens of microseconds, for the slowest operations hundreds. */
#define PIXELS_PER_LOOK 32768

/* What an operation takes beside its pixels, and decoding a pixel on the owner's thread, in pixels drawn. */
#define PIXELS_PER_OP 1024
#define BYTES_PER_PIXEL 4 /* of lists, which are looked through beforehand */
#define PIXELS_PER_DECODED 8

struct CwRender {
  unsigned ref_count; /* owner's thread only */
  CwRenderGroup *group;
  CwWaker *waker;
  CwRenderState state;
  CwDecodeQueue decodes;

  GQueue waiting;    /* CwOp one of whose images waits for another channel, and all after it */
  GQueue queue;      /* CwOp whose images are known, in order */
  CwDrawing drawing; /* of the queue's head, once it has been begun */
  uint64_t queue_bytes;
  int64_t stuck_since; /* when it was first seen that nothing can be done; 0: it can */

  bool stepping, accepting, failed, closed;
};

/* NULL for messages that are not known here. */
static const CwOpInfo *
op_info (uint16_t type)
{
  for (unsigned i = 0; i < cw_n_draw_ops; i++) {
    if (cw_draw_ops[i].type == type)
      return &cw_draw_ops[i];
  }
  for (unsigned i = 0; i < cw_n_stream_ops; i++) {
    if (cw_stream_ops[i].type == type)
      return &cw_stream_ops[i];
  }
  for (unsigned i = 0; i < cw_n_state_ops; i++) {
    if (cw_state_ops[i].type == type)
      return &cw_state_ops[i];
  }
  return NULL;
}

CwRender *
cw_render_new (CwRenderGroup *group, const CwRenderObserver *observer, gpointer observer_data,
               void (*wake) (gpointer data), gpointer wake_data)
{
  CwRender *self = g_new0 (CwRender, 1);

  self->ref_count = 1;
  self->group = cw_render_group_ref (group);
  self->waker = cw_waker_new (wake, wake_data);
  cw_render_state_init (&self->state, observer, observer_data);
  self->state.cache = group->cache;
  cw_surface_table_init (&self->state.surfaces, group);
  cw_decode_queue_init (&self->decodes, group);
  self->state.streams = cw_streams_new (&self->state, group, self->waker);
  g_queue_init (&self->waiting);
  g_queue_init (&self->queue);
  cw_render_begin (self);
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
  cw_decode_queue_clear (&self->decodes);
  cw_streams_free (self->state.streams);
  cw_render_state_clear (&self->state);
  cw_waker_unref (self->waker);
  cw_render_group_unref (self->group);
  g_free (self);
}

static void
count_queued (CwRender *self, int64_t bytes)
{
  self->queue_bytes += (uint64_t) bytes;
  self->group->queue_bytes += (uint64_t) bytes;
}

static void
queue_op (CwRender *self, CwOp *op)
{
  count_queued (self, (int64_t) op->queue_bytes);
  cw_op_queue_push (&self->queue, op);
}

/* Done with an operation, wherever it was. */
static void
drop_op (CwRender *self, CwOp *op)
{
  count_queued (self, -(int64_t) op->queue_bytes);
  cw_op_free (op);
}

static void
find_target (CwRender *self, CwOp *op)
{
  const CwWireDisplayBase *base = op->message->data;
  CwRenderSurface *surface;

  if (op->target || (op->info->kind != CW_OP_DRAW && !op->info->images))
    return;
  surface = cw_surface_table_get_pending (&self->state.surfaces, base->surface_id);
  if (surface)
    op->target = cw_render_surface_ref (surface);
}

static void retry (gpointer data);

static CwResolve
accept_op (CwRender *self, CwOp *op, GError **error)
{
  const CwResolver resolver = { &self->state, &self->decodes, retry, self };
  GQueue follow_ups = G_QUEUE_INIT;
  CwResolve result;
  CwOp *follow_up;

  find_target (self, op);
  if (op->info->check && !op->info->check (op->message->data, error))
    return CW_RESOLVE_FAILED;
  result = cw_resolve_operands (&resolver, op, error);
  if (result != CW_RESOLVE_DONE || !op->info->accept)
    return result;
  if (!op->info->accept (&self->state, op, op->message->data, &follow_ups, error))
    result = CW_RESOLVE_FAILED;
  while ((follow_up = cw_op_queue_pop (&follow_ups)))
    queue_op (self, follow_up);
  return result;
}

/* Sees to the first of those that wait. */
static CwResolve
accept_first (CwRender *self, GError **error)
{
  CwOp *op = g_queue_peek_head (&self->waiting);
  CwResolve result = accept_op (self, op, error);

  if (result == CW_RESOLVE_LATER)
    return result;
  cw_op_queue_pop (&self->waiting);
  if (result == CW_RESOLVE_FAILED)
    g_prefix_error (error, "display: %s: ", op->message->info->name);
  if (result == CW_RESOLVE_FAILED || op->info->kind == CW_OP_IMMEDIATE)
    drop_op (self, op);
  else
    cw_op_queue_push (&self->queue, op);
  return result;
}

/* Accepts as much as can be. TRUE if anything was. */
static bool
accept_all (CwRender *self, GError **error)
{
  CwResolve result = CW_RESOLVE_DONE;
  bool progress = false;

  self->accepting = true;
  while (self->waiting.length > 0 && result == CW_RESOLVE_DONE) {
    result = accept_first (self, error);
    progress = progress || result == CW_RESOLVE_DONE;
  }
  self->accepting = false;
  cw_decode_queue_start (&self->decodes, g_queue_peek_head (&self->queue));
  if (progress)
    self->stuck_since = 0;
  return progress;
}

static void
clear_waiting (CwRender *self)
{
  CwOp *op;

  while ((op = cw_op_queue_pop (&self->waiting)))
    drop_op (self, op);
}

/* Goes on with messages whose images had to be waited for. */
static void
retry (gpointer data)
{
  CwRender *self = data;
  GError *error = NULL;
  bool progress;

  if (self->accepting || self->closed || self->failed || self->waiting.length == 0)
    return;
  progress = accept_all (self, &error);
  if (error) {
    /* Nobody is there to be told; it is reported after all that came before. */
    CwOp *op = cw_op_new (&self->state.memory, NULL, NULL);

    op->error = error;
    clear_waiting (self);
    queue_op (self, op);
  }
  if (progress)
    cw_producers_cache_changed (self->group->producers);
  if (progress || error)
    cw_waker_wake (self->waker);
}

static const CwOpInfo unknown_info = { 0, CW_OP_UNSUPPORTED };

bool
cw_render_push (CwRender *self, CwMessage *message, GError **error)
{
  const CwOpInfo *info = op_info (message->type);
  GError *cause = NULL;
  CwOp *op;

  if (self->closed || self->failed) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "display: the channel has ended");
    return false;
  }
  cw_render_begin (self);
  op = cw_op_new (&self->state.memory, info ? info : &unknown_info, message);
  count_queued (self, (int64_t) op->queue_bytes);
  cw_op_queue_push (&self->waiting, op);
  if (self->waiting.length > 1) /* an older one waits */
    return true;
  accept_all (self, &cause);
  /* What was stored may be what a sibling waits for. */
  cw_producers_cache_changed (self->group->producers);
  if (cause) {
    g_propagate_error (error, cause);
    return false;
  }
  return true;
}

static void
drop_queued (CwRender *self)
{
  CwOp *op;

  self->state.generation++;
  clear_waiting (self);
  while ((op = cw_op_queue_pop (&self->queue)))
    drop_op (self, op);
  cw_streams_reset (self->state.streams);
  cw_decode_queue_abandon (&self->decodes);
  count_queued (self, -(int64_t) self->queue_bytes); /* an operation that is just running included */
  self->stuck_since = 0;
}

static void
fail (CwRender *self, const GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);

  if (!cw_render_state_flush_damage (&self->state))
    return;
  self->failed = true;
  drop_queued (self);
  self->state.observer->failed (self->state.observer_data, copy);
}

/* A step's limits. */
typedef struct {
  int64_t deadline;
  uint64_t work; /* in pixels, since the last look at the clock */
} Clock;

static bool
is_over (Clock *self, uint64_t work)
{
  self->work += work;
  if (self->work < PIXELS_PER_LOOK)
    return false;
  self->work = 0;
  return g_get_monotonic_time () >= self->deadline;
}

typedef enum {
  DONE,
  UNFINISHED, /* time is up */
  WAITING,    /* the waker is woken when it can go on */
  FAILED,
} Outcome;

/* The first of a new primary is told at once: somebody waits for a picture. */
static void
add_damage (CwRender *self, const CwOp *op)
{
  if (op->target != self->state.surfaces.current_primary)
    return;
  cw_damage_add (&self->state.damage, &op->drawing->on.box, op->target->width, op->target->height);
  if (self->state.unseen) {
    self->state.unseen = false;
    cw_render_state_flush_damage (&self->state);
  }
}

static Outcome
run_draw (CwRender *self, CwOp *op, Clock *clock, GError **error)
{
  const char *unsupported;

  if (!op->target || !op->target->pixels)
    return DONE;
  if (!op->drawing) {
    if (!cw_op_start (op, &self->drawing, &unsupported, error))
      return FAILED;
    if (unsupported) {
      cw_render_state_report_unsupported (&self->state, unsupported);
      return DONE;
    }
  }
  if (!cw_render_surface_has_memory (op->target, self->waker, &op->drawing->on.box))
    return WAITING;
  while (!cw_draw_paint (&op->drawing->draw, PIXELS_PER_LOOK)) {
    if (is_over (clock, PIXELS_PER_LOOK))
      return UNFINISHED;
  }
  if (op->drawing->draw.error) {
    g_propagate_error (error, g_steal_pointer (&op->drawing->draw.error));
    return FAILED;
  }
  add_damage (self, op);
  return DONE;
}

static Outcome
run_op (CwRender *self, CwOp *op, Clock *clock, GError **error)
{
  if (!op->info) {
    g_propagate_error (error, g_steal_pointer (&op->error));
    return FAILED;
  }
  switch (op->info->kind) {
  case CW_OP_DRAW:
    return run_draw (self, op, clock, error);
  case CW_OP_UNSUPPORTED:
    cw_render_state_report_unsupported (&self->state, op->message->info->name);
    return DONE;
  case CW_OP_PIECEWISE:
    while (!op->info->piece (&self->state, op)) {
      if (is_over (clock, PIXELS_PER_LOOK))
        return UNFINISHED;
    }
    return DONE;
  default:
    return op->info->apply (&self->state, op, op->message ? op->message->data : NULL, error) ? DONE : FAILED;
  }
}

static void
fail_image (CwRender *self, const CwOp *op, const GError *cause)
{
  g_autoptr (GError) error = g_error_copy (cause);

  g_prefix_error (&error, "display: %s: ", op->message->info->name);
  fail (self, error);
}

/* What an operation that is about to run is likely to take. */
static uint64_t
estimate (const CwOp *op)
{
  uint64_t work = PIXELS_PER_OP + op->decoded_here * PIXELS_PER_DECODED + op->queue_bytes / BYTES_PER_PIXEL;
  int64_t width, height;

  if (!op->drawing)
    return work;
  width = CLAMP (cw_rect_width (&op->drawing->on.box), CW_REGION_ROW_COST, PIXELS_PER_LOOK);
  height = CLAMP (cw_rect_height (&op->drawing->on.box), 0, PIXELS_PER_LOOK);
  return work + (uint64_t) MIN (width * height, PIXELS_PER_LOOK);
}

/* TRUE to go on with the next one. *more: the time was up. The operation is out of the queue while it runs, because
 * the observer may drop the queue. */
static bool
step_one (CwRender *self, Clock *clock, bool *more)
{
  CwOp *op = g_queue_peek_head (&self->queue);
  unsigned generation = self->state.generation;
  g_autoptr (GError) error = NULL;
  const GError *bad_image = NULL;
  Outcome outcome;

  if (!op)
    return false;
  switch (cw_op_poll (op, self->waker, &bad_image)) {
  case CW_IMAGE_PENDING:
    return false;
  case CW_IMAGE_FAILED:
    fail_image (self, op, bad_image);
    return false;
  case CW_IMAGE_READY:
    break;
  }
  self->stuck_since = 0;
  cw_op_queue_pop (&self->queue);
  outcome = run_op (self, op, clock, &error);
  if (self->state.generation != generation) {
    cw_op_free (op);
    return false;
  }
  if (outcome == UNFINISHED || outcome == WAITING) {
    g_queue_push_head_link (&self->queue, &op->link);
    *more = outcome == UNFINISHED;
    return false;
  }
  if (outcome == FAILED && op->message)
    g_prefix_error (&error, "display: %s: ", op->message->info->name);
  *more = is_over (clock, estimate (op));
  cw_decode_queue_drawn (&self->decodes, op->flight_bytes);
  drop_op (self, op);
  cw_decode_queue_start (&self->decodes, g_queue_peek_head (&self->queue));
  if (outcome == FAILED)
    fail (self, error);
  return outcome == DONE && !*more;
}

/* Nothing can be done but wait. What others do not bring in time they will never bring. Returns when to look again. */
static int64_t
wait_for_others (CwRender *self, int64_t now)
{
  CwProducer *producer = self->decodes.producer;
  CwOp *op = g_queue_peek_head (self->queue.length > 0 ? &self->queue : &self->waiting);
  g_autoptr (GError) error = NULL;

  if (!op)
    return CW_RENDER_NEVER;
  if (self->stuck_since == 0)
    self->stuck_since = now;
  if (now - self->stuck_since < self->group->limits.wait_us)
    return self->stuck_since + self->group->limits.wait_us;
  if (!cw_producer_is_waiting (producer, CW_WAIT_CACHE) && !cw_producer_is_waiting (producer, CW_WAIT_DICTIONARY)) {
    self->stuck_since = now;
    return now + self->group->limits.wait_us;
  }
  error = g_error_new (CW_ERROR, CW_ERROR_STATE,
                       "display: %s: no channel has brought an image for %" G_GINT64_FORMAT " s",
                       op->message ? op->message->info->name : "", self->group->limits.wait_us / G_USEC_PER_SEC);
  fail (self, error);
  return CW_RENDER_NEVER;
}

/* Shows what is due of videos. TRUE: there is more of it, but no time. */
static bool
show_videos (CwRender *self, Clock *clock, int64_t now, int64_t *due)
{
  while (cw_streams_poll (self->state.streams, now, PIXELS_PER_LOOK, due)) {
    if (is_over (clock, PIXELS_PER_LOOK))
      return true;
  }
  return false;
}

/* Channels that waited may have ended without a word. */
static void
look_at_waiting (CwRender *self)
{
  if (self->waiting.length == 0 || !cw_producer_withdraw (self->decodes.producer, CW_WAIT_CACHE))
    return;
  retry (self);
}

static int64_t
earlier (int64_t a, int64_t b)
{
  return a == CW_RENDER_NEVER || (b != CW_RENDER_NEVER && b < a) ? b : a;
}

int64_t
cw_render_step (CwRender *self, int64_t now, int64_t budget_us)
{
  Clock clock = { .deadline = now + budget_us };
  int64_t due = CW_RENDER_NEVER, video_due;
  bool more = false, more_video;

  if (self->stepping || self->closed)
    return CW_RENDER_NEVER;
  cw_render_ref (self);
  self->stepping = true;
  cw_waker_rearm (self->waker);
  look_at_waiting (self);
  more_video = show_videos (self, &clock, now, &video_due);
  while (!more_video && step_one (self, &clock, &more))
    ;
  if (!more && !more_video)
    more_video = show_videos (self, &clock, now, &video_due);
  if (!cw_render_state_flush_damage (&self->state))
    more = self->queue.length > 0;
  if (!self->closed && !self->failed)
    due = more_video || (more && self->queue.length > 0) ? 0 : earlier (wait_for_others (self, now), video_due);
  self->stepping = false;
  cw_render_unref (self);
  return due;
}

bool
cw_render_is_woken (CwRender *self)
{
  return cw_waker_is_woken (self->waker);
}

bool
cw_render_is_full (CwRender *self)
{
  return self->queue.length + self->waiting.length >= self->group->limits.queue_ops
         || cw_render_group_is_enough (self->queue_bytes, self->group->queue_bytes, self->group->limits.queue_bytes)
         || cw_decode_queue_is_full (&self->decodes) || cw_streams_is_full (self->state.streams);
}

bool
cw_render_is_idle (CwRender *self)
{
  return self->waiting.length == 0 && self->queue.length == 0;
}

uint64_t
cw_render_first_waiting_serial (CwRender *self)
{
  CwOp *op = g_queue_peek_head (&self->waiting);

  return op ? op->message->serial : 0;
}

bool
cw_render_get_surface (CwRender *self, uint32_t surface_id, CwSurfaceInfo *info)
{
  CwRenderSurface *surface = cw_surface_table_get_current (&self->state.surfaces, surface_id);

  if (!surface)
    return false;
  cw_render_surface_get_info (surface, info);
  return true;
}

void
cw_render_trim (CwRender *self, int64_t unused_us)
{
  cw_pixel_pool_trim (self->group->pixels, unused_us);
}

void
cw_render_begin (CwRender *self)
{
  if (!self->closed)
    cw_producer_join (self->decodes.producer);
}

void
cw_render_reset (CwRender *self)
{
  drop_queued (self);
  cw_palette_cache_clear (self->state.palettes);
  cw_surface_table_reset (&self->state.surfaces);
  self->failed = false;
}

void
cw_render_end_connection (CwRender *self)
{
  cw_render_reset (self);
  if (!cw_producer_has_siblings (self->decodes.producer))
    cw_render_group_forget_images (self->group);
}

void
cw_render_close (CwRender *self)
{
  if (self->closed)
    return;
  self->closed = true;
  cw_waker_end (self->waker);
  cw_render_end_connection (self);
}
