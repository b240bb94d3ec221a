/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands in the memory layout of the QXL device. A command owns every block its addresses lead to; the server gives
 * it back, from its worker's thread, by the release information. */
#pragma once

#include "ops.h"

#include <spice.h>

typedef struct {
  QXLCommandExt ext;
  GPtrArray *blocks;   /* g_malloc */
  GPtrArray *pictures; /* DemoPicture, referenced */
  GBytes *storage;     /* of a surface */
} DemoCommand;

typedef struct {
  guint8 type; /* SpiceCursorType */
  guint16 width, height, hot_x, hot_y;
  bool cached;
  guint64 unique;
  const guint8 *data;
  gsize size;
} DemoCursorShape;

DemoCommand *demo_command_draw (const DemoOp *op);
DemoCommand *demo_command_surface_create (guint32 id, guint32 format, guint32 width, guint32 height, GBytes *storage);
DemoCommand *demo_command_surface_destroy (guint32 id, GBytes *storage);
DemoCommand *demo_command_cursor_set (const DemoCursorShape *shape, int x, int y, bool visible);
DemoCommand *demo_command_cursor_move (int x, int y);
DemoCommand *demo_command_cursor_hide (void);
/* The command whose release information the server returned. */
DemoCommand *demo_command_from_release (QXLReleaseInfo *info);
void demo_command_free (DemoCommand *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoCommand, demo_command_free)
