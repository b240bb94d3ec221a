/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages about video. */
#include "render/op.h"

static bool
accept_create (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  op->stream = cw_streams_create (self->streams, data, op->message);
  return true;
}

static bool
apply_create (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  cw_streams_begin (self->streams, op->stream);
  return true;
}

static void
push (CwRenderState *self, CwOp *op, uint32_t id, uint32_t stamp, CwSlice frame, const CwWireRect *dest)
{
  CwStream *stream = cw_streams_find (self->streams, id);

  if (!stream)
    return;
  op->stream = cw_stream_ref (stream);
  op->frame = cw_streams_push (self->streams, stream, stamp, frame, dest, op->message);
}

static bool
accept_data (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  const CwMsgDisplayStreamData *frame = data;

  push (self, op, frame->id, frame->multi_media_time, frame->data, NULL);
  return true;
}

static bool
accept_data_sized (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  const CwMsgDisplayStreamDataSized *frame = data;

  push (self, op, frame->id, frame->multi_media_time, frame->data, &frame->dest);
  return true;
}

static bool
apply_data (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  if (op->stream && op->frame > 0)
    cw_streams_release (self->streams, op->stream, op->frame);
  return true;
}

static bool
accept_clip (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  cw_streams_find (self->streams, ((const CwMsgDisplayStreamClip *) data)->id);
  return true;
}

static bool
apply_clip (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayStreamClip *clip = data;

  cw_streams_clip (self->streams, clip->id, &clip->clip, op->message);
  return true;
}

static bool
accept_destroy (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  cw_streams_remove (self->streams, ((const CwMsgDisplayStreamDestroy *) data)->id);
  return true;
}

static bool
apply_destroy (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  cw_streams_end (self->streams, ((const CwMsgDisplayStreamDestroy *) data)->id);
  return true;
}

static bool
accept_destroy_all (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  cw_streams_remove_all (self->streams);
  return true;
}

static bool
apply_destroy_all (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  cw_streams_end_all (self->streams);
  return true;
}

static bool
accept_activate_report (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  cw_streams_activate_report (self->streams, data);
  return true;
}

const CwOpInfo cw_stream_ops[] = {
  { CW_MSG_DISPLAY_STREAM_CREATE, CW_OP_ORDERED, .accept = accept_create, .apply = apply_create },
  { CW_MSG_DISPLAY_STREAM_DATA, CW_OP_ORDERED, .accept = accept_data, .apply = apply_data },
  { CW_MSG_DISPLAY_STREAM_DATA_SIZED, CW_OP_ORDERED, .accept = accept_data_sized, .apply = apply_data },
  { CW_MSG_DISPLAY_STREAM_CLIP, CW_OP_ORDERED, .accept = accept_clip, .apply = apply_clip },
  { CW_MSG_DISPLAY_STREAM_DESTROY, CW_OP_ORDERED, .accept = accept_destroy, .apply = apply_destroy },
  { CW_MSG_DISPLAY_STREAM_DESTROY_ALL, CW_OP_ORDERED, .accept = accept_destroy_all, .apply = apply_destroy_all },
  { CW_MSG_DISPLAY_STREAM_ACTIVATE_REPORT, CW_OP_IMMEDIATE, .accept = accept_activate_report },
};
const unsigned cw_n_stream_ops = G_N_ELEMENTS (cw_stream_ops);
