/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/surface-pages.h"

#include "base/pages.h"

/* Shared by the surface's owner and a worker. */
typedef struct {
  gatomicrefcount ref_count;
  CwPixels *pixels;
  CwWaker *waker;
  size_t first, last; /* pages */
  int done;           /* atomic */
} Job;

struct CwSurfacePages {
  CwPixels *pixels;
  Job *job; /* NULL: none runs */
  size_t n;
  bool there[]; /* or asked for, once */
};

static void
job_unref (Job *self)
{
  if (!self || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  cw_pixels_unref (self->pixels);
  cw_waker_unref (self->waker);
  g_free (self);
}

static void
run (gpointer data)
{
  Job *self = data;

  for (size_t i = self->first; i <= self->last; i++) {
    size_t offset = i * CW_HUGE_PAGE;

    cw_pages_touch ((uint8_t *) self->pixels->storage + offset, MIN (CW_HUGE_PAGE, self->pixels->capacity - offset));
  }
  g_atomic_int_set (&self->done, 1);
  cw_waker_wake (self->waker);
  job_unref (self);
}

static void
start (CwSurfacePages *self, CwWorkerGroup *workers, CwWaker *waker, size_t first, size_t last)
{
  self->job = g_new (Job, 1);
  *self->job
      = (Job){ .pixels = cw_pixels_ref (self->pixels), .waker = cw_waker_ref (waker), .first = first, .last = last };
  g_atomic_ref_count_init (&self->job->ref_count);
  g_atomic_ref_count_inc (&self->job->ref_count);
  cw_worker_group_push (workers, CW_JOB_COPIES, run, self->job);
}

CwSurfacePages *
cw_surface_pages_new (CwPixels *pixels)
{
  size_t n = (pixels->capacity + CW_HUGE_PAGE - 1) / CW_HUGE_PAGE;
  CwSurfacePages *self;

  if (pixels->capacity < CW_HUGE_PAGE)
    return NULL;
  self = g_malloc0 (sizeof *self + n * sizeof self->there[0]);
  self->pixels = pixels;
  self->n = n;
  return self;
}

void
cw_surface_pages_free (CwSurfacePages *self)
{
  job_unref (self->job);
  g_free (self);
}

void
cw_surface_pages_reset (CwSurfacePages *self)
{
  for (size_t i = 0; i < self->n; i++)
    self->there[i] = false;
}

/* FALSE if all are there; otherwise narrows the range to those that are not. */
static bool
find_missing (const CwSurfacePages *self, size_t *first, size_t *last)
{
  while (*first <= *last && self->there[*first])
    ++*first;
  while (*first < *last && self->there[*last])
    --*last;
  return *first <= *last;
}

static size_t
offset_of (const CwSurfacePages *self, uint32_t row)
{
  return (size_t) (cw_pixels_row (self->pixels, row) - (uint8_t *) self->pixels->storage);
}

bool
cw_surface_pages_ready (CwSurfacePages *self, CwWorkerGroup *workers, CwWaker *waker, uint32_t top, uint32_t bottom)
{
  size_t first, last;

  if (!self || top >= bottom)
    return true;
  if (self->job && g_atomic_int_get (&self->job->done))
    g_clear_pointer (&self->job, job_unref);
  first = offset_of (self, top) / CW_HUGE_PAGE;
  last = (offset_of (self, bottom - 1) + (size_t) self->pixels->stride - 1) / CW_HUGE_PAGE;
  if (!find_missing (self, &first, &last))
    return self->job == NULL;
  if (self->job)
    return false;
  for (size_t i = first; i <= last; i++)
    self->there[i] = true;
  start (self, workers, waker, first, last);
  return false;
}
