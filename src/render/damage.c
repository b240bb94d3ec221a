/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/damage.h"

void
cw_damage_init (CwDamage *self)
{
  pixman_region32_init (&self->region);
}

void
cw_damage_clear (CwDamage *self)
{
  pixman_region32_fini (&self->region);
}

void
cw_damage_add (CwDamage *self, const CwRect *box, uint32_t width, uint32_t height)
{
  CwRect whole = { .right = width, .bottom = height };
  CwRect part = cw_rect_intersect (&whole, box);

  if (cw_rect_is_empty (&part))
    return;
  pixman_region32_union_rect (&self->region, &self->region, part.left, part.top, part.right - part.left,
                              part.bottom - part.top);
  /* Kept small on the way too: adding to a region costs as much as it has pieces. */
  if (pixman_region32_n_rects (&self->region) > CW_DAMAGE_MAX_RECTS) {
    pixman_box32_t all = *pixman_region32_extents (&self->region);

    pixman_region32_reset (&self->region, &all);
  }
}

int
cw_damage_take (CwDamage *self, CwRect rects[CW_DAMAGE_MAX_RECTS])
{
  int n;
  const pixman_box32_t *boxes = pixman_region32_rectangles (&self->region, &n);

  for (int i = 0; i < n; i++)
    rects[i] = (CwRect){ .left = boxes[i].x1, .top = boxes[i].y1, .right = boxes[i].x2, .bottom = boxes[i].y2 };
  cw_damage_clear (self);
  cw_damage_init (self);
  return n;
}
