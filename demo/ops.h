/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drawing operation as the demo's "guest" wants it: neither QXL memory nor wire bytes. The same value is turned into
 * a QXL command (qxl-command.c, qxl-shapes.c) and drawn by the oracle (oracle.c), which share nothing else. */
#pragma once

#include "model.h"
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
  DEMO_ROP3,
  DEMO_STROKE,
  DEMO_TEXT,
  DEMO_COMPOSITE,
  DEMO_N_OPS
} DemoOpType;

/* How COMPOSITE reads an image. */
typedef struct {
  guint filter, repeat;
  int x, y;
  bool transformed;
  gint32 transform[6]; /* rows of three, 16.16 */
} DemoInput;

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
  guint8 rop3;

  DemoPicture *mask; /* of one bit; COMPOSITE: an image */
  int mask_x, mask_y;
  bool mask_invers;

  int from_x, from_y; /* COPY_BITS */
  guint8 alpha;
  guint16 alpha_flags;

  GArray *segments; /* STROKE: ModelSegment, whose points are owned */
  GArray *style;    /* gint32, 28.4; NULL: solid */
  bool start_with_gap;

  GArray *glyphs; /* TEXT: ModelGlyph, whose rows are owned */
  guint bits;
  DemoRect back_area;
  guint32 back_color;

  guint8 combine; /* COMPOSITE */
  bool component_alpha;
  DemoInput input, input_mask;
} DemoOp;

/* Drops what the operation owns: pictures, clip rectangles, lines and glyphs. */
void demo_op_clear (DemoOp *self);

/* Bytes of a glyph's rows. */
gsize demo_glyph_size (const ModelGlyph *glyph, guint bits);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DemoOp, demo_op_clear)
