/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STROKE: paths to polylines, lines and dashes to pixels, without any clipping but that of single pixels. */
#include "model.h"

#include <math.h>
#include <string.h>

typedef struct {
  gint64 x, y;
} Point;

typedef struct {
  ModelImage *target;
  const ModelOp *op;
  guint8 *dash;
  guint n_dash, offset;
  GArray *polyline; /* Point */
  bool collect;     /* pixels of dashes, painted once */
  guint8 *seen;
  guint k, o;
} Stroke;

static gint64
rounded (gint64 v)
{
  return (v >> 4) + ((v & 15) > 8 ? 1 : 0);
}

static void
paint (Stroke *self, gint64 x, gint64 y)
{
  const ModelOp *op = self->op;
  ModelImage *target = self->target;
  guint32 *px;

  if (!model_contains (target, x, y) || !model_in_region (target, op, x, y))
    return;
  if (self->collect) {
    self->seen[y * target->width + x] = 1;
    return;
  }
  px = &target->px[y * target->width + x];
  *px = model_rop (op->rop, model_brush (&op->brush, x, y, target->format), *px, 2, 4)
        & model_pixel_mask (target->format);
}

static void
solid_line (Stroke *self, Point a, Point b)
{
  gint64 adx = ABS (b.x - a.x), ady = ABS (b.y - a.y), sx = b.x < a.x ? -1 : 1, sy = b.y < a.y ? -1 : 1;
  bool wide = adx > ady;
  gint64 e1 = 2 * (wide ? ady : adx), e2 = wide ? 2 * ady - 2 * adx : 2 * adx - 2 * ady;
  gint64 e = wide ? 2 * ady - adx - (sx < 0 ? 1 : 0) : 2 * adx - ady - (sy < 0 ? 1 : 0);

  for (gint64 n = MAX (adx, ady); n > 0; n--) {
    paint (self, a.x, a.y);
    if (e >= 0) {
      *(wide ? &a.y : &a.x) += wide ? sy : sx;
      e += e2;
    } else {
      e += e1;
    }
    *(wide ? &a.x : &a.y) += wide ? sx : sy;
  }
}

typedef struct {
  double x, y, dx, dy, k;
} Vertex;

static gint64
ceiling_of (gint64 a, gint64 b)
{
  gint64 q = a / b;

  while (q * b < a)
    q++;
  while ((q - 1) * b >= a)
    q--;
  return q;
}

/* X of the chain from the top vertex downwards, in listed or in reverse order, at a row. */
static gint64
chain_x (const Vertex *v, guint n, guint top, guint bottom, bool reverse, gint64 row)
{
  gint64 x = 0, dx, dy, k;

  for (guint i = top; i != bottom; i = reverse ? (i + n - 1) % n : (i + 1) % n) {
    const Vertex *edge = reverse ? &v[(i + n - 1) % n] : &v[i];

    if (edge->dy == 0 || ceil (v[i].y) > row)
      continue;
    dx = edge->dy < 0 ? -edge->dx : edge->dx;
    dy = edge->dy < 0 ? -edge->dy : edge->dy;
    k = ceil (edge->dy < 0 ? -edge->k : edge->k);
    x = ceiling_of (k + row * dx, dy);
  }
  return x;
}

static void
polygon (Stroke *self, Point anchor, const Vertex *v, guint n)
{
  guint top = 0, bottom = 0;
  const Vertex *p, *t;
  bool listed_is_left;

  for (guint i = 0; i < n; i++) {
    if (v[i].y < v[top].y)
      top = i;
    if (v[i].y >= v[bottom].y)
      bottom = i;
  }
  p = &v[(top + n - 1) % n];
  t = &v[top];
  listed_is_left = p->dy * t->dx > t->dy * p->dx;
  for (gint64 row = ceil (v[top].y); row <= (gint64) ceil (v[bottom].y) - 1; row++) {
    gint64 left = chain_x (v, n, top, bottom, !listed_is_left, row);
    gint64 right = chain_x (v, n, top, bottom, listed_is_left, row);

    for (gint64 x = left; x < right; x++)
      paint (self, anchor.x + x, anchor.y + row);
  }
}

static void
next_dash (Stroke *self)
{
  self->k = self->k + 1 == self->n_dash ? 0 : self->k + 1;
}

static void
corner (Point d, double length, Vertex *out)
{
  *out = (Vertex){ .x = 0.5 / length * d.y, .y = -(0.5 / length * d.x), .dx = d.x, .dy = d.y, .k = 0.5 * length };
  if (d.x == 0)
    out->x = d.y > 0 ? 0.5 : -0.5;
  if (d.y == 0)
    out->y = d.x > 0 ? -0.5 : 0.5;
}

static void
quadrilateral (Stroke *self, Point anchor, Point d, const Vertex *plus, const double ends[4], const double k[2])
{
  const Vertex v[] = { { plus->x + ends[0], plus->y + ends[1], d.x, d.y, plus->k },
                       { plus->x + ends[2], plus->y + ends[3], -d.y, d.x, k[1] },
                       { -plus->x + ends[2], -plus->y + ends[3], -d.x, -d.y, plus->k },
                       { -plus->x + ends[0], -plus->y + ends[1], d.y, -d.x, k[0] } };

  polygon (self, anchor, v, 4);
}

static void
dashed_piece (Stroke *self, Point a, Point b, const Vertex *plus, double length)
{
  Point d = { b.x - a.x, b.y - a.y };
  double rem = self->dash[self->k] - self->o, left = length, x = 0, y = 0, ks = 0;

  while (left > rem) {
    double nx = x + rem * d.x / length, ny = y + rem * d.y / length;
    double ke = (plus->x + nx) * d.x + (plus->y + ny) * d.y;

    if (self->k % 2 == 0)
      quadrilateral (self, a, d, plus, (const double[]){ x, y, nx, ny }, (const double[]){ ks, ke });
    x = nx;
    y = ny;
    ks = -ke;
    left -= rem;
    next_dash (self);
    rem = self->dash[self->k];
  }
  if (self->k % 2 == 0)
    quadrilateral (self, b, d, plus, (const double[]){ x - d.x, y - d.y, 0, 0 },
                   (const double[]){ ks + (double) d.x * d.x + (double) d.y * d.y, 0 });
  rem = (int) (rem - left);
  if (rem == 0) {
    next_dash (self);
    rem = self->dash[self->k];
  }
  self->o = self->dash[self->k] - rem;
}

static void
join (Stroke *self, Point anchor, Vertex a, Vertex b)
{
  double den = -a.dx * b.dy + b.dx * a.dy, mx, my, g;
  Vertex v[4];

  if (!self->collect && (a.dx > 0 || (a.dx == 0 && a.dy > 0) || b.dx > 0 || (b.dx == 0 && b.dy > 0)))
    return;
  if (den == 0)
    return;
  g = den > 0 ? 1 : -1;
  if (den > 0)
    a = (Vertex){ -a.x, -a.y, -a.dx, -a.dy, a.k };
  else
    b = (Vertex){ -b.x, -b.y, -b.dx, -b.dy, b.k };
  my = (a.dy * (b.x * b.dy - b.y * b.dx) - b.dy * (a.x * a.dy - a.y * a.dx)) / den;
  mx = a.dy != 0 ? a.x + (my - a.y) * a.dx / a.dy : b.x + (my - b.y) * b.dx / b.dy;
  v[0] = (Vertex){ b.x, b.y, -b.dy, b.dx, 0 };
  v[1] = (Vertex){ 0, 0, a.dy, -a.dx, 0 };
  if (4 * (mx * mx + my * my) <= 108.856472512142) {
    v[2] = (Vertex){ a.x, a.y, g * a.dx, g * a.dy, g * a.k };
    v[3] = (Vertex){ mx, my, g * b.dx, g * b.dy, g * b.k };
    polygon (self, anchor, v, 4);
  } else {
    double dx = b.x - a.x, dy = b.y - a.y, m = MAX (fabs (dx), fabs (dy)), ex, ey;

    if (m == 0)
      return;
    ex = trunc (65536 * dx / m);
    ey = trunc (65536 * dy / m);
    v[2] = (Vertex){ a.x, a.y, ex, ey, ((a.x + b.x) * ey - (a.y + b.y) * ex) / 2 };
    polygon (self, anchor, v, 3);
  }
}

static void
dashed (Stroke *self, const Point *points, guint n)
{
  Vertex first = { 0 }, last = { 0 }, plus;
  bool any = false, first_painted = false, painted = false;

  self->k = 0;
  self->o = self->offset;
  while (self->o >= self->dash[self->k]) {
    self->o -= self->dash[self->k];
    next_dash (self);
  }
  for (guint i = 0; i + 1 < n; i++) {
    Point d = { points[i + 1].x - points[i].x, points[i + 1].y - points[i].y };
    double length = d.x == 0 || d.y == 0 ? (double) (ABS (d.x) + ABS (d.y)) : sqrt ((double) (d.x * d.x + d.y * d.y));
    bool begins = self->k % 2 == 0;

    if (length == 0)
      continue;
    corner (d, length, &plus);
    if (any && painted && begins)
      join (self, points[i], plus, last);
    if (!any) {
      first = plus;
      first_painted = begins;
    }
    any = true;
    dashed_piece (self, points[i], points[i + 1], &plus, length);
    last = (Vertex){ -plus.x, -plus.y, -plus.dx, -plus.dy, plus.k };
    painted = (self->k % 2 == 1) != (self->o != 0);
  }
  if (any && first_painted && painted && points[0].x == points[n - 1].x && points[0].y == points[n - 1].y)
    join (self, points[n - 1], first, last);
}

/* Whether the rop's result changes when it is applied again. */
static bool
shows_twice (guint16 rop)
{
  guint32 table = model_rop (rop, 0xc, 0xa, 2, 4) & 15;

  return table == 4 || table == 6 || table == 1 || table == 9 || table == 5 || table == 13 || table == 7;
}

static void
draw_polyline (Stroke *self)
{
  const Point *points = (const Point *) (void *) self->polyline->data;
  guint n = self->polyline->len;

  if (self->n_dash == 0) {
    for (guint i = 0; i + 1 < n; i++)
      solid_line (self, points[i], points[i + 1]);
  } else if (n >= 2) {
    self->collect = n >= 3 && shows_twice (self->op->rop);
    dashed (self, points, n);
    if (self->collect) {
      self->collect = false;
      for (int y = 0; y < self->target->height; y++) {
        for (int x = 0; x < self->target->width; x++) {
          if (self->seen[y * self->target->width + x])
            paint (self, x, y);
        }
      }
      memset (self->seen, 0, self->target->width * self->target->height);
    }
  }
  g_array_set_size (self->polyline, 0);
}

static gint64
dot (Point u0, Point u1, Point v0, Point v1)
{
  return ((u1.x - u0.x) * (v1.x - v0.x) + (u1.y - u0.y) * (v1.y - v0.y)) >> 4;
}

static Point
middle (Point a, Point b)
{
  return (Point){ (a.x + b.x) / 2, (a.y + b.y) / 2 };
}

static void
bezier (GArray *out, Point p0, Point p1, Point p2, Point p3, int depth)
{
  gint64 a2 = dot (p0, p1, p0, p1), b2 = dot (p0, p3, p0, p3), c2 = dot (p3, p2, p3, p2);
  gint64 ab = dot (p0, p1, p0, p3), cb = dot (p3, p2, p3, p0);
  gint64 h1 = (a2 * b2 - ab * ab) >> 3, h2 = (c2 * b2 - cb * cb) >> 3;
  Point p01, p12, p23, p012, p123, p0123, end = { rounded (p3.x), rounded (p3.y) };

  if ((h1 < b2 && h2 < b2) || (b2 == 0 && a2 == 0 && c2 == 0) || depth == 16) {
    g_array_append_val (out, end);
    return;
  }
  p01 = middle (p0, p1);
  p12 = middle (p1, p2);
  p23 = middle (p2, p3);
  p012 = middle (p01, p12);
  p123 = middle (p12, p23);
  p0123 = middle (p012, p123);
  bezier (out, p0, p01, p012, p0123, depth + 1);
  bezier (out, p0123, p123, p23, p3, depth + 1);
}

static Point
point_at (const ModelSegment *segment, guint i)
{
  return (Point){ segment->xy[2 * i], segment->xy[2 * i + 1] };
}

static void
add_segment (Stroke *self, const ModelSegment *segment)
{
  guint i = 0;

  if (segment->flags & 1) {
    Point point = point_at (segment, i++);

    draw_polyline (self);
    point = (Point){ rounded (point.x), rounded (point.y) };
    g_array_append_val (self->polyline, point);
  }
  for (; i < segment->n; i++) {
    Point point = point_at (segment, i);

    if (segment->flags & 0x10) {
      Point last = g_array_index (self->polyline, Point, self->polyline->len - 1);

      bezier (self->polyline, (Point){ last.x * 16, last.y * 16 }, point, point_at (segment, i + 1),
              point_at (segment, i + 2), 0);
      i += 2;
    } else {
      point = (Point){ rounded (point.x), rounded (point.y) };
      g_array_append_val (self->polyline, point);
    }
  }
  if (segment->flags & 2) {
    if ((segment->flags & 8) && self->polyline->len > 0) {
      Point first = g_array_index (self->polyline, Point, 0);

      g_array_append_val (self->polyline, first);
    }
    draw_polyline (self);
  }
}

void
model_stroke (ModelImage *target, const ModelOp *op)
{
  Stroke self = { .target = target, .op = op, .polyline = g_array_new (FALSE, FALSE, sizeof (Point)) };
  guint sum = 0;

  self.dash = g_new0 (guint8, op->n_style + 1);
  self.seen = g_new0 (guint8, target->width * target->height);
  for (guint i = 0; op->style && i < op->n_style; i++) {
    self.dash[i] = rounded (op->style[op->start_with_gap ? (i + 1) % op->n_style : i]);
    sum += self.dash[i];
  }
  if (sum > 0)
    self.n_dash = op->n_style;
  if (op->start_with_gap)
    self.offset = self.dash[0];
  for (guint i = 0; i < op->n_segments; i++)
    add_segment (&self, &op->segments[i]);
  draw_polyline (&self);
  g_array_unref (self.polyline);
  g_free (self.dash);
  g_free (self.seen);
}
