/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who waits for whom is a graph without circles: an edge that would close one is never added. */
#include "channel/sync.h"

typedef struct Member Member;

typedef struct {
  Member *other;
  uint64_t serial;
} Edge;

struct Member {
  uint8_t type, id;
  CwSyncProcessed processed;
  CwSyncReady ready;
  gpointer data;
  bool waiting;
  GArray *edges;   /* Edge: each channel waited for once */
  unsigned search; /* the last search that came by */
};

struct CwSync {
  GPtrArray *members;
  unsigned n_waiting;
  unsigned search;
};

static void
member_free (gpointer data)
{
  Member *self = data;

  g_array_unref (self->edges);
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
  member->edges = g_array_new (FALSE, FALSE, sizeof (Edge));
  g_ptr_array_add (self->members, member);
}

static void
stop_waiting (CwSync *self, Member *member)
{
  if (!member->waiting)
    return;
  member->waiting = false;
  g_array_set_size (member->edges, 0);
  self->n_waiting--;
}

static Edge *
find_edge (Member *from, const Member *to)
{
  for (unsigned i = 0; i < from->edges->len; i++) {
    Edge *edge = &g_array_index (from->edges, Edge, i);

    if (edge->other == to)
      return edge;
  }
  return NULL;
}

void
cw_sync_remove (CwSync *self, gpointer data)
{
  Member *member = find_data (self, data);

  if (!member)
    return;
  stop_waiting (self, member);
  for (unsigned i = 0; i < self->members->len; i++) {
    Member *from = g_ptr_array_index (self->members, i);
    Edge *edge = find_edge (from, member);

    if (edge)
      g_array_remove_index_fast (from->edges, (unsigned) (edge - &g_array_index (from->edges, Edge, 0)));
  }
  g_ptr_array_remove (self->members, member);
  cw_sync_advanced (self);
}

/* Whether from waits, through others, for target; each channel is looked at once in a search. */
static bool
leads_to (CwSync *self, Member *from, const Member *target)
{
  if (from == target)
    return true;
  if (from->search == self->search)
    return false;
  from->search = self->search;
  for (unsigned i = 0; i < from->edges->len; i++) {
    if (leads_to (self, g_array_index (from->edges, Edge, i).other, target))
      return true;
  }
  return false;
}

static bool
is_blocked (const Member *member)
{
  for (unsigned i = 0; i < member->edges->len; i++) {
    const Edge *edge = &g_array_index (member->edges, Edge, i);

    if (edge->other->processed (edge->other->data) < edge->serial)
      return true;
  }
  return false;
}

static void
add_edge (CwSync *self, Member *member, const CwWireWaitForChannel *entry)
{
  Member *other = find_channel (self, entry->channel_type, entry->channel_id);
  Edge *edge = other ? find_edge (member, other) : NULL;

  if (!other || other->processed (other->data) >= entry->message_serial)
    return;
  if (edge) {
    edge->serial = MAX (edge->serial, entry->message_serial);
    return;
  }
  self->search++;
  if (!leads_to (self, other, member))
    g_array_append_vals (member->edges, &(Edge){ other, entry->message_serial }, 1);
}

bool
cw_sync_wait (CwSync *self, gpointer data, const CwWireWaitForChannel *entries, uint32_t n_entries)
{
  Member *member = find_data (self, data);

  if (!member)
    return true;
  stop_waiting (self, member);
  for (uint32_t i = 0; i < n_entries; i++)
    add_edge (self, member, &entries[i]);
  member->waiting = member->edges->len > 0;
  self->n_waiting += member->waiting;
  return !member->waiting;
}

void
cw_sync_advanced (CwSync *self)
{
  for (unsigned i = 0; self->n_waiting > 0 && i < self->members->len; i++) {
    Member *member = g_ptr_array_index (self->members, i);

    if (!member->waiting || is_blocked (member))
      continue;
    stop_waiting (self, member);
    member->ready (member->data);
    /* The call may have changed anything. */
    i = (unsigned) -1;
  }
}
