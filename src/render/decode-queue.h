/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images of a display channel on their way to being decoded: those that wait for memory, and how much those take
 * that are under way or decoded and not drawn yet. The owner's thread. */
#pragma once

#include "render/glz-queue.h"
#include "render/group.h"

typedef struct {
  CwRenderGroup *group; /* borrowed */
  CwProducer *producer; /* of one connection */
  CwGlzQueue *glz;      /* NULL until there is a GLZ image */
  GQueue unstarted;     /* CwDecodeJob */
  uint64_t in_flight_bytes, unstarted_bytes;
} CwDecodeQueue;

void cw_decode_queue_init (CwDecodeQueue *self, CwRenderGroup *group);
void cw_decode_queue_clear (CwDecodeQueue *self);

/* Takes the job; owner is the operation that needs the image. */
void cw_decode_queue_push (CwDecodeQueue *self, CwDecodeJob *job, gconstpointer owner);

/* Starts jobs as far as memory allows. What next needs, the operation to be drawn next, is let through however large;
 * so is one where nothing else is under way. */
void cw_decode_queue_start (CwDecodeQueue *self, gconstpointer next);

/* Images of so many bytes have been drawn. */
void cw_decode_queue_drawn (CwDecodeQueue *self, uint64_t bytes);

bool cw_decode_queue_is_full (const CwDecodeQueue *self);

/* The connection is over. What nobody waits for is not decoded; images that siblings may refer to are. */
void cw_decode_queue_abandon (CwDecodeQueue *self);
