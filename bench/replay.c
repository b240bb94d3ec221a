/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of display messages pushed through the render with one and two workers: pixels drawn per second of wall-clock
 * time, that time in times of a memcpy of as many pixels in the same process, and the longest step in the owner's CPU
 * time (a busy machine would show in anything else). A session that has been running for a while is measured, so the
 * first frames do not count. Lower quartile of the times, median of the longest steps, over several runs. */
#include "stream.h"
#include "support/lz-encode.h"
#include "support/pictures.h"
#include "support/quic-encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TILES 4 /* per side: compressed pictures come in pieces */
#define BUDGET_US 4000
#define SCROLL 37

static uint32_t width = 1920, height = 1080;
static unsigned n_frames = 12, n_runs = 7;

typedef struct {
  Arena arena;
  GPtrArray *messages;
  guint n_before;  /* messages that come first and do not count */
  uint64_t pixels; /* of the others */
  uint64_t next_id;
} Stream;

static void
add (Stream *self, CwMessage *message, uint64_t pixels)
{
  g_ptr_array_add (self->messages, message);
  self->pixels += pixels;
}

/* What has been added so far only leads to the state to begin with. */
static void
begin_here (Stream *self)
{
  self->n_before = self->messages->len;
  self->pixels = 0;
}

static CwWireImage *
wire_image (Stream *self, unsigned type, uint32_t w, uint32_t h)
{
  CwWireImage *image = arena_alloc (&self->arena, sizeof *image);

  *image = (CwWireImage){ .id = self->next_id++, .type = type, .width = w, .height = h };
  return image;
}

static CwSlice
keep (Stream *self, GByteArray *bytes)
{
  gsize size = bytes->len;
  guint8 *data = g_byte_array_free (bytes, FALSE);

  g_ptr_array_add (self->arena.blocks, data);
  return (CwSlice){ data, size };
}

/* A piece of a picture, rows from `top` on. */
static uint32_t *
piece (const uint32_t *picture, uint32_t left, uint32_t top, uint32_t w, uint32_t h)
{
  uint32_t *out = g_new (uint32_t, (gsize) w * h);

  for (uint32_t y = 0; y < h; y++)
    memcpy (out + (gsize) y * w, picture + (gsize) (top + y) * width + left, w * 4);
  return out;
}

static void
fills (Stream *self)
{
  for (unsigned i = 0; i < n_frames; i++)
    add (self, draw_fill (0, 0, 0, width, height, i * 0x123457), (uint64_t) width * height);
}

static void
bitmaps (Stream *self)
{
  g_autofree uint32_t *picture = cw_picture_new (CW_PICTURE_PHOTO, width, height, 1);
  CwWireImage *image = image_words (&self->arena, width, height, picture);

  for (unsigned i = 0; i < n_frames; i++)
    add (self, draw_copy (0, 0, 0, image, width, height), (uint64_t) width * height);
}

static void
scrolls (Stream *self)
{
  CwMsgDisplayCopyBits move
      = { .base.box = { .top = 0, .right = width, .bottom = height - SCROLL }, .src_pos = { 0, SCROLL } };

  bitmaps (self); /* something to move */
  begin_here (self);
  for (unsigned i = 0; i < n_frames; i++)
    add (self, stream_message (CW_MSG_DISPLAY_COPY_BITS, &move), (uint64_t) width * (height - SCROLL));
}

static void
blends (Stream *self)
{
  g_autofree uint32_t *picture = cw_picture_new (CW_PICTURE_SCREENSHOT, width, height, 1);
  CwMsgDisplayDrawAlphaBlend blend = { .base.box = { .right = width, .bottom = height },
                                       .alpha = 255,
                                       .src_area = { .right = width, .bottom = height } };
  CwWireImage *image;

  cw_picture_add_alpha (picture, width, height);
  image = image_words (&self->arena, width, height, picture);
  image->bitmap.format = CW_BITMAP_FMT_RGBA;
  blend.src_bitmap = image;
  for (unsigned i = 0; i < n_frames; i++)
    add (self, stream_message (CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend), (uint64_t) width * height);
}

static void
scaled (Stream *self)
{
  g_autofree uint32_t *picture = cw_picture_new (CW_PICTURE_PHOTO, width / 2, height / 2, 1);
  CwMsgDisplayDrawCopy copy = { .base.box = { .right = width, .bottom = height },
                                .src_area = { .right = width / 2, .bottom = height / 2 },
                                .rop_descriptor = CW_ROPD_OP_PUT };

  copy.src_bitmap = image_words (&self->arena, width / 2, height / 2, picture);
  for (unsigned i = 0; i < n_frames; i++)
    add (self, stream_message (CW_MSG_DISPLAY_DRAW_COPY, &copy), (uint64_t) width * height);
}

static void
tile (Stream *self, unsigned type, const uint32_t *picture, unsigned column, unsigned row)
{
  uint32_t w = width / TILES, h = height / TILES;
  g_autofree uint32_t *pixels = piece (picture, column * w, row * h, w, h);
  CwWireImage *image = wire_image (self, type, w, h);

  if (type == CW_IMAGE_TYPE_QUIC)
    image->quic.data = keep (self, cw_quic_encode (CW_QUIC_RGB32, pixels, w, h));
  else
    image->lz_rgb.data = keep (self, cw_lz_encode (CW_LZ_RGB32, pixels, w, h, true));
  add (self, draw_copy (0, column * w, row * h, image, w, h), (uint64_t) w * h);
}

static void
tiles (Stream *self, unsigned type)
{
  for (unsigned i = 0; i < 2 + MAX (n_frames / 3, 1); i++) {
    g_autofree uint32_t *picture = cw_picture_new (i % 2 ? CW_PICTURE_SCREENSHOT : CW_PICTURE_PHOTO, width, height, i);

    if (i == 2)
      begin_here (self);
    for (unsigned k = 0; k < TILES * TILES; k++)
      tile (self, type, picture, k % TILES, k / TILES);
  }
}

static void
quic (Stream *self)
{
  tiles (self, CW_IMAGE_TYPE_QUIC);
}

static void
lz (Stream *self)
{
  tiles (self, CW_IMAGE_TYPE_LZ_RGB);
}

/* Each frame shows the one before, scrolled. */
static void
glz (Stream *self)
{
  uint32_t n = 3 + MAX (n_frames * 2 / 3, 2), tall = height + n * SCROLL;
  g_autofree uint32_t *picture = cw_picture_new (CW_PICTURE_SCREENSHOT, width, tall, 1);

  for (uint32_t i = 0; i < n; i++) {
    const uint32_t *now = picture + (gsize) i * SCROLL * width, *before = now - (gsize) SCROLL * width;
    CwWireImage *image = wire_image (self, CW_IMAGE_TYPE_GLZ_RGB, width, height);

    if (i == 3)
      begin_here (self);
    image->glz_rgb.data = keep (self, cw_glz_encode (CW_LZ_RGB32, now, width, height, true, i, i > 0 ? before : NULL,
                                                     i > 0 ? width * height : 0, 1));
    add (self, draw_copy (0, 0, 0, image, width, height), (uint64_t) width * height);
  }
}

/* Small operations as a desktop makes them: text lines and icons from the cache, fills, moves. */
static void
desktop (Stream *self)
{
  g_autofree uint32_t *picture = cw_picture_new (CW_PICTURE_SCREENSHOT, width, height, 1);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (unsigned k = 0; k < TILES * TILES; k++)
    tile (self, k % 2 ? CW_IMAGE_TYPE_QUIC : CW_IMAGE_TYPE_LZ_RGB, picture, k % TILES, k / TILES);
  for (unsigned i = 0; i < 32; i++) {
    CwWireImage *icon = image_lz4 (&self->arena, 100000 + i, CW_IMAGE_FLAG_CACHE_ME, CW_BITMAP_FMT_RGBA, 48, 48);

    add (self, draw_copy (0, 48 * (i % 8), 48 * (i / 8 % 4), icon, 48, 48), 48 * 48);
  }
  begin_here (self);
  for (unsigned i = 0; i < n_frames * 400; i++) {
    int x = g_rand_int_range (rand, 0, width - 300), y = g_rand_int_range (rand, 0, height - 50);

    if (i % 3 == 0)
      add (self, draw_fill (0, x, y, x + 300, y + 20, i * 77), 300 * 20);
    else
      add (self, draw_copy (0, x, y, image_from_cache (&self->arena, 100000 + i % 32, false), 48, 48), 48 * 48);
  }
}

typedef struct {
  CwRender *render;
  GMutex lock;
  GCond cond;
  bool woken;
} Owner;

static void
on_wake (gpointer data)
{
  Owner *owner = data;

  g_mutex_lock (&owner->lock);
  owner->woken = true;
  g_cond_signal (&owner->cond);
  g_mutex_unlock (&owner->lock);
}

static void
wait_for_wake (Owner *owner)
{
  g_mutex_lock (&owner->lock);
  while (!owner->woken)
    g_cond_wait (&owner->cond, &owner->lock);
  owner->woken = false;
  g_mutex_unlock (&owner->lock);
}

static void
ignore (gpointer data)
{
}

static void
ignore_create (gpointer data, const CwSurfaceInfo *info)
{
}

static void
ignore_box (gpointer data, const CwRect *box)
{
}

static void
ignore_monitors (gpointer data, const CwMsgDisplayMonitorsConfig *config)
{
}

static void
on_unsupported (gpointer data, const char *operation)
{
  g_error ("%s", operation);
}

static void
on_failed (gpointer data, const GError *error)
{
  g_error ("%s", error->message);
}

static CwMediaTime
media_time (gpointer data)
{
  return (CwMediaTime){ 0 };
}

static bool
no_overlay (gpointer data, gpointer pipeline)
{
  return false;
}

static void
ignore_report (gpointer data, const CwMsgcDisplayStreamReport *report)
{
}

static void
ignore_video_memory (gpointer data, const CwMessage *message)
{
}

static const CwRenderObserver events
    = { ignore_create,       ignore,         ignore_box, ignore,     ignore,        ignore_monitors,
        ignore_video_memory, on_unsupported, no_overlay, media_time, ignore_report, on_failed };

static int64_t
thread_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static bool
timed_step (Owner *owner, int64_t *longest)
{
  int64_t start = thread_time ();
  bool more = cw_render_step (owner->render, g_get_monotonic_time (), BUDGET_US) == 0;

  *longest = MAX (*longest, thread_time () - start);
  return more;
}

/* Pushes the messages from first to before last, and draws all of them. */
static void
play_part (Owner *owner, const Stream *stream, guint first, guint last, int64_t *longest)
{
  for (guint i = first; i < last; i++) {
    g_autoptr (GError) error = NULL;

    if (!cw_render_push (owner->render, stream->messages->pdata[i], &error))
      g_error ("%s", error->message);
    while (cw_render_is_full (owner->render)) {
      if (!timed_step (owner, longest) && cw_render_is_full (owner->render))
        wait_for_wake (owner);
    }
  }
  while (!cw_render_is_idle (owner->render)) {
    if (!timed_step (owner, longest) && !cw_render_is_idle (owner->render))
      wait_for_wake (owner);
  }
}

/* Seconds for a whole stream; the surface exists already. */
static double
play (const Stream *stream, unsigned n_workers, double *longest_ms)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new (n_workers);
  g_autoptr (CwRenderGroup) group = cw_render_group_new (pool, NULL);
  g_autoptr (CwMessage) create = surface_create (0, width, height, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY);
  Owner owner = { 0 };
  int64_t longest = 0, start;

  owner.render = cw_render_new (group, &events, NULL, on_wake, &owner);
  cw_render_push (owner.render, create, NULL);
  cw_render_step (owner.render, g_get_monotonic_time (), BUDGET_US);
  play_part (&owner, stream, 0, stream->n_before, &longest);
  start = g_get_monotonic_time ();
  play_part (&owner, stream, stream->n_before, stream->messages->len, &longest);
  *longest_ms = longest / 1000.0;
  start = g_get_monotonic_time () - start;
  cw_render_unref (owner.render);
  return start / 1e6;
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
memcpy_seconds (uint64_t pixels, uint8_t *to, const uint8_t *from)
{
  int64_t start = g_get_monotonic_time ();

  for (uint64_t left = pixels; left > 0;) {
    uint64_t n = MIN (left, (uint64_t) width * height);

    memcpy (to, from, n * 4);
    left -= n;
  }
  return (g_get_monotonic_time () - start) / 1e6;
}

static void
run (const char *name, const Stream *stream)
{
  gsize size = (gsize) width * height * 4;
  g_autofree uint8_t *to = g_malloc0 (size), *from = g_malloc0 (size);
  double times[3][100], longest[3][100];

  for (unsigned i = 0; i < n_runs; i++) {
    times[0][i] = memcpy_seconds (stream->pixels, to, from);
    for (unsigned workers = 1; workers <= 2; workers++)
      times[workers][i] = play (stream, workers, &longest[workers][i]);
  }
  for (unsigned k = 0; k < 3; k++) {
    qsort (times[k], n_runs, sizeof (double), compare_doubles);
    if (k > 0)
      qsort (longest[k], n_runs, sizeof (double), compare_doubles);
  }
  printf ("%-10s %8u %8.1f", name, stream->messages->len - stream->n_before, stream->pixels / 1e6);
  for (unsigned workers = 1; workers <= 2; workers++)
    printf (" | %8.0f %8.2f %8.2f", stream->pixels / 1e6 / times[workers][n_runs / 4],
            times[workers][n_runs / 4] / times[0][n_runs / 4], longest[workers][n_runs / 2]);
  printf ("\n");
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*make) (Stream *);
  } streams[]
      = { { "fill", fills }, { "bitmap", bitmaps }, { "scroll", scrolls }, { "blend", blends },   { "scaled", scaled },
          { "lz", lz },      { "quic", quic },      { "glz", glz },        { "desktop", desktop } };

  const char *only = NULL;

  for (int i = 1; i < argc; i++) {
    if (strcmp (argv[i], "--quick") == 0) {
      width = 320;
      height = 240;
      n_frames = 3;
      n_runs = 2;
    } else if (argv[i][0] != '-') {
      only = argv[i];
    } else {
      fprintf (stderr, "usage: bench-replay [--quick] [STREAM]\n");
      return 2;
    }
  }
  printf ("%-10s %8s %8s | %26s | %26s\n", "", "", "", "1 worker", "2 workers");
  printf ("%-10s %8s %8s", "stream", "messages", "MPixel");
  for (int i = 0; i < 2; i++)
    printf (" | %8s %8s %8s", "MPixel/s", "x memcpy", "step ms");
  printf ("\n");
  for (gsize i = 0; i < G_N_ELEMENTS (streams); i++) {
    Stream stream = { .messages = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_message_unref), .next_id = 1 };

    arena_init (&stream.arena, 1);
    if (!only || strcmp (only, streams[i].name) == 0) {
      streams[i].make (&stream);
      run (streams[i].name, &stream);
    }
    g_ptr_array_unref (stream.messages);
    arena_clear (&stream.arena);
  }
  return 0;
}
