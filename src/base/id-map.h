/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values by 64-bit numbers that a peer chooses: where a number goes depends on a secret of each map, so that nobody can
 * choose numbers that all go to the same place. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct CwIdMap CwIdMap;

/* free_value is called for values that are removed or replaced, or NULL. */
CwIdMap *cw_id_map_new (GDestroyNotify free_value);
void cw_id_map_free (CwIdMap *self);

unsigned cw_id_map_size (const CwIdMap *self);

/* NULL if there is none. */
gpointer cw_id_map_get (const CwIdMap *self, uint64_t id);

/* value is not NULL. */
void cw_id_map_put (CwIdMap *self, uint64_t id, gpointer value);
void cw_id_map_remove (CwIdMap *self, uint64_t id);

/* Takes the value out, which is the caller's then; NULL if there is none. */
gpointer cw_id_map_steal (CwIdMap *self, uint64_t id);
void cw_id_map_clear (CwIdMap *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwIdMap, cw_id_map_free)
