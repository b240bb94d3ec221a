/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What messages act on: surfaces, caches, damage and the observer who is told. No queue. */
#pragma once

#include "base/slab.h"
#include "render/cache.h"
#include "render/damage.h"
#include "render/palette.h"
#include "render/surfaces.h"

typedef struct {
  CwSlab memory; /* for operations */
  const CwRenderObserver *observer;
  gpointer observer_data;
  CwImageCache *cache; /* of the group, borrowed */
  CwPaletteCache *palettes;
  CwSurfaceTable surfaces;
  CwDamage damage;
  bool unseen;               /* nothing of the current primary has been reported yet */
  struct CwStreams *streams; /* made and freed by the engine */
  GHashTable *reported;      /* names of unsupported operations, static strings */
  unsigned generation;       /* changes when all that is queued is dropped, which an observer may do */
} CwRenderState;

void cw_render_state_init (CwRenderState *self, const CwRenderObserver *observer, gpointer observer_data);
void cw_render_state_clear (CwRenderState *self);

/* Reports damage; FALSE if the observer has had the queue dropped. */
bool cw_render_state_flush_damage (CwRenderState *self);

/* Once for each name. */
void cw_render_state_report_unsupported (CwRenderState *self, const char *name);
