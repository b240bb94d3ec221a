/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who links first. A server makes a key for each link that it is asked for, which takes it 10 to 50 ms in which it
 * reads nothing else: a display whose ticket waits for the keys of other channels shows its picture that much later. So
 * the other channels of a session ask for theirs when its displays are linked. Of one thread. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A channel that is ready to link waits no longer than this, whatever a display's server does: on a line so slow that
 * this is too short, keys are not what people wait for. */
#define CW_LINK_ORDER_WAIT_US (250 * G_TIME_SPAN_MILLISECOND)

typedef struct CwLinkOrder CwLinkOrder;

/* wait_us: how long at most, as a rule CW_LINK_ORDER_WAIT_US. */
CwLinkOrder *cw_link_order_new (int64_t wait_us);
CwLinkOrder *cw_link_order_ref (CwLinkOrder *self);
void cw_link_order_unref (CwLinkOrder *self);

/* Of one attempt to connect. */
typedef struct {
  CwLinkOrder *order; /* NULL: there is none, it may go at once */
  bool is_ahead;
  bool is_waiting;
  int64_t until; /* it goes then in any case; 0: it has not asked yet */
  void (*wake) (gpointer data);
  gpointer data;
} CwLinkPlace;

/* is_ahead: others wait until it is cleared. order may be NULL. */
void cw_link_place_init (CwLinkPlace *self, CwLinkOrder *order, bool is_ahead);
void cw_link_place_clear (CwLinkPlace *self);

/* Asked at the time now until it is true: after wake (data), or from self->until on. */
bool cw_link_place_may_go (CwLinkPlace *self, int64_t now, void (*wake) (gpointer data), gpointer data);
