/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec-vectors.h"

static const char *
native_layout (CwPixelFormat format)
{
  switch (format) {
  case CW_PIXELS_BGRX:
    return "bgrx";
  case CW_PIXELS_BGRA:
    return "bgra";
  case CW_PIXELS_X1R5G5B5:
    return "x1r5g5b5le";
  case CW_PIXELS_A8:
    return "a8";
  case CW_PIXELS_GRAY8:
    return "gray8";
  default:
    return "none";
  }
}

static uint32_t
widen (uint16_t pixel)
{
  uint32_t r = pixel >> 10 & 31, g = pixel >> 5 & 31, b = pixel & 31;

  return (r << 3 | r >> 2) << 16 | (g << 3 | g >> 2) << 8 | (b << 3 | b >> 2) | (uint32_t) (pixel & 0x8000) << 16;
}

static void
append_row (GByteArray *bytes, const CwPixels *pixels, uint32_t y, bool widened)
{
  const void *row = cw_pixels_row (pixels, y);

  for (uint32_t x = 0; x < pixels->width; x++) {
    uint32_t pixel32 = 0;
    uint16_t pixel16 = 0;

    switch (cw_pixel_format_bits (pixels->format)) {
    case 32:
      pixel32 = GUINT32_TO_LE (((const uint32_t *) row)[x]);
      g_byte_array_append (bytes, (const guint8 *) &pixel32, 4);
      break;
    case 16:
      pixel16 = ((const uint16_t *) row)[x];
      pixel32 = GUINT32_TO_LE (widen (pixel16));
      pixel16 = GUINT16_TO_LE (pixel16);
      if (widened)
        g_byte_array_append (bytes, (const guint8 *) &pixel32, 4);
      else
        g_byte_array_append (bytes, (const guint8 *) &pixel16, 2);
      break;
    default:
      g_byte_array_append (bytes, (const guint8 *) row + x, 1);
    }
  }
}

/* The pixels as the index describes them: top row first, tightly packed. NULL if the decoder gives no such layout. */
static GByteArray *
pack (const CwPixels *pixels, const char *layout)
{
  bool native = g_strcmp0 (layout, native_layout (pixels->format)) == 0;
  bool widened = pixels->format == CW_PIXELS_X1R5G5B5 && g_strcmp0 (layout, "bgrx") == 0;
  GByteArray *bytes;

  if (!native && !widened)
    return NULL;
  bytes = g_byte_array_new ();
  for (uint32_t y = 0; y < pixels->height; y++)
    append_row (bytes, pixels, y, widened);
  return bytes;
}

bool
vectors_has_hash (const void *data, gsize size, const char *sha256)
{
  g_autofree char *hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size);

  return g_strcmp0 (hash, sha256) == 0;
}

/* Compares colours within the entry's tolerance; every fourth byte (X or alpha) must be equal. */
static bool
compare_loosely (Run *run, JsonObject *entry, JsonObject *expect, const GByteArray *got)
{
  const char *name = vectors_entry_name (entry), *file = vectors_get_string (expect, "file");
  JsonObject *tolerance = vectors_get_object (entry, "tolerance");
  g_autofree char *path = file != NULL ? g_build_filename (run->dir, file, NULL) : NULL;
  g_autofree char *content = NULL;
  gsize size, offset = vectors_get_int (expect, "offset");
  const guint8 *want;
  guint64 sum = 0;
  int max = 0;

  if (path == NULL || !g_file_get_contents (path, &content, &size, NULL) || offset > size || got->len > size - offset)
    return vectors_fail (run, name, "the expected pixels are not there");
  want = (const guint8 *) content + offset;
  if (!vectors_has_hash (want, got->len, vectors_get_string (expect, "sha256")))
    return vectors_fail (run, name, "the expected pixels do not have their SHA-256");
  for (guint i = 0; i < got->len; i++) {
    int difference = ABS ((int) got->data[i] - want[i]);

    if (i % 4 == 3 && difference != 0)
      return vectors_fail (run, name, "byte %u, not a colour, is %u instead of %u", i, got->data[i], want[i]);
    max = MAX (max, difference);
    sum += difference;
  }
  if (!(max <= vectors_get_double (tolerance, "max"))
      || !(sum / (got->len * 0.75) <= vectors_get_double (tolerance, "mean")))
    return vectors_fail (run, name, "colours differ by up to %d, on average by %.3f", max, sum / (got->len * 0.75));
  return true;
}

bool
vectors_compare (Run *run, JsonObject *entry, const CwPixels *pixels)
{
  const char *name = vectors_entry_name (entry);
  JsonArray *expect = vectors_get_array (entry, "expect");
  unsigned n_compared = 0;

  if (pixels->width != vectors_get_int (entry, "width") || pixels->height != vectors_get_int (entry, "height"))
    return vectors_fail (run, name, "%u×%u pixels", pixels->width, pixels->height);
  for (guint i = 0; i < vectors_array_length (expect); i++) {
    JsonObject *e = vectors_element (expect, i);
    const char *layout = vectors_get_string (e, "layout");
    g_autoptr (GByteArray) got = pack (pixels, layout);

    if (!got)
      continue;
    n_compared++;
    if (got->len != vectors_get_int (e, "bytes"))
      return vectors_fail (run, name, "%u bytes of %s", got->len, layout);
    if (vectors_get_object (entry, "tolerance") != NULL) {
      if (!compare_loosely (run, entry, e, got))
        return false;
    } else if (!vectors_has_hash (got->data, got->len, vectors_get_string (e, "sha256"))) {
      return vectors_fail (run, name, "wrong pixels (as %s)", layout);
    }
  }
  return n_compared > 0
         || vectors_fail (run, name, "decoded to %s, which is not expected", native_layout (pixels->format));
}
