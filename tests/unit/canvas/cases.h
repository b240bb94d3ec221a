/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A random operation, with all it reads, for the library and for the model. */
#pragma once

#include "canvas/draw.h"
#include "model.h"

#define CASE_MAX_CLIPS 4

typedef struct {
  guint32 seed;
  GRand *rand;
  CwPixels *target, *source, *pattern, *mask;
  ModelImage *model, *model_source, *model_pattern, *model_mask; /* the same pixels */
  bool raw;                                                      /* source is a surface's */
  ModelRect clips[CASE_MAX_CLIPS];
  ModelOp op;
  CwDrawTarget on;
  CwDraw draw;
} Case;

/* A path whose segments stand in an array. */
CwPathSource path_of_segments (const CwPathSegment *segments, uint32_t n);

int between (GRand *rand, int low, int high);
CwPixels *random_pixels (GRand *rand, CwPixelFormat format, int max);
ModelImage *model_image_new (const CwPixels *pixels, bool is_surface);
void model_image_free (ModelImage *image);

void case_init (Case *self, guint32 seed, ModelOpType type);
void case_clear (Case *self);

/* From op and the images. */
CwImageOperand case_source (const Case *self);
CwBrush case_brush (const Case *self, const ModelBrush *brush);

/* Whether the operation has a meaning: scaling from or to nothing has none. */
bool case_is_possible (const Case *self);

/* Draws what has been prepared in small portions, by both sides, and compares; channels may differ by tolerance. */
void case_compare (Case *self, guint tolerance);

/* A case of each seed from 1 to n. prepare tells whether there is something to draw. */
void run_cases (ModelOpType type, bool (*prepare) (Case *self), guint32 n);
