/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/link-order.h"

struct CwLinkOrder {
  int64_t wait_us;
  unsigned n_ahead;
  GQueue waiting; /* CwLinkPlace, those of attempts that wait */
};

CwLinkOrder *
cw_link_order_new (int64_t wait_us)
{
  CwLinkOrder *self = g_rc_box_new0 (CwLinkOrder);

  self->wait_us = wait_us;
  return self;
}

CwLinkOrder *
cw_link_order_ref (CwLinkOrder *self)
{
  return g_rc_box_acquire (self);
}

void
cw_link_order_unref (CwLinkOrder *self)
{
  g_rc_box_release (self);
}

void
cw_link_place_init (CwLinkPlace *self, CwLinkOrder *order, bool is_ahead)
{
  *self = (CwLinkPlace){ .order = order ? cw_link_order_ref (order) : NULL, .is_ahead = order && is_ahead };
  if (self->is_ahead)
    order->n_ahead++;
}

static void
stop_waiting (CwLinkPlace *self)
{
  if (self->is_waiting)
    g_queue_remove (&self->order->waiting, self);
  self->is_waiting = false;
}

static void
leave (CwLinkPlace *self)
{
  CwLinkPlace *other;

  if (--self->order->n_ahead > 0)
    return;
  while ((other = g_queue_pop_head (&self->order->waiting))) {
    other->is_waiting = false;
    other->wake (other->data);
  }
}

void
cw_link_place_clear (CwLinkPlace *self)
{
  stop_waiting (self);
  if (self->is_ahead)
    leave (self);
  g_clear_pointer (&self->order, cw_link_order_unref);
}

bool
cw_link_place_may_go (CwLinkPlace *self, int64_t now, void (*wake) (gpointer data), gpointer data)
{
  if (!self->order || self->is_ahead)
    return true;
  if (self->until == 0)
    self->until = now + self->order->wait_us;
  if (self->order->n_ahead == 0 || now >= self->until) {
    stop_waiting (self);
    return true;
  }
  if (!self->is_waiting)
    g_queue_push_tail (&self->order->waiting, self);
  self->is_waiting = true;
  self->wake = wake;
  self->data = data;
  return false;
}
