/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the drawing commands that have shapes: lines, glyphs and composition. */
#pragma once

#include "args.h"

/* Those of op->type; others have none.
 * rop3: code=0…255
 * stroke: path='FLAGS:X,Y,X,Y…;…' in sixteenths of a pixel, style=N,N… likewise, gap=
 * text: bits=1|4|8 glyphs='X,Y,WIDTH,HEIGHT,SEED;…' back=LEFT,TOP,RIGHT,BOTTOM back-color=
 * composite: operator= component= and, for the image and with mask- before it for the mask, filter= repeat= origin=X,Y
 * transform=N,N,N,N,N,N in 16.16 */
bool demo_control_shapes (DemoArgs *args, DemoOp *op, GError **error);
