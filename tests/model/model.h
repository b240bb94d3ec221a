/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What drawing operations do: a rasteriser that works one pixel at a time, straight from the protocol's definitions and
 * without anything of the library's. Slow on purpose; nothing here is clever. The unit tests and the demo server judge
 * the library by it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum { MODEL_RGB, MODEL_ARGB, MODEL_555, MODEL_565, MODEL_ALPHA, MODEL_BIT } ModelFormat;

typedef struct {
  ModelFormat format;
  bool is_surface; /* its words are taken as they are */
  int width, height;
  guint32 *px; /* the raw word of every pixel, whatever its size */
} ModelImage;

typedef struct {
  int left, top, right, bottom; /* half open */
} ModelRect;

typedef struct {
  enum { MODEL_BRUSH_NONE, MODEL_BRUSH_SOLID, MODEL_BRUSH_PATTERN } kind;
  guint32 color;
  const ModelImage *image;
  int x, y;
} ModelBrush;

typedef struct {
  int left, top, width, height;
  const guint8 *rows;
} ModelGlyph;

typedef struct {
  guint8 flags; /* SpicePathFlags */
  guint n;
  const gint32 *xy; /* 28.4, in pairs */
} ModelSegment;

typedef struct {
  const ModelImage *image;
  guint filter, repeat;
  bool opaque;
  int x, y;            /* origin */
  gint32 transform[6]; /* rows of three, 16.16 */
} ModelInput;

typedef enum {
  MODEL_FILL,
  MODEL_COPY,
  MODEL_OPAQUE,
  MODEL_ROP3,
  MODEL_TRANSPARENT,
  MODEL_BLEND,
  MODEL_COPY_BITS,
  MODEL_TEXT,
  MODEL_STROKE,
  MODEL_COMPOSITE,
} ModelOpType;

typedef struct {
  ModelOpType type;
  ModelRect box;
  int n_clip; /* -1: no clip */
  const ModelRect *clip;
  const ModelImage *mask; /* or NULL */
  int mask_x, mask_y;
  bool mask_invers;

  const ModelImage *source; /* what is the target itself is read as it was before */
  ModelRect area;
  bool interpolate;
  guint16 rop; /* SpiceRopd */
  guint8 rop3;
  ModelBrush brush;
  guint32 key;                           /* TRANSPARENT */
  guint8 alpha;                          /* ALPHA_BLEND */
  bool dest_has_alpha, source_has_alpha; /* ALPHA_BLEND, of surfaces without an alpha channel */
  int from_x, from_y;                    /* COPY_BITS */

  ModelBrush back; /* TEXT */
  ModelRect back_area;
  guint n_glyphs, bits;
  const ModelGlyph *glyphs;
  bool top_down;

  guint n_segments, n_style; /* STROKE; style NULL: solid */
  const ModelSegment *segments;
  const gint32 *style;
  bool start_with_gap;

  guint8 op; /* COMPOSITE */
  ModelInput input, input_mask;
  bool component_alpha;
} ModelOp;

void model_draw (ModelImage *target, const ModelOp *op);

/* Bits that mean nothing after the operation. */
guint32 model_ignored_bits (const ModelImage *target, const ModelOp *op);

/* As 8 bits a channel; alpha 255 where the format has none. */
guint32 model_widen (ModelFormat format, guint32 raw);
guint32 model_narrow (ModelFormat format, guint32 argb);
guint32 model_pixel_mask (ModelFormat format);

/* For the files of the model. */
guint32 model_mul (guint32 a, guint32 b); /* a·b/255, rounded */
guint32 model_over (guint32 s, guint32 d);
guint32 model_converted (const ModelImage *image, int x, int y,
                         ModelFormat target);                                      /* a pixel as a word of the target */
guint32 model_argb_of (const ModelImage *image, int x, int y, ModelFormat target); /* the same, as 8888 */
bool model_contains (const ModelImage *image, gint64 x, gint64 y);
guint32 model_interpolate (gint64 vx, gint64 vy, guint32 (*tap) (gconstpointer data, gint64 x, gint64 y),
                           gconstpointer data);
guint32 model_rop (guint16 rop, guint32 s, guint32 d, guint16 invers_s, guint16 invers_d);
guint32 model_brush (const ModelBrush *brush, int x, int y, ModelFormat target);
bool model_in_region (const ModelImage *target, const ModelOp *op, int x, int y);
guint32 model_composite (const ModelOp *op, ModelFormat target, int x, int y, guint32 raw);
void model_stroke (ModelImage *target, const ModelOp *op);
void model_text (ModelImage *target, const ModelOp *op);
