/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* COMPOSITE's operators, as they stand in the equations. */
#include "model.h"

#include <math.h>

typedef struct {
  const ModelInput *input;
  bool is_mask;
  ModelFormat target;
} Tap;

/* The coordinate that stands for one outside the image; false: nothing does. */
static bool
repeat (guint mode, gint64 *v, int size)
{
  gint64 rest;

  switch (mode) {
  case 1:
    rest = *v % size;
    *v = rest < 0 ? rest + size : rest;
    return true;
  case 2:
    *v = CLAMP (*v, 0, size - 1);
    return true;
  case 3:
    rest = *v % (2 * size);
    rest = rest < 0 ? rest + 2 * size : rest;
    *v = rest < size ? rest : 2 * size - 1 - rest;
    return true;
  default:
    return *v >= 0 && *v < size;
  }
}

static guint32
tap (gconstpointer data, gint64 x, gint64 y)
{
  const Tap *self = data;
  const ModelImage *image = self->input->image;
  guint32 argb;

  if (!repeat (self->input->repeat, &x, image->width) || !repeat (self->input->repeat, &y, image->height))
    return 0;
  if (self->is_mask)
    argb = model_widen (image->format, image->px[y * image->width + x]);
  else if (image->is_surface)
    argb = model_widen (image->format, image->px[y * image->width + x]);
  else
    argb = model_argb_of (image, x, y, self->target);
  return self->input->opaque && image->format == MODEL_ARGB ? argb | 0xff000000u : argb;
}

static guint32
fetch (const ModelInput *input, bool is_mask, ModelFormat target, gint64 i, gint64 j)
{
  Tap data = { input, is_mask, target };
  gint64 x = (i + input->x) * 65536 + 32768, y = (j + input->y) * 65536 + 32768;
  const gint32 *t = input->transform;
  gint64 vx = (t[0] * x + t[1] * y + t[2] * (gint64) 65536 + 32768) >> 16;
  gint64 vy = (t[3] * x + t[4] * y + t[5] * (gint64) 65536 + 32768) >> 16;

  if (input->filter == 0 || input->filter == 3)
    return tap (&data, (vx - 1) >> 16, (vy - 1) >> 16);
  return model_interpolate (vx, vy, tap, &data);
}

static guint32
div1 (gint32 x)
{
  return ((guint32) x + 128 + (((guint32) x + 128) >> 8)) >> 8;
}

/* Fs and Fd of the Porter-Duff operators as bytes. */
static void
factors (guint8 op, guint32 sa, guint32 da, guint32 *fs, guint32 *fd)
{
  const guint32 values[] = { 0, 255, sa, 255 - sa, da, 255 - da };
  static const guint8 rows[][2] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 3 }, { 5, 1 }, { 4, 0 }, { 0, 2 },
                                    { 5, 0 }, { 0, 3 }, { 4, 3 }, { 5, 2 }, { 5, 3 }, { 1, 1 } };

  *fs = values[rows[op][0]];
  *fd = values[rows[op][1]];
}

static gint32
separable (guint8 op, gint32 s, gint32 d, gint32 sa, gint32 da)
{
  switch (op) {
  case 0x31:
    return d * sa + s * da - s * d;
  case 0x32:
    return 2 * d < da ? 2 * s * d : sa * da - 2 * (da - d) * (sa - s);
  case 0x33:
    return MIN (s * da, d * sa);
  case 0x34:
    return MAX (s * da, d * sa);
  case 0x37:
    return 2 * s < sa ? 2 * s * d : sa * da - 2 * (da - d) * (sa - s);
  case 0x39:
    return ABS (s * da - d * sa);
  default:
    return d * sa + s * da - 2 * s * d;
  }
}

/* A channel of the operators in integers; sa may be the channel's own alpha. */
static guint32
channel (guint8 op, guint32 s, guint32 d, guint32 sa, guint32 da, bool is_alpha)
{
  guint32 fs, fd;

  if (op <= 0x0c) {
    factors (op, sa, da, &fs, &fd);
    return MIN (255u, model_mul (s, fs) + model_mul (d, fd));
  }
  if (op == 0x30)
    return MIN (255u, MIN (255u, model_mul (s, 255 - da) + model_mul (d, 255 - sa)) + model_mul (s, d));
  if (is_alpha)
    return div1 (255 * (sa + da) - sa * da);
  return div1 (CLAMP ((gint32) ((255 - sa) * d + (255 - da) * s) + separable (op, s, d, sa, da), 0, 65025));
}

static float
unit (float x)
{
  return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* 0x10 … 0x2b; F and 1 - F of the table, where the quotients without a meaning count as they are said to. */
static void
float_factors (guint8 op, float sa, float da, float *fs, float *fd)
{
  float a = da == 0 ? 1 : unit ((1 - sa) / da), b = sa == 0 ? 1 : unit ((1 - da) / sa);
  float c = da == 0 ? 1 : unit (sa / da), d = sa == 0 ? 1 : unit (da / sa);
  float not_a = da == 0 ? 0 : unit (1 - (1 - sa) / da), not_b = sa == 0 ? 0 : unit (1 - (1 - da) / sa);
  float not_c = da == 0 ? 0 : unit (1 - sa / da), not_d = sa == 0 ? 0 : unit (1 - da / sa);
  const float disjoint[][2] = { { 0, 0 },     { 1, 0 }, { 0, 1 }, { 1, a },     { b, 1 },     { not_b, 0 },
                                { 0, not_a }, { b, 0 }, { 0, a }, { not_b, a }, { b, not_a }, { b, a } };
  const float conjoint[][2] = { { 0, 0 }, { 1, 0 },     { 0, 1 },     { 1, not_c }, { not_d, 1 }, { d, 0 },
                                { 0, c }, { not_d, 0 }, { 0, not_c }, { d, not_c }, { not_d, c }, { not_d, not_c } };

  *fs = op < 0x20 ? disjoint[op & 15][0] : conjoint[op & 15][0];
  *fd = op < 0x20 ? disjoint[op & 15][1] : conjoint[op & 15][1];
}

static float
dodge (float s, float d, float sa, float da)
{
  if (d == 0)
    return 0;
  if (d * sa >= da * (sa - s))
    return sa * da;
  return sa == s ? sa * da : sa * sa * d / (sa - s);
}

static float
burn (float s, float d, float sa, float da)
{
  if (d >= da)
    return sa * da;
  if (sa * (da - d) >= s * da)
    return 0;
  return s == 0 ? 0 : sa * (da - sa * (da - d) / s);
}

static float
soft_light (float s, float d, float sa, float da)
{
  if (2 * s <= sa)
    return da == 0 ? d * sa : d * sa - d * (da - d) * (sa - 2 * s) / da;
  if (da == 0)
    return 0;
  if (4 * d <= da)
    return d * sa + (2 * s - sa) * d * ((16 * d / da - 12) * d / da + 3);
  return d * sa + (sqrtf (d * da) - d) * (2 * s - sa);
}

static float
lum (const float c[3])
{
  return 0.3f * c[0] + 0.59f * c[1] + 0.11f * c[2];
}

static float
largest (const float c[3])
{
  return MAX (MAX (c[0], c[1]), c[2]);
}

static float
smallest (const float c[3])
{
  return MIN (MIN (c[0], c[1]), c[2]);
}

static void
set_sat (float c[3], float sat)
{
  float min = smallest (c), max = largest (c);

  for (int i = 0; i < 3; i++)
    c[i] = max == min ? 0 : (c[i] - min) * sat / (max - min);
}

static void
set_lum (float c[3], float a, float l)
{
  float shift = l - lum (c), own, min, max;

  for (int i = 0; i < 3; i++)
    c[i] += shift;
  own = lum (c);
  min = smallest (c);
  max = largest (c);
  for (int i = 0; i < 3; i++) {
    if (min < 0)
      c[i] = own - min < 1e-7f ? 0 : own + (c[i] - own) * own / (own - min);
    if (max > a)
      c[i] = max - own < 1e-7f ? a : own + (c[i] - own) * (a - own) / (max - own);
  }
}

/* Channels in the order red, green, blue. */
static void
hsl (guint8 op, const float s[3], const float d[3], float sa, float da, float out[3])
{
  for (int i = 0; i < 3; i++)
    out[i] = op == 0x3b || op == 0x3d ? s[i] * da : d[i] * sa;
  if (op == 0x3b)
    set_sat (out, (largest (d) - smallest (d)) * sa);
  if (op == 0x3c)
    set_sat (out, (largest (s) - smallest (s)) * da);
  set_lum (out, sa * da, op == 0x3e ? lum (s) * da : lum (d) * sa);
}

static guint32
to_byte (float f)
{
  guint32 u = (guint32) (unit (f) * 256);

  return u - (u >> 8);
}

static bool
is_float (guint8 op)
{
  return op == 0x0d || (op >= 0x10 && op <= 0x2b) || op == 0x35 || op == 0x36 || op == 0x38 || op >= 0x3b;
}

/* One channel of the float operators but HSL; is_alpha: s and d are the alphas. */
static float
float_channel (guint8 op, float s, float d, float sa, float da, bool is_alpha)
{
  float fs, fd, b;

  if (op == 0x0d)
    return MIN (1, s * (sa == 0 ? 1 : unit ((1 - da) / sa)) + d);
  if (op < 0x30) {
    float_factors (op, sa, da, &fs, &fd);
    return MIN (1, s * fs + d * fd);
  }
  if (is_alpha)
    return sa + da - sa * da;
  b = op == 0x35 ? dodge (s, d, sa, da) : op == 0x36 ? burn (s, d, sa, da) : soft_light (s, d, sa, da);
  return (1 - sa) * d + (1 - da) * s + b;
}

/* s, its alphas a channel each, and d, all 8888 as floats in the order blue, green, red, alpha. */
static guint32
float_pixel (guint8 op, const float s[4], const float sa[4], const float d[4])
{
  guint32 out = 0;

  if (op >= 0x3b) {
    const float s3[] = { s[2], s[1], s[0] }, d3[] = { d[2], d[1], d[0] };
    float b[3];

    hsl (op, s3, d3, sa[3], d[3], b);
    for (int i = 0; i < 3; i++)
      out |= to_byte ((1 - sa[3]) * d[i] + (1 - d[3]) * s[i] + b[2 - i]) << 8 * i;
    return out | to_byte (sa[3] + d[3] - sa[3] * d[3]) << 24;
  }
  for (int i = 0; i < 4; i++)
    out |= to_byte (float_channel (op, s[i], d[i], sa[i], d[3], i == 3)) << 8 * i;
  return out;
}

/* Masked by mask: each channel by its own if component is set. sa are the alphas that count for each channel. */
static guint32
combine (guint8 op, guint32 s, const guint32 *mask, bool component, guint32 d)
{
  float fs[4], fsa[4], fd[4];
  guint32 out = 0, m = mask ? *mask : 0xffffffffu;

  for (int i = 0; i < 4; i++) {
    guint32 mc = component ? m >> 8 * i & 0xff : m >> 24, sc = s >> 8 * i & 0xff, dc = d >> 8 * i & 0xff;

    float fm = mask ? mc * (1 / 255.0f) : 1;

    fs[i] = sc * (1 / 255.0f) * fm;
    fsa[i] = (s >> 24) * (1 / 255.0f) * fm;
    fd[i] = dc * (1 / 255.0f);
    if (op >= 0x3b) {
      fs[i] = model_mul (sc, mc) * (1 / 255.0f);
      fsa[i] = model_mul (s >> 24, mc) * (1 / 255.0f);
    }
    if (!is_float (op))
      out |= channel (op, model_mul (sc, mc), dc, model_mul (s >> 24, mc), d >> 24, i == 3) << 8 * i;
  }
  /* These have no meaning for each channel by itself. */
  if (op >= 0x3b && component && mask)
    return d;
  return is_float (op) ? float_pixel (op, fs, fsa, fd) : out;
}

guint32
model_composite (const ModelOp *op, ModelFormat target, int x, int y, guint32 raw)
{
  gint64 i = (gint64) x - op->box.left, j = (gint64) y - op->box.top;
  guint32 s = fetch (&op->input, false, target, i, j), m = 0xffffffffu;

  if (op->input_mask.image)
    m = fetch (&op->input_mask, true, target, i, j);
  return model_narrow (target, combine (op->op, s, op->input_mask.image ? &m : NULL, op->component_alpha,
                                        model_widen (target, raw)));
}
