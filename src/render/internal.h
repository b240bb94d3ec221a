/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The render itself, for the files that make it up. */
#pragma once

#include "render/damage.h"
#include "render/op.h"
#include "render/shared.h"
#include "render/strand.h"

struct CwRender {
  unsigned ref_count; /* owner's thread only */
  CwRenderShared *shared;
  const CwRenderEvents *events;
  gpointer events_data;
  CwWaker *waker;
  CwStrand *strand;

  GQueue inbox;     /* CwOp whose bookkeeping waits for another channel, and all after it */
  GQueue queue;     /* CwOp booked, in order */
  GQueue unstarted; /* CwDecodeJob that have to wait for memory */
  uint64_t queue_bytes, in_flight_bytes, unstarted_bytes;

  CwPaletteCache *palettes;
  CwSurfaceTable surfaces;
  CwDamage damage;
  GHashTable *reported; /* names of unsupported operations, static strings */

  unsigned generation; /* changes when everything queued is dropped */
  bool stepping, admitting, failed, closed;
};

/* Queues an operation of our own, done when its turn comes. Takes surface's reference by itself. */
void cw_render_queue_event (CwRender *self, const CwOpInfo *info, CwRenderSurface *surface);

/* Reports damage; FALSE if a callback has dropped the queue or closed the render. */
bool cw_render_flush_damage (CwRender *self);

void cw_render_report_unsupported (CwRender *self, const char *name);

/* booking.c: the images of an operation: caches, decode jobs. FALSE with *parked set if a FROM_CACHE image has to be
 * waited for; call again then. */
bool cw_render_book_images (CwRender *self, CwOp *op, bool *parked, GError **error);

/* Starts decode jobs as far as memory allows; all that others may wait for, when everything else is dropped. */
void cw_render_start_jobs (CwRender *self);
void cw_render_abandon_jobs (CwRender *self);
