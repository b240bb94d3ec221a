/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drawing operations, a file each. One is prepared once, then painted piece by piece; the pieces of one operation do
 * not overlap and may come at different times. Targets are surfaces of any format but A1. */
#pragma once

#include "canvas/brush.h"
#include "canvas/dash.h"
#include "canvas/path.h"
#include "canvas/pixel-reader.h"
#include "canvas/region.h"
#include "canvas/rop.h"

#include <pixman.h>

/* What an operation draws on. */
typedef struct {
  CwPixels *pixels; /* borrowed */
  CwRegion region;  /* made from box; preparing takes away what cannot be touched for want of source pixels */
  CwRect box;       /* as the operation names it, beyond the surface too */
  /* The operation reads these pixels, as they were before: it draws into a buffer, which then takes their place. */
  bool is_read;
} CwDrawTarget;

typedef struct CwDraw CwDraw;

/* An operation in canvas: its state and what is done with it. */
typedef struct {
  size_t state_size;
  void (*paint) (CwDraw *self, const CwRect *piece); /* a piece of the target's region */
  void (*clear) (gpointer state);                    /* NULL: nothing to let go */
  /* Work of about *left pixels, which it lessens; TRUE when all is done. NULL: paints each piece of the region once. */
  bool (*step) (CwDraw *self, uint32_t max_pixels, int64_t *left);
} CwDrawKind;

/* A larger state is allocated. */
#define CW_DRAW_STATE_SIZE 192

struct CwDraw {
  const CwDrawKind *kind; /* NULL: nothing is prepared */
  CwDrawTarget *target;
  unsigned pixel_cost; /* what a pixel takes, in those of a fill */
  unsigned stage;      /* of a target that is read */
  CwPixels *buffer;
  CwPoint buffer_at;
  GError *error; /* what ended the painting too early, or NULL */
  gpointer large_state;
  union {
    max_align_t align;
    uint8_t bytes[CW_DRAW_STATE_SIZE];
  } state;
};

/* Each prepares self, which must be cleared after use also if preparing failed. target is borrowed until then, and so
 * are the operands' pixels. An error is CW_ERROR_MALFORMED, CW_ERROR_LIMIT or CW_ERROR_MEMORY. */

/* rop (S = brush, D). */
bool cw_draw_fill (CwDraw *self, CwDrawTarget *target, const CwBrush *brush, CwRop rop, GError **error);

/* rop (S = source, D). */
bool cw_draw_copy (CwDraw *self, CwDrawTarget *target, const CwImageOperand *source, CwRop rop, GError **error);

typedef struct {
  CwImageOperand source;
  CwBrush brush;
  CwRop rop;
} CwOpaqueParams;

/* Copies, then rop (S = brush, D = the copied). */
bool cw_draw_opaque (CwDraw *self, CwDrawTarget *target, const CwOpaqueParams *params, GError **error);

typedef struct {
  CwImageOperand source;
  CwBrush brush;
  uint8_t rop3; /* bit 4 * brush + 2 * source + D is the result */
} CwRop3Params;

bool cw_draw_rop3 (CwDraw *self, CwDrawTarget *target, const CwRop3Params *params, GError **error);

/* Copies what is not of the key colour (0x00RRGGBB). Scaling is always CW_SCALE_NEAREST. */
bool cw_draw_transparent (CwDraw *self, CwDrawTarget *target, const CwImageOperand *source, uint32_t key,
                          GError **error);

typedef struct {
  CwImageOperand source;
  uint8_t alpha;
  bool target_has_alpha; /* the top byte of a BGRX target counts as alpha and is updated */
} CwBlendParams;

/* Premultiplied OVER with a constant alpha. Scaling is always CW_SCALE_NEAREST. */
bool cw_draw_blend (CwDraw *self, CwDrawTarget *target, const CwBlendParams *params, GError **error);

/* An image that COMPOSITE reads. */
typedef struct {
  const CwPixels *pixels; /* borrowed; NULL: no mask */
  bool raw;               /* a surface's: not converted */
  bool opaque;            /* alpha counts as 255 */
  uint8_t filter, repeat; /* as on the wire */
  CwPoint origin;
  int32_t transform[2][3]; /* 16.16: where pixels are read, in rows */
} CwCompositeImage;

typedef struct {
  CwCompositeImage source, mask;
  uint8_t op; /* as on the wire */
  bool component_alpha, target_is_opaque;
} CwCompositeParams;

bool cw_draw_composite (CwDraw *self, CwDrawTarget *target, const CwCompositeParams *params, GError **error);

typedef struct {
  CwPathSource path;
  CwDashStyle style;
  CwBrush brush;
  CwRop rop; /* (S = brush, D) */
} CwStrokeParams;

/* Lines of one pixel's width. */
bool cw_draw_stroke (CwDraw *self, CwDrawTarget *target, const CwStrokeParams *params, GError **error);

/* The farthest a glyph may be. */
#define CW_GLYPH_FAR (1 << 30)

typedef struct {
  int32_t left, top;
  uint16_t width, height;
  const uint8_t *rows; /* of whole bytes, high bits first; borrowed */
} CwGlyph;

typedef struct {
  CwGlyph *glyphs; /* taken and set to NULL */
  uint32_t n_glyphs;
  unsigned bits; /* per pixel: 1, 4 or 8 */
  bool top_down; /* how rows are stored */
  CwBrush fore, back;
  CwRect back_area;
} CwTextParams;

bool cw_draw_text (CwDraw *self, CwDrawTarget *target, CwTextParams *params, GError **error);

/* Moves pixels within the target: those of its box come from the same box at position from. */
void cw_draw_copy_bits (CwDraw *self, CwDrawTarget *target, const CwPoint *from);

void cw_draw_clear (CwDraw *self);

/* To be called between preparing and painting; only does something for targets that are read. CW_ERROR_MEMORY. */
bool cw_draw_make_buffer (CwDraw *self, GError **error);

/* Paints what is left of the target's region; the work is about that of max_pixels at most. TRUE when nothing is left,
 * was prepared, or can be painted: error is set then. */
bool cw_draw_paint (CwDraw *self, uint32_t max_pixels);

/* Private to the operations. */

/* Begins to prepare; the operation's state, all zero. */
gpointer cw_draw_begin (CwDraw *self, CwDrawTarget *target, const CwDrawKind *kind);

/* Makes a reader of source for the target and leaves of the region what it covers. */
bool cw_draw_read (CwDraw *self, CwPixelReader *reader, const CwImageOperand *source, CwReadKind kind, GError **error);

/* rop (S = what reader gives, D) on a piece. */
void cw_draw_paint_read (CwDraw *self, CwPixelReader *reader, const CwRect *piece, CwRop rop);

/* What is drawn on (the buffer's top left corner is at buffer_at) with its words as those of a format of the same
 * depth; NULL if there is no memory. */
pixman_image_t *cw_draw_pixman_target (const CwDraw *self, CwPixelFormat as);

/* Paints pieces of the region, or moves them to and from the buffer; as step. */
bool cw_draw_walk (CwDraw *self, uint32_t max_pixels, int64_t *left);

static inline gpointer
cw_draw_state (CwDraw *self)
{
  return self->large_state ? self->large_state : self->state.bytes;
}

/* Where the target's pixel is drawn. */
static inline uint8_t *
cw_draw_at (const CwDraw *self, int32_t x, int32_t y)
{
  const CwPixels *pixels = self->buffer ? self->buffer : self->target->pixels;

  return cw_pixels_row (pixels, y - self->buffer_at.y)
         + (size_t) (x - self->buffer_at.x) * (cw_pixel_format_bits (pixels->format) / 8);
}
