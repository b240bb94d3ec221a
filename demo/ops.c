/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops.h"

void
demo_op_clear (DemoOp *self)
{
  g_clear_pointer (&self->clip, g_free);
  g_clear_pointer (&self->pattern, demo_picture_unref);
  g_clear_pointer (&self->src, demo_picture_unref);
  g_clear_pointer (&self->mask, demo_picture_unref);
}
