/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of the protocol as polylines of whole pixels. */
#pragma once

#include "base/geometry.h"

#include <glib.h>
#include <stdbool.h>

/* Flattened curves included; what is made of a path must not take longer than a look at the clock allows. */
#define CW_PATH_MAX_POINTS 100000

typedef struct {
  GArray *points; /* CwPoint */
  GArray *ends;   /* uint32_t: where in points each polyline ends */
} CwPath;

CwPath *cw_path_new (void);
void cw_path_free (CwPath *self);

/* A segment with its flags (CW_PATH_…): n points as pairs of 28.4 numbers. Fails with CW_ERROR_MALFORMED on a curve
 * that begins nowhere or is cut off, and with CW_ERROR_LIMIT. */
bool cw_path_add (CwPath *self, uint8_t flags, const int32_t *xy, uint32_t n, GError **error);

/* After the last segment. */
void cw_path_finish (CwPath *self);

/* A 28.4 number as pixels; the half goes down. */
static inline int32_t
cw_round_28_4 (int32_t value)
{
  return (value >> 4) + ((value & 15) > 8);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwPath, cw_path_free)
