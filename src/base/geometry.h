/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points and rectangles in surface pixels. Rectangles are half-open: left <= x < right, top <= y < bottom. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int32_t x, y;
} CwPoint;

typedef struct {
  int32_t left, top, right, bottom;
} CwRect;

static inline bool
cw_rect_is_empty (const CwRect *self)
{
  return self->left >= self->right || self->top >= self->bottom;
}

/* Sizes are 64-bit: the corners are the peer's and may be 2^32 apart. */
static inline int64_t
cw_rect_width (const CwRect *self)
{
  return (int64_t) self->right - self->left;
}

static inline int64_t
cw_rect_height (const CwRect *self)
{
  return (int64_t) self->bottom - self->top;
}

static inline CwRect
cw_rect_intersect (const CwRect *a, const CwRect *b)
{
  return (CwRect){
    .left = a->left > b->left ? a->left : b->left,
    .top = a->top > b->top ? a->top : b->top,
    .right = a->right < b->right ? a->right : b->right,
    .bottom = a->bottom < b->bottom ? a->bottom : b->bottom,
  };
}
