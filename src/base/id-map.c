/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/id-map.h"

#include <string.h>

#define LEAST_SLOTS 16

typedef struct {
  uint64_t id;
  gpointer value; /* NULL: free */
} Slot;

/* Open addressing: an entry stands at its place or in the first free slot behind it. At most three quarters are used.
 */
struct CwIdMap {
  GDestroyNotify free_value;
  uint64_t secret;
  unsigned n_values, n_slots; /* slots: a power of two */
  Slot *slots;
};

CwIdMap *
cw_id_map_new (GDestroyNotify free_value)
{
  CwIdMap *self = g_new0 (CwIdMap, 1);

  self->free_value = free_value;
  self->secret = (uint64_t) g_random_int () << 32 | g_random_int ();
  self->n_slots = LEAST_SLOTS;
  self->slots = g_new0 (Slot, self->n_slots);
  return self;
}

void
cw_id_map_free (CwIdMap *self)
{
  if (!self)
    return;
  cw_id_map_clear (self);
  g_free (self->slots);
  g_free (self);
}

unsigned
cw_id_map_size (const CwIdMap *self)
{
  return self->n_values;
}

/* Every bit of the number and of the secret has an effect on every bit of the place. */
static unsigned
place (const CwIdMap *self, uint64_t id)
{
  id ^= self->secret;
  id = (id ^ id >> 32) * G_GUINT64_CONSTANT (0xd6e8feb86659fd93);
  id = (id ^ id >> 32) * G_GUINT64_CONSTANT (0xd6e8feb86659fd93);
  return (unsigned) (id ^ id >> 32) & (self->n_slots - 1);
}

/* Where the id is, or where it would have to be put. */
static Slot *
find (const CwIdMap *self, uint64_t id)
{
  unsigned i = place (self, id);

  while (self->slots[i].value && self->slots[i].id != id)
    i = (i + 1) & (self->n_slots - 1);
  return &self->slots[i];
}

gpointer
cw_id_map_get (const CwIdMap *self, uint64_t id)
{
  return find (self, id)->value;
}

static void
resize (CwIdMap *self, unsigned n_slots)
{
  Slot *old = self->slots;
  unsigned n_old = self->n_slots;

  self->n_slots = n_slots;
  self->slots = g_new0 (Slot, n_slots);
  for (unsigned i = 0; i < n_old; i++) {
    if (old[i].value)
      *find (self, old[i].id) = old[i];
  }
  g_free (old);
}

void
cw_id_map_put (CwIdMap *self, uint64_t id, gpointer value)
{
  Slot *slot = find (self, id);
  gpointer old = slot->value;

  *slot = (Slot){ id, value };
  if (old) {
    if (self->free_value)
      self->free_value (old);
    return;
  }
  self->n_values++;
  if (self->n_values > self->n_slots / 4 * 3)
    resize (self, self->n_slots * 2);
}

/* Moves those up that stand behind a slot that has become free and could not be found any more. */
static void
close_gap (CwIdMap *self, unsigned gap)
{
  const unsigned mask = self->n_slots - 1;

  for (unsigned i = (gap + 1) & mask; self->slots[i].value; i = (i + 1) & mask) {
    unsigned home = place (self, self->slots[i].id);

    /* Does the gap lie between the entry's place and where it stands? */
    if (((i - home) & mask) < ((i - gap) & mask))
      continue;
    self->slots[gap] = self->slots[i];
    self->slots[i].value = NULL;
    gap = i;
  }
}

gpointer
cw_id_map_steal (CwIdMap *self, uint64_t id)
{
  Slot *slot = find (self, id);
  gpointer value = slot->value;

  if (!value)
    return NULL;
  slot->value = NULL;
  self->n_values--;
  close_gap (self, (unsigned) (slot - self->slots));
  if (self->n_slots > LEAST_SLOTS && self->n_values < self->n_slots / 8)
    resize (self, self->n_slots / 2);
  return value;
}

void
cw_id_map_remove (CwIdMap *self, uint64_t id)
{
  gpointer value = cw_id_map_steal (self, id);

  if (value && self->free_value)
    self->free_value (value);
}

void
cw_id_map_clear (CwIdMap *self)
{
  Slot *old = self->slots;
  unsigned n_old = self->n_slots;

  self->n_values = 0;
  self->n_slots = LEAST_SLOTS;
  self->slots = g_new0 (Slot, LEAST_SLOTS);
  for (unsigned i = 0; i < n_old && self->free_value; i++) {
    if (old[i].value)
      self->free_value (old[i].value);
  }
  g_free (old);
}
