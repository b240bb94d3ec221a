/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes and clips of messages, as the canvas has them. */
#pragma once

#include "base/protocol.h"
#include "canvas/draw.h"
#include "wire/messages.h"

static inline CwRect
cw_rect_from_wire (const CwWireRect *wire)
{
  return (CwRect){ .left = wire->left, .top = wire->top, .right = wire->right, .bottom = wire->bottom };
}

/* Makes the region of a target whose pixels and box are set. */
bool cw_clip_target (CwDrawTarget *on, const CwWireClip *clip, GError **error);
