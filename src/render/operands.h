/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the images that a message names to those that an operation draws: look-ups and entries in the caches, in wire
 * order, and a decode job for each image that is new. */
#pragma once

#include "render/decode-queue.h"
#include "render/op.h"

typedef enum {
  CW_RESOLVE_DONE,
  CW_RESOLVE_LATER, /* an image of the cache is not there yet: again, once retry (retry_data) has been called */
  CW_RESOLVE_FAILED,
} CwResolve;

typedef struct {
  CwRenderState *state;
  CwDecodeQueue *decodes;
  void (*retry) (gpointer data);
  gpointer retry_data;
} CwResolver;

CwResolve cw_resolve_operands (const CwResolver *self, CwOp *op, GError **error);
