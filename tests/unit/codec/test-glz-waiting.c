/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images that wait for others, a window that is cleared meanwhile, and decoders in several threads. */
#include "glz-images.h"
#include "lz-reference.h"

static void
count (gpointer data)
{
  ++*(guint *) data;
}

static void
test_wait (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000);
  g_autoptr (GByteArray) data = glz_small (2, 2, 2, 0);
  g_autoptr (CwGlzDecoder) decoder = NULL;
  guint64 needed = 99;
  guint n = 0, other = 0;

  g_assert_cmpint (glz_begin (window, data, &decoder, &needed, NULL), ==, CW_GLZ_NEEDS_IMAGE);
  g_assert_cmpuint (needed, ==, 0);
  g_assert_cmpint (cw_glz_decoder_step (decoder, &needed, NULL), ==, CW_GLZ_NEEDS_IMAGE);
  g_assert_true (cw_glz_window_wait_for (window, 0, count, &n));
  g_assert_true (cw_glz_window_wait_for (window, 0, count, &other));
  glz_decode (window, 1, 0, 0, 1);
  g_assert_cmpuint (n, ==, 0);
  g_assert_true (cw_glz_window_cancel_wait (window, count, &other));
  g_assert_false (cw_glz_window_cancel_wait (window, count, &other));
  glz_decode (window, 0, 0, 0, 0x777);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (other, ==, 0);
  g_assert_cmpuint (cw_glz_window_n_waiters (window), ==, 0);
  g_assert_false (cw_glz_window_wait_for (window, 1, count, &n));
  /* 1 had moved the head past 0 before the decoder could look: too late, as for any released image. */
  g_assert_cmpint (cw_glz_decoder_step (decoder, &needed, NULL), ==, CW_GLZ_FAILED);
  g_assert_cmpuint (n, ==, 1);
}

static void
test_wait_and_finish (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000);
  g_autoptr (GByteArray) data = glz_small (1, 1, 1, 0);
  g_autoptr (CwGlzDecoder) decoder = NULL;
  g_autoptr (CwPixels) pixels = NULL;
  guint64 needed;
  guint n = 0;

  g_assert_cmpint (glz_begin (window, data, &decoder, &needed, NULL), ==, CW_GLZ_NEEDS_IMAGE);
  g_assert_true (cw_glz_window_wait_for (window, needed, count, &n));
  glz_decode (window, 0, 0, 0, 0x777);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpint (cw_glz_decoder_step (decoder, &needed, NULL), ==, CW_GLZ_DONE);
  pixels = cw_glz_decoder_steal_pixels (decoder);
  g_assert_cmphex (((guint32 *) (void *) pixels->first)[7], ==, 0x777);
}

/* Every way in which an image can fail wakes those who wait for it, and they fail. */
static void
test_wait_for_failure (void)
{
  for (guint way = 0; way < 3; way++) {
    g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000);
    g_autoptr (GByteArray) data = glz_small (6, 6, 1, 0), five = glz_small (5, 5, 1, 0);
    g_autoptr (CwGlzDecoder) decoder = NULL;
    g_autoptr (GError) error = NULL;
    CwGlzDecoder *other = NULL;
    guint64 needed;
    guint n = 0;

    g_assert_cmpint (glz_begin (window, data, &decoder, &needed, NULL), ==, CW_GLZ_NEEDS_IMAGE);
    g_assert_cmpuint (needed, ==, 5);
    g_assert_true (cw_glz_window_wait_for (window, 5, count, &n));
    if (way == 0)
      five->data[five->len - 3] = 0xff;
    if (way == 1)
      g_byte_array_set_size (five, 33);
    if (glz_begin (window, five, &other, &needed, NULL) == CW_GLZ_NEEDS_IMAGE) {
      g_assert_cmpuint (needed, ==, 4);
      if (way == 0) { /* its fault is behind the reference */
        glz_decode (window, 4, 4, 0, 0);
        g_assert_cmpint (cw_glz_decoder_step (other, &needed, NULL), ==, CW_GLZ_FAILED);
      }
    }
    if (way == 2)
      g_assert_cmpuint (n, ==, 0);
    cw_glz_decoder_free (other); /* way 2: unfinished */
    g_assert_cmpuint (n, ==, 1);
    g_assert_cmpint (cw_glz_decoder_step (decoder, &needed, &error), ==, CW_GLZ_FAILED);
    g_assert_error (error, CW_ERROR, CW_ERROR_STATE);
  }
}

static void
test_clear (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000);
  g_autoptr (GByteArray) data = glz_small (6, 6, 1, 0);
  g_autoptr (CwGlzDecoder) decoder = NULL;
  g_autoptr (GError) error = NULL;
  guint64 needed;
  guint n = 0;

  for (guint id = 0; id < 4; id++)
    glz_decode (window, id, 0, 0, id);
  g_assert_cmpint (glz_begin (window, data, &decoder, &needed, NULL), ==, CW_GLZ_NEEDS_IMAGE);
  g_assert_true (cw_glz_window_wait_for (window, needed, count, &n));
  cw_glz_window_clear (window);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (cw_glz_window_n_images (window), ==, 0);
  /* The new dictionary starts at 0 and is none of the old decoder's business. */
  for (guint id = 0; id < 6; id++)
    glz_decode (window, id, 0, 0, id);
  g_assert_cmpint (cw_glz_decoder_step (decoder, &needed, &error), ==, CW_GLZ_FAILED);
  g_assert_error (error, CW_ERROR, CW_ERROR_STATE);
  g_assert_cmphex (glz_decode (window, 6, 1, 1, 0), ==, 5);
}

/* Also one that needs nothing must not enter the new dictionary. */
static void
test_clear_before_store (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000);
  g_autoptr (GByteArray) data = glz_small (0, 0, 0, 1);
  CwCodecInput in = glz_input (data, 8, 1);
  g_autoptr (CwGlzDecoder) decoder = cw_glz_decoder_new (window, &in, NULL);
  g_autoptr (GError) error = NULL;
  guint64 needed;

  cw_glz_window_clear (window);
  g_assert_cmpint (cw_glz_decoder_step (decoder, &needed, &error), ==, CW_GLZ_FAILED);
  g_assert_error (error, CW_ERROR, CW_ERROR_STATE);
  g_assert_cmpuint (cw_glz_window_n_images (window), ==, 0);
}

/* --- threads ------------------------------------------------------------------------------------------------ */

#define N_IMAGES 400
#define N_CHANNELS 2

typedef struct {
  CwGlzWindow *window;
  GByteArray **images;
  guint32 *colours;
  guint channel;
  GMutex lock;
  GCond cond;
  guint n_notified, n_waits;
} Channel;

static void
on_image (gpointer data)
{
  Channel *self = data;

  g_mutex_lock (&self->lock);
  self->n_notified++;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gpointer
run_channel (gpointer data)
{
  Channel *self = data;

  for (guint id = self->channel; id < N_IMAGES; id += N_CHANNELS) {
    CwCodecInput in = glz_input (self->images[id], 8, 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (CwGlzDecoder) decoder = cw_glz_decoder_new (self->window, &in, &error);
    g_autoptr (CwPixels) pixels = NULL;
    CwGlzStatus status;
    guint64 needed;

    g_assert_no_error (error);
    while ((status = cw_glz_decoder_step (decoder, &needed, &error)) == CW_GLZ_NEEDS_IMAGE) {
      if (!cw_glz_window_wait_for (self->window, needed, on_image, self))
        continue;
      g_mutex_lock (&self->lock);
      self->n_waits++;
      while (self->n_notified < self->n_waits)
        g_cond_wait (&self->cond, &self->lock);
      g_mutex_unlock (&self->lock);
    }
    g_assert_no_error (error);
    g_assert_cmpint (status, ==, CW_GLZ_DONE);
    pixels = cw_glz_decoder_steal_pixels (decoder);
    g_assert_cmphex (((guint32 *) (void *) pixels->first)[7], ==, self->colours[id]);
  }
  return NULL;
}

/* Two channels share the ids in turn and refer to each other's images all the time. */
static void
test_threads (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000);
  g_autoptr (GRand) rand = g_rand_new_with_seed (82);
  GByteArray *images[N_IMAGES];
  guint32 colours[N_IMAGES];
  Channel channels[N_CHANNELS];
  GThread *threads[N_CHANNELS];

  for (guint id = 0; id < N_IMAGES; id++) {
    guint32 most = MIN (id, 20), distance = ref_below (rand, 4) == 0 ? 0 : ref_below (rand, most + 1);

    colours[id] = distance == 0 ? id : colours[id - distance];
    images[id] = glz_small (id, most, distance, id);
  }
  for (guint i = 0; i < N_CHANNELS; i++) {
    channels[i] = (Channel){ .window = window, .images = images, .colours = colours, .channel = i };
    g_mutex_init (&channels[i].lock);
    g_cond_init (&channels[i].cond);
  }
  for (guint i = 0; i < N_CHANNELS; i++)
    threads[i] = g_thread_new ("channel", run_channel, &channels[i]);
  for (guint i = 0; i < N_CHANNELS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_CHANNELS; i++) {
    g_mutex_clear (&channels[i].lock);
    g_cond_clear (&channels[i].cond);
    g_assert_cmpuint (channels[i].n_notified, ==, channels[i].n_waits);
  }
  glz_assert_holds (window, N_IMAGES - 21, N_IMAGES - 1);
  for (guint id = 0; id < N_IMAGES; id++)
    g_byte_array_unref (images[id]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/glz/wait", test_wait);
  g_test_add_func ("/codec/glz/wait-and-finish", test_wait_and_finish);
  g_test_add_func ("/codec/glz/wait-for-failure", test_wait_for_failure);
  g_test_add_func ("/codec/glz/clear", test_clear);
  g_test_add_func ("/codec/glz/clear-before-store", test_clear_before_store);
  g_test_add_func ("/codec/glz/threads", test_threads);
  return g_test_run ();
}
