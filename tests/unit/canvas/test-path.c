/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths that have no meaning, that are too long, and curves at the ends of the numbers there are. */
#include "cases.h"

#include "base/error.h"
#include "base/protocol.h"

#define BEGIN CW_PATH_BEGIN
#define END CW_PATH_END
#define CLOSE CW_PATH_CLOSE
#define CURVES CW_PATH_BEZIER

static const int32_t corners[] = { 0, 0, 160, 0, 160, 160, 0, 160, 0, 80, 0, 40, 0, 20 };

/* What has been walked: points, and where in them each polyline of more than one ends. */
typedef struct {
  GArray *points, *ends;
  CwPath path;
} Walk;

static bool
walk (Walk *self, const CwPathSegment *segments, uint32_t n, GError **error)
{
  CwPathSource source = path_of_segments (segments, n);
  CwPathStep step;

  self->points = g_array_new (FALSE, FALSE, sizeof (CwPoint));
  self->ends = g_array_new (FALSE, FALSE, sizeof (uint32_t));
  cw_path_init (&self->path, &source);
  for (;;) {
    if (!cw_path_next (&self->path, &step, error))
      return false;
    if (step.kind == CW_PATH_DONE)
      break;
    if (step.kind == CW_PATH_STOP)
      g_array_append_val (self->ends, self->points->len);
    else
      g_array_append_val (self->points, step.point);
  }
  g_assert_true (cw_path_next (&self->path, &step, NULL));
  g_assert_cmpint (step.kind, ==, CW_PATH_DONE); /* for good */
  return true;
}

static void
walk_clear (Walk *self)
{
  g_array_unref (self->points);
  g_array_unref (self->ends);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static bool
fails (const CwPathSegment *segments, uint32_t n, GError **error)
{
  g_auto (Walk) all = { 0 };

  return !walk (&all, segments, n, error);
}

static const CwPoint *
point (const Walk *self, unsigned i)
{
  g_assert_cmpuint (i, <, self->points->len);
  return &g_array_index (self->points, CwPoint, i);
}

static uint32_t
end_of (const Walk *self, unsigned i)
{
  g_assert_cmpuint (i, <, self->ends->len);
  return g_array_index (self->ends, uint32_t, i);
}

static void
test_polylines (void)
{
  /* One in two segments; one that is closed; one that a new one ends; a point that is no line; the last one. */
  static const CwPathSegment segments[]
      = { { BEGIN, 2, corners }, { END, 1, corners + 4 },     { BEGIN | END | CLOSE, 3, corners },
          { BEGIN, 2, corners }, { BEGIN | END, 1, corners }, { BEGIN, 2, corners },
          { 0, 0, NULL } };
  g_auto (Walk) all = { 0 };

  g_assert_true (walk (&all, segments, G_N_ELEMENTS (segments), NULL));
  g_assert_cmpuint (all.ends->len, ==, 5);
  g_assert_cmpuint (end_of (&all, 0), ==, 3);
  g_assert_cmpuint (end_of (&all, 1), ==, 7);
  g_assert_cmpuint (end_of (&all, 2), ==, 9);
  g_assert_cmpuint (end_of (&all, 3), ==, 10);
  g_assert_cmpuint (end_of (&all, 4), ==, 12);
  g_assert_cmpint (point (&all, 2)->x, ==, 10);
  g_assert_cmpint (point (&all, 2)->y, ==, 10);
  g_assert_cmpint (point (&all, 6)->x, ==, 0);
  g_assert_cmpint (point (&all, 6)->y, ==, 0);
}

typedef struct {
  uint8_t flags;
  uint32_t n;
  int code; /* -1: it has a meaning */
} Segment;

static void
test_refused (void)
{
  static const Segment cases[] = {
    { BEGIN, 0, CW_ERROR_MALFORMED },
    { BEGIN | CURVES, 0, CW_ERROR_MALFORMED },
    { BEGIN | CURVES, 3, CW_ERROR_MALFORMED },
    { BEGIN | CURVES, 4, -1 },
    { BEGIN | CURVES, 5, CW_ERROR_MALFORMED },
    { BEGIN | CURVES, 1, -1 },
    { CURVES, 3, CW_ERROR_MALFORMED }, /* from nowhere */
    { CURVES, 2, CW_ERROR_MALFORMED },
    { CURVES, 0, -1 },
    { 0, 3, -1 },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++) {
    const CwPathSegment segment = { cases[i].flags, cases[i].n, corners };
    g_autoptr (GError) error = NULL;

    g_assert_true (fails (&segment, 1, &error) == (cases[i].code >= 0));
    if (cases[i].code >= 0)
      g_assert_error (error, CW_ERROR, cases[i].code);
    else
      g_assert_no_error (error);
  }
  /* A curve goes on where the line before it ends, and not behind one that has ended. */
  for (unsigned ended = 0; ended < 2; ended++) {
    const CwPathSegment segments[] = { { ended ? BEGIN | END : BEGIN, 2, corners }, { CURVES, 3, corners } };

    g_assert_true (fails (segments, 2, NULL) == ended);
  }
}

/* As many points as there may be, also those that curves and closing add. */
static void
test_limit (void)
{
  g_autofree int32_t *xy = g_new0 (int32_t, 2 * (100001));

  for (unsigned more = 0; more < 2; more++) {
    const CwPathSegment all = { BEGIN, 100000 + more, xy }, closed = { BEGIN | END | CLOSE, 99999 + more, xy };
    const CwPathSegment curved[] = { { BEGIN, 99999 + more, xy }, { CURVES, 3, xy } };
    g_autoptr (GError) error = NULL;

    g_assert_true (fails (&all, 1, &error) == more);
    if (more)
      g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
    g_assert_true (fails (&closed, 1, NULL) == more);
    g_assert_true (fails (curved, 2, NULL) == more);
  }
}

/* Between the farthest corners a curve stays between them, ends where it shall, and takes a bounded number of points.
 */
static void
test_far_curves (void)
{
  static const int32_t ends[] = { INT32_MIN, -1, 0, 1, INT32_MAX };

  for (unsigned i = 0; i < 5 * 5 * 5 * 5; i++) {
    const int32_t a = ends[i % 5], b = ends[i / 5 % 5], c = ends[i / 25 % 5], d = ends[i / 125 % 5];
    const int32_t xy[] = { a, b, b, c, c, d, d, a };
    const CwPathSegment segment = { BEGIN | END | CURVES, 4, xy };
    g_auto (Walk) all = { 0 };
    const CwPoint *last;

    g_assert_true (walk (&all, &segment, 1, NULL));
    last = point (&all, all.points->len - 1);
    g_assert_cmpint (last->x, ==, cw_round_28_4 (d));
    g_assert_cmpint (last->y, ==, cw_round_28_4 (a));
    for (unsigned k = 0; k < all.points->len; k++) {
      g_assert_cmpint (point (&all, k)->x, >=, cw_round_28_4 (MIN (MIN (a, b), MIN (c, d))));
      g_assert_cmpint (point (&all, k)->x, <=, cw_round_28_4 (MAX (MAX (a, b), MAX (c, d))));
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/path/polylines", test_polylines);
  g_test_add_func ("/canvas/path/refused", test_refused);
  g_test_add_func ("/canvas/path/limit", test_limit);
  g_test_add_func ("/canvas/path/far-curves", test_far_curves);
  return g_test_run ();
}
