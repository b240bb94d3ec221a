/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/sync.h"

typedef struct {
  uint8_t type, id;
  CwSyncProcessed processed;
  CwSyncReady ready;
  gpointer data;
  CwWireWaitForChannel *entries; /* NULL: does not wait */
  uint32_t n_entries;
} Member;

struct CwSync {
  GPtrArray *members;
  unsigned n_waiting;
};

static void
member_free (gpointer data)
{
  Member *self = data;

  g_free (self->entries);
  g_free (self);
}

CwSync *
cw_sync_new (void)
{
  CwSync *self = g_new0 (CwSync, 1);

  self->members = g_ptr_array_new_with_free_func (member_free);
  return self;
}

void
cw_sync_free (CwSync *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->members);
  g_free (self);
}

static Member *
find_data (CwSync *self, gpointer data)
{
  for (unsigned i = 0; i < self->members->len; i++) {
    Member *member = g_ptr_array_index (self->members, i);

    if (member->data == data)
      return member;
  }
  return NULL;
}

static Member *
find_channel (CwSync *self, uint8_t type, uint8_t id)
{
  for (unsigned i = 0; i < self->members->len; i++) {
    Member *member = g_ptr_array_index (self->members, i);

    if (member->type == type && member->id == id)
      return member;
  }
  return NULL;
}

void
cw_sync_add (CwSync *self, uint8_t type, uint8_t id, CwSyncProcessed processed, CwSyncReady ready, gpointer data)
{
  Member *member = g_new0 (Member, 1);

  g_assert (!find_data (self, data));
  *member = (Member){ .type = type, .id = id, .processed = processed, .ready = ready, .data = data };
  g_ptr_array_add (self->members, member);
}

static void
stop_waiting (CwSync *self, Member *member)
{
  if (!member->entries)
    return;
  g_clear_pointer (&member->entries, g_free);
  self->n_waiting--;
}

void
cw_sync_remove (CwSync *self, gpointer data)
{
  Member *member = find_data (self, data);

  if (!member)
    return;
  stop_waiting (self, member);
  g_ptr_array_remove (self->members, member);
  cw_sync_advanced (self);
}

/* Whether from waits, through others, for target. Depth is bounded: a channel is on one path once, because circles
 * are never begun. */
static bool
leads_to (CwSync *self, Member *from, Member *target)
{
  if (from == target)
    return true;
  for (uint32_t i = 0; from->entries && i < from->n_entries; i++) {
    Member *next = find_channel (self, from->entries[i].channel_type, from->entries[i].channel_id);

    if (next && next != from && next->processed (next->data) < from->entries[i].message_serial
        && leads_to (self, next, target))
      return true;
  }
  return false;
}

static bool
is_blocked (CwSync *self, Member *member, const CwWireWaitForChannel *entries, uint32_t n_entries)
{
  for (uint32_t i = 0; i < n_entries; i++) {
    Member *other = find_channel (self, entries[i].channel_type, entries[i].channel_id);

    if (other && other != member && other->processed (other->data) < entries[i].message_serial
        && !leads_to (self, other, member))
      return true;
  }
  return false;
}

bool
cw_sync_wait (CwSync *self, gpointer data, const CwWireWaitForChannel *entries, uint32_t n_entries)
{
  Member *member = find_data (self, data);

  if (!member || !is_blocked (self, member, entries, n_entries))
    return true;
  stop_waiting (self, member);
  member->entries = g_memdup2 (entries, n_entries * sizeof *entries);
  member->n_entries = n_entries;
  self->n_waiting++;
  return false;
}

void
cw_sync_advanced (CwSync *self)
{
  for (unsigned i = 0; self->n_waiting > 0 && i < self->members->len; i++) {
    Member *member = g_ptr_array_index (self->members, i);

    if (!member->entries || is_blocked (self, member, member->entries, member->n_entries))
      continue;
    stop_waiting (self, member);
    member->ready (member->data);
    /* The call may have changed anything. */
    i = (unsigned) -1;
  }
}
