/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* COMPOSITE against the model, near and far, and what it refuses. */
#include "base/bytes.h"
#include "base/error.h"
#include "canvas/pixman-image.h"
#include "cases.h"

static const guint8 operators[]
    = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x10, 0x11, 0x12, 0x13,
        0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29,
        0x2a, 0x2b, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e };

static void
random_input (Case *c, bool is_mask, ModelInput *input, CwCompositeImage *image)
{
  GRand *rand = c->rand;

  *input = (ModelInput){ .image = is_mask ? c->model_pattern : c->model_source,
                         .filter = c->op.op < 0x3b ? between (rand, 0, 4) : 3, /* a hue may jump */
                         .repeat = between (rand, 0, 3),
                         .opaque = between (rand, 0, 3) == 0,
                         .x = between (rand, -9, 12),
                         .y = between (rand, -9, 12),
                         .transform = { 65536, 0, 0, 0, 65536, 0 } };
  if (g_rand_boolean (rand)) {
    for (int i = 0; i < 6; i++)
      input->transform[i] = i % 3 == 2 ? between (rand, -20 * 65536, 40 * 65536) : between (rand, -131072, 131072);
  }
  *image = (CwCompositeImage){ .pixels = is_mask ? c->pattern : c->source,
                               .raw = !is_mask && c->raw,
                               .opaque = input->opaque,
                               .filter = input->filter,
                               .repeat = input->repeat,
                               .origin = { input->x, input->y } };
  for (int i = 0; i < 6; i++)
    image->transform[i / 3][i % 3] = input->transform[i];
}

/* Operators in floating point depend on the order of calculations and on whether five bits are of 31 or, widened, of
 * 255; they also interpolate in floating point, and quotients of small alphas magnify what that changes. */
static guint
get_tolerance (const ModelOp *op)
{
  bool floating = op->op == 0x0d || (op->op >= 0x10 && op->op < 0x30) || op->op == 0x35 || op->op == 0x36
                  || op->op == 0x38 || op->op >= 0x3b;
  bool smooth = op->input.filter % 3 != 0 || op->input_mask.filter % 3 != 0;

  return !floating ? 0 : smooth ? 8 : op->op >= 0x3b ? 3 : 1;
}

static void
check (guint32 seed, void (*change) (Case *c, ModelInput *input, CwCompositeImage *image))
{
  CwCompositeParams params = { .op = operators[seed % G_N_ELEMENTS (operators)] };
  Case c;

  case_init (&c, seed, MODEL_COMPOSITE);
  c.op.op = params.op;
  random_input (&c, false, &c.op.input, &params.source);
  if (g_rand_boolean (c.rand)) {
    random_input (&c, true, &c.op.input_mask, &params.mask);
    c.op.component_alpha = params.component_alpha = g_rand_boolean (c.rand);
    if (change)
      change (&c, &c.op.input_mask, &params.mask);
  }
  if (change)
    change (&c, &c.op.input, &params.source);
  g_assert_true (cw_draw_composite (&c.draw, &c.on, &params, NULL));
  case_compare (&c, get_tolerance (&c.op));
  case_clear (&c);
}

static void
test_random (void)
{
  for (guint32 seed = 1; seed <= 100 * G_N_ELEMENTS (operators); seed++)
    check (seed, NULL);
}

/* Steps from one pixel to the next, and distances, up to the largest there are. */
static void
make_far (Case *c, ModelInput *input, CwCompositeImage *image)
{
  for (int i = 0; i < 6; i++) {
    int shift = between (c->rand, 0, 14);

    input->transform[i] = (gint32) g_rand_int (c->rand) >> shift;
    image->transform[i / 3][i % 3] = input->transform[i];
  }
}

static void
test_far (void)
{
  for (guint32 seed = 1; seed <= 30 * G_N_ELEMENTS (operators); seed++)
    check (seed, make_far);
}

/* A surface whose alpha does not count has one of 255 afterwards, in what was drawn. */
static void
test_opaque_target (void)
{
  static const uint32_t source[] = { 0x40102030 };
  const CwRect bounds = { .right = 2, .bottom = 1 }, box = { .right = 1, .bottom = 1 };

  for (unsigned opaque = 0; opaque < 2; opaque++) {
    g_autoptr (CwPixels) image = cw_pixels_new (CW_PIXELS_BGRA, 1, 1, false, NULL);
    g_autoptr (CwPixels) target = cw_pixels_new_zeroed (CW_PIXELS_BGRA, 2, 1, NULL);
    CwDrawTarget on = { .pixels = target, .box = box };
    CwCompositeParams params = { .source = { .pixels = image, .transform = { { 65536 }, { 0, 65536 } } },
                                 .op = 3, /* OVER */
                                 .target_is_opaque = opaque };
    CwDraw draw = { 0 };
    uint32_t words[2];

    for (unsigned i = 0; i < 4; i++)
      image->rows[i] = source[0] >> 8 * i;
    target->rows[0] = target->rows[4] = 0x80;
    cw_region_init (&on.region, &bounds, &box);
    g_assert_true (cw_draw_composite (&draw, &on, &params, NULL));
    g_assert_true (cw_draw_make_buffer (&draw, NULL));
    g_assert_true (cw_draw_paint (&draw, 1000));
    for (unsigned i = 0; i < 2; i++)
      words[i] = cw_le32 (target->rows + 4 * i);
    g_assert_cmphex (words[0], ==, opaque ? 0xff102090 : 0x40102090);
    g_assert_cmphex (words[1], ==, 0x80);
    cw_draw_clear (&draw);
    cw_region_clear (&on.region);
  }
}

typedef struct {
  CwPixelFormat format;
  uint32_t width;
  uint8_t op, filter, repeat;
  int32_t left;
  int code; /* -1: it is drawn */
} Limit;

static void
test_refused (void)
{
  const Limit cases[] = {
    { CW_PIXELS_BGRX, 1, 3, 0, 0, 0, -1 },
    { CW_PIXELS_BGRX, 1, 0x0d, 4, 3, -(1 << 24), -1 },
    { CW_PIXELS_BGRX, 1, 0x0e, 0, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_BGRX, 1, 0x0f, 0, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_BGRX, 1, 0x1c, 0, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_BGRX, 1, 0x2c, 0, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_BGRX, 1, 0x3f, 0, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_BGRX, 1, 0xff, 0, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_BGRX, 1, 3, 5, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_BGRX, 1, 3, 7, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_GRAY8, 1, 3, 0, 0, 0, CW_ERROR_MALFORMED },
    { CW_PIXELS_BGRX, 1, 3, 0, 0, -(1 << 24) - 1, CW_ERROR_LIMIT },
    { CW_PIXELS_A8, 32512, 3, 0, 0, 0, -1 },
    { CW_PIXELS_A8, 32513, 3, 0, 0, 0, CW_ERROR_LIMIT },
    { CW_PIXELS_A8, 16256, 3, 0, 3, 0, -1 },
    { CW_PIXELS_A8, 16257, 3, 0, 3, 0, CW_ERROR_LIMIT },
  };
  const CwRect bounds = { .right = 2, .bottom = 2 };

  for (unsigned i = 0; i < 2 * G_N_ELEMENTS (cases); i++) {
    const Limit *c = &cases[i / 2];
    const bool in_mask = i % 2;
    g_autoptr (CwPixels) good = cw_pixels_new_zeroed (CW_PIXELS_BGRX, 1, 1, NULL);
    g_autoptr (CwPixels) image = cw_pixels_new_zeroed (c->format, c->width, 1, NULL);
    g_autoptr (CwPixels) target = cw_pixels_new_zeroed (CW_PIXELS_BGRX, 2, 2, NULL);
    const CwCompositeImage plain = { .pixels = good, .transform = { { 65536 }, { 0, 65536 } } };
    CwDrawTarget on = { .pixels = target, .box = { c->left, 0, 2, 2 } };
    CwCompositeParams params = { .source = plain, .op = c->op };
    CwCompositeImage *asked = in_mask ? &params.mask : &params.source;
    g_autoptr (GError) error = NULL;
    CwDraw draw = { 0 };

    *asked = plain;
    asked->pixels = image;
    asked->filter = c->filter;
    asked->repeat = c->repeat;
    cw_region_init (&on.region, &bounds, &on.box);
    g_assert_true (cw_draw_composite (&draw, &on, &params, &error) == (c->code < 0));
    if (c->code < 0)
      g_assert_true (cw_draw_paint (&draw, 100000));
    else
      g_assert_error (error, CW_ERROR, c->code);
    cw_draw_clear (&draw);
    cw_region_clear (&on.region);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/composite/random", test_random);
  g_test_add_func ("/canvas/composite/far", test_far);
  g_test_add_func ("/canvas/composite/opaque-target", test_opaque_target);
  g_test_add_func ("/canvas/composite/refused", test_refused);
  return g_test_run ();
}
