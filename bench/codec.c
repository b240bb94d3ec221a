/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Speed of the image decoders on synthetic pictures, one thread. Every decode is followed by a memcpy of one picture
 * in the same process; both are measured in thread CPU time over alternating repetitions, of which the lower quartile
 * counts. The last columns compare with what the C decoders in common use reach under the same method. */
#include "codec/codec.h"
#include "codec/glz.h"
#include "support/lz-encode.h"
#include "support/pictures.h"
#include "support/quic-encode.h"

#include <glib.h>
#include <lz4.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <zlib.h>

#include <jpeglib.h> /* wants <stdio.h> before it */

#define N_PICTURES 3

typedef struct {
  uint32_t width, height;
  uint32_t *pixels; /* 0x00RRGGBB */
} Picture;

typedef GByteArray *(*Encode) (const Picture *picture);

/* What decoders in common use reach on 1920×1080 pictures of this kind (gcc -O2, x86-64 server, one core). */
typedef struct {
  double size;    /* per cent of 4 bytes per pixel */
  double mpixels; /* per second */
  double copies;  /* time of a decode in times of a memcpy */
} Reference;

typedef struct {
  const char *name;
  CwCodecId id;
  Encode encode;
  Reference reference[N_PICTURES]; /* screenshot, photo, noise */
} Case;

static GByteArray *
encode_quic_rgb32 (const Picture *p)
{
  return cw_quic_encode (CW_QUIC_RGB32, p->pixels, p->width, p->height);
}

static GByteArray *
encode_quic_rgba (const Picture *p)
{
  return cw_quic_encode (CW_QUIC_RGBA, p->pixels, p->width, p->height);
}

static GByteArray *
encode_quic_rgb16 (const Picture *p)
{
  return cw_quic_encode (CW_QUIC_RGB16, p->pixels, p->width, p->height);
}

static GByteArray *
encode_lz_rgb32 (const Picture *p)
{
  return cw_lz_encode (CW_LZ_RGB32, p->pixels, p->width, p->height, true);
}

/* Opaque, as windows' pictures with alpha mostly are. */
static GByteArray *
encode_lz_rgba (const Picture *p)
{
  const size_t n = (size_t) p->width * p->height;
  g_autofree uint32_t *pixels = g_memdup2 (p->pixels, n * 4);

  for (size_t i = 0; i < n; i++)
    pixels[i] |= 0xff000000;
  return cw_lz_encode (CW_LZ_RGBA, pixels, p->width, p->height, true);
}

/* In shades of gray. */
static GByteArray *
encode_lz_plt8 (const Picture *p)
{
  const uint32_t n = p->width * p->height;
  g_autofree uint8_t *bytes = g_malloc (n);

  for (uint32_t i = 0; i < n; i++)
    bytes[i] = ((p->pixels[i] >> 16 & 0xff) + 2 * (p->pixels[i] >> 8 & 0xff) + (p->pixels[i] & 0xff)) / 4;
  return cw_lz_encode_palette (CW_LZ_PLT8, bytes, p->width, p->width, p->height, true);
}

static GByteArray *
encode_glz (const Picture *p)
{
  return cw_glz_encode (CW_LZ_RGB32, p->pixels, p->width, p->height, true, 0, NULL, 0, 0);
}

/* Image 1: the picture as image 0, scrolled by SCROLL lines; of the lines that come in, some are new. */
static GByteArray *
encode_glz_scrolled (const Picture *p)
{
  enum { SCROLL = 37, NEW = 16 };
  const size_t n = (size_t) p->width * p->height, moved = n - (size_t) SCROLL * p->width;
  g_autofree uint32_t *scrolled = g_new (uint32_t, n);
  g_autofree uint32_t *fresh = cw_picture_new (CW_PICTURE_NOISE, p->width, NEW, 2);

  memcpy (scrolled, p->pixels + (size_t) SCROLL * p->width, moved * 4);
  memcpy (scrolled + moved, p->pixels, (n - moved) * 4);
  memcpy (scrolled + n - (size_t) NEW * p->width, fresh, (size_t) NEW * p->width * 4);
  return cw_glz_encode (CW_LZ_RGB32, scrolled, p->width, p->height, true, 1, p->pixels, n, 1);
}

static GByteArray *
encode_zlib_glz (const Picture *p)
{
  g_autoptr (GByteArray) glz = encode_glz (p);
  GByteArray *out = g_byte_array_new ();
  uLongf size = compressBound (glz->len);

  /* zlib, not libdeflate, as servers use it: it leaves noise as it is. */
  g_byte_array_set_size (out, size);
  if (compress2 (out->data, &size, glz->data, glz->len, 3) != Z_OK)
    g_error ("zlib failed");
  g_byte_array_set_size (out, size);
  return out;
}

static GByteArray *
encode_lz4 (const Picture *p)
{
  enum { LINES = 64 };
  GByteArray *out = g_byte_array_new ();
  const int most = LZ4_compressBound ((int) p->width * 4 * LINES);
  g_autofree char *block = g_malloc (most);
  LZ4_stream_t *stream = LZ4_createStream ();

  g_byte_array_append (out, (const uint8_t *) "\1\10", 2);
  for (uint32_t y = 0; y < p->height; y += LINES) {
    const char *rows = (const char *) (p->pixels + (size_t) y * p->width);
    const int n = (int) (MIN (LINES, p->height - y) * p->width * 4);
    const uint32_t size = (uint32_t) LZ4_compress_fast_continue (stream, rows, block, n, most, 1);
    const uint32_t size_be = GUINT32_TO_BE (size);

    g_byte_array_append (out, (const uint8_t *) &size_be, 4);
    g_byte_array_append (out, (const uint8_t *) block, size);
  }
  LZ4_freeStream (stream);
  return out;
}

static GByteArray *
encode_jpeg (const Picture *p)
{
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  GByteArray *out = g_byte_array_new ();
  unsigned char *data = NULL;
  unsigned long size = 0;

  jpeg.err = jpeg_std_error (&errors);
  jpeg_create_compress (&jpeg);
  jpeg_mem_dest (&jpeg, &data, &size);
  jpeg.image_width = p->width;
  jpeg.image_height = p->height;
  jpeg.input_components = 4;
  jpeg.in_color_space = JCS_EXT_BGRX;
  jpeg_set_defaults (&jpeg);
  jpeg_set_quality (&jpeg, 85, TRUE);
  jpeg_start_compress (&jpeg, TRUE);
  while (jpeg.next_scanline < p->height) {
    JSAMPROW row = (void *) (p->pixels + (size_t) jpeg.next_scanline * p->width);

    jpeg_write_scanlines (&jpeg, &row, 1);
  }
  jpeg_finish_compress (&jpeg);
  jpeg_destroy_compress (&jpeg);
  g_byte_array_append (out, data, size);
  free (data);
  return out;
}

static const Case cases[] = {
  { "quic-rgb32", CW_CODEC_QUIC, encode_quic_rgb32, { { 10.1, 254, 25 }, { 34.9, 78, 61 }, { 75.0, 33, 142 } } },
  { "quic-rgba", CW_CODEC_QUIC, encode_quic_rgba, { { 10.1, 235, 27 }, { 34.9, 76, 60 }, { 75.1, 33, 144 } } },
  { "quic-rgb16", CW_CODEC_QUIC, encode_quic_rgb16, { { 6.5, 206, 29 }, { 14.2, 49, 97 }, { 46.9, 29, 162 } } },
  { "lz-rgb32", CW_CODEC_LZ_RGB, encode_lz_rgb32, { { 2.8, 1289, 8.0 }, { 75.8, 959, 7.4 }, { 75.8, 961, 8.4 } } },
  { "lz-rgba", CW_CODEC_LZ_RGB, encode_lz_rgba, { { 2.9, 940, 10 }, { 75.9, 741, 9.3 }, { 75.9, 748, 9.4 } } },
  { "lz-plt8", CW_CODEC_LZ_PLT, encode_lz_plt8, { { 2.2, 1908, 6.0 }, { 22.6, 460, 17 }, { 25.8, 2278, 4.6 } } },
  { "glz-first", CW_CODEC_GLZ_RGB, encode_glz, { { 3.7, 952, 10 }, { 75.8, 1658, 4.5 }, { 75.8, 1655, 5.2 } } },
  { "glz-scrolled",
    CW_CODEC_GLZ_RGB,
    encode_glz_scrolled,
    { { 3.0, 972, 9.6 }, { 1.1, 1162, 6.8 }, { 1.1, 1162, 6.8 } } },
  { "zlib-glz", CW_CODEC_ZLIB_GLZ_RGB, encode_zlib_glz, { { 2.0, 606, 15 }, { 62.0, 66, 70 }, { 75.8, 639, 10 } } },
  { "lz4-32bit", CW_CODEC_LZ4, encode_lz4, { { 4.8, 2080, 5.0 }, { 98.8, 2927, 2.8 }, { 100.4, 7984, 1.2 } } },
  { "jpeg-q85", CW_CODEC_JPEG, encode_jpeg, { { 5.8, 323, 21 }, { 2.3, 385, 19 }, { 18.9, 136, 37 } } },
  { "mjpeg-q85", CW_CODEC_MJPEG, encode_jpeg, { { 5.8, 461, 16 }, { 2.3, 611, 14 }, { 18.9, 156, 35 } } },
};

typedef struct {
  double decode, copy; /* ns, lower quartiles */
  uint64_t faults;     /* page faults of all measured decodes */
} Result;

static int64_t
cpu_ns (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint64_t
page_faults (void)
{
  struct rusage usage;

  getrusage (RUSAGE_THREAD, &usage);
  return (uint64_t) usage.ru_minflt;
}

static int
compare (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
lower_quartile (double *values, unsigned n)
{
  qsort (values, n, sizeof *values, compare);
  return values[n / 4];
}

static void
fail (const GError *error)
{
  fprintf (stderr, "bench-codec: %s\n", error->message);
  exit (EXIT_FAILURE);
}

static void
decode_glz (CwGlzWindow *window, const CwCodecInput *in)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CwGlzDecoder) decoder = cw_glz_decoder_new (window, in, &error);
  g_autoptr (CwPixels) pixels = NULL;
  uint64_t needed;

  if (!decoder || cw_glz_decoder_step (decoder, &needed, &error) != CW_GLZ_DONE)
    fail (error);
  pixels = cw_glz_decoder_steal_pixels (decoder);
}

static void
decode (CwGlzWindow *window, const CwCodecInput *in)
{
  const CwCodecDecode function = cw_codec_get (in->codec)->decode;
  g_autoptr (CwPixels) pixels = NULL;
  g_autoptr (GError) error = NULL;

  if (!function)
    decode_glz (window, in);
  else if (!function (in, &pixels, &error))
    fail (error);
}

/* The time of one decode in ns; before it, and not counted, that of an image it refers to. */
static double
time_decode (const CwCodecInput *in, const CwCodecInput *before)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (CW_GLZ_WINDOW_MAX_PIXELS);
  int64_t start;

  if (before)
    decode (window, before);
  start = cpu_ns ();
  decode (window, in);
  return (double) (cpu_ns () - start);
}

static Result
measure (const CwCodecInput *in, const CwCodecInput *before, unsigned repetitions)
{
  const size_t bytes = (size_t) in->width * in->height * 4;
  g_autofree double *decodes = g_new (double, repetitions);
  g_autofree double *copies = g_new (double, repetitions);
  g_autofree uint8_t *from = g_malloc (bytes);
  g_autofree uint8_t *to = g_malloc (bytes);
  Result result = { 0 };

  memset (from, 1, bytes);
  memset (to, 2, bytes);
  time_decode (in, before);
  for (unsigned i = 0; i < repetitions; i++) {
    const uint64_t faults = page_faults ();
    int64_t start;

    decodes[i] = time_decode (in, before);
    result.faults += page_faults () - faults;
    start = cpu_ns ();
    memcpy (to, from, bytes);
    __asm__ volatile("" : : "r"(to) : "memory");
    copies[i] = (double) (cpu_ns () - start);
  }
  result.decode = lower_quartile (decodes, repetitions);
  result.copy = lower_quartile (copies, repetitions);
  return result;
}

static void
print_row (const Case *c, CwPictureKind kind, const Picture *picture, size_t size, const Result *result, bool full_size)
{
  const double pixels = (double) picture->width * picture->height, mpixels = pixels / result->decode * 1000;
  const double copies = result->decode / result->copy;
  const Reference *reference = &c->reference[kind];

  printf ("%-12s %-10s %6.1f %8.0f %8.1f", c->name, cw_picture_name (kind), (double) size / pixels * 25, mpixels,
          copies);
  if (full_size)
    printf (" | %6.1f %8.0f %8.1f | %8.2f %8.2f\n", reference->size, reference->mpixels, reference->copies,
            mpixels / reference->mpixels, reference->copies / copies);
  else
    printf ("\n");
}

static char *option_codec, *option_picture;
static int option_repetitions = 41;
static gboolean option_quick, option_faults;

static const GOptionEntry options[] = {
  { "codec", 'c', 0, G_OPTION_ARG_STRING, &option_codec, "Only codecs whose name contains TEXT", "TEXT" },
  { "picture", 'p', 0, G_OPTION_ARG_STRING, &option_picture, "Only the picture NAME: screenshot, photo or noise",
    "NAME" },
  { "repetitions", 'r', 0, G_OPTION_ARG_INT, &option_repetitions, "Repetitions of each decode (41)", "N" },
  { "quick", 'q', 0, G_OPTION_ARG_NONE, &option_quick, "Small pictures and few repetitions: only shows that it works",
    NULL },
  { "faults", 0, 0, G_OPTION_ARG_NONE, &option_faults, "Also print page faults per decode", NULL },
  { NULL },
};

static void
bench_case (const Case *c, CwPictureKind kind, const Picture *picture)
{
  const unsigned repetitions = option_quick ? 3 : (unsigned) MAX (1, option_repetitions);
  g_autoptr (CwPixelPool) pool = cw_pixel_pool_new (32 << 20); /* as a session has one */
  g_autoptr (GByteArray) payload = c->encode (picture);
  g_autoptr (GByteArray) first = c->encode == encode_glz_scrolled ? encode_glz (picture) : NULL;
  uint32_t palette[256];
  CwCodecInput in = { .codec = c->id,
                      .width = picture->width,
                      .height = picture->height,
                      .pool = pool,
                      .palette = palette,
                      .n_palette = G_N_ELEMENTS (palette) };
  CwCodecInput before;
  Result result;

  for (unsigned i = 0; i < G_N_ELEMENTS (palette); i++)
    palette[i] = i * 0x010101;
  in.data = (CwSlice){ payload->data, payload->len };
  in.flags = c->id == CW_CODEC_LZ_PLT ? CW_BITMAP_FLAG_TOP_DOWN : CW_STREAM_TOP_DOWN;
  if (c->id == CW_CODEC_ZLIB_GLZ_RGB) {
    g_autoptr (GByteArray) inflated = encode_glz (picture);

    in.glz_data_size = inflated->len;
  }
  before = in;
  if (first)
    before.data = (CwSlice){ first->data, first->len };
  result = measure (&in, first ? &before : NULL, repetitions);
  print_row (c, kind, picture, payload->len, &result, !option_quick);
  if (option_faults)
    printf ("%24.1f page faults per decode\n", (double) result.faults / repetitions);
  fflush (stdout);
}

static void
bench_picture (CwPictureKind kind)
{
  Picture picture = { .width = option_quick ? 320 : 1920, .height = option_quick ? 180 : 1080 };

  picture.pixels = cw_picture_new (kind, picture.width, picture.height, 1);
  for (uint32_t i = 0; i < picture.width * picture.height; i++)
    picture.pixels[i] &= 0xffffff;
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    if (!option_codec || strstr (cases[i].name, option_codec))
      bench_case (&cases[i], kind, &picture);
  g_free (picture.pixels);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- measure the image decoders");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_set_description (
      context,
      "Columns: compressed size in per cent of 4 bytes per pixel; decoded MPixel/s; time of a decode in times of a\n"
      "memcpy of the picture in this run; the same of the decoders in common use; how much faster this is, by\n"
      "MPixel/s and by the ratio to memcpy.\n");
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1) {
    fprintf (stderr, "bench-codec: %s\n", error ? error->message : "no arguments expected");
    return 2;
  }
  printf ("%-12s %-10s %6s %8s %8s", "codec", "picture", "size %", "MPixel/s", "x memcpy");
  if (option_quick)
    printf ("\n");
  else
    printf (" | %6s %8s %8s | %8s %8s\n", "size %", "MPixel/s", "x memcpy", "faster", "by copy");
  for (CwPictureKind kind = CW_PICTURE_SCREENSHOT; kind <= CW_PICTURE_NOISE; kind++)
    if (!option_picture || strcmp (option_picture, cw_picture_name (kind)) == 0)
      bench_picture (kind);
  return EXIT_SUCCESS;
}
