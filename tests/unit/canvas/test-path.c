/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths that have no meaning, that are too long, and curves at the ends of the numbers there are. */
#include "canvas/path.h"

#include "base/error.h"
#include "base/protocol.h"

#define BEGIN CW_PATH_BEGIN
#define END CW_PATH_END
#define CLOSE CW_PATH_CLOSE
#define CURVES CW_PATH_BEZIER

static const int32_t corners[] = { 0, 0, 160, 0, 160, 160, 0, 160, 0, 80, 0, 40, 0, 20 };

static const CwPoint *
point (const CwPath *path, unsigned i)
{
  g_assert_cmpuint (i, <, path->points->len);
  return &g_array_index (path->points, CwPoint, i);
}

static uint32_t
end_of (const CwPath *path, unsigned i)
{
  g_assert_cmpuint (i, <, path->ends->len);
  return g_array_index (path->ends, uint32_t, i);
}

static void
test_polylines (void)
{
  g_autoptr (CwPath) path = cw_path_new ();

  /* One in two segments; one that is closed; one that a new one ends; a point that is no line. */
  g_assert_true (cw_path_add (path, BEGIN, corners, 2, NULL));
  g_assert_true (cw_path_add (path, END, corners + 4, 1, NULL));
  g_assert_true (cw_path_add (path, BEGIN | END | CLOSE, corners, 3, NULL));
  g_assert_true (cw_path_add (path, BEGIN, corners, 2, NULL));
  g_assert_true (cw_path_add (path, BEGIN | END, corners, 1, NULL));
  g_assert_true (cw_path_add (path, BEGIN, corners, 2, NULL));
  cw_path_finish (path);
  g_assert_cmpuint (path->ends->len, ==, 4);
  g_assert_cmpuint (end_of (path, 0), ==, 3);
  g_assert_cmpuint (end_of (path, 1), ==, 7);
  g_assert_cmpuint (end_of (path, 2), ==, 9);
  g_assert_cmpuint (end_of (path, 3), ==, 11);
  g_assert_cmpint (point (path, 2)->x, ==, 10);
  g_assert_cmpint (point (path, 2)->y, ==, 10);
  g_assert_cmpint (point (path, 6)->x, ==, 0);
  g_assert_cmpint (point (path, 6)->y, ==, 0);
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
    g_autoptr (CwPath) path = cw_path_new ();
    g_autoptr (GError) error = NULL;

    g_assert_true (cw_path_add (path, cases[i].flags, corners, cases[i].n, &error) == (cases[i].code < 0));
    if (cases[i].code >= 0)
      g_assert_error (error, CW_ERROR, cases[i].code);
    else
      g_assert_no_error (error);
  }
  /* A curve goes on where the line before it ends, and not behind one that has ended. */
  for (unsigned ended = 0; ended < 2; ended++) {
    g_autoptr (CwPath) path = cw_path_new ();

    g_assert_true (cw_path_add (path, ended ? BEGIN | END : BEGIN, corners, 2, NULL));
    g_assert_true (cw_path_add (path, CURVES, corners, 3, NULL) == !ended);
  }
}

/* As many points as there may be, also those that curves and closing add. */
static void
test_limit (void)
{
  g_autofree int32_t *xy = g_new0 (int32_t, 2 * (100001));

  for (unsigned more = 0; more < 2; more++) {
    g_autoptr (CwPath) all = cw_path_new (), closed = cw_path_new (), curved = cw_path_new ();
    g_autoptr (GError) error = NULL;

    g_assert_true (cw_path_add (all, BEGIN, xy, 100000 + more, &error) == !more);
    if (more)
      g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
    g_assert_true (cw_path_add (closed, BEGIN | END | CLOSE, xy, 99999 + more, NULL) == !more);
    g_assert_true (cw_path_add (curved, BEGIN, xy, 99999 + more, NULL));
    g_assert_true (cw_path_add (curved, CURVES, xy, 3, NULL) == !more);
    g_assert_cmpuint (all->points->len, ==, 100000);
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
    g_autoptr (CwPath) path = cw_path_new ();
    const CwPoint *last;

    g_assert_true (cw_path_add (path, BEGIN | END | CURVES, xy, 4, NULL));
    last = point (path, path->points->len - 1);
    g_assert_cmpint (last->x, ==, cw_round_28_4 (d));
    g_assert_cmpint (last->y, ==, cw_round_28_4 (a));
    for (unsigned k = 0; k < path->points->len; k++) {
      g_assert_cmpint (point (path, k)->x, >=, cw_round_28_4 (MIN (MIN (a, b), MIN (c, d))));
      g_assert_cmpint (point (path, k)->x, <=, cw_round_28_4 (MAX (MAX (a, b), MAX (c, d))));
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
