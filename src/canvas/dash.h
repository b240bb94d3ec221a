/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dashed lines of one pixel's width as rows of pixels. */
#pragma once

#include "base/geometry.h"

#include <glib.h>
#include <stdbool.h>

#define CW_DASH_MAX 256

/* The lengths of dashes and gaps in turn. */
typedef struct {
  uint8_t length[CW_DASH_MAX];
  unsigned n; /* 0: a solid line */
  unsigned offset, sum;
} CwDashStyle;

/* n lengths as 28.4 numbers; none, and lengths of 0 only, make the line solid. */
void cw_dash_style_init (CwDashStyle *self, const int32_t *style, unsigned n, bool start_with_gap);

/* Pixels left … right - 1 of row y, as often as a line passes over them. */
typedef void (*CwSpanFunc) (gpointer data, int64_t y, int64_t left, int64_t right);

/* A start or end of a piece of line: where it goes from there, and a corner of it. */
typedef struct {
  double dx, dy, x, y, k;
} CwDashFace;

/* A polyline on its way. */
typedef struct {
  const CwDashStyle *style;
  CwRect extents; /* nothing outside is asked for */
  bool immediate; /* each polygon on its own, as opposed to their union */
  CwSpanFunc span;
  gpointer data;

  unsigned index, used; /* of the style */
  bool has_pieces, first_painted;
  CwDashFace first, last;
  /* The piece that is being cut. */
  CwPoint from, to;
  double length, left, x, y, boundary;
} CwDasher;

void cw_dasher_init (CwDasher *self);

/* Begins a piece of some length. */
void cw_dasher_begin (CwDasher *self, CwPoint from, CwPoint to);

/* The next dash; *cost: about how many pixels it took. FALSE: it was the last one. */
bool cw_dasher_next (CwDasher *self, int64_t *cost);

/* After the last piece of a polyline that ends where it began. */
void cw_dasher_close (CwDasher *self);
