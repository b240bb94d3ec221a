/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/image.h"

#include "base/error.h"
#include "canvas/bitmap.h"
#include "canvas/convert.h"

/* Bytes of a body. Larger than what is read at once, it has memory of its own. */
#define LEAST_KEPT 65536

/* An image that is found in the cache so often is worth its memory. */
#define HITS_TO_STAY 2

static CwImage *
image_new (void)
{
  CwImage *self = g_new0 (CwImage, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  return self;
}

CwImage *
cw_image_new_ready (CwPixels *pixels, CwMessage *message)
{
  CwImage *self = image_new ();

  self->state = CW_IMAGE_READY;
  self->pixels = pixels;
  self->message = cw_message_ref (message);
  return self;
}

CwImage *
cw_image_new_deferred (CwDecodeJob *job)
{
  CwImage *self = image_new ();

  self->deferred = job;
  return self;
}

CwImage *
cw_image_new_for (CwDecodeJob *job)
{
  job->image = image_new ();
  return cw_image_ref (job->image);
}

CwImage *
cw_image_ref (CwImage *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

CwImage *
cw_image_use (CwImage *self)
{
  self->n_users++;
  return cw_image_ref (self);
}

void
cw_image_unuse (CwImage *self)
{
  /* Whoever has decoded it has finished it, and nobody else looks at its pixels. */
  if (--self->n_users == 0 && self->recipe && self->n_hits < HITS_TO_STAY
      && g_atomic_int_get (&self->state) == CW_IMAGE_READY) {
    g_clear_pointer (&self->pixels, cw_pixels_unref);
    g_atomic_int_set (&self->state, CW_IMAGE_PENDING);
    self->evicted = true;
  }
  cw_image_unref (self);
}

void
cw_image_set_recipe (CwImage *self, const CwDecodeJob *job)
{
  self->recipe = cw_decode_job_copy (job);
}

CwDecodeJob *
cw_image_restore (CwImage *self)
{
  CwDecodeJob *job;

  self->n_hits++;
  if (!self->evicted)
    return NULL;
  self->evicted = false;
  job = cw_decode_job_copy (self->recipe);
  job->image = cw_image_ref (self);
  return job;
}

void
cw_image_unref (CwImage *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->deferred, cw_decode_job_free);
  g_clear_pointer (&self->recipe, cw_decode_job_free);
  g_slist_free_full (self->waiters, (GDestroyNotify) cw_waker_unref);
  g_clear_pointer (&self->pixels, cw_pixels_unref);
  g_clear_error (&self->error);
  g_clear_pointer (&self->message, cw_message_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
cw_image_finish (CwImage *self, CwPixels *pixels, GError *error)
{
  GSList *waiters;

  g_mutex_lock (&self->lock);
  g_assert (self->state == CW_IMAGE_PENDING && (pixels != NULL) != (error != NULL));
  self->pixels = pixels;
  self->error = error;
  g_atomic_int_set (&self->state, pixels ? CW_IMAGE_READY : CW_IMAGE_FAILED);
  waiters = g_steal_pointer (&self->waiters);
  g_mutex_unlock (&self->lock);
  for (GSList *l = waiters; l; l = l->next)
    cw_waker_wake (l->data);
  g_slist_free_full (waiters, (GDestroyNotify) cw_waker_unref);
}

bool
cw_wire_image_is_glz (const CwWireImage *wire)
{
  return wire->type == CW_IMAGE_TYPE_GLZ_RGB || wire->type == CW_IMAGE_TYPE_ZLIB_GLZ_RGB;
}

bool
cw_wire_image_is_lossy (const CwWireImage *wire)
{
  return wire->type == CW_IMAGE_TYPE_JPEG || wire->type == CW_IMAGE_TYPE_JPEG_ALPHA;
}

bool
cw_wire_image_is_from_cache (const CwWireImage *wire)
{
  return wire->type == CW_IMAGE_TYPE_FROM_CACHE || wire->type == CW_IMAGE_TYPE_FROM_CACHE_LOSSLESS;
}

uint64_t
cw_wire_image_area (const CwWireImage *wire)
{
  if (wire->type == CW_IMAGE_TYPE_BITMAP)
    return (uint64_t) wire->bitmap.x * wire->bitmap.y;
  return (uint64_t) wire->width * wire->height;
}

static CwBitmap
job_bitmap (const CwDecodeJob *self)
{
  const CwWireBitmap *wire = &self->wire->bitmap;

  return (CwBitmap){
    .format = wire->format,
    .top_down = wire->flags & CW_BITMAP_FLAG_TOP_DOWN,
    .width = wire->x,
    .height = wire->y,
    .stride = wire->stride,
    .data = wire->data,
    .palette = self->palette ? self->palette->entries : NULL,
    .n_palette = self->palette ? self->palette->n : 0,
    .palette_as = self->palette_as,
  };
}

bool
cw_decode_job_input (const CwDecodeJob *self, CwCodecInput *in)
{
  const CwWireImage *wire = self->wire;

  *in = (CwCodecInput){ .width = wire->width, .height = wire->height, .pool = self->pool };
  switch (wire->type) {
  case CW_IMAGE_TYPE_QUIC:
    in->codec = CW_CODEC_QUIC;
    in->data = wire->quic.data;
    return true;
  case CW_IMAGE_TYPE_LZ_PLT:
    in->codec = CW_CODEC_LZ_PLT;
    in->data = wire->lz_plt.data;
    in->flags = wire->lz_plt.flags;
    in->palette = self->palette ? self->palette->entries : NULL;
    in->n_palette = self->palette ? self->palette->n : 0;
    return true;
  case CW_IMAGE_TYPE_LZ_RGB:
    in->codec = CW_CODEC_LZ_RGB;
    in->data = wire->lz_rgb.data;
    return true;
  case CW_IMAGE_TYPE_GLZ_RGB:
    in->codec = CW_CODEC_GLZ_RGB;
    in->data = wire->glz_rgb.data;
    return true;
  case CW_IMAGE_TYPE_ZLIB_GLZ_RGB:
    in->codec = CW_CODEC_ZLIB_GLZ_RGB;
    in->data = wire->zlib_glz_rgb.data;
    in->glz_data_size = wire->zlib_glz_rgb.glz_data_size;
    return true;
  case CW_IMAGE_TYPE_JPEG:
    in->codec = CW_CODEC_JPEG;
    in->data = wire->jpeg.data;
    return true;
  case CW_IMAGE_TYPE_JPEG_ALPHA:
    in->codec = CW_CODEC_JPEG_ALPHA;
    in->data = wire->jpeg_alpha.data;
    in->flags = wire->jpeg_alpha.flags;
    in->jpeg_size = wire->jpeg_alpha.jpeg_size;
    return true;
  case CW_IMAGE_TYPE_LZ4:
    in->codec = CW_CODEC_LZ4;
    in->data = wire->lz4.data;
    return true;
  default:
    return false;
  }
}

static bool
check_type (const CwDecodeJob *self, GError **error)
{
  const CwWireImage *wire = self->wire;
  CwBitmap bitmap;

  if (wire->type == CW_IMAGE_TYPE_BITMAP) {
    bitmap = job_bitmap (self);
    if (self->mask && bitmap.format != CW_BITMAP_FMT_1BIT_LE && bitmap.format != CW_BITMAP_FMT_1BIT_BE) {
      g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "mask.bitmap.format: %u is no 1-bit format", bitmap.format);
      return false;
    }
    return cw_bitmap_check (&bitmap, error);
  }
  if (self->mask) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "mask.type: image type %u cannot be a mask", wire->type);
    return false;
  }
  if (wire->width == 0 || wire->height == 0 || cw_wire_image_area (wire) > CW_PIXELS_MAX_AREA) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "image of %u×%u pixels", wire->width, wire->height);
    return false;
  }
  return true;
}

CwDecodeJob *
cw_decode_job_new (CwMessage *message, const CwWireImage *wire, CwPalette *palette, CwPixelFormat target, bool mask,
                   CwGlzWindow *window, CwPixelPool *pool, GError **error)
{
  CwDecodeJob *self = g_new0 (CwDecodeJob, 1);

  self->message = cw_message_ref (message);
  self->wire = wire;
  self->palette_as = target;
  self->mask = mask;
  self->pool = cw_pixel_pool_ref (pool);
  if (palette && wire->type == CW_IMAGE_TYPE_LZ_PLT && target == CW_PIXELS_X1R5G5B5)
    self->palette = cw_palette_widen_555 (palette);
  else if (palette)
    self->palette = cw_palette_ref (palette);
  if (cw_wire_image_is_glz (wire))
    self->window = cw_glz_window_ref (window);
  if (!check_type (self, error)) {
    cw_decode_job_free (self);
    return NULL;
  }
  self->bytes = cw_wire_image_area (wire) * 4;
  return self;
}

CwDecodeJob *
cw_decode_job_copy (const CwDecodeJob *self)
{
  CwDecodeJob *copy = g_new (CwDecodeJob, 1);

  *copy = *self;
  copy->image = NULL;
  copy->message = cw_message_ref (self->message);
  copy->palette = self->palette ? cw_palette_ref (self->palette) : NULL;
  copy->window = self->window ? cw_glz_window_ref (self->window) : NULL;
  copy->pool = cw_pixel_pool_ref (self->pool);
  return copy;
}

void
cw_decode_job_free (CwDecodeJob *self)
{
  g_clear_pointer (&self->image, cw_image_unref);
  g_clear_pointer (&self->palette, cw_palette_unref);
  g_clear_pointer (&self->window, cw_glz_window_unref);
  cw_pixel_pool_unref (self->pool);
  cw_message_unref (self->message);
  g_free (self);
}

CwJobKind
cw_decode_job_kind (const CwDecodeJob *self)
{
  switch (self->wire->type) {
  case CW_IMAGE_TYPE_QUIC:
  case CW_IMAGE_TYPE_JPEG:
  case CW_IMAGE_TYPE_JPEG_ALPHA:
    return CW_JOB_COMPUTES;
  default:
    return CW_JOB_COPIES;
  }
}

/* A cached image keeps its message in memory: where that is hardly anything else, and not small beside the block it was
 * read into. */
static bool
may_keep_message (const CwDecodeJob *self)
{
  size_t size = self->message->body.size;

  return !(self->wire->flags & (CW_IMAGE_FLAG_CACHE_ME | CW_IMAGE_FLAG_CACHE_REPLACE_ME))
         || (size >= LEAST_KEPT && size <= self->bytes + self->bytes / 8);
}

CwPixels *
cw_decode_job_view (const CwDecodeJob *self)
{
  CwBitmap bitmap;

  /* One whose high bits get set must be writable. */
  if (self->wire->type != CW_IMAGE_TYPE_BITMAP || self->mask || (self->wire->flags & CW_IMAGE_FLAG_HIGH_BITS_SET)
      || !may_keep_message (self))
    return NULL;
  bitmap = job_bitmap (self);
  return cw_bitmap_view (&bitmap);
}

static CwPixels *
decode (const CwDecodeJob *self, GError **error)
{
  CwPixels *pixels = NULL;
  CwBitmap bitmap;
  CwCodecInput in;

  if (self->wire->type == CW_IMAGE_TYPE_BITMAP) {
    bitmap = job_bitmap (self);
    return self->mask ? cw_bitmap_decode_mask (&bitmap, error) : cw_bitmap_decode (&bitmap, self->pool, error);
  }
  if (!cw_decode_job_input (self, &in)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "image.type: %u has no pixels", self->wire->type);
    return NULL;
  }
  if (!cw_codec_get (in.codec)->decode) {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "image: no decoder for %s", cw_codec_get (in.codec)->name);
    return NULL;
  }
  if (!cw_codec_get (in.codec)->decode (&in, &pixels, error))
    return NULL;
  if (pixels->format == CW_PIXELS_GRAY8) {
    cw_pixels_unref (pixels);
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "image: luminance cannot be drawn");
    return NULL;
  }
  return pixels;
}

/* The same pixels with the fourth byte 255. */
static CwPixels *
set_high_bits (CwPixels *pixels, bool shared, CwPixelPool *pool, GError **error)
{
  CwConvertRow convert = cw_convert_to_argb (CW_PIXELS_BGRX);
  CwPixels *out = pixels;

  if (shared) {
    out = cw_pixels_new_in (pool, CW_PIXELS_BGRX, pixels->width, pixels->height, false, error);
    if (!out)
      return NULL;
  }
  for (uint32_t y = 0; y < pixels->height; y++)
    convert (cw_pixels_row (out, y), cw_pixels_row (pixels, y), pixels->width);
  return out;
}

/* What the flags of the image ask for; takes the pixels. */
static CwPixels *
flagged (const CwDecodeJob *self, CwPixels *pixels, bool shared, GError **error)
{
  CwPixels *marked;

  if (!pixels || pixels->format != CW_PIXELS_BGRX || !(self->wire->flags & CW_IMAGE_FLAG_HIGH_BITS_SET))
    return pixels;
  marked = set_high_bits (pixels, shared, self->pool, error);
  if (marked != pixels)
    cw_pixels_unref (pixels);
  return marked;
}

void
cw_decode_job_finish (CwDecodeJob *self, CwPixels *pixels, bool shared, GError *error)
{
  pixels = flagged (self, pixels, shared, &error);
  cw_image_finish (self->image, pixels, error);
  cw_decode_job_free (self);
}

void
cw_decode_job_run (gpointer job)
{
  CwDecodeJob *self = job;
  GError *error = NULL;
  CwPixels *pixels;

  /* Nobody else is interested any more. */
  if (g_atomic_ref_count_compare (&self->image->ref_count, 1)) {
    cw_decode_job_free (self);
    return;
  }
  pixels = decode (self, &error);
  cw_decode_job_finish (self, pixels, false, error);
}

static void
decode_here (CwImage *self)
{
  CwDecodeJob *job = g_steal_pointer (&self->deferred);
  GError *error = NULL;
  CwPixels *pixels = flagged (job, decode (job, &error), false, &error);

  cw_image_finish (self, pixels, error);
  cw_decode_job_free (job);
}

CwImageState
cw_image_poll (CwImage *self, CwWaker *waker)
{
  CwImageState state = g_atomic_int_get (&self->state);

  if (state != CW_IMAGE_PENDING)
    return state;
  if (self->deferred) {
    decode_here (self);
    return g_atomic_int_get (&self->state);
  }
  g_mutex_lock (&self->lock);
  state = self->state;
  if (state == CW_IMAGE_PENDING && waker && !g_slist_find (self->waiters, waker))
    self->waiters = g_slist_prepend (self->waiters, cw_waker_ref (waker));
  g_mutex_unlock (&self->lock);
  return state;
}
