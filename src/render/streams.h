/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Video: a producer of pictures beside the queue. Frames go to their decoder when their message is taken, and are shown
 * on their surface once they are decoded, their turn has come in wire order, and their time. Without sound their time
 * is at once. */
#pragma once

#include "render/group.h"
#include "render/state.h"
#include "render/video.h"

typedef struct CwStreams CwStreams;
typedef struct CwStream CwStream;

/* All borrowed, and as long as the streams live. */
CwStreams *cw_streams_new (CwRenderState *state, CwRenderGroup *group, CwWaker *waker);
void cw_streams_free (CwStreams *self);

CwStream *cw_stream_ref (CwStream *self);
void cw_stream_unref (CwStream *self);

/* In wire order, when a message is taken. */

/* A new reference. The decoder is opened at once. */
CwStream *cw_streams_create (CwStreams *self, const CwMsgDisplayStreamCreate *create, CwMessage *message);

/* What the id means now, borrowed; NULL: nothing, which the server is told. */
CwStream *cw_streams_find (CwStreams *self, uint32_t id);
void cw_streams_remove (CwStreams *self, uint32_t id);
void cw_streams_remove_all (CwStreams *self);

/* A frame's number, 0 if there is none to be shown. dest: NULL for the stream's. message keeps data alive. */
uint64_t cw_streams_push (CwStreams *self, CwStream *stream, uint32_t stamp, CwSlice data, const CwWireRect *dest,
                          CwMessage *message);
void cw_streams_activate_report (CwStreams *self, const CwMsgDisplayStreamActivateReport *activate);

/* When its turn comes. */

void cw_streams_begin (CwStreams *self, CwStream *stream);
void cw_streams_release (CwStreams *self, CwStream *stream, uint64_t number);
void cw_streams_clip (CwStreams *self, uint32_t id, const CwWireClip *clip, CwMessage *message);
void cw_streams_end (CwStreams *self, uint32_t id);
void cw_streams_end_all (CwStreams *self);

/* Forgets everything. */
void cw_streams_reset (CwStreams *self);

/* Shows what is due, about max_pixels of it at most. TRUE: there is more to paint at once. Otherwise *due is when there
 * will be, CW_RENDER_NEVER if a wake is going to say. */
bool cw_streams_poll (CwStreams *self, int64_t now, uint32_t max_pixels, int64_t *due);

/* More frames wait to be decoded than should. */
bool cw_streams_is_full (const CwStreams *self);
