/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of the protocol as polylines of whole pixels. */
#pragma once

#include "base/geometry.h"

#include <glib.h>
#include <stdbool.h>

/* Of flattened curves, too. */
#define CW_PATH_MAX_POINTS 100000

/* A curve is halved no more often than this. */
#define CW_PATH_MAX_DEPTH 16

typedef struct {
  uint8_t flags; /* CW_PATH_… */
  uint32_t n;
  const int32_t *xy; /* n pairs of 28.4 numbers */
} CwPathSegment;

/* A path of n segments, borrowed. */
typedef struct {
  gconstpointer data;
  uint32_t n;
  CwPathSegment (*get) (gconstpointer data, uint32_t i);
} CwPathSource;

typedef struct {
  int64_t x, y; /* 28.4 */
} CwPathFixed;

typedef struct {
  CwPathFixed p[4];
  unsigned depth;
} CwPathCurve;

/* What comes next of a path: a polyline's first point, each of its others, its end; the end of all. */
typedef struct {
  enum { CW_PATH_START, CW_PATH_LINE, CW_PATH_STOP, CW_PATH_DONE } kind;
  CwPoint point;
} CwPathStep;

/* On its way through a path: there is no list of the points, however many they are. */
typedef struct {
  CwPathSource source;
  CwPathSegment segment;
  uint32_t next; /* segment */
  uint32_t index, n_points;
  bool inside; /* a segment */
  bool open;   /* a polyline has begun */
  bool closed; /* and has been closed */
  CwPoint start, point;
  /* Parts of a curve, the next one on top: of each depth one at most waits beside it. */
  CwPathCurve curves[CW_PATH_MAX_DEPTH + 1];
  unsigned n_curves;
} CwPath;

void cw_path_init (CwPath *self, const CwPathSource *source);

/* Fails with CW_ERROR_MALFORMED on a line that begins without a point and on a curve that begins nowhere or is cut off,
 * and with CW_ERROR_LIMIT. */
bool cw_path_next (CwPath *self, CwPathStep *step, GError **error);

/* A 28.4 number as pixels; the half goes down. */
static inline int32_t
cw_round_28_4 (int32_t value)
{
  return (value >> 4) + ((value & 15) > 8);
}
