/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A large surface's pages come on a worker before rows are drawn on, each once. */
#include "render/surface-pages.h"

#include "base/pages.h"

#include <sys/mman.h>
#include <unistd.h>

enum { WIDTH = 1024, ROWS_A_PAGE = 512, PAGES = 4, HEIGHT = PAGES * ROWS_A_PAGE };

typedef struct {
  CwWorkerPool *pool;
  CwWorkerGroup *workers;
  CwWaker *waker;
  CwPixels *pixels;
  CwSurfacePages *pages;
  unsigned n_wakes;
} Fixture;

static void
count_wake (gpointer data)
{
  ((Fixture *) data)->n_wakes++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->pool = cw_worker_pool_new_manual ();
  self->workers = cw_worker_group_new (self->pool);
  self->waker = cw_waker_new (count_wake, self);
  self->pixels = cw_pixels_new_zeroed (CW_PIXELS_BGRX, WIDTH, HEIGHT, NULL);
  self->pages = cw_surface_pages_new (self->pixels);
  g_assert_nonnull (self->pages);
}

static unsigned
run_jobs (Fixture *self)
{
  unsigned n = cw_worker_pool_n_queued (self->pool);

  for (unsigned i = 0; i < n; i++)
    cw_worker_pool_run_queued (self->pool, 0);
  cw_waker_rearm (self->waker);
  return n;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->pages, cw_surface_pages_free);
  g_clear_pointer (&self->pixels, cw_pixels_unref);
  run_jobs (self);
  cw_waker_unref (self->waker);
  cw_worker_group_unref (self->workers);
  cw_worker_pool_unref (self->pool);
}

static bool
ready (Fixture *self, uint32_t top, uint32_t bottom)
{
  return cw_surface_pages_ready (self->pages, self->workers, self->waker, top, bottom);
}

/* One letter a huge page: whether all of it is there (x), something (+), nothing (-). */
static char *
present (Fixture *self)
{
  size_t page = (size_t) sysconf (_SC_PAGESIZE), n = CW_HUGE_PAGE / page;
  g_autofree unsigned char *there = g_malloc (n);
  char *text = g_strnfill (PAGES, '-');

  for (unsigned i = 0; i < PAGES; i++) {
    size_t count = 0;

    g_assert_no_errno (mincore ((uint8_t *) self->pixels->storage + i * CW_HUGE_PAGE, CW_HUGE_PAGE, there));
    for (size_t j = 0; j < n; j++)
      count += there[j] & 1;
    text[i] = count == n ? 'x' : count > 0 ? '+' : '-';
  }
  return text;
}

static void
assert_present (Fixture *self, const char *expected)
{
  g_autofree char *found = present (self);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_once (Fixture *self, gconstpointer data)
{
  uint32_t last = ROWS_A_PAGE - 2; /* the storage has something before its first row */

  assert_present (self, "----");
  g_assert_true (ready (self, 7, 7)); /* no rows */
  g_assert_false (ready (self, 0, 1));
  g_assert_false (ready (self, 0, 1));
  g_assert_cmpuint (self->n_wakes, ==, 0);
  assert_present (self, "----");
  g_assert_cmpuint (run_jobs (self), ==, 1);
  g_assert_cmpuint (self->n_wakes, ==, 1);
  assert_present (self, "x---");
  g_assert_true (ready (self, 0, 1));
  g_assert_true (ready (self, 5, last));
  g_assert_cmpuint (run_jobs (self), ==, 0);
}

/* Only what is missing, and the rest of what one job sees to. */
static void
test_ranges (Fixture *self, gconstpointer data)
{
  g_assert_false (ready (self, 2 * ROWS_A_PAGE + 5, 2 * ROWS_A_PAGE + 6));
  g_assert_cmpuint (run_jobs (self), ==, 1);
  assert_present (self, "--x-");
  g_assert_false (ready (self, ROWS_A_PAGE + 5, 2 * ROWS_A_PAGE + 6));
  g_assert_false (ready (self, 0, 5)); /* one after the other */
  g_assert_cmpuint (run_jobs (self), ==, 1);
  assert_present (self, "-xx-");
  g_assert_false (ready (self, 0, HEIGHT));
  g_assert_cmpuint (run_jobs (self), ==, 1);
  assert_present (self, "xxxx");
  g_assert_true (ready (self, 0, HEIGHT));
  g_assert_cmpuint (run_jobs (self), ==, 0);
}

/* A row may lie on two pages, and its last byte be the last one of a page. */
static void
test_last_row (Fixture *self, gconstpointer data)
{
  const uint32_t whole = (CW_HUGE_PAGE - CW_PIXELS_SLACK) / (112 * 4);
  g_autoptr (CwPixels) pixels = cw_pixels_new_zeroed (CW_PIXELS_BGRX, 112, PAGES * whole, NULL);

  g_assert_false (ready (self, ROWS_A_PAGE - 1, ROWS_A_PAGE));
  g_assert_cmpuint (run_jobs (self), ==, 1);
  assert_present (self, "xx--");
  cw_surface_pages_free (self->pages);
  self->pages = cw_surface_pages_new (pixels);
  g_assert_true (cw_pixels_row (pixels, whole) == (uint8_t *) pixels->storage + CW_HUGE_PAGE);
  g_assert_false (ready (self, whole - 1, whole));
  run_jobs (self);
  g_assert_true (ready (self, whole - 1, whole));
  g_assert_false (ready (self, whole, whole + 1)); /* the next page has not been seen to */
  run_jobs (self);
}

/* What is drawn stays, and what is not is zero. */
static void
test_content (Fixture *self, gconstpointer data)
{
  uint32_t *row = (uint32_t *) (void *) cw_pixels_row (self->pixels, 3);

  row[5] = 0x123456;
  g_assert_false (ready (self, 0, 10));
  g_assert_cmpuint (run_jobs (self), ==, 1);
  g_assert_cmphex (row[5], ==, 0x123456);
  g_assert_cmphex (row[6], ==, 0);
}

static void
test_reset (Fixture *self, gconstpointer data)
{
  size_t done = 0;

  g_assert_false (ready (self, 0, HEIGHT));
  run_jobs (self);
  g_assert_true (ready (self, 0, HEIGHT));
  while (!cw_pixels_zero_some (self->pixels, &done))
    ;
  cw_surface_pages_reset (self->pages);
  assert_present (self, "----");
  g_assert_false (ready (self, 3 * ROWS_A_PAGE + 5, HEIGHT));
  g_assert_cmpuint (run_jobs (self), ==, 1);
  assert_present (self, "---x");
}

/* The memory stays as long as somebody writes to it. */
static void
test_gone (Fixture *self, gconstpointer data)
{
  g_assert_false (ready (self, 0, HEIGHT));
  g_clear_pointer (&self->pages, cw_surface_pages_free);
  g_clear_pointer (&self->pixels, cw_pixels_unref);
  g_assert_cmpuint (run_jobs (self), ==, 1);
  g_assert_cmpuint (self->n_wakes, ==, 1);
}

static void
test_small (Fixture *self, gconstpointer data)
{
  g_autoptr (CwPixels) pixels = cw_pixels_new_zeroed (CW_PIXELS_BGRX, 640, 480, NULL);

  g_assert_null (cw_surface_pages_new (pixels));
  g_assert_true (cw_surface_pages_ready (NULL, self->workers, self->waker, 0, 480));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add ("/surface-pages/" #name, Fixture, NULL, set_up, test_##name, tear_down)
  ADD (once);
  ADD (ranges);
  ADD (last_row);
  ADD (content);
  ADD (reset);
  ADD (gone);
  ADD (small);
  return g_test_run ();
}
