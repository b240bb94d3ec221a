/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which channels link first, and for how long others wait. */
#include "connecting.h"
#include "transport/link-order.h"

#include <sys/socket.h>

#define FOREVER G_TIME_SPAN_DAY

static void
on_wake (gpointer data)
{
  ++*(unsigned *) data;
}

static void
test_order (void)
{
  CwLinkOrder *order = cw_link_order_new (100);
  CwLinkPlace first, second, other, late, gone, free_one;
  unsigned n_other = 0, n_gone = 0;

  cw_link_place_init (&free_one, NULL, false);
  g_assert_true (cw_link_place_may_go (&free_one, 1, on_wake, NULL));
  cw_link_place_clear (&free_one);

  cw_link_place_init (&other, order, false);
  cw_link_place_init (&first, order, true);
  cw_link_place_init (&second, order, true);
  cw_link_place_init (&gone, order, false);
  g_assert_true (cw_link_place_may_go (&first, 1, on_wake, NULL));
  g_assert_true (cw_link_place_may_go (&second, 1, on_wake, NULL));
  g_assert_false (cw_link_place_may_go (&other, 1, on_wake, &n_other));
  g_assert_false (cw_link_place_may_go (&other, 2, on_wake, &n_other));
  g_assert_false (cw_link_place_may_go (&gone, 3, on_wake, &n_gone));
  g_assert_cmpint (other.until, ==, 101);
  cw_link_place_clear (&gone);
  cw_link_place_clear (&first);
  g_assert_cmpuint (n_other, ==, 0);
  g_assert_false (cw_link_place_may_go (&other, 100, on_wake, &n_other));
  cw_link_place_clear (&second);
  g_assert_cmpuint (n_other, ==, 1);
  g_assert_cmpuint (n_gone, ==, 0);
  g_assert_true (cw_link_place_may_go (&other, 100, on_wake, &n_other));

  /* Nobody is ahead any more, and again somebody is; who comes then waits its own time. */
  cw_link_place_init (&first, order, true);
  cw_link_place_init (&late, order, false);
  g_assert_false (cw_link_place_may_go (&late, 1000, on_wake, &n_other));
  g_assert_false (cw_link_place_may_go (&late, 1099, on_wake, &n_other));
  g_assert_true (cw_link_place_may_go (&late, 1100, on_wake, &n_other));
  cw_link_place_clear (&first);
  g_assert_cmpuint (n_other, ==, 1);
  cw_link_place_clear (&late);
  cw_link_place_clear (&other);
  cw_link_order_unref (order);
}

/* --- between two connections ------------------------------------------------------------------------------------ */

typedef enum {
  END_LINKED,
  END_FAILED,
  END_CANCELLED,
} End;

typedef struct {
  Peer *display, *other;
  int released;  /* atomic: the display's server may answer */
  int refuses;   /* it closes instead */
  int connected; /* atomic: the other's server has it */
  int asked;     /* atomic: … and it has asked for a link */
} World;

static void
serve_display (PeerIo *io, gpointer data)
{
  World *self = data;

  while (!g_atomic_int_get (&self->released))
    g_usleep (1000);
  if (!self->refuses)
    connecting_serve (io, NULL);
}

static void
serve_other (PeerIo *io, gpointer data)
{
  World *self = data;
  char byte;

  g_atomic_int_set (&self->connected, 1);
  if (recv (io->fd, &byte, 1, MSG_PEEK) == 1)
    g_atomic_int_set (&self->asked, 1);
  connecting_serve (io, NULL);
}

static void
set_up (World *self)
{
  *self = (World){ .display = peer_new ("127.0.0.1", 0, serve_display, self),
                   .other = peer_new ("127.0.0.1", 0, serve_other, self) };
  peer_start (self->display);
  peer_start (self->other);
}

static void
tear_down (World *self)
{
  g_atomic_int_set (&self->released, 1);
  peer_free (self->display);
  peer_free (self->other);
}

static void
begin (Connecting *display, Connecting *other, World *self, CwLinkOrder *order, GCancellable *cancellable)
{
  CwConnectParams params = connecting_tcp_params ("127.0.0.1", peer_port (self->display));

  params.link_order = order;
  params.links_first = true;
  connecting_begin (display, &params, cancellable);
  params = connecting_tcp_params ("127.0.0.1", peer_port (self->other));
  params.link_order = order;
  connecting_begin (other, &params, NULL);
}

static void
iterate (Connecting *one, Connecting *other)
{
  g_main_context_iteration (one->context, FALSE);
  g_main_context_iteration (other->context, FALSE);
  g_usleep (500);
}

/* However the display's attempt ends. */
static void
test_waits (gconstpointer data)
{
  const End end = (End) GPOINTER_TO_INT (data);
  CwLinkOrder *order = cw_link_order_new (FOREVER);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Connecting display, other;
  World self;

  set_up (&self);
  self.refuses = end == END_FAILED;
  begin (&display, &other, &self, order, cancellable);
  while (!g_atomic_int_get (&self.connected))
    iterate (&display, &other);
  for (unsigned i = 0; i < 50; i++)
    iterate (&display, &other);
  g_assert_false (g_atomic_int_get (&self.asked));
  g_assert_false (other.done);
  if (end == END_CANCELLED)
    g_cancellable_cancel (cancellable);
  else
    g_atomic_int_set (&self.released, 1);
  while (!display.done || !other.done)
    iterate (&display, &other);
  g_assert_true ((display.error == NULL) == (end == END_LINKED));
  g_assert_no_error (other.error);
  connecting_clear (&display);
  connecting_clear (&other);
  cw_link_order_unref (order);
  tear_down (&self);
}

/* A server that keeps a display waiting keeps nobody else. */
static void
test_limit (void)
{
  CwLinkOrder *order = cw_link_order_new (10 * G_TIME_SPAN_MILLISECOND);
  Connecting display, other;
  World self;

  set_up (&self);
  begin (&display, &other, &self, order, NULL);
  while (!other.done)
    iterate (&display, &other);
  g_assert_no_error (other.error);
  g_assert_false (display.done);
  g_atomic_int_set (&self.released, 1);
  connecting_wait (&display);
  g_assert_no_error (display.error);
  connecting_clear (&display);
  connecting_clear (&other);
  cw_link_order_unref (order);
  tear_down (&self);
}

/* Likewise where nothing else wakes it. */
static void
test_limit_alone (void)
{
  CwLinkOrder *order = cw_link_order_new (10 * G_TIME_SPAN_MILLISECOND);
  CwLinkPlace first;
  CwConnectParams params;
  Connecting other;
  World self;

  set_up (&self);
  cw_link_place_init (&first, order, true);
  params = connecting_tcp_params ("127.0.0.1", peer_port (self.other));
  params.link_order = order;
  connecting_begin (&other, &params, NULL);
  connecting_wait (&other);
  g_assert_no_error (other.error);
  connecting_clear (&other);
  cw_link_place_clear (&first);
  cw_link_order_unref (order);
  tear_down (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  peer_prepare ();
  g_test_add_func ("/link-order/order", test_order);
  g_test_add_data_func ("/link-order/waits/linked", GINT_TO_POINTER (END_LINKED), test_waits);
  g_test_add_data_func ("/link-order/waits/failed", GINT_TO_POINTER (END_FAILED), test_waits);
  g_test_add_data_func ("/link-order/waits/cancelled", GINT_TO_POINTER (END_CANCELLED), test_waits);
  g_test_add_func ("/link-order/limit", test_limit);
  g_test_add_func ("/link-order/limit-alone", test_limit_alone);
  return g_test_run ();
}
