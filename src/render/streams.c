/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Source: spec 02 §12, 05 §9. */
#include "render/streams.h"

#include "base/error.h"
#include "render/clip.h"
#include "render/frame-painting.h"
#include "render/frame-report.h"

#include <string.h>

/* With sound a frame may be early; more than this long it is not kept, nor more than so many frames. */
#define MAX_EARLY_MS 150
#define MAX_HELD 8

/* Frames on their way through decoders: a second of video, and more bytes than that has. */
#define MAX_DECODING 64
#define MAX_DECODING_BYTES ((uint64_t) 8 << 20)

/* Independent frames that wait for the decoder; older ones are not worth decoding any more. */
#define MAX_BEHIND 2

/* A decoder that takes frames and gives none for so long has failed. */
#define MAX_DECODING_US (5 * G_TIME_SPAN_SECOND)

typedef struct {
  uint64_t number;
  uint32_t stamp;
  int64_t arrived;
  size_t bytes; /* compressed */
  CwRect dest;
  bool turn;          /* all messages before it have been drawn */
  bool decoded;       /* or lost */
  CwMessage *message; /* before it is given to the decoder: keeps data alive */
  CwSlice data;
  CwPixels *pixels; /* NULL: not decoded, or lost */
} Frame;

struct CwStream {
  unsigned ref_count; /* the owner's thread only */
  CwStreams *all;
  uint32_t id, surface_id;
  CwRect dest;
  CwMessage *clip_message; /* keeps clip alive */
  const CwWireClip *clip;
  const CwVideoDecoder *class;
  gpointer decoder; /* NULL: none that could be used */
  bool top_down;
  bool opens_later; /* when its turn comes, because the observer is asked */
  GQueue frames;    /* Frame, the oldest first */
  uint64_t last_number;
  CwFrameReport report;
};

struct CwStreams {
  CwRenderState *state;
  CwRenderGroup *group;
  CwWaker *waker;
  CwStream *pending[CW_MAX_NUM_STREAMS]; /* after the messages taken, referenced */
  CwStream *current[CW_MAX_NUM_STREAMS]; /* after those whose turn has come */
  /* The server has been told since the id's last creation; the last one is for all ids that are too large. */
  bool refused[CW_MAX_NUM_STREAMS + 1];
  unsigned n_decoding;
  uint64_t decoding_bytes;
  CwFramePainting painting;
};

CwStreams *
cw_streams_new (CwRenderState *state, CwRenderGroup *group, CwWaker *waker)
{
  CwStreams *self = g_new0 (CwStreams, 1);

  self->state = state;
  self->group = group;
  self->waker = waker;
  return self;
}

static void
count_decoding (CwStreams *self, const Frame *frame, int n)
{
  self->n_decoding += n;
  self->decoding_bytes += (uint64_t) ((int64_t) frame->bytes * n);
}

static void
drop_frame (CwStreams *self, CwStream *stream, GList *link)
{
  Frame *frame = link->data;

  if (!frame->decoded)
    count_decoding (self, frame, -1);
  g_clear_pointer (&frame->pixels, cw_pixels_unref);
  g_clear_pointer (&frame->message, cw_message_unref);
  g_free (frame);
  g_queue_delete_link (&stream->frames, link);
}

static void
drop_frames (CwStreams *self, CwStream *stream)
{
  while (stream->frames.length > 0)
    drop_frame (self, stream, stream->frames.head);
}

/* It shows nothing any more. */
static void
close_stream (CwStreams *self, CwStream *stream)
{
  if (stream->decoder)
    stream->class->close (stream->decoder);
  stream->decoder = NULL;
  stream->opens_later = false;
  drop_frames (self, stream);
}

CwStream *
cw_stream_ref (CwStream *self)
{
  self->ref_count++;
  return self;
}

void
cw_stream_unref (CwStream *self)
{
  if (--self->ref_count > 0)
    return;
  close_stream (self->all, self);
  g_clear_pointer (&self->clip_message, cw_message_unref);
  g_free (self);
}

/* Asks the server to send pictures instead. */
static void
refuse (CwStreams *self, uint32_t id)
{
  const CwMsgcDisplayStreamReport report = { .stream_id = id, .num_drops = UINT32_MAX };
  bool *refused = &self->refused[MIN (id, CW_MAX_NUM_STREAMS)];

  if (*refused)
    return;
  *refused = true;
  self->state->observer->stream_report (self->state->observer_data, &report);
}

static bool
ask_for_overlay (gpointer data, gpointer pipeline)
{
  const CwRenderState *state = data;

  return state->observer->video_overlay (state->observer_data, pipeline);
}

/* With overlay: the observer may do anything, the stream may be closed afterwards. */
static void
open_decoder (CwStreams *self, CwStream *stream, bool overlay)
{
  const CwVideoParams params = {
    .top_down = stream->top_down,
    .workers = cw_render_group_get_workers (self->group),
    .pool = self->group->pixels,
    .waker = self->waker,
    .overlay = overlay ? ask_for_overlay : NULL,
    .overlay_data = self->state,
    .remembered = &self->group->video_remembered,
  };
  unsigned generation = self->state->generation;
  gpointer decoder;

  if (overlay && !cw_render_state_flush_damage (self->state))
    return;
  if (overlay && !stream->class->has_pipeline)
    ask_for_overlay (self->state, NULL);
  decoder = self->state->generation == generation ? stream->class->open (&params, NULL) : NULL;
  if (decoder && self->state->generation != generation)
    stream->class->close (decoder);
  else
    stream->decoder = decoder;
}

CwStream *
cw_streams_create (CwStreams *self, const CwMsgDisplayStreamCreate *create, CwMessage *message)
{
  CwStream *stream = g_new0 (CwStream, 1);
  CwRenderSurface *surface;

  *stream = (CwStream){ .ref_count = 1,
                        .all = self,
                        .id = create->id,
                        .surface_id = create->surface_id,
                        .top_down = create->flags & CW_STREAM_TOP_DOWN,
                        .dest = cw_rect_from_wire (&create->dest),
                        .clip_message = cw_message_ref (message),
                        .clip = &create->clip };
  g_queue_init (&stream->frames);
  if (create->id >= CW_MAX_NUM_STREAMS) {
    refuse (self, create->id);
    return stream;
  }
  cw_streams_remove (self, create->id);
  self->refused[create->id] = false;
  stream->class = cw_render_group_find_decoder (self->group, create->codec_type);
  surface = cw_surface_table_get_pending (&self->state->surfaces, create->surface_id);
  stream->opens_later = stream->class && surface && surface->streaming;
  if (stream->class && surface && !surface->streaming)
    open_decoder (self, stream, false);
  if (!stream->decoder && !stream->opens_later)
    refuse (self, create->id);
  self->pending[create->id] = cw_stream_ref (stream);
  return stream;
}

CwStream *
cw_streams_find (CwStreams *self, uint32_t id)
{
  CwStream *stream = id < CW_MAX_NUM_STREAMS ? self->pending[id] : NULL;

  if (!stream)
    refuse (self, id);
  return stream;
}

void
cw_streams_remove (CwStreams *self, uint32_t id)
{
  if (id < CW_MAX_NUM_STREAMS)
    g_clear_pointer (&self->pending[id], cw_stream_unref);
}

void
cw_streams_remove_all (CwStreams *self)
{
  for (uint32_t id = 0; id < CW_MAX_NUM_STREAMS; id++)
    cw_streams_remove (self, id);
}

static bool
has_waiting (const CwStream *stream)
{
  return stream->frames.length > 0;
}

/* Those that the decoder has not begun with give way to newer ones. */
static void
catch_up (CwStream *stream)
{
  unsigned n = 0;

  for (GList *l = stream->frames.head; l; l = l->next)
    n += !((Frame *) l->data)->decoded;
  if (n > MAX_BEHIND)
    stream->class->skip (stream->decoder);
}

uint64_t
cw_streams_push (CwStreams *self, CwStream *stream, uint32_t stamp, CwSlice data, const CwWireRect *dest,
                 CwMessage *message)
{
  CwMediaTime media = self->state->observer->media_time (self->state->observer_data);
  CwMsgcDisplayStreamReport report;
  const Frame *newest;
  int32_t margin;
  Frame *frame;

  if (stamp == 0) /* the guest's driver has not set any */
    stamp = media.time;
  margin = (int32_t) (stamp - media.time);
  if (cw_frame_report_count (&stream->report, g_get_monotonic_time (), stamp, margin, &media, &report))
    self->state->observer->stream_report (self->state->observer_data, &report);
  if ((!stream->decoder && !stream->opens_later) || data.size == 0)
    return 0;
  newest = g_queue_peek_tail (&stream->frames);
  if (newest && stream->class->independent && (int32_t) (stamp - newest->stamp) < 0) /* the clock went back */
    drop_frames (self, stream);
  if (media.sound && margin < 0 && stream->class->independent && has_waiting (stream))
    return 0;
  if (stream->class->independent && stream->decoder)
    catch_up (stream);
  frame = g_new0 (Frame, 1);
  *frame = (Frame){ .number = ++stream->last_number,
                    .stamp = stamp,
                    .arrived = g_get_monotonic_time (),
                    .bytes = data.size,
                    .dest = dest ? cw_rect_from_wire (dest) : stream->dest };
  g_queue_push_tail (&stream->frames, frame);
  count_decoding (self, frame, 1);
  if (stream->decoder) {
    stream->class->push (stream->decoder, frame->number, message, data);
  } else {
    frame->message = cw_message_ref (message);
    frame->data = data;
  }
  return frame->number;
}

void
cw_streams_activate_report (CwStreams *self, const CwMsgDisplayStreamActivateReport *activate)
{
  CwStream *stream = cw_streams_find (self, activate->stream_id);

  if (stream)
    cw_frame_report_activate (&stream->report, activate);
}

static void
fail_stream (CwStreams *self, CwStream *stream)
{
  close_stream (self, stream);
  refuse (self, stream->id);
}

static void
push_kept (CwStream *stream)
{
  for (GList *l = stream->frames.head; l; l = l->next) {
    Frame *frame = l->data;

    stream->class->push (stream->decoder, frame->number, frame->message, frame->data);
    g_clear_pointer (&frame->message, cw_message_unref);
  }
}

void
cw_streams_begin (CwStreams *self, CwStream *stream)
{
  if (stream->id >= CW_MAX_NUM_STREAMS)
    return;
  cw_streams_end (self, stream->id);
  self->current[stream->id] = cw_stream_ref (stream);
  if (!stream->opens_later)
    return;
  stream->opens_later = false;
  open_decoder (self, stream, true);
  if (stream->decoder)
    push_kept (stream);
  else if (self->current[stream->id] == stream)
    fail_stream (self, stream);
}

static GList *
find_frame (CwStream *stream, uint64_t number)
{
  for (GList *l = stream->frames.head; l; l = l->next) {
    if (((Frame *) l->data)->number == number)
      return l;
  }
  return NULL;
}

void
cw_streams_release (CwStreams *self, CwStream *stream, uint64_t number)
{
  GList *link = find_frame (stream, number);

  if (link)
    ((Frame *) link->data)->turn = true;
}

void
cw_streams_clip (CwStreams *self, uint32_t id, const CwWireClip *clip, CwMessage *message)
{
  CwStream *stream = id < CW_MAX_NUM_STREAMS ? self->current[id] : NULL;

  if (!stream)
    return;
  cw_message_unref (stream->clip_message);
  stream->clip_message = cw_message_ref (message);
  stream->clip = clip;
}

void
cw_streams_end (CwStreams *self, uint32_t id)
{
  if (id >= CW_MAX_NUM_STREAMS || !self->current[id])
    return;
  close_stream (self, self->current[id]);
  g_clear_pointer (&self->current[id], cw_stream_unref);
}

void
cw_streams_end_all (CwStreams *self)
{
  for (uint32_t id = 0; id < CW_MAX_NUM_STREAMS; id++)
    cw_streams_end (self, id);
}

void
cw_streams_reset (CwStreams *self)
{
  cw_frame_painting_stop (&self->painting);
  memset (self->refused, 0, sizeof self->refused);
  cw_streams_remove_all (self);
  cw_streams_end_all (self);
}

void
cw_streams_free (CwStreams *self)
{
  cw_streams_reset (self);
  g_assert (self->n_decoding == 0 && self->decoding_bytes == 0);
  g_free (self);
}

/* Puts a picture to its frame, which may be gone. */
static void
accept_picture (CwStreams *self, CwStream *stream, const CwVideoPicture *picture)
{
  GList *link = find_frame (stream, picture->number);
  Frame *frame = link ? link->data : NULL;

  if (!frame || frame->decoded) {
    if (picture->pixels)
      cw_pixels_unref (picture->pixels);
    return;
  }
  count_decoding (self, frame, -1);
  frame->decoded = true;
  frame->pixels = picture->pixels;
}

static void
be_due (int64_t *due, int64_t at)
{
  if (*due == CW_RENDER_NEVER || at < *due)
    *due = at;
}

/* All that is decoded. A decoder that keeps the channel from reading on and gives nothing is given up. */
static void
take_pictures (CwStreams *self, CwStream *stream, int64_t now, int64_t *due)
{
  const Frame *oldest = g_queue_peek_head (&stream->frames);
  CwVideoPicture picture;

  while (stream->decoder) {
    switch (stream->class->take (stream->decoder, &picture, NULL)) {
    case CW_VIDEO_PICTURE:
      accept_picture (self, stream, &picture);
      break;
    case CW_VIDEO_FAILED:
      fail_stream (self, stream);
      return;
    case CW_VIDEO_NOTHING:
      oldest = g_queue_peek_head (&stream->frames);
      if (!oldest || oldest->decoded || !cw_streams_is_full (self))
        return;
      if (now - oldest->arrived >= MAX_DECODING_US)
        fail_stream (self, stream);
      else
        be_due (due, oldest->arrived + MAX_DECODING_US);
      return;
    }
  }
}

/* How many microseconds a decoded frame is still to be kept. */
static int64_t
early_us (const Frame *frame, int64_t now, const CwMediaTime *media)
{
  int32_t early_ms = (int32_t) (frame->stamp - media->time);

  if (!media->sound || early_ms <= 0)
    return 0;
  return MIN ((int64_t) early_ms * 1000, frame->arrived + MAX_EARLY_MS * 1000 - now);
}

/* Its turn has come, and there is nothing to be shown. */
static bool
is_lost (const Frame *frame)
{
  return frame->turn && frame->decoded && !frame->pixels;
}

static bool
covers (const CwRect *a, const CwRect *b)
{
  return a->left <= b->left && a->top <= b->top && a->right >= b->right && a->bottom >= b->bottom;
}

/* Takes out the newest frame that is due, and drops all before it. NULL: none. One that shows more than the next does
 * is shown, too. */
static Frame *
take_due (CwStreams *self, CwStream *stream, int64_t now, int64_t *due)
{
  CwMediaTime media = self->state->observer->media_time (self->state->observer_data);
  GList *newest = NULL, *head;
  unsigned n_held = 0;
  Frame *frame;

  for (GList *l = stream->frames.tail; l; l = l->prev)
    n_held += ((Frame *) l->data)->pixels != NULL;
  for (GList *l = stream->frames.head; l && ((Frame *) l->data)->turn; l = l->next) {
    int64_t early;

    frame = l->data;
    if (!frame->pixels)
      continue;
    if (newest && !covers (&frame->dest, &((Frame *) newest->data)->dest))
      break;
    early = n_held-- > MAX_HELD ? 0 : early_us (frame, now, &media);
    if (early > 0) {
      be_due (due, now + early);
      break;
    }
    newest = l;
  }
  while ((head = stream->frames.head) && head != newest && (newest || is_lost (head->data)))
    drop_frame (self, stream, head);
  if (!newest)
    return NULL;
  g_queue_unlink (&stream->frames, newest);
  frame = newest->data;
  g_list_free_1 (newest);
  return frame;
}

bool
cw_streams_poll (CwStreams *self, int64_t now, uint32_t max_pixels, int64_t *due)
{
  *due = CW_RENDER_NEVER;
  if (!cw_frame_painting_run (&self->painting, self->state, max_pixels))
    return true;
  for (uint32_t id = 0; id < CW_MAX_NUM_STREAMS; id++) {
    CwStream *stream = self->current[id];
    Frame *frame;

    if (!stream)
      continue;
    take_pictures (self, stream, now, due);
    frame = take_due (self, stream, now, due);
    if (!frame)
      continue;
    cw_frame_painting_begin (&self->painting, self->state, stream->surface_id, g_steal_pointer (&frame->pixels),
                             &frame->dest, stream->clip);
    g_free (frame);
    return true;
  }
  return false;
}

bool
cw_streams_is_full (const CwStreams *self)
{
  return self->n_decoding >= MAX_DECODING || self->decoding_bytes >= MAX_DECODING_BYTES;
}
