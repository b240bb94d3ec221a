/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Format: GLZ as used by SPICE, LZ with a dictionary across images. */
#include "codec/glz.h"

#include "base/cpu.h"
#include "base/bytes.h"
#include "base/error.h"
#include "codec/glz-store.h"
#include "codec/glz-zlib.h"
#include "codec/lz-header.h"
#include "codec/lz-stream.h"

#define HEADER_SIZE 33

typedef enum { STAGE_COLOUR, STAGE_ALPHA, STAGE_STORE, STAGE_OVER } Stage;

struct CwGlzDecoder {
  CwGlzWindow *window;
  uint64_t generation;
  const uint8_t *data; /* the GLZ payload: the caller's or inflated */
  uint8_t *inflated;
  CwLzType type;
  bool top_down;
  uint64_t id;
  Stage stage;
  CwPixels *pixels;
  uint8_t *alpha; /* plane of n bytes, with slack */
  CwGlzStream stream;
  CwPixels *referenced[CW_GLZ_N_REFERENCES]; /* what the stream's slots point into */
};

static uint64_t
read_be64 (const uint8_t *p)
{
  return (uint64_t) cw_be32 (p) << 32 | cw_be32 (p + 4);
}

static bool
read_header (CwGlzDecoder *self, CwSlice data, const CwCodecInput *in, GError **error)
{
  const uint8_t *p = data.data;
  uint64_t n = (uint64_t) in->width * in->height, most = cw_glz_window_max_pixels (self->window);
  uint32_t stride;

  if (data.size < HEADER_SIZE) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "glz: %zu bytes of data < %d of the header", data.size,
                 HEADER_SIZE);
    return false;
  }
  self->type = p[8] & 15;
  self->top_down = p[8] >> 4 != 0;
  stride = cw_be32 (p + 17);
  self->id = read_be64 (p + 21);
  self->stream.max_distance = cw_be32 (p + 29);
  if (!cw_lz_check_magic ("glz", p, error)
      || !cw_lz_check_size ("glz", cw_be32 (p + 9), cw_be32 (p + 13), in->width, in->height, error))
    return false;
  if (self->type < CW_LZ_RGB16 || self->type > CW_LZ_RGBA)
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "glz: type %u is outside %d … %d", self->type, CW_LZ_RGB16,
                 CW_LZ_RGBA);
  else if (n > most)
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT,
                 "glz: %" G_GUINT64_FORMAT " pixels > %" G_GUINT64_FORMAT " of the window", n, most);
  else if (stride != cw_lz_stride (self->type, in->width))
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "glz: stride %u instead of %" G_GUINT64_FORMAT, stride,
                 cw_lz_stride (self->type, in->width));
  else if (self->id == UINT64_MAX)
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "glz: id %" G_GUINT64_FORMAT " leaves none for the next image",
                 self->id);
  else if (self->stream.max_distance > self->id)
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "glz: win_head_dist %u > id %" G_GUINT64_FORMAT,
                 self->stream.max_distance, self->id);
  else
    return true;
  return false;
}

/* Pixels, and for RGBA the alpha plane. */
static bool
allocate (CwGlzDecoder *self, const CwCodecInput *in, GError **error)
{
  CwPixelFormat format = self->type == CW_LZ_RGBA ? CW_PIXELS_BGRA : CW_PIXELS_BGRX;
  size_t n = (size_t) in->width * in->height;

  self->pixels = cw_pixels_new_in (in->pool, format, in->width, in->height, !self->top_down, error);
  if (!self->pixels)
    return false;
  if (self->type == CW_LZ_RGBA) {
    self->alpha = g_try_malloc (n + CW_LZ_OVERSHOOT);
    if (!self->alpha) {
      g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "glz: no memory for %zu bytes of alpha", n);
      return false;
    }
  }
  self->stream.out = self->stream.op = self->pixels->first;
  self->stream.limit = self->stream.out + 4 * n;
  return true;
}

CwGlzDecoder *
cw_glz_decoder_new (CwGlzWindow *window, const CwCodecInput *in, GError **error)
{
  g_autoptr (CwGlzDecoder) self = g_new0 (CwGlzDecoder, 1);
  CwSlice data = in->data, tokens;

  /* Until the header has been believed there is no image that could fail. */
  self->stage = STAGE_OVER;
  self->window = cw_glz_window_ref (window);
  if (in->codec == CW_CODEC_ZLIB_GLZ_RGB) {
    self->inflated = cw_glz_inflate (in, error);
    if (!self->inflated)
      return NULL;
    data = (CwSlice){ self->inflated, in->glz_data_size };
  }
  if (!read_header (self, data, in, error) || !cw_glz_window_begin (window, self->id, &self->generation, error))
    return NULL;
  self->stage = STAGE_COLOUR;
  self->data = data.data;
  tokens = (CwSlice){ data.data + HEADER_SIZE, data.size - HEADER_SIZE };
  self->stream.input.p = tokens.data;
  self->stream.input.end = tokens.data + tokens.size;
  if (!cw_lz_check_expansion ("glz", tokens, (uint64_t) in->width * in->height, error) || !allocate (self, in, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* Puts the image that the stream needs into its slot. */
static CwGlzStatus
provide (CwGlzDecoder *self, uint64_t *needed_id, GError **error)
{
  uint32_t distance = self->stream.needed, slot = distance % CW_GLZ_N_REFERENCES;
  uint64_t id = self->id - distance;
  CwPixels *pixels = NULL;

  switch (cw_glz_window_lookup (self->window, id, self->generation, &pixels)) {
  case CW_GLZ_LOOKUP_PENDING:
    *needed_id = id;
    return CW_GLZ_NEEDS_IMAGE;
  case CW_GLZ_LOOKUP_GONE:
    g_set_error (error, CW_ERROR, CW_ERROR_STATE,
                 "glz: image %" G_GUINT64_FORMAT " refers to image %" G_GUINT64_FORMAT
                 ", which the window does not have any more",
                 self->id, id);
    return CW_GLZ_FAILED;
  case CW_GLZ_LOOKUP_FOUND:
    break;
  }
  if (self->referenced[slot])
    cw_pixels_unref (self->referenced[slot]);
  self->referenced[slot] = pixels;
  self->stream.references[slot] = (CwGlzReference){
    .distance = distance,
    .n_pixels = pixels->width * pixels->height,
    .pixels = (const uint32_t *) (const void *) pixels->first,
  };
  return CW_GLZ_DONE;
}

/* Runs the stream of a stage to its end. */
static CwGlzStatus
run_stream (CwGlzDecoder *self, CwLzUnit unit, uint64_t *needed_id, GError **error)
{
  CwGlzDecodeFunc decode = cw_lz_kernels (cw_cpu_flags ())->glz[unit];

  while (true) {
    CwGlzStatus status;

    switch (decode (&self->stream)) {
    case CW_GLZ_STREAM_END:
      return CW_GLZ_DONE;
    case CW_GLZ_STREAM_FAULT:
      cw_lz_set_fault (error, "glz", &self->stream.input.fault, self->data);
      return CW_GLZ_FAILED;
    case CW_GLZ_STREAM_NEEDS_IMAGE:
      status = provide (self, needed_id, error);
      if (status != CW_GLZ_DONE)
        return status;
    }
  }
}

/* From the end of a stage to the next. */
static CwGlzStatus
finish_stage (CwGlzDecoder *self, GError **error)
{
  size_t n = (size_t) self->pixels->width * self->pixels->height;

  switch (self->stage) {
  case STAGE_COLOUR:
    self->stage = STAGE_STORE;
    if (self->alpha) {
      self->stage = STAGE_ALPHA;
      self->stream.out = self->stream.op = self->alpha;
      self->stream.limit = self->alpha + n;
    }
    return CW_GLZ_DONE;
  case STAGE_ALPHA:
    cw_lz_kernels (cw_cpu_flags ())->set_alpha ((uint32_t *) (void *) self->pixels->first, self->alpha, n);
    self->stage = STAGE_STORE;
    return CW_GLZ_DONE;
  case STAGE_STORE:
    self->stage = STAGE_OVER;
    return cw_glz_window_store (self->window, self->id, self->stream.max_distance, self->generation, self->pixels,
                                error)
               ? CW_GLZ_DONE
               : CW_GLZ_FAILED;
  case STAGE_OVER:
    break;
  }
  g_assert_not_reached ();
}

CwGlzStatus
cw_glz_decoder_step (CwGlzDecoder *self, uint64_t *needed_id, GError **error)
{
  CwGlzStatus status = CW_GLZ_DONE;

  while (status == CW_GLZ_DONE && self->stage != STAGE_OVER) {
    if (self->stage == STAGE_ALPHA)
      status = run_stream (self, CW_LZ_UNIT_BYTE, needed_id, error);
    else if (self->stage == STAGE_COLOUR)
      status = run_stream (self, self->type == CW_LZ_RGB16 ? CW_LZ_UNIT_RGB16 : CW_LZ_UNIT_RGB24, needed_id, error);
    if (status == CW_GLZ_DONE)
      status = finish_stage (self, error);
  }
  if (status == CW_GLZ_FAILED) {
    cw_glz_window_fail (self->window, self->id, self->generation);
    self->stage = STAGE_OVER;
  }
  return status;
}

CwPixels *
cw_glz_decoder_steal_pixels (CwGlzDecoder *self)
{
  return g_steal_pointer (&self->pixels);
}

void
cw_glz_decoder_free (CwGlzDecoder *self)
{
  if (!self)
    return;
  if (self->stage != STAGE_OVER)
    cw_glz_window_fail (self->window, self->id, self->generation);
  for (size_t i = 0; i < CW_GLZ_N_REFERENCES; i++)
    if (self->referenced[i])
      cw_pixels_unref (self->referenced[i]);
  if (self->pixels)
    cw_pixels_unref (self->pixels);
  g_free (self->alpha);
  g_free (self->inflated);
  cw_glz_window_unref (self->window);
  g_free (self);
}
