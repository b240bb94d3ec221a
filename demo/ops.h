/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drawing operation as the demo's "guest" wants it: neither QXL memory nor wire bytes. The same value is turned into
 * a QXL command (qxl-command.c) and drawn by the oracle (oracle.c), which share nothing else. */
#pragma once

#include "picture.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
  int left, top, right, bottom; /* half open */
} DemoRect;

typedef enum {
  DEMO_FILL,
  DEMO_COPY,
  DEMO_OPAQUE,
  DEMO_BLEND,
  DEMO_BLACKNESS,
  DEMO_WHITENESS,
  DEMO_INVERS,
  DEMO_COPY_BITS,
  DEMO_ALPHA_BLEND,
  DEMO_TRANSPARENT,
  DEMO_N_OPS
} DemoOpType;

typedef struct {
  DemoOpType type;
  guint32 surface;
  DemoRect box;
  bool clipped; /* clip rectangles count, also when there are none */
  guint n_clip;
  DemoRect *clip;

  guint32 color;        /* solid brush; the key of TRANSPARENT */
  DemoPicture *pattern; /* pattern brush when not NULL */
  int pattern_x, pattern_y;

  DemoPicture *src; /* may stand for a surface */
  DemoRect area;
  guint16 rop; /* SpiceRopd */
  guint8 scale_mode;

  DemoPicture *mask;
  int mask_x, mask_y;
  bool mask_invers;

  int from_x, from_y; /* COPY_BITS */
  guint8 alpha;
  guint16 alpha_flags;
} DemoOp;

/* Drops what the operation owns: pictures and clip rectangles. */
void demo_op_clear (DemoOp *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DemoOp, demo_op_clear)
