/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dash is a rectangle of one pixel's width along its piece of line, filled by integer edges; where painted pieces
 * meet, a miter or a bevel closes the gap. The order of the calculations decides about pixels. */
#include "canvas/dash.h"

#include "canvas/path.h"

#include <math.h>

/* Of an edge on the line through a vertex: x · dy − y · dx = −k, all pixels on one side of it. */
typedef struct {
  double x, y; /* where it starts */
  int64_t dx, dy;
  double k;
} Edge;

#define MAX_EDGES 5

/* Four times the square of the longest miter. */
#define MITER_LIMIT 108.856472512142

/* A part of a line that cannot be seen is passed over at once if it is longer. */
#define SKIP 4096

void
cw_dash_style_init (CwDashStyle *self, const int32_t *style, unsigned n, bool start_with_gap)
{
  *self = (CwDashStyle){ .n = MIN (n, CW_DASH_MAX) };
  for (unsigned i = 0; i < self->n; i++) {
    self->length[i] = cw_round_28_4 (style[start_with_gap ? (i + 1) % self->n : i]);
    self->sum += self->length[i];
  }
  if (self->sum == 0)
    self->n = 0;
  else if (start_with_gap)
    self->offset = self->length[0];
}

static int64_t
divide_up (int64_t a, int64_t b)
{
  int64_t q = a / b;

  return q + (a % b > 0);
}

typedef struct {
  int64_t row, dx, dy, k; /* from this row on; dy > 0 */
} Side;

/* The edges on one way from the top to the bottom. */
static unsigned
get_side (const Edge *edges, unsigned n, unsigned top, unsigned bottom, bool backwards, Side *side)
{
  unsigned m = 0;

  for (unsigned i = top; i != bottom;) {
    unsigned next = backwards ? (i + n - 1) % n : (i + 1) % n;
    const Edge *edge = &edges[backwards ? next : i];

    if (edge->dy > 0)
      side[m++] = (Side){ ceil (edges[i].y), edge->dx, edge->dy, ceil (edge->k) };
    else if (edge->dy < 0)
      side[m++] = (Side){ ceil (edges[i].y), -edge->dx, -edge->dy, ceil (-edge->k) };
    i = next;
  }
  return m;
}

static int64_t
get_x (const Side *side, unsigned n, int64_t y)
{
  unsigned i = 0;

  while (i + 1 < n && side[i + 1].row <= y)
    i++;
  return divide_up (side[i].k + y * side[i].dx, side[i].dy);
}

static int64_t
fill (const CwDasher *self, CwPoint anchor, const Edge *edges, unsigned n)
{
  unsigned top = 0, bottom = 0, n_left, n_right;
  Side forward[MAX_EDGES], backward[MAX_EDGES], *left = forward, *right = backward;
  const Edge *before, *after;
  int64_t first, end;

  for (unsigned i = 1; i < n; i++) {
    if (edges[i].y < edges[top].y)
      top = i;
    if (edges[i].y >= edges[bottom].y)
      bottom = i;
  }
  before = &edges[(top + n - 1) % n];
  after = &edges[top];
  n_left = get_side (edges, n, top, bottom, false, forward);
  n_right = get_side (edges, n, top, bottom, true, backward);
  if (n_left == 0 || n_right == 0)
    return 0;
  if (!(before->dy * (double) after->dx > after->dy * (double) before->dx)) {
    unsigned m = n_left;

    left = backward;
    right = forward;
    n_left = n_right;
    n_right = m;
  }
  first = MAX ((int64_t) ceil (edges[top].y), (int64_t) self->extents.top - anchor.y);
  end = MIN ((int64_t) ceil (edges[bottom].y), (int64_t) self->extents.bottom - anchor.y);
  for (int64_t y = first; y < end; y++) {
    int64_t l = get_x (left, n_left, y), r = get_x (right, n_right, y);

    if (l < r)
      self->span (self->data, anchor.y + y, anchor.x + l, anchor.x + r);
  }
  return MAX (end - first, 0) * 4;
}

/* Half the width across the piece, on its "plus" side. */
static void
get_corner (const CwDasher *self, int64_t dx, int64_t dy, double *x, double *y)
{
  double scale = 0.5 / self->length;

  *x = dx == 0 ? (dy > 0 ? 0.5 : -0.5) : dy == 0 ? 0 : scale * dy;
  *y = dy == 0 ? (dx > 0 ? -0.5 : 0.5) : dx == 0 ? 0 : -(scale * dx);
}

static void
get_direction (const CwDasher *self, int64_t *dx, int64_t *dy)
{
  *dx = (int64_t) self->to.x - self->from.x;
  *dy = (int64_t) self->to.y - self->from.y;
}

/* Where the style is after offset. */
void
cw_dasher_init (CwDasher *self)
{
  const CwDashStyle *style = self->style;

  self->index = 0;
  self->used = style->offset;
  while (self->used >= style->length[self->index]) {
    self->used -= style->length[self->index];
    self->index = (self->index + 1) % style->n;
  }
  self->has_pieces = false;
}

static void
next_dash (CwDasher *self)
{
  self->index = (self->index + 1) % self->style->n;
}

static bool
is_painting (const CwDasher *self)
{
  return (self->index % 2 == 1) != (self->used != 0);
}

static void
join (const CwDasher *self, CwPoint anchor, CwDashFace a, CwDashFace b)
{
  double den = -a.dx * b.dy + b.dx * a.dy, my, mx, g = den > 0 ? 1 : -1;
  CwDashFace *turned = den > 0 ? &a : &b;
  Edge edges[MAX_EDGES];

  if (self->immediate && (a.dx > 0 || (a.dx == 0 && a.dy > 0) || b.dx > 0 || (b.dx == 0 && b.dy > 0)))
    return;
  if (den == 0)
    return;
  turned->x = -turned->x;
  turned->y = -turned->y;
  turned->dx = -turned->dx;
  turned->dy = -turned->dy;
  my = (a.dy * (b.x * b.dy - b.y * b.dx) - b.dy * (a.x * a.dy - a.y * a.dx)) / den;
  mx = a.dy != 0 ? a.x + (my - a.y) * a.dx / a.dy : b.x + (my - b.y) * b.dx / b.dy;
  edges[0] = (Edge){ b.x, b.y, -b.dy, b.dx, 0 };
  edges[1] = (Edge){ 0, 0, a.dy, -a.dx, 0 };
  if (4 * (mx * mx + my * my) <= MITER_LIMIT) {
    edges[2] = (Edge){ a.x, a.y, g * a.dx, g * a.dy, g * a.k };
    edges[3] = (Edge){ mx, my, g * b.dx, g * b.dy, g * b.k };
    fill (self, anchor, edges, 4);
  } else {
    double x = b.x - a.x, y = b.y - a.y, most = MAX (fabs (x), fabs (y));
    int64_t ex, ey;

    if (most == 0)
      return;
    ex = 65536 * x / most;
    ey = 65536 * y / most;
    edges[2] = (Edge){ a.x, a.y, ex, ey, ((a.x + b.x) * ey - (a.y + b.y) * ex) / 2 };
    fill (self, anchor, edges, 3);
  }
}

void
cw_dasher_begin (CwDasher *self, CwPoint from, CwPoint to)
{
  bool was_painting = self->has_pieces && is_painting (self), begins_painting = self->index % 2 == 0;
  int64_t dx, dy;
  CwDashFace face;

  self->from = from;
  self->to = to;
  get_direction (self, &dx, &dy);
  self->length = dx == 0 ? ABS (dy) : dy == 0 ? ABS (dx) : sqrt ((double) dx * dx + (double) dy * dy);
  face = (CwDashFace){ .dx = dx, .dy = dy, .k = 0.5 * self->length };
  get_corner (self, dx, dy, &face.x, &face.y);
  if (was_painting && begins_painting)
    join (self, from, face, self->last);
  if (!self->has_pieces) {
    self->first = face;
    self->first_painted = begins_painting;
  }
  self->last = (CwDashFace){ -face.dx, -face.dy, -face.x, -face.y, face.k };
  self->has_pieces = true;
  self->left = self->length;
  self->x = self->y = self->boundary = 0;
}

void
cw_dasher_close (CwDasher *self)
{
  if (self->has_pieces && self->first_painted && is_painting (self))
    join (self, self->to, self->first, self->last);
}

/* What of the piece may be seen, as lengths from its start. */
static bool
get_visible (const CwDasher *self, double *from, double *to)
{
  const double low[] = { self->extents.left - 2.0 - self->from.x, self->extents.top - 2.0 - self->from.y };
  const double high[] = { self->extents.right + 2.0 - self->from.x, self->extents.bottom + 2.0 - self->from.y };
  int64_t dx, dy;

  get_direction (self, &dx, &dy);
  *from = 0;
  *to = self->length;
  for (int i = 0; i < 2; i++) {
    double d = i == 0 ? dx : dy, a, b;

    if (d == 0) {
      if (low[i] > 0 || high[i] < 0)
        return false;
      continue;
    }
    a = (d > 0 ? low[i] : high[i]) / d * self->length;
    b = (d > 0 ? high[i] : low[i]) / d * self->length;
    *from = MAX (*from, a);
    *to = MIN (*to, b);
  }
  return *from < *to;
}

/* Passes over whole turns of the style that nobody sees. */
static void
skip (CwDasher *self)
{
  double from, to, done = self->length - self->left, away;
  bool visible = get_visible (self, &from, &to);
  int64_t dx, dy, turns;

  if (!visible || done > to)
    away = self->left;
  else
    away = from - done < SKIP ? 0 : from - done;
  if (visible && done > to && away < SKIP)
    return;
  turns = away / self->style->sum - 1;
  if (turns <= 0)
    return;
  get_direction (self, &dx, &dy);
  self->x += (double) turns * self->style->sum * dx / self->length;
  self->y += (double) turns * self->style->sum * dy / self->length;
  self->left -= (double) turns * self->style->sum;
  self->boundary = -(self->x * dx + self->y * dy); /* a corner is across the piece and adds nothing */
}

/* From where the piece is to a point, both relative to anchor. */
static int64_t
dash (CwDasher *self, CwPoint anchor, const double start[2], const double end[2], const double k[2])
{
  int64_t dx, dy;
  double x, y;

  get_direction (self, &dx, &dy);
  get_corner (self, dx, dy, &x, &y);
  return fill (self, anchor,
               (const Edge[]){ { x + start[0], y + start[1], dx, dy, 0.5 * self->length },
                               { x + end[0], y + end[1], -dy, dx, k[1] },
                               { -x + end[0], -y + end[1], -dx, -dy, 0.5 * self->length },
                               { -x + start[0], -y + start[1], dy, -dx, k[0] } },
               4);
}

static int64_t
last_dash (CwDasher *self, int64_t dx, int64_t dy)
{
  const double start[] = { self->x - dx, self->y - dy }, end[] = { 0, 0 };
  const double k[] = { self->boundary + (double) dx * dx + (double) dy * dy, 0 };

  return dash (self, self->to, start, end, k);
}

bool
cw_dasher_next (CwDasher *self, int64_t *cost)
{
  const CwDashStyle *style = self->style;
  int rest = style->length[self->index] - self->used;
  int64_t dx, dy;
  double x, y;

  *cost = 16;
  get_direction (self, &dx, &dy);
  if (self->left > rest) {
    const double start[] = { self->x, self->y };
    const double end[] = { self->x + rest * (double) dx / self->length, self->y + rest * (double) dy / self->length };
    double k[] = { self->boundary, 0 };

    get_corner (self, dx, dy, &x, &y);
    k[1] = (x + end[0]) * dx + (y + end[1]) * dy;
    if (self->index % 2 == 0)
      *cost += dash (self, self->from, start, end, k);
    self->x = end[0];
    self->y = end[1];
    self->boundary = -k[1];
    self->left -= rest;
    self->used = 0;
    next_dash (self);
    if (self->index == 0)
      skip (self);
    return true;
  }
  if (self->index % 2 == 0)
    *cost += last_dash (self, dx, dy);
  rest = rest - self->left;
  if (rest == 0) {
    next_dash (self);
    rest = style->length[self->index];
  }
  self->used = style->length[self->index] - rest;
  return false;
}
