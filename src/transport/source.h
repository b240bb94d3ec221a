/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources of a main loop as members of a struct. */
#pragma once

#include <glib.h>

/* Takes the source out of its context and drops the reference; nothing happens when there is none. */
static inline void
cw_clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}
