/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control commands that name pictures and draw. */
#pragma once

#include "args.h"
#include "device.h"

/* picture NAME kind=… size=WxH format=… [seed= padding= palette= bottom-up= cache= high-bits=]; `pictures` maps names
 * to DemoPicture. */
bool demo_control_picture (GHashTable *pictures, DemoArgs *args, GError **error);
/* Whether the verb is a drawing operation. */
bool demo_control_is_operation (const char *verb);
/* fill, copy, opaque, blend, blackness, whiteness, invers, copy-bits, alpha-blend, transparent, rop3, stroke, text,
 * composite. */
bool demo_control_draw (DemoDevice *device, GHashTable *pictures, DemoArgs *args, GError **error);
/* cursor type=… size=WxH [hot=X,Y at=X,Y seed= cached= visible=] */
bool demo_control_cursor (DemoDevice *device, DemoArgs *args, GError **error);
bool demo_control_surface_format (DemoArgs *args, int *format, GError **error);
