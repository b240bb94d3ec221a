/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* First the background, then the glyphs into a coverage mask of the region's extents, then the brush through the mask.
 */
#include "base/error.h"
#include "canvas/draw.h"
#include "canvas/pixel.h"
#include "canvas/pixman-image.h"

/* What a glyph costs beside its pixels. */
#define GLYPH_COST 8

/* pixman blends about five times as slowly as a fill is done. */
#define PIXEL_COST 4

typedef enum { BACK, GLYPHS, FORE } Phase;

typedef struct {
  CwTextParams params;
  CwBrushReader back, pattern;
  CwConvertRow widen; /* a pattern's pixels to 8888; NULL: they are */
  pixman_image_t *solid, *mask_image, *target;
  CwPixels *mask; /* its corner is at extents */
  CwRect extents;
  CwRect bounds; /* of all glyphs, as far as it matters */
  Phase phase;
  uint32_t glyph;
  int32_t row; /* of that glyph, next */
} Text;

/* A colour as 8888, opaque; that of a 16-bit surface is written in 15 bits whatever its format. */
static uint32_t
solid_color (uint32_t color, CwPixelFormat format)
{
  if (format == CW_PIXELS_X1R5G5B5 || format == CW_PIXELS_R5G6B5) {
    uint32_t r = (color >> 10 & 31) * 65535 / 31 >> 8, g = (color >> 5 & 31) * 65535 / 31 >> 8;

    return 0xff000000 | r << 16 | g << 8 | ((color & 31) * 65535 / 31 >> 8);
  }
  return 0xff000000 | color;
}

static uint8_t
coverage (const uint8_t *row, unsigned bits, int32_t x)
{
  switch (bits) {
  case 1:
    return row[x / 8] >> (7 - x % 8) & 1 ? 255 : 0;
  case 4:
    return (row[x / 2] >> (x % 2 ? 0 : 4) & 15) * 16;
  default:
    return row[x];
  }
}

/* Overlapping glyphs: the larger coverage. */
static void
add_row (const Text *self, const CwGlyph *glyph, int32_t row, CwRect part)
{
  size_t row_bytes = ((size_t) glyph->width * self->params.bits + 7) / 8;
  uint32_t stored = self->params.top_down ? row : glyph->height - 1 - row;
  const uint8_t *from = glyph->rows + stored * row_bytes;
  uint8_t *to = cw_pixels_row (self->mask, glyph->top + row - self->extents.top) - self->extents.left;

  for (int32_t x = part.left; x < part.right; x++)
    to[x] = MAX (to[x], coverage (from, self->params.bits, x - glyph->left));
}

static CwRect
glyph_box (const CwGlyph *glyph)
{
  return (CwRect){
    .left = glyph->left, .top = glyph->top, .right = glyph->left + glyph->width, .bottom = glyph->top + glyph->height
  };
}

/* Rows of the next glyph, as many as may be but at least one. */
static void
add_glyph (Text *self, int64_t *left)
{
  const CwGlyph *glyph = &self->params.glyphs[self->glyph];
  CwRect box = glyph_box (glyph), part = cw_rect_intersect (&box, &self->extents);

  *left -= GLYPH_COST;
  if (!cw_rect_is_empty (&part)) {
    self->row = MAX (self->row, part.top - glyph->top);
    do {
      add_row (self, glyph, self->row++, part);
      *left -= part.right - part.left;
    } while (glyph->top + self->row<part.bottom && * left> 0);
    if (glyph->top + self->row < part.bottom)
      return;
  }
  self->glyph++;
  self->row = 0;
}

static void
paint_back (CwDraw *draw, const CwRect *piece)
{
  const Text *self = cw_draw_state (draw);
  CwRect part = cw_rect_intersect (piece, &self->params.back_area);

  for (int32_t y = part.top; y < part.bottom && part.left < part.right; y++)
    cw_brush_reader_rop (&self->back, CW_ROP_S, (CwPoint){ part.left, y }, part.right - part.left,
                         cw_draw_at (draw, part.left, y));
}

static void
blend (CwDraw *draw, pixman_image_t *source, const CwRect *part)
{
  const Text *self = cw_draw_state (draw);

  pixman_image_composite32 (PIXMAN_OP_OVER, source, self->mask_image, self->target, 0, 0,
                            part->left - self->extents.left, part->top - self->extents.top,
                            part->left - draw->buffer_at.x, part->top - draw->buffer_at.y, part->right - part->left,
                            part->bottom - part->top);
}

static void
blend_pattern (CwDraw *draw, const CwRect *part)
{
  const Text *self = cw_draw_state (draw);
  uint32_t words[CW_CANVAS_RUN], wide[CW_CANVAS_RUN];
  uint32_t *pixels = self->widen ? wide : words;
  g_autoptr (pixman_image_t) row
      = pixman_image_create_bits_no_clear (PIXMAN_a8r8g8b8, CW_CANVAS_RUN, 1, pixels, sizeof words);

  for (int32_t y = part->top; row && y < part->bottom; y++) {
    for (int32_t x = part->left; x < part->right; x += CW_CANVAS_RUN) {
      uint32_t n = MIN (CW_CANVAS_RUN, (uint32_t) (part->right - x));

      cw_brush_reader_row (&self->pattern, x, y, n, (uint8_t *) words);
      if (self->widen)
        self->widen ((uint8_t *) wide, (const uint8_t *) words, n);
      blend (draw, row, &(CwRect){ .left = x, .top = y, .right = x + n, .bottom = y + 1 });
    }
  }
}

static void
paint_fore (CwDraw *draw, const CwRect *piece)
{
  Text *self = cw_draw_state (draw);
  CwRect part = cw_rect_intersect (piece, &self->extents);

  if (!self->target)
    self->target = cw_draw_pixman_target (draw, draw->target->pixels->format);
  if (!self->target || cw_rect_is_empty (&part))
    return;
  if (self->solid)
    blend (draw, self->solid, &part);
  else
    blend_pattern (draw, &part);
}

static void
paint (CwDraw *draw, const CwRect *piece)
{
  const Text *self = cw_draw_state (draw);

  if (self->phase == BACK)
    paint_back (draw, piece);
  else
    paint_fore (draw, piece);
}

static bool
step (CwDraw *draw, uint32_t max_pixels, int64_t *left)
{
  Text *self = cw_draw_state (draw);

  if (self->phase == BACK) {
    draw->pixel_cost = 1;
    if (!cw_rect_is_empty (&self->params.back_area) && !cw_draw_walk (draw, max_pixels, left))
      return false;
    cw_region_rewind (&draw->target->region);
    self->phase = GLYPHS;
    if (!self->mask)
      return true;
  }
  if (self->phase == GLYPHS) {
    while (self->glyph<self->params.n_glyphs && * left> 0)
      add_glyph (self, left);
    if (self->glyph < self->params.n_glyphs)
      return false;
    self->phase = FORE;
  }
  draw->pixel_cost = PIXEL_COST;
  return cw_draw_walk (draw, max_pixels, left);
}

static void
clear (gpointer state)
{
  Text *self = state;

  g_clear_pointer (&self->solid, pixman_image_unref);
  g_clear_pointer (&self->mask_image, pixman_image_unref);
  g_clear_pointer (&self->target, pixman_image_unref);
  g_clear_pointer (&self->mask, cw_pixels_unref);
  g_free (self->params.glyphs);
}

static const CwDrawKind kind = { sizeof (Text), paint, clear, step };

static bool
no_memory (GError **error)
{
  g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for text");
  return false;
}

static bool
make_mask (Text *self, GError **error)
{
  const CwRect *extents = &self->extents;

  self->mask
      = cw_pixels_new_zeroed (CW_PIXELS_A8, extents->right - extents->left, extents->bottom - extents->top, error);
  if (!self->mask)
    return false;
  self->mask_image = cw_pixman_image_new (self->mask, CW_PIXELS_A8, NULL);
  return self->mask_image || no_memory (error);
}

static bool
set_solid (Text *self, uint32_t argb, GError **error)
{
  pixman_color_t color = { .red = (argb >> 16 & 255) * 0x101,
                           .green = (argb >> 8 & 255) * 0x101,
                           .blue = (argb & 255) * 0x101,
                           .alpha = (argb >> 24) * 0x101 };

  self->solid = pixman_image_create_solid_fill (&color);
  return self->solid || no_memory (error);
}

/* A pattern begins at the corner of all glyphs' bounds, not at that of the surface. */
static bool
set_pattern (Text *self, CwPixelFormat target, GError **error)
{
  CwBrush brush = self->params.fore;

  brush.origin.x = ((int64_t) brush.origin.x + self->bounds.left) % (int64_t) brush.pixels->width;
  brush.origin.y = ((int64_t) brush.origin.y + self->bounds.top) % (int64_t) brush.pixels->height;
  if (!cw_brush_reader_init (&self->pattern, &brush, target, error))
    return false;
  if (cw_pixel_size (target) != 4)
    self->widen = cw_convert_to_argb (target);
  else if (brush.pixels->format == CW_PIXELS_BGRX)
    self->widen = cw_convert_to_argb (CW_PIXELS_BGRX);
  return true;
}

static void
set_bounds (Text *self)
{
  for (uint32_t i = 0; i < self->params.n_glyphs; i++) {
    CwRect box = glyph_box (&self->params.glyphs[i]);

    if (i == 0)
      self->bounds = box;
    self->bounds = (CwRect){ .left = MIN (self->bounds.left, box.left),
                             .top = MIN (self->bounds.top, box.top),
                             .right = MAX (self->bounds.right, box.right),
                             .bottom = MAX (self->bounds.bottom, box.bottom) };
  }
}

bool
cw_draw_text (CwDraw *draw, CwDrawTarget *target, CwTextParams *params, GError **error)
{
  Text *self = cw_draw_begin (draw, target, &kind);
  CwPixelFormat format = target->pixels->format;
  CwRect region = target->region.extents;

  self->params = *params;
  params->glyphs = NULL;
  if (!cw_brush_reader_init (&self->back, &params->back, format, error))
    return false;
  set_bounds (self);
  self->extents = cw_rect_intersect (&region, &self->bounds);
  if (cw_rect_is_empty (&self->extents) || params->fore.kind == CW_BRUSH_NOTHING)
    return true;
  if (!make_mask (self, error))
    return false;
  if (params->fore.kind == CW_BRUSH_PATTERN)
    return set_pattern (self, format, error);
  return set_solid (self, solid_color (params->fore.color, format), error);
}
