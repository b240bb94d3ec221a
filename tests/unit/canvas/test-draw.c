/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations with a source or a brush, on random input, against the model. */
#include "cases.h"

static bool
check_prepared (const Case *self, bool prepared)
{
  g_assert_cmpint (prepared, ==, case_is_possible (self));
  return prepared;
}

static bool
prepare_fill (Case *self)
{
  CwBrush brush = case_brush (self, &self->op.brush);

  return cw_draw_fill (&self->draw, &self->on, &brush, cw_rop_from_descriptor (self->op.rop, 2, 4), NULL);
}

static bool
prepare_copy (Case *self)
{
  CwImageOperand source = case_source (self);

  return check_prepared (self, cw_draw_copy (&self->draw, &self->on, &source,
                                             cw_rop_from_descriptor (self->op.rop, 1, 4), NULL));
}

static bool
prepare_opaque (Case *self)
{
  CwOpaqueParams params
      = { case_source (self), case_brush (self, &self->op.brush), cw_rop_from_descriptor (self->op.rop, 2, 1) };

  return check_prepared (self, cw_draw_opaque (&self->draw, &self->on, &params, NULL));
}

/* Every code in turn. */
static bool
prepare_rop3 (Case *self)
{
  CwRop3Params params = { case_source (self), case_brush (self, &self->op.brush), self->seed & 0xff };

  self->op.rop3 = params.rop3;
  return check_prepared (self, cw_draw_rop3 (&self->draw, &self->on, &params, NULL));
}

static bool
prepare_transparent (Case *self)
{
  CwImageOperand source = case_source (self);

  /* Random pixels rarely meet the key: take it from the source half of the time. */
  self->op.key = self->op.brush.color;
  if (g_rand_boolean (self->rand))
    self->op.key = model_widen (self->model_source->format, self->model_source->px[0]);
  return check_prepared (self, cw_draw_transparent (&self->draw, &self->on, &source, self->op.key, NULL));
}

static bool
prepare_blend (Case *self)
{
  CwBlendParams params = { .source = case_source (self) };

  self->op.alpha = params.alpha = g_rand_boolean (self->rand) ? 255 : between (self->rand, 1, 254);
  self->op.dest_has_alpha = params.target_has_alpha = g_rand_boolean (self->rand);
  self->op.source_has_alpha = self->raw && self->source->format == CW_PIXELS_BGRX && g_rand_boolean (self->rand);
  params.source.has_alpha = self->op.source_has_alpha;
  return check_prepared (self, cw_draw_blend (&self->draw, &self->on, &params, NULL));
}

static bool
prepare_copy_bits (Case *self)
{
  self->op.from_x = self->op.box.left + between (self->rand, -12, 12);
  self->op.from_y = self->op.box.top + between (self->rand, -12, 12);
  cw_draw_copy_bits (&self->draw, &self->on, &(CwPoint){ self->op.from_x, self->op.from_y });
  return true;
}

/* The surface itself is the source, and sometimes the pattern. */
static bool
prepare_itself (Case *self)
{
  CwOpaqueParams params
      = { case_source (self), case_brush (self, &self->op.brush), cw_rop_from_descriptor (self->op.rop, 2, 1) };

  self->on.is_read = true;
  params.source.raw = params.brush.raw = true;
  params.source.pixels = self->target;
  self->op.source = self->model;
  params.brush.pixels = self->target;
  self->op.brush.image = self->model;
  return check_prepared (self, cw_draw_opaque (&self->draw, &self->on, &params, NULL));
}

static void
test_fill (void)
{
  run_cases (MODEL_FILL, prepare_fill, 3000);
}

static void
test_copy (void)
{
  run_cases (MODEL_COPY, prepare_copy, 4000);
}

static void
test_opaque (void)
{
  run_cases (MODEL_OPAQUE, prepare_opaque, 4000);
}

static void
test_rop3 (void)
{
  run_cases (MODEL_ROP3, prepare_rop3, 5120);
}

static void
test_transparent (void)
{
  run_cases (MODEL_TRANSPARENT, prepare_transparent, 3000);
}

static void
test_blend (void)
{
  run_cases (MODEL_BLEND, prepare_blend, 4000);
}

static void
test_copy_bits (void)
{
  run_cases (MODEL_COPY_BITS, prepare_copy_bits, 3000);
}

static void
test_itself (void)
{
  run_cases (MODEL_OPAQUE, prepare_itself, 3000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/draw/fill", test_fill);
  g_test_add_func ("/canvas/draw/copy", test_copy);
  g_test_add_func ("/canvas/draw/opaque", test_opaque);
  g_test_add_func ("/canvas/draw/rop3", test_rop3);
  g_test_add_func ("/canvas/draw/transparent", test_transparent);
  g_test_add_func ("/canvas/draw/blend", test_blend);
  g_test_add_func ("/canvas/draw/copy-bits", test_copy_bits);
  g_test_add_func ("/canvas/draw/itself", test_itself);
  return g_test_run ();
}
