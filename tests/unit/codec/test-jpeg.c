/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the test vectors do not have: kinds of JPEG that must be refused, every truncation, streams with tables of
 * their own. */
#include "base/error.h"
#include "codec/jpeg-alpha.h"
#include "codec/jpeg.h"
#include "codec/mjpeg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#define WIDTH 40
#define HEIGHT 30

typedef struct {
  int components; /* 1, 3 or 4 */
  bool progressive, arithmetic, optimized, scan_per_component;
  unsigned restart; /* MCUs from one restart marker to the next; 0: none */
  int across, down; /* sampling factors of the first component; 0 for the library's choice */
} Options;

static void
fill_row (uint8_t *row, int components, unsigned y, unsigned seed)
{
  for (unsigned x = 0; x < WIDTH; x++) {
    for (int c = 0; c < components; c++)
      row[x * components + c] = (c == 0) == (y < HEIGHT / 2) ? 200 - (x * seed & 31) : 20 + (y * x & 15);
  }
}

/* Writes a picture that is mostly red above and mostly green and blue below. */
static GBytes *
encode (const Options *options, unsigned seed)
{
  static const jpeg_scan_info scans[3]
      = { { 1, { 0 }, 0, 63, 0, 0 }, { 1, { 1 }, 0, 63, 0, 0 }, { 1, { 2 }, 0, 63, 0, 0 } };
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  unsigned char *data = NULL;
  unsigned long size = 0;

  info.err = jpeg_std_error (&errors);
  jpeg_create_compress (&info);
  jpeg_mem_dest (&info, &data, &size);
  info.image_width = WIDTH;
  info.image_height = HEIGHT;
  info.input_components = options->components;
  info.in_color_space = options->components == 1 ? JCS_GRAYSCALE : options->components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults (&info);
  info.arith_code = options->arithmetic;
  info.optimize_coding = options->optimized;
  info.restart_interval = options->restart;
  if (options->across != 0) {
    info.comp_info[0].h_samp_factor = options->across;
    info.comp_info[0].v_samp_factor = options->down;
  }
  if (options->progressive)
    jpeg_simple_progression (&info);
  if (options->scan_per_component) {
    info.scan_info = scans;
    info.num_scans = G_N_ELEMENTS (scans);
  }
  jpeg_start_compress (&info, TRUE);
  while (info.next_scanline < HEIGHT) {
    uint8_t row[WIDTH * 4];
    JSAMPROW rows[] = { row };

    fill_row (row, options->components, info.next_scanline, seed);
    jpeg_write_scanlines (&info, rows, 1);
  }
  jpeg_finish_compress (&info);
  jpeg_destroy_compress (&info);
  return g_bytes_new_with_free_func (data, size, free, data);
}

static CwCodecInput
describe (GBytes *file)
{
  CwCodecInput in = { .codec = CW_CODEC_JPEG, .width = WIDTH, .height = HEIGHT, .flags = CW_STREAM_TOP_DOWN };

  in.data.data = g_bytes_get_data (file, &in.data.size);
  return in;
}

/* Where a marker is; the parameters of these files contain no 0xff. */
static size_t
find_marker (CwSlice file, uint8_t marker)
{
  for (size_t i = 0; i + 1 < file.size; i++) {
    if (file.data[i] == 0xff && file.data[i + 1] == marker)
      return i;
  }
  g_assert_not_reached ();
}

static void
assert_refused (CwCodecDecode decode, const CwCodecInput *in, int code)
{
  g_autoptr (GError) error = NULL;
  CwPixels *pixels = NULL;

  g_assert_false (decode (in, &pixels, &error));
  g_assert_null (pixels);
  g_assert_error (error, CW_ERROR, code);
}

static void
test_kinds (void)
{
  static const Options good[] = { { .components = 1 },
                                  { .components = 3 },
                                  { .components = 3, .across = 1, .down = 1 },
                                  { .components = 3, .across = 4, .down = 2 },
                                  { .components = 3, .optimized = true },
                                  { .components = 3, .restart = 2 } };

  for (size_t i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GBytes) file = encode (&good[i], 1);
    CwCodecInput in = describe (file);
    CwCodecDecode decoders[] = { cw_jpeg_decode, cw_mjpeg_decode };

    for (size_t d = 0; d < G_N_ELEMENTS (decoders); d++) {
      g_autoptr (CwPixels) pixels = NULL;
      g_autoptr (GError) error = NULL;
      uint32_t above, below;

      decoders[d](&in, &pixels, &error);
      g_assert_no_error (error);
      g_assert_cmpint (pixels->format, ==, CW_PIXELS_BGRX);
      above = *(uint32_t *) (void *) cw_pixels_row (pixels, 2);
      below = *(uint32_t *) (void *) cw_pixels_row (pixels, HEIGHT - 3);
      g_assert_cmphex (above >> 24, ==, 0);
      g_assert_cmphex (below >> 24, ==, 0);
      g_assert_cmpuint (above >> 16, >, 150);
      g_assert_cmpuint (below >> 16, <, 80);
      if (good[i].components == 3)
        g_assert_cmpuint (below & 0xff, >, 150);
    }
  }
}

static void
test_unsupported (void)
{
  static const Options bad[] = { { .components = 4 },
                                 { .components = 3, .progressive = true },
                                 { .components = 1, .progressive = true },
                                 { .components = 3, .arithmetic = true },
                                 { .components = 3, .scan_per_component = true } };

  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GBytes) file = encode (&bad[i], 1);
    CwCodecInput in = describe (file);

    assert_refused (cw_jpeg_decode, &in, CW_ERROR_UNSUPPORTED);
    assert_refused (cw_mjpeg_decode, &in, CW_ERROR_UNSUPPORTED);
  }
}

static void
test_truncated (void)
{
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 3);
  CwCodecInput in = describe (file);
  size_t full = in.data.size;

  for (size_t size = 0; size < full; size++) {
    g_autofree uint8_t *copy = g_memdup2 (in.data.data, MAX (size, 1));
    CwCodecInput part = in;

    part.data = (CwSlice){ copy, size };
    assert_refused (cw_jpeg_decode, &part, CW_ERROR_MALFORMED);
    assert_refused (cw_mjpeg_decode, &part, CW_ERROR_MALFORMED);
  }
}

/* The picture's data ends early, and the file goes on in order: the library would only warn and paint grey. */
static void
test_corrupt_data (void)
{
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 3);
  CwCodecInput in = describe (file);
  g_autofree uint8_t *copy = g_memdup2 (in.data.data, in.data.size);
  size_t scan = find_marker (in.data, 0xda);

  memcpy (copy + scan + 40, "\xff\xd9", 2);
  in.data.data = copy;
  assert_refused (cw_jpeg_decode, &in, CW_ERROR_MALFORMED);
  assert_refused (cw_mjpeg_decode, &in, CW_ERROR_MALFORMED);
}

/* A marker that is not the next one: something between is missing. */
static void
test_wrong_restart (void)
{
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3, .restart = 1 }, 3);
  CwCodecInput in = describe (file);
  g_autofree uint8_t *copy = g_memdup2 (in.data.data, in.data.size);

  copy[find_marker (in.data, 0xd1) + 1] = 0xd3;
  in.data.data = copy;
  assert_refused (cw_jpeg_decode, &in, CW_ERROR_MALFORMED);
  assert_refused (cw_mjpeg_decode, &in, CW_ERROR_MALFORMED);
}

static void
assert_same (const CwCodecInput *in, GByteArray *file)
{
  CwCodecInput odd = *in;
  g_autoptr (CwPixels) expected = NULL;
  g_autoptr (CwPixels) pixels = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (cw_jpeg_decode (in, &expected, NULL));
  odd.data = (CwSlice){ file->data, file->len };
  cw_jpeg_decode (&odd, &pixels, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (pixels->first, cw_pixels_size (pixels), expected->first, cw_pixels_size (expected));
  g_byte_array_unref (file);
}

/* What the library warns of though the picture is whole: bytes between two markers, a version, a way of colours. */
static void
test_oddities (void)
{
  static const uint8_t adobe[] = { 0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 7 };
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 3);
  CwCodecInput in = describe (file);
  size_t head = find_marker (in.data, 0xe0), tables = find_marker (in.data, 0xdb);
  GByteArray *odd = g_byte_array_new ();

  g_byte_array_append (odd, in.data.data, tables);
  g_byte_array_append (odd, (const uint8_t *) "odd", 3);
  g_byte_array_append (odd, in.data.data + tables, in.data.size - tables);
  assert_same (&in, odd);
  odd = g_byte_array_new ();
  g_byte_array_append (odd, in.data.data, in.data.size);
  g_assert_cmpmem (odd->data + head + 4, 5, "JFIF", 5);
  odd->data[head + 9] = 9;
  assert_same (&in, odd);
  odd = g_byte_array_new ();
  g_byte_array_append (odd, in.data.data, tables);
  odd->data[head + 1] = 0xe1; /* no JFIF then, which would settle the colours */
  g_byte_array_append (odd, adobe, sizeof adobe);
  g_byte_array_append (odd, in.data.data + tables, in.data.size - tables);
  assert_same (&in, odd);
}

static void
test_dimensions (void)
{
  static const struct {
    uint32_t width, height, in_file_width, in_file_height;
    int code;
  } sizes[] = {
    { WIDTH, HEIGHT, 65500, 65500, CW_ERROR_MALFORMED }, { WIDTH, HEIGHT, HEIGHT, WIDTH, CW_ERROR_MALFORMED },
    { 65500, 65500, 65500, 65500, CW_ERROR_MALFORMED },  { 8000, 8000, 8000, 8000, CW_ERROR_MALFORMED },
    { WIDTH, 0, WIDTH, 0, CW_ERROR_MALFORMED },          { 0, HEIGHT, 0, HEIGHT, CW_ERROR_MALFORMED },
    { 65535, 65535, 65535, 65535, CW_ERROR_MALFORMED },
  };
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 1);
  CwCodecInput in = describe (file);
  g_autofree uint8_t *copy = g_memdup2 (in.data.data, in.data.size);
  uint8_t *size = copy + find_marker (in.data, 0xc0) + 5;

  in.data.data = copy;
  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++) {
    in.width = sizes[i].width;
    in.height = sizes[i].height;
    size[0] = sizes[i].in_file_height >> 8;
    size[1] = sizes[i].in_file_height & 0xff;
    size[2] = sizes[i].in_file_width >> 8;
    size[3] = sizes[i].in_file_width & 0xff;
    assert_refused (cw_jpeg_decode, &in, sizes[i].code);
    assert_refused (cw_mjpeg_decode, &in, sizes[i].code);
  }
}

/* Enough bytes for so many pixels, were they a picture: the limit on the size itself must hold. */
static void
test_too_large (void)
{
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 1);
  CwCodecInput in = describe (file);
  size_t big = 65500ull * 65500 / 500;
  g_autofree uint8_t *copy = g_malloc0 (big);
  uint8_t *size = copy + find_marker (in.data, 0xc0) + 5;

  memcpy (copy, in.data.data, in.data.size);
  memcpy (size, "\xff\xdc\xff\xdc", 4);
  in.data = (CwSlice){ copy, big };
  in.width = in.height = 65500;
  assert_refused (cw_jpeg_decode, &in, CW_ERROR_LIMIT);
  assert_refused (cw_mjpeg_decode, &in, CW_ERROR_LIMIT);
}

/* A byte of the file is believed to give 512 pixels; its data is then read. */
static void
test_too_little (void)
{
  enum { SIZE = 2048 };
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 1);
  CwCodecInput in = describe (file);
  uint8_t copy[SIZE] = { 0 }, *size = copy + find_marker (in.data, 0xc0) + 5;

  g_assert_cmpuint (in.data.size, <=, SIZE);
  memcpy (copy, in.data.data, in.data.size);
  in.data = (CwSlice){ copy, SIZE };
  in.width = SIZE;
  for (unsigned more = 0; more < 2; more++) {
    g_autoptr (GError) error = NULL;
    CwPixels *pixels = NULL;

    in.height = 512 + more;
    memcpy (size, (const uint8_t[]){ 2, (uint8_t) more, SIZE >> 8, 0 }, 4);
    g_assert_false (cw_jpeg_decode (&in, &pixels, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    g_test_message ("%s", error->message);
    if (more)
      g_assert_cmpstr (error->message, ==, "jpeg: 2048×513 pixels cannot come from 2048 bytes");
    else
      g_assert_null (strstr (error->message, "cannot come from"));
  }
}

static void
test_orientation (void)
{
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 1);
  CwCodecInput in = describe (file);
  g_autoptr (CwPixels) down = NULL;
  g_autoptr (CwPixels) up = NULL;

  g_assert_true (cw_mjpeg_decode (&in, &down, NULL));
  in.flags = 0;
  g_assert_true (cw_mjpeg_decode (&in, &up, NULL));
  for (uint32_t y = 0; y < HEIGHT; y++)
    g_assert_cmpmem (cw_pixels_row (down, y), WIDTH * 4, cw_pixels_row (up, HEIGHT - 1 - y), WIDTH * 4);
  g_assert_cmpint (memcmp (down->first, up->first, WIDTH * 4), !=, 0);
}

/* A copy without its Huffman tables. */
static GBytes *
strip_tables (GBytes *file)
{
  GByteArray *copy = g_bytes_unref_to_array (g_bytes_ref (file));
  size_t i = 2;

  while (copy->data[i + 1] != 0xda) {
    size_t segment = 2 + (copy->data[i + 2] << 8 | copy->data[i + 3]);

    if (copy->data[i + 1] == 0xc4)
      g_byte_array_remove_range (copy, i, segment);
    else
      i += segment;
  }
  return g_byte_array_free_to_bytes (copy);
}

static void
test_stream_tables (void)
{
  g_autoptr (GBytes) first = encode (&(Options){ .components = 3, .optimized = true }, 3);
  g_autoptr (GBytes) later = strip_tables (first);
  CwCodecInput in_first = describe (first), in_later = describe (later);
  CwCodecInput in_broken = in_first;
  g_autoptr (CwMjpegStream) stream = cw_mjpeg_stream_new ();
  g_autoptr (CwPixels) want = NULL;
  g_autoptr (CwPixels) lone = NULL;

  g_assert_cmpuint (in_later.data.size, <, in_first.data.size);
  g_assert_true (cw_mjpeg_stream_decode (stream, &in_first, &want, NULL));
  in_broken.data.size -= 20;
  for (int i = 0; i < 3; i++) {
    g_autoptr (CwPixels) got = NULL;
    g_autoptr (CwPixels) none = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_false (cw_mjpeg_stream_decode (stream, &in_broken, &none, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    g_assert_true (cw_mjpeg_stream_decode (stream, &in_later, &got, NULL));
    g_assert_cmpmem (got->rows, cw_pixels_size (got), want->rows, cw_pixels_size (want));
  }
  /* With the standard tables in place of its own it is something else, or nothing. */
  g_assert_true (!cw_mjpeg_decode (&in_later, &lone, NULL)
                 || memcmp (lone->rows, want->rows, cw_pixels_size (want)) != 0);
}

static void
append_alpha_header (GByteArray *payload, uint32_t top_down)
{
  const uint32_t header[] = { 0x20205a4c, 0x00010001, 10, WIDTH, HEIGHT, WIDTH * 4, top_down };

  for (size_t i = 0; i < G_N_ELEMENTS (header); i++) {
    uint32_t word = GUINT32_TO_BE (header[i]);

    g_byte_array_append (payload, (const guint8 *) &word, 4);
  }
}

/* Appends an alpha plane in literals only: encoded row r is r * 8 + x. */
static void
append_alpha (GByteArray *payload, uint32_t top_down)
{
  append_alpha_header (payload, top_down);
  for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
    uint8_t token[] = { 0, (i / WIDTH) * 8 + i % WIDTH };

    g_byte_array_append (payload, token, 2);
  }
}

/* Planes of one value. */
static void
test_constant_alpha (void)
{
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 1);
  static const uint8_t values[] = { 255, 0, 77 };
  CwCodecInput in = describe (file);
  g_autoptr (CwPixels) colours = NULL;

  g_assert_true (cw_jpeg_decode (&in, &colours, NULL));
  in.jpeg_size = in.data.size;
  for (unsigned i = 0; i < G_N_ELEMENTS (values); i++) {
    g_autoptr (GByteArray) payload = g_bytes_unref_to_array (g_bytes_ref (file));
    g_autoptr (CwPixels) pixels = NULL;

    append_alpha_header (payload, 0);
    for (unsigned k = 0; k < WIDTH * HEIGHT; k++)
      g_byte_array_append (payload, (const uint8_t[]){ 0, values[i] }, 2);
    in.data = (CwSlice){ payload->data, payload->len };
    in.flags = 0;
    g_assert_true (cw_jpeg_alpha_decode (&in, &pixels, NULL));
    for (uint32_t y = 0; y < HEIGHT; y++) {
      for (uint32_t x = 0; x < WIDTH; x++) {
        g_assert_cmpmem (cw_pixels_row (pixels, y) + x * 4, 3, cw_pixels_row (colours, y) + x * 4, 3);
        g_assert_cmpuint (cw_pixels_row (pixels, y)[x * 4 + 3], ==, values[i]);
      }
    }
    in.flags = CW_JPEG_ALPHA_TOP_DOWN;
    assert_refused (cw_jpeg_alpha_decode, &in, CW_ERROR_MALFORMED);
  }
}

static void
test_alpha (void)
{
  g_autoptr (GBytes) file = encode (&(Options){ .components = 3 }, 1);
  CwCodecInput opaque = describe (file);
  g_autoptr (CwPixels) colours = NULL;

  g_assert_true (cw_jpeg_decode (&opaque, &colours, NULL));
  for (uint32_t top_down = 0; top_down < 2; top_down++) {
    g_autoptr (GByteArray) payload = g_bytes_unref_to_array (g_bytes_ref (file));
    CwCodecInput in = opaque;
    g_autoptr (CwPixels) pixels = NULL;
    g_autoptr (GError) error = NULL;

    append_alpha (payload, top_down);
    in.data = (CwSlice){ payload->data, payload->len };
    in.jpeg_size = opaque.data.size;
    in.flags = top_down;
    cw_jpeg_alpha_decode (&in, &pixels, &error);
    g_assert_no_error (error);
    g_assert_cmpint (pixels->format, ==, CW_PIXELS_BGRA);
    for (uint32_t y = 0; y < HEIGHT; y++) {
      const uint8_t *row = cw_pixels_row (pixels, y), *want = cw_pixels_row (colours, y);

      for (uint32_t x = 0; x < WIDTH; x++) {
        g_assert_cmpmem (row + x * 4, 3, want + x * 4, 3);
        g_assert_cmpuint (row[x * 4 + 3], ==, (uint8_t) ((top_down ? y : HEIGHT - 1 - y) * 8 + x));
      }
    }
    in.flags = !top_down;
    assert_refused (cw_jpeg_alpha_decode, &in, CW_ERROR_MALFORMED);
    in.flags = top_down;
    in.data.size--;
    assert_refused (cw_jpeg_alpha_decode, &in, CW_ERROR_MALFORMED);
    in.jpeg_size = in.data.size + 1;
    assert_refused (cw_jpeg_alpha_decode, &in, CW_ERROR_MALFORMED);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/jpeg/kinds", test_kinds);
  g_test_add_func ("/codec/jpeg/unsupported", test_unsupported);
  g_test_add_func ("/codec/jpeg/truncated", test_truncated);
  g_test_add_func ("/codec/jpeg/corrupt-data", test_corrupt_data);
  g_test_add_func ("/codec/jpeg/wrong-restart", test_wrong_restart);
  g_test_add_func ("/codec/jpeg/oddities", test_oddities);
  g_test_add_func ("/codec/jpeg/dimensions", test_dimensions);
  g_test_add_func ("/codec/jpeg/too-large", test_too_large);
  g_test_add_func ("/codec/jpeg/too-little", test_too_little);
  g_test_add_func ("/codec/jpeg-alpha", test_alpha);
  g_test_add_func ("/codec/jpeg-alpha/constant", test_constant_alpha);
  g_test_add_func ("/codec/mjpeg/orientation", test_orientation);
  g_test_add_func ("/codec/mjpeg/stream-tables", test_stream_tables);
  return g_test_run ();
}
