/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client must show, by the model of drawing (tests/model/model.h). */
#pragma once

#include "ops.h"

typedef struct DemoOracle DemoOracle;

DemoOracle *demo_oracle_new (void);
void demo_oracle_free (DemoOracle *self);

/* Surfaces start as zero bytes; an id in use is replaced. `format` is SpiceSurfaceFmt. */
void demo_oracle_surface_create (DemoOracle *self, guint32 id, guint32 format, int width, int height);
void demo_oracle_surface_destroy (DemoOracle *self, guint32 id);
bool demo_oracle_has_surface (DemoOracle *self, guint32 id, int *width, int *height, guint32 *format);
void demo_oracle_draw (DemoOracle *self, const DemoOp *op);

/* Pixel of a surface as shown: 0xRRGGBB. */
guint32 demo_oracle_shown (DemoOracle *self, guint32 id, int x, int y);
/* A binary portable pixmap of a surface. */
GBytes *demo_oracle_pixmap (DemoOracle *self, guint32 id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoOracle, demo_oracle_free)
