/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the display channels of a session share. The session implements it. */
#pragma once

#include "render/render.h"
#include "spice-types.h"

typedef struct CwDisplayHost {
  CwRenderGroup *(*render_group) (SpiceSession *session);
  /* In pixels of four bytes. */
  void (*budgets) (SpiceSession *session, uint32_t *cache, uint32_t *glz_window);
  CwMediaTime (*media_time) (SpiceSession *session);
  int (*preferred_compression) (SpiceSession *session); /* 0: none */
  bool (*gl_scanout) (SpiceSession *session);           /* contents in video memory are wanted */
} CwDisplayHost;
