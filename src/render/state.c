/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/state.h"

void
cw_render_state_init (CwRenderState *self, const CwRenderObserver *observer, gpointer observer_data)
{
  *self = (CwRenderState){ .observer = observer, .observer_data = observer_data };
  self->palettes = cw_palette_cache_new ();
  cw_damage_init (&self->damage);
  self->reported = g_hash_table_new (g_str_hash, g_str_equal);
}

void
cw_render_state_clear (CwRenderState *self)
{
  cw_surface_table_clear (&self->surfaces);
  cw_palette_cache_free (self->palettes);
  cw_damage_clear (&self->damage);
  g_hash_table_unref (self->reported);
  cw_slab_clear (&self->memory);
}

bool
cw_render_state_flush_damage (CwRenderState *self)
{
  CwRect rects[CW_DAMAGE_MAX_RECTS];
  unsigned generation = self->generation;
  int n = cw_damage_take (&self->damage, rects);

  for (int i = 0; i < n && self->generation == generation; i++)
    self->observer->invalidate (self->observer_data, &rects[i]);
  return self->generation == generation;
}

void
cw_render_state_report_unsupported (CwRenderState *self, const char *name)
{
  if (g_hash_table_add (self->reported, (gpointer) name) && cw_render_state_flush_damage (self))
    self->observer->unsupported (self->observer_data, name);
}
