/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decodes a display channel's GLZ images one after the other, each as a job on the pool. One that refers to an image
 * another channel has yet to bring parks the strand; no thread waits. */
#pragma once

#include "render/image.h"
#include "render/render.h"

typedef struct CwStrand CwStrand;

/* With one display channel alone nobody can bring what is missing, so the image fails instead of waiting for ever. */
CwStrand *cw_strand_new (CwRenderShared *shared);
void cw_strand_unref (CwStrand *self);

/* Takes the job. */
void cw_strand_push (CwStrand *self, CwDecodeJob *job);

/* Looks again, if parked: the number of channels has changed. */
void cw_strand_retry (CwStrand *self);

/* No image waits any more: one that would, fails. What is queued is still decoded as far as it goes, because the
 * window has to see every image. */
void cw_strand_close (CwStrand *self);
