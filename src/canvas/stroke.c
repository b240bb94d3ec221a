/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines are made into rows of pixels one after another, each clipped by the region. Pixels that a line passes twice are
 * painted twice, but for those of dashed lines whose rop would show it: these are collected first. */
#include "base/error.h"
#include "canvas/draw.h"
#include "canvas/pixel.h"

/* What a row of pixels costs beside its pixels, and a piece of a line beside its rows. */
#define SPAN_COST 4
#define PIECE_COST 16

/* A solid line between two points, without the last one. */
typedef struct {
  bool steep; /* y is the major axis */
  int64_t major, minor, major_step, minor_step;
  int64_t e, straight, diagonal;
  int64_t n; /* pixels left */
} Line;

typedef struct {
  CwPath path;
  CwPathStep ahead; /* of the path: whether a line is a polyline's only one has to be known when it is begun */
  bool first;       /* of a polyline's lines is the next one */
  bool done;        /* all, or as far as it went */
  CwPoint start, point;
  CwDashStyle style;
  CwBrushReader brush;
  CwRop rop;
  CwDraw *draw;
  CwRect extents;
  bool inside; /* a piece */
  Line line;
  CwDasher dasher;
  int64_t left; /* of the work that may be done now */
  /* Pixels of a polyline that are painted at once. */
  CwPixels *collected; /* A1; its corner is at extents */
  CwRect bounds;
  CwRegion region;
  bool painting;
} Stroke;

static void
paint_span (Stroke *self, int64_t y, int32_t left, int32_t right)
{
  cw_brush_reader_rop (&self->brush, self->rop, (CwPoint){ left, y }, right - left, cw_draw_at (self->draw, left, y));
}

/* The first box of the region that is not above y. */
static uint32_t
find_band (const CwRect *boxes, uint32_t n, int32_t y)
{
  uint32_t low = 0, high = n;

  while (low < high) {
    uint32_t middle = low + (high - low) / 2;

    if (boxes[middle].bottom <= y)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void
clip_span (Stroke *self, int64_t y, int64_t left, int64_t right)
{
  const CwRegion *region = &self->draw->target->region;
  const CwRect *boxes = cw_region_boxes (region);

  self->left -= SPAN_COST;
  if (y < self->extents.top || y >= self->extents.bottom)
    return;
  for (uint32_t i = find_band (boxes, region->n_boxes, y);
       i < region->n_boxes && boxes[i].top <= y && boxes[i].left < right; i++) {
    int64_t l = MAX (left, boxes[i].left), r = MIN (right, boxes[i].right);

    self->left -= 1;
    if (l < r) {
      paint_span (self, y, l, r);
      self->left -= r - l;
    }
  }
}

static void
collect_span (Stroke *self, int64_t y, int64_t left, int64_t right)
{
  const CwRect *extents = &self->extents;
  int64_t l = MAX (left, extents->left), r = MIN (right, extents->right);
  uint8_t *row;

  self->left -= SPAN_COST;
  if (y < extents->top || y >= extents->bottom || l >= r)
    return;
  row = cw_pixels_row (self->collected, y - extents->top);
  for (int64_t x = l - extents->left; x < r - extents->left; x++)
    row[x / 8] |= 1 << x % 8;
  self->left -= r - l;
  self->bounds = (CwRect){ .left = MIN (self->bounds.left, l),
                           .top = MIN (self->bounds.top, y),
                           .right = MAX (self->bounds.right, r),
                           .bottom = MAX (self->bounds.bottom, y + 1) };
}

static void
take_span (gpointer data, int64_t y, int64_t left, int64_t right)
{
  Stroke *self = data;

  if (self->collected && !self->dasher.immediate)
    collect_span (self, y, left, right);
  else
    clip_span (self, y, left, right);
}

/* How often the minor axis has been stepped after i pixels. */
static int64_t
minor_steps (const Line *self, int64_t i)
{
  int64_t turn = self->straight - self->diagonal, e = self->e + self->straight * (i - 1);

  if (i == 0 || e < 0)
    return 0;
  return e / turn + 1;
}

/* Passes over i pixels. */
static void
skip_pixels (Line *self, int64_t i)
{
  int64_t m = minor_steps (self, i);

  self->e += self->straight * i - (self->straight - self->diagonal) * m;
  self->major += self->major_step * i;
  self->minor += self->minor_step * m;
  self->n -= i;
}

/* Leaves what is within from … to - 1 of the major axis, and roughly of the minor one. */
static void
clip_line (Line *self, const int32_t major[2], const int32_t minor[2])
{
  int64_t first = self->major_step > 0 ? major[0] - self->major : self->major - (major[1] - 1);
  int64_t end = self->major_step > 0 ? major[1] - self->major : self->major - major[0] + 1;
  int64_t enter = self->minor_step > 0 ? minor[0] - self->minor : self->minor - (minor[1] - 1);
  int64_t leave = self->minor_step > 0 ? minor[1] - self->minor : self->minor - minor[0] + 1;
  int64_t low, high;

  first = CLAMP (first, 0, self->n);
  end = CLAMP (end, first, self->n);
  /* The pixels whose minor steps are at least enter, and less than leave. */
  for (low = first, high = end; low < high;) {
    int64_t middle = low + (high - low) / 2;

    if (minor_steps (self, middle) < enter)
      low = middle + 1;
    else
      high = middle;
  }
  first = low;
  for (high = end; low < high;) {
    int64_t middle = low + (high - low) / 2;

    if (minor_steps (self, middle) < leave)
      low = middle + 1;
    else
      high = middle;
  }
  self->n = low;
  skip_pixels (self, MIN (first, self->n));
}

static void
begin_line (Stroke *self, CwPoint from, CwPoint to)
{
  int64_t dx = (int64_t) to.x - from.x, dy = (int64_t) to.y - from.y;
  int64_t sx = dx < 0 ? -1 : 1, sy = dy < 0 ? -1 : 1, adx = ABS (dx), ady = ABS (dy);
  const int32_t x[] = { self->extents.left, self->extents.right }, y[] = { self->extents.top, self->extents.bottom };
  Line *line = &self->line;

  if (adx > ady) {
    *line = (Line){ false, from.x, from.y, sx, sy, 2 * ady - adx - (sx < 0), 2 * ady, 2 * ady - 2 * adx, adx };
    clip_line (line, x, y);
  } else {
    *line = (Line){ true, from.y, from.x, sy, sx, 2 * adx - ady - (sy < 0), 2 * adx, 2 * adx - 2 * ady, ady };
    clip_line (line, y, x);
  }
}

/* A row of pixels, or one. */
static bool
next_of_line (Stroke *self)
{
  Line *line = &self->line;
  int64_t major = line->major, minor = line->minor, n = 0;
  bool turned = false;

  if (line->n == 0)
    return false;
  while (line->n > 0 && !turned && (n == 0 || !line->steep)) {
    turned = line->e >= 0;
    line->e += turned ? line->diagonal : line->straight;
    line->minor += turned ? line->minor_step : 0;
    line->major += line->major_step;
    line->n--;
    n++;
  }
  if (line->steep)
    clip_span (self, major, minor, minor + 1);
  else if (line->major_step > 0)
    clip_span (self, minor, major, major + n);
  else
    clip_span (self, minor, major - n + 1, major + 1);
  return true;
}

static void
begin_polyline (Stroke *self, CwPoint start)
{
  self->start = self->point = start;
  self->first = true;
  self->bounds = (CwRect){ .left = INT32_MAX, .top = INT32_MAX, .right = INT32_MIN, .bottom = INT32_MIN };
}

static bool
begin_painting (Stroke *self)
{
  const CwRegion *all = &self->draw->target->region;

  self->left -= all->n_boxes / 4;
  if (!cw_region_init_part (&self->region, all, &self->bounds, &self->draw->error))
    return false;
  cw_region_set_mask (&self->region, self->collected, false, &self->extents, &(CwPoint){ 0, 0 });
  self->painting = true;
  return true;
}

static void
paint_collected (Stroke *self)
{
  CwRect piece;
  uint32_t cost;

  if (cw_region_next (&self->region, MAX (self->left, 1), &piece, &cost)) {
    self->left -= cost;
    if (piece.left < piece.right)
      paint_span (self, piece.top, piece.left, piece.right);
    return;
  }
  cw_region_clear (&self->region);
  self->painting = false;
  for (int32_t y = self->bounds.top; y < self->bounds.bottom; y++) {
    int32_t from = (self->bounds.left - self->extents.left) / 8, to = (self->bounds.right - 1 - self->extents.left) / 8;

    memset (cw_pixels_row (self->collected, y - self->extents.top) + from, 0, to - from + 1);
  }
}

static void
begin_piece (Stroke *self, CwPoint to)
{
  CwPoint from = self->point;

  self->point = to;
  self->inside = from.x != to.x || from.y != to.y;
  if (self->style.n > 0 && self->first) {
    self->dasher.immediate = !self->collected || self->ahead.kind != CW_PATH_LINE;
    cw_dasher_init (&self->dasher);
  }
  self->first = false;
  if (self->inside && self->style.n > 0)
    cw_dasher_begin (&self->dasher, from, to);
  else if (self->inside)
    begin_line (self, from, to);
}

static void
continue_piece (Stroke *self)
{
  int64_t cost;

  if (self->style.n == 0) {
    self->inside = next_of_line (self);
  } else {
    self->inside = cw_dasher_next (&self->dasher, &cost);
    self->left -= cost;
  }
}

static bool
end_polyline (Stroke *self)
{
  if (self->style.n == 0 || self->first)
    return true;
  if (self->point.x == self->start.x && self->point.y == self->start.y)
    cw_dasher_close (&self->dasher);
  return self->bounds.left >= self->bounds.right || begin_painting (self);
}

/* FALSE: that was all. */
static bool
advance (Stroke *self)
{
  CwPathStep step = self->ahead;

  if (self->inside) {
    continue_piece (self);
    return true;
  }
  self->left -= PIECE_COST;
  if (!cw_path_next (&self->path, &self->ahead, &self->draw->error))
    return false;
  switch (step.kind) {
  case CW_PATH_START:
    begin_polyline (self, step.point);
    return true;
  case CW_PATH_LINE:
    begin_piece (self, step.point);
    return true;
  case CW_PATH_STOP:
    return end_polyline (self);
  default:
    return false;
  }
}

static bool
step (CwDraw *draw, uint32_t max_pixels, int64_t *left)
{
  Stroke *self = cw_draw_state (draw);

  self->draw = draw;
  self->left = *left;
  while (self->left > 0 && !self->done) {
    if (self->painting)
      paint_collected (self);
    else
      self->done = !advance (self);
  }
  *left = self->left;
  return self->done;
}

static void
clear (gpointer state)
{
  Stroke *self = state;

  if (self->painting)
    cw_region_clear (&self->region);
  g_clear_pointer (&self->collected, cw_pixels_unref);
}

static const CwDrawKind kind = { sizeof (Stroke), NULL, clear, step };

/* Whether painting a pixel again shows. */
static bool
shows_twice (CwRop rop)
{
  return rop == 0x1 || (rop >= 0x4 && rop <= 0x7) || rop == 0x9 || rop == 0xd;
}

bool
cw_draw_stroke (CwDraw *draw, CwDrawTarget *target, const CwStrokeParams *params, GError **error)
{
  Stroke *self = cw_draw_begin (draw, target, &kind);
  CwRect extents = target->region.extents;

  cw_path_init (&self->path, &params->path);
  self->style = params->style;
  self->rop = params->rop;
  self->extents = extents;
  self->draw = draw;
  if (!cw_brush_reader_init (&self->brush, &params->brush, target->pixels->format, error))
    return false;
  if (cw_region_is_empty (&target->region)) {
    self->done = true;
    return true;
  }
  if (self->style.n > 0 && shows_twice (self->rop)) {
    self->collected
        = cw_pixels_new_zeroed (CW_PIXELS_A1, extents.right - extents.left, extents.bottom - extents.top, error);
    if (!self->collected)
      return false;
  }
  self->dasher
      = (CwDasher){ .style = &self->style, .extents = extents, .immediate = true, .span = take_span, .data = self };
  return cw_path_next (&self->path, &self->ahead, error);
}
