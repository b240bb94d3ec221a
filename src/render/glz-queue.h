/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decodes a display channel's GLZ images one after the other on the pool. One that refers to an image another channel
 * has yet to bring parks the queue; no thread waits. */
#pragma once

#include "base/serial-queue.h"
#include "render/image.h"
#include "render/producers.h"

typedef struct CwGlzQueue CwGlzQueue;

/* Takes references to both. An image that nobody else can bring fails who refers to it, instead of waiting for ever. */
CwGlzQueue *cw_glz_queue_new (CwWorkerGroup *workers, CwProducer *producer);

/* Takes the job, which the producer counts as being decoded. here: at once on the caller's thread, if nothing else is
 * under way. */
void cw_glz_queue_push (CwGlzQueue *self, CwDecodeJob *job, bool here);

/* No more images are pushed, and none waits for another channel any more. What is queued goes on to be decoded as far
 * as it goes if there are others, whose images may refer to it. Gives the reference up. */
void cw_glz_queue_close (CwGlzQueue *self);
