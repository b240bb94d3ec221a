/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/path.h"

#include "base/error.h"
#include "base/protocol.h"

/* Products of numbers below this fit 64 bits. */
#define EXACT ((int64_t) 1 << 30)

typedef CwPathFixed Fixed;

void
cw_path_init (CwPath *self, const CwPathSource *source)
{
  *self = (CwPath){ .source = *source };
}

static int64_t
dot (const Fixed *from, const Fixed *to, const Fixed *from2, const Fixed *to2)
{
  int64_t ux = to->x - from->x, uy = to->y - from->y, vx = to2->x - from2->x, vy = to2->y - from2->y;

  if (MAX (MAX (ABS (ux), ABS (uy)), MAX (ABS (vx), ABS (vy))) < EXACT)
    return (ux * vx + uy * vy) >> 4;
  return CLAMP (((double) ux * vx + (double) uy * vy) / 16, -9e18, 9e18);
}

/* Whether a control point, at a from the end where b is the chord, is closer to the chord than matters. */
static bool
is_close (int64_t a, int64_t b, int64_t ab)
{
  if (MAX (MAX (a, b), ABS (ab)) < EXACT)
    return (a * b - ab * ab) >> 3 < b;
  return ((double) a * b - (double) ab * ab) / 8 < b;
}

static bool
is_flat (const Fixed p[4])
{
  int64_t a = dot (&p[0], &p[1], &p[0], &p[1]), b = dot (&p[0], &p[3], &p[0], &p[3]),
          c = dot (&p[3], &p[2], &p[3], &p[2]);

  if (b == 0)
    return a == 0 && c == 0;
  return is_close (a, b, dot (&p[0], &p[1], &p[0], &p[3])) && is_close (c, b, dot (&p[3], &p[2], &p[3], &p[0]));
}

/* Truncated toward zero. */
static Fixed
middle (const Fixed *a, const Fixed *b)
{
  return (Fixed){ (a->x + b->x) / 2, (a->y + b->y) / 2 };
}

static bool
add_point (CwPath *self, CwPoint point, CwPathStep *step, GError **error)
{
  if (self->n_points == CW_PATH_MAX_POINTS) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "path: more than %d points", CW_PATH_MAX_POINTS);
    return false;
  }
  self->n_points++;
  *step = (CwPathStep){ self->open ? CW_PATH_LINE : CW_PATH_START, point };
  if (!self->open)
    self->start = point;
  self->open = true;
  self->point = point;
  return true;
}

static bool
end_polyline (CwPath *self, CwPathStep *step)
{
  *step = (CwPathStep){ .kind = CW_PATH_STOP };
  self->open = self->closed = false;
  return true;
}

static void
begin_curve (CwPath *self, const int32_t *xy)
{
  self->curves[0] = (CwPathCurve){ .p = { { self->point.x * INT64_C (16), self->point.y * INT64_C (16) },
                                          { xy[0], xy[1] },
                                          { xy[2], xy[3] },
                                          { xy[4], xy[5] } } };
  self->n_curves = 1;
}

/* The first half on top of the second. */
static void
halve (CwPath *self)
{
  CwPathCurve *curve = &self->curves[self->n_curves - 1];
  const Fixed *p = curve->p;
  Fixed p01 = middle (&p[0], &p[1]), p12 = middle (&p[1], &p[2]), p23 = middle (&p[2], &p[3]);
  Fixed p012 = middle (&p01, &p12), p123 = middle (&p12, &p23), p0123 = middle (&p012, &p123);

  self->curves[self->n_curves++] = (CwPathCurve){ { p[0], p01, p012, p0123 }, curve->depth + 1 };
  *curve = (CwPathCurve){ { p0123, p123, p23, p[3] }, curve->depth + 1 };
}

static bool
next_of_curve (CwPath *self, CwPathStep *step, GError **error)
{
  const CwPathCurve *curve;

  while ((curve = &self->curves[self->n_curves - 1])->depth < CW_PATH_MAX_DEPTH && !is_flat (curve->p))
    halve (self);
  self->n_curves--;
  return add_point (self, (CwPoint){ cw_round_28_4 (curve->p[3].x), cw_round_28_4 (curve->p[3].y) }, step, error);
}

static bool
begin_segment (CwPath *self, GError **error)
{
  const CwPathSegment *segment = &self->segment;
  bool begins = segment->flags & CW_PATH_BEGIN;

  self->next++;
  self->index = 0;
  self->inside = true;
  if (begins && segment->n == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "path: a line begins without a point");
    return false;
  }
  if (segment->flags & CW_PATH_BEZIER) {
    uint32_t n = segment->n - begins;

    if (n % 3 != 0 || (n > 0 && !begins && !self->open)) {
      g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "path: %u points of curves%s", n,
                   n % 3 != 0 ? "" : " that begin nowhere");
      return false;
    }
  }
  return true;
}

static bool
next_of_segment (CwPath *self, CwPathStep *step, GError **error)
{
  const CwPathSegment *segment = &self->segment;
  const int32_t *xy = &segment->xy[2 * (size_t) self->index];

  if ((segment->flags & CW_PATH_BEZIER) && (self->index > 0 || !(segment->flags & CW_PATH_BEGIN))) {
    self->index += 3;
    begin_curve (self, xy);
    return next_of_curve (self, step, error);
  }
  self->index++;
  return add_point (self, (CwPoint){ cw_round_28_4 (xy[0]), cw_round_28_4 (xy[1]) }, step, error);
}

bool
cw_path_next (CwPath *self, CwPathStep *step, GError **error)
{
  if (self->n_curves > 0)
    return next_of_curve (self, step, error);
  for (;;) {
    if (self->inside && self->index < self->segment.n)
      return next_of_segment (self, step, error);
    if (self->inside && self->open && (self->segment.flags & CW_PATH_END)) {
      if ((self->segment.flags & CW_PATH_CLOSE) && !self->closed) {
        self->closed = true;
        return add_point (self, self->start, step, error);
      }
      return end_polyline (self, step);
    }
    self->inside = false;
    if (self->next < self->source.n)
      self->segment = self->source.get (self->source.data, self->next);
    if (self->open && (self->next == self->source.n || (self->segment.flags & CW_PATH_BEGIN)))
      return end_polyline (self, step);
    if (self->next == self->source.n) {
      *step = (CwPathStep){ .kind = CW_PATH_DONE };
      return true;
    }
    if (!begin_segment (self, error))
      return false;
  }
}
