/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One or two display channels that share a group, each with a primary of 16×16, and small pictures for them. */
#pragma once

#include "render/group.h"
#include "stream.h"

typedef struct {
  CwWorkerPool *pool;
  CwRenderGroup *group;
  CwRender *render[2];
  Recorder recorder[2];
  Arena arena;
} Pair;

void pair_setup (Pair *self, unsigned n_channels, const CwRenderLimits *limits);
void pair_teardown (Pair *self);
void pair_push (Pair *self, unsigned channel, CwMessage *message);
void pair_push_refused (Pair *self, CwMessage *message, int code);
void pair_finish (Pair *self);
CwWireImage *pair_plain (Pair *self, uint64_t id, unsigned flags, uint32_t color);
CwMessage *pair_copy (const CwWireImage *image);
uint32_t pair_pixel (Pair *self, unsigned channel, int x, int y);

/* A pixel of a surface of 32 bits of the first channel. */
uint32_t pair_word (Pair *self, uint32_t surface, int x, int y);

/* The colours of 4×4 pixels, all different. */
extern const uint32_t pair_quarters[16];

/* A pixel of the first channel's primary, without its highest byte. */
uint32_t pair_color (Pair *self, int x, int y);

/* A message's struct, on the first channel's primary of one colour. */
void pair_draw_on (Pair *self, uint32_t color, uint16_t type, const void *data);

/* A square at the corner. */
CwWireDisplayBase pair_box (int32_t side);

/* A bitmap of these bytes, top row first; and one of 4×4 pixels with alpha, all 0xAARRGGBB. */
CwWireImage *pair_bytes (Pair *self, unsigned format, uint32_t w, uint32_t h, uint32_t stride, const void *bytes);
CwWireImage *pair_argb (Pair *self, uint32_t argb);

/* A video of 16×16 pixels, how grey one of the first channel's primary is, and what its server has been told. */
enum { PAIR_VIDEO = 49 };
CwMessage *pair_create_video (unsigned codec, unsigned flags, const CwWireRect *dest);
void pair_assert_grey (Pair *self, int x, int y, uint8_t value);
const CwMsgcDisplayStreamReport *pair_report (Pair *self, guint i);

/* An image of the dictionary that refers to the one dist before it. */
CwMessage *pair_copy_glz (Pair *self, uint64_t glz_id, uint32_t dist, int x);

/* A JPEG file of two halves, the upper one of the first shade of grey. */
CwSlice pair_jpeg (Arena *arena, unsigned w, unsigned h, uint8_t upper, uint8_t lower);
