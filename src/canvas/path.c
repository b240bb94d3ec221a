/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/path.h"

#include "base/error.h"
#include "base/protocol.h"

/* A curve is halved no more often than this. */
#define MAX_DEPTH 16

/* Products of numbers below this fit 64 bits. */
#define EXACT ((int64_t) 1 << 30)

typedef struct {
  int64_t x, y; /* 28.4 */
} Fixed;

CwPath *
cw_path_new (void)
{
  CwPath *self = g_new (CwPath, 1);

  self->points = g_array_new (FALSE, FALSE, sizeof (CwPoint));
  self->ends = g_array_new (FALSE, FALSE, sizeof (uint32_t));
  return self;
}

void
cw_path_free (CwPath *self)
{
  g_array_unref (self->points);
  g_array_unref (self->ends);
  g_free (self);
}

static uint32_t
pending_start (const CwPath *self)
{
  return self->ends->len > 0 ? g_array_index (self->ends, uint32_t, self->ends->len - 1) : 0;
}

static bool
append (CwPath *self, CwPoint point, GError **error)
{
  if (self->points->len >= CW_PATH_MAX_POINTS) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "path: more than %d points", CW_PATH_MAX_POINTS);
    return false;
  }
  g_array_append_val (self->points, point);
  return true;
}

static CwPoint
round_fixed (const Fixed *point)
{
  return (CwPoint){ cw_round_28_4 (point->x), cw_round_28_4 (point->y) };
}

void
cw_path_finish (CwPath *self)
{
  uint32_t start = pending_start (self);

  if (self->points->len - start < 2) /* a single point is no line */
    g_array_set_size (self->points, start);
  else
    g_array_append_val (self->ends, self->points->len);
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
flatten (CwPath *self, const Fixed p[4], unsigned depth, GError **error)
{
  Fixed p01, p12, p23, p012, p123, p0123;

  if (depth == MAX_DEPTH || is_flat (p))
    return append (self, round_fixed (&p[3]), error);
  p01 = middle (&p[0], &p[1]);
  p12 = middle (&p[1], &p[2]);
  p23 = middle (&p[2], &p[3]);
  p012 = middle (&p01, &p12);
  p123 = middle (&p12, &p23);
  p0123 = middle (&p012, &p123);
  return flatten (self, (const Fixed[]){ p[0], p01, p012, p0123 }, depth + 1, error)
         && flatten (self, (const Fixed[]){ p0123, p123, p23, p[3] }, depth + 1, error);
}

static bool
add_curves (CwPath *self, const int32_t *xy, uint32_t n, GError **error)
{
  if (n % 3 != 0 || (n > 0 && self->points->len == pending_start (self))) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "path: %u points of curves%s", n,
                 n % 3 != 0 ? "" : " that begin nowhere");
    return false;
  }
  for (; n > 0; n -= 3, xy += 6) {
    CwPoint last = g_array_index (self->points, CwPoint, self->points->len - 1);
    const Fixed curve[]
        = { { last.x * INT64_C (16), last.y * INT64_C (16) }, { xy[0], xy[1] }, { xy[2], xy[3] }, { xy[4], xy[5] } };

    if (!flatten (self, curve, 0, error))
      return false;
  }
  return true;
}

static bool
add_points (CwPath *self, const int32_t *xy, uint32_t n, GError **error)
{
  for (uint32_t i = 0; i < n; i++) {
    if (!append (self, (CwPoint){ cw_round_28_4 (xy[2 * i]), cw_round_28_4 (xy[2 * i + 1]) }, error))
      return false;
  }
  return true;
}

bool
cw_path_add (CwPath *self, uint8_t flags, const int32_t *xy, uint32_t n, GError **error)
{
  if (flags & CW_PATH_BEGIN) {
    cw_path_finish (self);
    if (n == 0) {
      g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "path: a line begins without a point");
      return false;
    }
    if (!add_points (self, xy, 1, error))
      return false;
    xy += 2;
    n--;
  }
  if (!(flags & CW_PATH_BEZIER ? add_curves : add_points) (self, xy, n, error))
    return false;
  if (flags & CW_PATH_END) {
    uint32_t start = pending_start (self);

    if ((flags & CW_PATH_CLOSE) && self->points->len > start
        && !append (self, g_array_index (self->points, CwPoint, start), error))
      return false;
    cw_path_finish (self);
  }
  return true;
}
