/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The GLZ half of lz-kernels-tmpl.c, which includes this. */
#pragma once

typedef struct {
  size_t length;
  uint32_t offset, distance;
} GlzMatch;

CW_LZ_INLINE size_t
glz_out_size (CwLzUnit unit)
{
  return unit == CW_LZ_UNIT_BYTE ? 1 : 4;
}

/* Copies n units of another image. */
CW_LZ_INLINE void
glz_copy (uint8_t *op, const uint32_t *from, size_t n, CwLzUnit unit)
{
  if (unit == CW_LZ_UNIT_BYTE)
    cw_lz_gather_alpha (op, from, n);
  else
    cw_lz_copy (op, (const uint8_t *) from, 4 * n);
}

static void
glz_literals_exact (uint8_t *op, const uint8_t *p, size_t n, CwLzUnit unit)
{
  if (unit != CW_LZ_UNIT_RGB16) {
    literals_exact (op, p, n, unit, 0);
    return;
  }
  for (size_t i = 0; i < n; i++, p += 2)
    ((uint32_t *) (void *) op)[i] = cw_rgb_of_555 ((uint32_t) p[0] << 8 | p[1]);
}

/* Reads the bytes of a match token behind its length, at least 2 of which are there. */
static bool
glz_read_match (CwLzStream *s, const uint8_t *at, const uint8_t **p, GlzMatch *match)
{
  uint32_t extra = 0, b;
  size_t k;

  if (s->end - *p < 2)
    return fault (s, at, CW_LZ_TRUNCATED, 0, 0);
  match->offset = (*at & 15) | (uint32_t) (*p)[0] << 4;
  b = (*p)[1];
  *p += 2;
  k = b >> 6;
  if ((size_t) (s->end - *p) < k + ((*at & 16) != 0 && (b & 32) != 0))
    return fault (s, at, CW_LZ_TRUNCATED, 0, 0);
  for (size_t i = 0; i < k; i++)
    extra |= (uint32_t) * (*p)++ << 8 * i;
  if ((*at & 16) == 0) {
    match->distance = (b & 63) | extra << 6;
    return true;
  }
  match->offset |= (b & 31) << 12;
  match->distance = extra;
  if ((b & 32) != 0)
    match->offset |= (uint32_t) * (*p)++ << 17;
  return true;
}

/* Does a match with all checks. */
static CwGlzStreamStatus
glz_match (CwGlzStream *g, const uint8_t *at, const GlzMatch *match, CwLzUnit unit)
{
  size_t size = glz_out_size (unit), decoded = (g->op - g->out) / size;
  const CwGlzReference *image = &g->references[match->distance % CW_GLZ_N_REFERENCES];

  if (match->distance == 0) {
    if ((size_t) match->offset + 1 > decoded) {
      fault (&g->input, at, CW_LZ_DISTANCE, (size_t) match->offset + 1, decoded);
      return CW_GLZ_STREAM_FAULT;
    }
    cw_lz_match (g->op, (match->offset + (size_t) 1) * size, match->length * size, size);
    return CW_GLZ_STREAM_END;
  }
  if (match->distance > g->max_distance) {
    fault (&g->input, at, CW_LZ_IMAGE_DISTANCE, match->distance, g->max_distance);
    return CW_GLZ_STREAM_FAULT;
  }
  if (image->distance != match->distance) {
    g->needed = match->distance;
    return CW_GLZ_STREAM_NEEDS_IMAGE;
  }
  if ((uint64_t) match->offset + match->length > image->n_pixels) {
    fault (&g->input, at, CW_LZ_OFFSET, (uint64_t) match->offset + match->length, image->n_pixels);
    return CW_GLZ_STREAM_FAULT;
  }
  glz_copy (g->op, image->pixels + match->offset, match->length, unit);
  return CW_GLZ_STREAM_END;
}

/* Decodes one token with all checks; CW_GLZ_STREAM_END means that it is done. */
static __attribute__ ((noinline)) CwGlzStreamStatus
glz_token (CwGlzStream *g, CwLzUnit unit)
{
  CwLzStream *s = &g->input;
  const uint8_t *at = s->p, *p = at;
  size_t size = glz_out_size (unit), left = (g->limit - g->op) / size, n;

  if (p == s->end) {
    fault (s, at, CW_LZ_TRUNCATED, 0, 0);
    return CW_GLZ_STREAM_FAULT;
  }
  if (*p < 32) {
    n = *p++ + 1;
    if (n > left) {
      fault (s, at, CW_LZ_LITERALS, n, left);
      return CW_GLZ_STREAM_FAULT;
    }
    if ((size_t) (s->end - p) < n * literal_size[unit]) {
      fault (s, at, CW_LZ_TRUNCATED, 0, 0);
      return CW_GLZ_STREAM_FAULT;
    }
    glz_literals_exact (g->op, p, n, unit);
    p += n * literal_size[unit];
  } else {
    GlzMatch match;
    CwGlzStreamStatus status;

    n = *p++ >> 5;
    if (n == 7 && !read_length (s, at, &p, unit, left, &n))
      return CW_GLZ_STREAM_FAULT;
    n += bias[unit];
    if (n > left) {
      fault (s, at, CW_LZ_LENGTH, n, left);
      return CW_GLZ_STREAM_FAULT;
    }
    if (!glz_read_match (s, at, &p, &match))
      return CW_GLZ_STREAM_FAULT;
    match.length = n;
    status = glz_match (g, at, &match, unit);
    if (status != CW_GLZ_STREAM_END)
      return status;
  }
  g->op += n * size;
  s->p = p;
  return CW_GLZ_STREAM_END;
}

CW_LZ_INLINE CwGlzStreamStatus
glz_decode (CwGlzStream *g, CwLzUnit unit)
{
  static const uint32_t masks[4] = { 0, 0xff, 0xffff, 0xffffff };
  CwLzStream *const s = &g->input;
  const size_t size = glz_out_size (unit);
  const uint8_t *const quick_input = s->end - s->p >= QUICK_INPUT ? s->end - QUICK_INPUT : NULL;
  uint8_t *const out = g->out, *const limit = g->limit;
  const uint8_t *p = s->p;
  uint8_t *op = g->op;

  while (op < limit) {
    const uint8_t *const at = p;
    CwGlzStreamStatus status;

    if (quick_input && p <= quick_input) {
      uint32_t c = *p++, a, b, extra, offset, distance;
      ptrdiff_t left = limit - op - (QUICK_OVERSHOOT - CW_LZ_OVERSHOOT);
      size_t n;

      if (c < 32) {
        n = c + 1;
        if ((ptrdiff_t) (n * size) > left)
          goto careful;
        if (unit == CW_LZ_UNIT_BYTE)
          cw_lz_literals8 (op, p, n);
        else if (unit == CW_LZ_UNIT_RGB16)
          cw_lz_literals16_wide ((uint32_t *) (void *) op, p, n);
        else
          cw_lz_literals24 ((uint32_t *) (void *) op, p, n, 0);
        p += n * literal_size[unit];
        op += n * size;
        continue;
      }
      if (!read_length_quick (&p, s->end, limit - op, c, &n))
        goto careful;
      n += bias[unit];
      a = p[0];
      b = p[1];
      memcpy (&extra, p + 2, 4);
      extra = GUINT32_FROM_LE (extra);
      offset = (c & 15) | a << 4;
      if ((c & 16) != 0) {
        uint32_t v = b >> 5 & 1;

        distance = extra & masks[b >> 6];
        offset |= (b & 31) << 12 | ((extra >> 8 * (b >> 6) & 0xff) << 17 & -v);
        p += 2 + (b >> 6) + v;
      } else {
        distance = (b & 63) | (extra & masks[b >> 6]) << 6;
        p += 2 + (b >> 6);
      }
      if ((ptrdiff_t) (n * size) > left)
        goto careful;
      if (distance == 0) {
        size_t d = (size_t) offset + 1;

        if (d * size > (size_t) (op - out))
          goto careful;
        if (unit == CW_LZ_UNIT_BYTE)
          cw_lz_match (op, d, n, 1);
        else
          cw_lz_match_pixels ((uint32_t *) (void *) op, d, n);
      } else {
        const CwGlzReference *image = &g->references[distance % CW_GLZ_N_REFERENCES];

        if (image->distance != distance || (uint64_t) offset + n > image->n_pixels)
          goto careful;
        glz_copy (op, image->pixels + offset, n, unit);
      }
      op += n * size;
      continue;
    }
  careful:
    s->p = at;
    g->op = op;
    status = glz_token (g, unit);
    if (status != CW_GLZ_STREAM_END)
      return status;
    p = s->p;
    op = g->op;
  }
  s->p = p;
  g->op = op;
  return CW_GLZ_STREAM_END;
}

static CwGlzStreamStatus
glz_alpha (CwGlzStream *g)
{
  return glz_decode (g, CW_LZ_UNIT_BYTE);
}

static CwGlzStreamStatus
glz_rgb16 (CwGlzStream *g)
{
  return glz_decode (g, CW_LZ_UNIT_RGB16);
}

static CwGlzStreamStatus
glz_rgb24 (CwGlzStream *g)
{
  return glz_decode (g, CW_LZ_UNIT_RGB24);
}
