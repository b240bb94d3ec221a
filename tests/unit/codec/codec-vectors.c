/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decodes every test vector of a folder and compares; see usage. The folder's index.json names the vectors, what the
 * decoder is told besides the bytes, and the outcome: pixels or bytes by their SHA-256, pixels within a tolerance, or
 * an error. */
#include "codec-vectors.h"

#include "base/error.h"
#include "codec/codec.h"
#include "codec/glz.h"
#include "codec/spicevmc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* What a malformed input may cost at most: seconds of processor time (generous: sanitizers are slow) and growth of the
 * resident memory. */
#define MAX_SECONDS 5
#define MAX_GROWTH_KIB (64 * 1024)

/* The largest that clients usually announce; every sequence fits. */
#define WINDOW_PIXELS ((uint64_t) 1 << 24)

/* What a decoder is given, with the memory that CwCodecInput borrows. */
typedef struct {
  CwCodecInput in;
  uint8_t *data;
  uint32_t *palette;
} Input;

static void
input_clear (Input *self)
{
  free (self->data);
  g_free (self->palette);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Input, input_clear)

/* Reads a vector's file into a block of exactly its size, so that memory checkers see the first byte read too far. */
static bool
load_data (Run *run, JsonObject *entry, CwSlice *data, uint8_t **block)
{
  const char *file = vectors_get_string (entry, "file");
  g_autofree char *path = g_build_filename (run->dir, file, NULL);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (!file)
    return vectors_fail (run, vectors_entry_name (entry), "no file named in the index");
  if (!g_file_get_contents (path, &content, &size, &error))
    return vectors_fail (run, vectors_entry_name (entry), "%s", error->message);
  *block = malloc (size != 0 ? size : 1);
  memcpy (*block, content, size);
  *data = (CwSlice){ *block, size };
  return true;
}

static void
load_palette (JsonObject *entry, Input *input)
{
  JsonArray *palette = vectors_get_array (entry, "palette");

  if (!palette)
    return;
  input->in.n_palette = json_array_get_length (palette);
  input->palette = g_new (uint32_t, input->in.n_palette + 1);
  for (guint i = 0; i < input->in.n_palette; i++)
    input->palette[i] = json_array_get_int_element (palette, i);
  input->in.palette = input->palette;
}

static bool
load_input (Run *run, JsonObject *entry, Input *input)
{
  const char *codec = vectors_get_string (entry, "codec");
  int id = 0;

  while (id < CW_N_CODECS && g_strcmp0 (codec, cw_codec_get (id)->name) != 0)
    id++;
  if (id == CW_N_CODECS)
    return vectors_fail (run, vectors_entry_name (entry), "unknown codec %s", codec != NULL ? codec : "(none)");
  input->in.codec = id;
  input->in.width = vectors_get_int (entry, "width");
  input->in.height = vectors_get_int (entry, "height");
  input->in.jpeg_size = vectors_get_int (entry, "jpeg_size");
  input->in.glz_data_size = vectors_get_int (entry, "glz_data_size");
  input->in.flags = vectors_get_int (entry, "flags");
  if (id == CW_CODEC_MJPEG && vectors_get_int (entry, "top_down") != 0)
    input->in.flags |= CW_STREAM_TOP_DOWN;
  load_palette (entry, input);
  return load_data (run, entry, &input->in.data, &input->data);
}

static void
run_image (Run *run, JsonObject *entry)
{
  g_autoptr (CwPixels) pixels = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Input) input = { 0 };
  CwCodecDecode decode;

  run->n_images++;
  if (!load_input (run, entry, &input))
    return;
  decode = cw_codec_get (input.in.codec)->decode;
  if (!decode)
    vectors_fail (run, vectors_entry_name (entry), "its codec has no decoder that works without a window");
  else if (!decode (&input.in, &pixels, &error))
    vectors_fail (run, vectors_entry_name (entry), "%s", error->message);
  else
    vectors_compare (run, entry, pixels);
}

/* Sequences. */

typedef struct {
  Input input;
  CwGlzDecoder *decoder;
  bool waiting; /* until notify() is called */
  CwPixels *pixels;
} Image;

typedef struct {
  Run *run;
  JsonObject *sequence;
  JsonArray *entries;
  CwGlzWindow *window;
  Image *images; /* by their place in entries */
  guint n_images;
} Play;

static void
play_clear (Play *play)
{
  for (guint i = 0; i < play->n_images; i++) {
    g_clear_pointer (&play->images[i].decoder, cw_glz_decoder_free);
    g_clear_pointer (&play->images[i].pixels, cw_pixels_unref);
    input_clear (&play->images[i].input);
  }
  g_free (play->images);
  g_clear_pointer (&play->window, cw_glz_window_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Play, play_clear)

static void
notify (gpointer data)
{
  Image *image = data;

  image->waiting = false;
}

/* Takes an image as far as it goes now. */
static bool
advance (Play *play, guint i)
{
  Image *image = &play->images[i];
  const char *name = vectors_entry_name (vectors_element (play->entries, i));
  g_autoptr (GError) error = NULL;
  uint64_t needed;

  for (;;) {
    switch (cw_glz_decoder_step (image->decoder, &needed, &error)) {
    case CW_GLZ_DONE:
      image->pixels = cw_glz_decoder_steal_pixels (image->decoder);
      g_clear_pointer (&image->decoder, cw_glz_decoder_free);
      return true;
    case CW_GLZ_NEEDS_IMAGE:
      if (cw_glz_window_contains (play->window, needed))
        return vectors_fail (play->run, name, "waits for image %" G_GUINT64_FORMAT ", which is there", needed);
      image->waiting = true;
      if (cw_glz_window_wait_for (play->window, needed, notify, image))
        return true;
      image->waiting = false;
      break;
    case CW_GLZ_FAILED:
      return vectors_fail (play->run, name, "%s", error->message);
    }
  }
}

/* Lets an image arrive, then goes on with those that have been waiting for it, for one of these, and so on. */
static bool
arrive (Play *play, guint i)
{
  Image *image = &play->images[i];
  JsonObject *entry = vectors_element (play->entries, i);
  g_autoptr (GError) error = NULL;
  guint k = 0;

  if (!load_input (play->run, entry, &image->input))
    return false;
  image->decoder = cw_glz_decoder_new (play->window, &image->input.in, &error);
  if (!image->decoder)
    return vectors_fail (play->run, vectors_entry_name (entry), "%s", error->message);
  if (!advance (play, i))
    return false;
  while (k < play->n_images) {
    if (play->images[k].decoder == NULL || play->images[k].waiting)
      k++;
    else if (advance (play, k))
      k = 0;
    else
      return false;
  }
  return true;
}

static bool
contains_int (JsonArray *array, guint64 value)
{
  for (guint i = 0; i < vectors_array_length (array); i++) {
    if ((guint64) json_array_get_int_element (array, i) == value)
      return true;
  }
  return false;
}

/* The window must hold exactly the images that the index says, and their pixels must be what they were. */
static bool
check_window (Play *play, const char *when)
{
  JsonArray *after = vectors_get_array (play->sequence, "window_after");
  const char *name = vectors_entry_name (play->sequence);

  for (guint i = 0; i < play->n_images; i++) {
    JsonObject *entry = vectors_element (play->entries, i);
    guint64 id = vectors_get_int (entry, "id");
    bool retained = cw_glz_window_contains (play->window, id);

    if (retained != contains_int (after, id))
      return vectors_fail (play->run, name, "%s image %" G_GUINT64_FORMAT " is %s", when, id,
                           retained ? "still there" : "lost");
    if (!vectors_compare (play->run, entry, play->images[i].pixels))
      return vectors_fail (play->run, name, "%s image %" G_GUINT64_FORMAT " is damaged", when, id);
  }
  return true;
}

/* Decodes a sequence in one order of arrival into a new window, which play keeps. */
static bool
play_order (Play *play, Run *run, JsonObject *sequence, guint order_index)
{
  const char *name = vectors_entry_name (sequence);
  JsonArray *orders = vectors_get_array (sequence, "orders");
  JsonArray *order
      = order_index < vectors_array_length (orders) ? json_array_get_array_element (orders, order_index) : NULL;

  play->run = run;
  play->sequence = sequence;
  play->entries = vectors_get_array (sequence, "images");
  play->n_images = vectors_array_length (play->entries);
  play->images = g_new0 (Image, play->n_images);
  play->window = cw_glz_window_new (WINDOW_PIXELS);
  if (g_strcmp0 (vectors_get_string (sequence, "start"), "empty") != 0)
    return vectors_fail (run, name, "starts with something else than an empty window");
  if (play->n_images == 0 || vectors_array_length (order) != play->n_images)
    return vectors_fail (run, name, "order %u is not one of all %u images", order_index, play->n_images);
  for (guint i = 0; i < play->n_images; i++) {
    guint64 which = json_array_get_int_element (order, i);

    if (which >= play->n_images || play->images[which].input.data != NULL)
      return vectors_fail (run, name, "order %u has a wrong entry at %u", order_index, i);
    if (!arrive (play, which))
      return vectors_fail (run, name, "failed in order %u", order_index);
  }
  for (guint i = 0; i < play->n_images; i++) {
    if (play->images[i].pixels == NULL)
      return vectors_fail (run, vectors_entry_name (vectors_element (play->entries, i)),
                           "still waits at the end of order %u", order_index);
  }
  return check_window (play, "at the end") || vectors_fail (run, name, "failed in order %u", order_index);
}

static void
run_sequence (Run *run, JsonObject *sequence)
{
  guint n = vectors_array_length (vectors_get_array (sequence, "orders"));

  if (n == 0)
    vectors_fail (run, vectors_entry_name (sequence), "no order of arrival");
  for (guint i = 0; i < n; i++) {
    g_auto (Play) play = { 0 };

    run->n_orders++;
    play_order (&play, run, sequence, i);
  }
}

/* Bodies of compressed spicevmc messages. */

static void
run_vmc (Run *run, JsonObject *entry)
{
  JsonObject *expect = vectors_get_object (entry, "expect");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree uint8_t *block = NULL;
  const char *name = vectors_entry_name (entry);
  CwSlice body;
  gsize size;

  run->n_vmc++;
  if (!load_data (run, entry, &body, &block))
    return;
  bytes = cw_spicevmc_body_decompress (body, &error);
  if (!bytes)
    vectors_fail (run, name, "%s", error->message);
  else if ((g_bytes_get_data (bytes, &size), (gint64) size) != vectors_get_int (expect, "bytes"))
    vectors_fail (run, name, "%zu bytes", size);
  else if (!vectors_has_hash (g_bytes_get_data (bytes, NULL), size, vectors_get_string (expect, "sha256")))
    vectors_fail (run, name, "wrong bytes");
}

/* Malformed input. */

static JsonObject *
find_sequence (Run *run, const char *name)
{
  JsonArray *sequences = vectors_get_array (run->index, "sequences");

  for (guint i = 0; i < vectors_array_length (sequences); i++) {
    if (g_strcmp0 (vectors_get_string (vectors_element (sequences, i), "name"), name) == 0)
      return vectors_element (sequences, i);
  }
  return NULL;
}

static bool
reject_vmc (Run *run, JsonObject *entry, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree uint8_t *block = NULL;
  CwSlice body;

  if (!load_data (run, entry, &body, &block))
    return false;
  bytes = cw_spicevmc_body_decompress (body, error);
  return bytes == NULL || vectors_fail (run, vectors_entry_name (entry), "accepted");
}

static bool
reject_glz (Run *run, JsonObject *entry, const Input *input, GError **error)
{
  const char *name = vectors_entry_name (entry), *setup = vectors_get_string (entry, "setup");
  g_auto (Play) play = { 0 };
  g_autoptr (CwGlzWindow) window = NULL;
  g_autoptr (CwGlzDecoder) decoder = NULL;
  uint64_t needed;

  if (setup != NULL && !play_order (&play, run, find_sequence (run, setup), 0))
    return vectors_fail (run, name, "its setup %s failed", setup);
  window = setup != NULL ? cw_glz_window_ref (play.window) : cw_glz_window_new (WINDOW_PIXELS);
  decoder = cw_glz_decoder_new (window, &input->in, error);
  if (decoder) {
    switch (cw_glz_decoder_step (decoder, &needed, error)) {
    case CW_GLZ_DONE:
      return vectors_fail (run, name, "accepted");
    case CW_GLZ_NEEDS_IMAGE:
      return vectors_fail (run, name, "waits for image %" G_GUINT64_FORMAT, needed);
    case CW_GLZ_FAILED:
      break;
    }
  }
  g_clear_pointer (&decoder, cw_glz_decoder_free);
  return setup == NULL || check_window (&play, "after malformed input")
         || vectors_fail (run, name, "damaged the window");
}

static bool
reject (Run *run, JsonObject *entry, GError **error)
{
  g_autoptr (CwPixels) pixels = NULL;
  g_auto (Input) input = { 0 };
  CwCodecDecode decode;

  if (g_strcmp0 (vectors_get_string (entry, "codec"), "vmc") == 0)
    return reject_vmc (run, entry, error);
  if (!load_input (run, entry, &input))
    return false;
  if (input.in.codec == CW_CODEC_GLZ_RGB || input.in.codec == CW_CODEC_ZLIB_GLZ_RGB)
    return reject_glz (run, entry, &input, error);
  decode = cw_codec_get (input.in.codec)->decode;
  if (!decode)
    return vectors_fail (run, vectors_entry_name (entry), "its codec has no decoder");
  if (decode (&input.in, &pixels, error))
    return vectors_fail (run, vectors_entry_name (entry), "accepted");
  return pixels == NULL || vectors_fail (run, vectors_entry_name (entry), "gives an error and pixels");
}

static long
resident_kib (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static void
run_malformed (Run *run, JsonObject *entry)
{
  g_autoptr (GError) error = NULL;
  const char *name = vectors_entry_name (entry);
  long before = resident_kib (), growth;
  clock_t start = clock ();
  double seconds;

  run->n_malformed++;
  if (!reject (run, entry, &error))
    return;
  seconds = (double) (clock () - start) / CLOCKS_PER_SEC;
  growth = resident_kib () - before;
  if (error == NULL || error->domain != CW_ERROR)
    vectors_fail (run, name, "rejected without saying why");
  else if (run->verbose)
    printf ("rejected %s (%s): %s\n", name, vectors_get_string (entry, "why"), error->message);
  if (seconds > MAX_SECONDS)
    vectors_fail (run, name, "took %.1f s", seconds);
  if (growth > MAX_GROWTH_KIB)
    vectors_fail (run, name, "took %ld KiB", growth);
}

static void
run_all (Run *run, const char *key, void (*run_one) (Run *, JsonObject *))
{
  JsonArray *entries = vectors_get_array (run->index, key);

  for (guint i = 0; i < vectors_array_length (entries); i++)
    run_one (run, vectors_element (entries, i));
}

static int
usage (FILE *stream, int status)
{
  fputs ("Usage: codec-vectors [--verbose] DIR\n"
         "Decodes the image test vectors that DIR/index.json names and compares the results. Prints every failure and\n"
         "a summary. Exits with 0 if there was at least one vector and all passed, with 1 if not, with 2 on wrong\n"
         "usage.\n"
         "  --verbose  also print why each malformed vector was rejected\n",
         stream);
  return status;
}

int
main (int argc, char **argv)
{
  Run run = { 0 };
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *index = NULL;

  for (int i = 1; i < argc; i++) {
    if (strcmp (argv[i], "--help") == 0)
      return usage (stdout, 0);
    else if (strcmp (argv[i], "--verbose") == 0)
      run.verbose = true;
    else if (argv[i][0] == '-' || run.dir != NULL)
      return usage (stderr, 2);
    else
      run.dir = argv[i];
  }
  if (!run.dir)
    return usage (stderr, 2);
  index = g_build_filename (run.dir, "index.json", NULL);
  if (!json_parser_load_from_file (parser, index, &error)) {
    fprintf (stderr, "codec-vectors: %s: %s\n", index, error->message);
    return 1;
  }
  if (JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    run.index = json_node_get_object (json_parser_get_root (parser));
  run_all (&run, "images", run_image);
  run_all (&run, "sequences", run_sequence);
  run_all (&run, "vmc", run_vmc);
  run_all (&run, "malformed", run_malformed);
  printf ("%u images, %u orders of sequences, %u vmc bodies, %u malformed; %u failures\n", run.n_images, run.n_orders,
          run.n_vmc, run.n_malformed, run.n_failures);
  return run.n_failures == 0 && run.n_images + run.n_orders + run.n_vmc + run.n_malformed > 0 ? 0 : 1;
}
