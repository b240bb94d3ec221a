/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines, glyphs and composition in the memory layout of the QXL device; between qxl-command.c and qxl-shapes.c. */
#pragma once

#include "qxl-command.h"

QXLPHYSICAL demo_command_address (const void *block);
void *demo_command_add_block (DemoCommand *self, gsize size);
QXLPHYSICAL demo_command_add_image (DemoCommand *self, DemoPicture *picture);

QXLPHYSICAL demo_command_add_path (DemoCommand *self, const DemoOp *op);
void demo_command_set_line (DemoCommand *self, QXLLineAttr *attr, const DemoOp *op);
QXLPHYSICAL demo_command_add_string (DemoCommand *self, const DemoOp *op);
void demo_command_set_composite (DemoCommand *self, QXLComposite *composite, const DemoOp *op);
