/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/sync.h"

typedef struct {
  uint64_t processed;
  unsigned ready;
} Member;

static uint64_t
processed (gpointer data)
{
  return ((Member *) data)->processed;
}

static void
ready (gpointer data)
{
  ((Member *) data)->ready++;
}

static CwSync *
sync_of (Member *members, unsigned n)
{
  CwSync *sync = cw_sync_new ();

  for (unsigned i = 0; i < n; i++)
    cw_sync_add (sync, CW_CHANNEL_DISPLAY, (uint8_t) i, processed, ready, &members[i]);
  return sync;
}

static CwWireWaitForChannel
entry (uint8_t id, uint64_t serial)
{
  return (CwWireWaitForChannel){ .channel_type = CW_CHANNEL_DISPLAY, .channel_id = id, .message_serial = serial };
}

static void
test_wait (void)
{
  Member members[2] = { { 0 } };
  g_autoptr (CwSync) sync = sync_of (members, 2);
  CwWireWaitForChannel wait = entry (1, 5);

  g_assert_false (cw_sync_wait (sync, &members[0], &wait, 1));
  members[1].processed = 4;
  cw_sync_advanced (sync);
  g_assert_cmpuint (members[0].ready, ==, 0);
  members[1].processed = 5;
  cw_sync_advanced (sync);
  cw_sync_advanced (sync);
  g_assert_cmpuint (members[0].ready, ==, 1);
  g_assert_true (cw_sync_wait (sync, &members[0], &wait, 1));
}

static void
test_fulfilled (void)
{
  Member members[1] = { { 0 } }, other = { 0 }, stranger = { 0 };
  g_autoptr (CwSync) sync = sync_of (members, 1);
  CwWireWaitForChannel waits[] = { entry (9, 5), entry (0, UINT64_MAX) };

  g_assert_true (cw_sync_wait (sync, &members[0], waits, G_N_ELEMENTS (waits)));
  g_assert_true (cw_sync_wait (sync, &members[0], NULL, 0));
  /* Nobody waits who is not there. */
  cw_sync_add (sync, CW_CHANNEL_DISPLAY, 9, processed, ready, &other);
  g_assert_true (cw_sync_wait (sync, &stranger, waits, 1));
  g_assert_false (cw_sync_wait (sync, &members[0], waits, 1));
}

static void
test_leaving (void)
{
  Member members[2] = { { 0 } };
  g_autoptr (CwSync) sync = sync_of (members, 2);
  CwWireWaitForChannel wait = entry (1, 5);

  g_assert_false (cw_sync_wait (sync, &members[0], &wait, 1));
  cw_sync_remove (sync, &members[1]);
  g_assert_cmpuint (members[0].ready, ==, 1);

  cw_sync_add (sync, CW_CHANNEL_DISPLAY, 1, processed, ready, &members[1]);
  g_assert_false (cw_sync_wait (sync, &members[0], &wait, 1));
  cw_sync_remove (sync, &members[0]);
  members[1].processed = 9;
  cw_sync_advanced (sync);
  g_assert_cmpuint (members[0].ready, ==, 1);
}

/* Three that wait for each other: the one that would close the circle does not wait. */
static void
test_circle (void)
{
  Member members[3] = { { 0 } };
  g_autoptr (CwSync) sync = sync_of (members, 3);
  CwWireWaitForChannel first = entry (1, 1), second = entry (2, 1), third = entry (0, 1);

  g_assert_false (cw_sync_wait (sync, &members[0], &first, 1));
  g_assert_false (cw_sync_wait (sync, &members[1], &second, 1));
  g_assert_true (cw_sync_wait (sync, &members[2], &third, 1));
  members[2].processed = 1;
  cw_sync_advanced (sync);
  g_assert_cmpuint (members[1].ready, ==, 1);
  g_assert_cmpuint (members[0].ready, ==, 0);
}

/* 0 and 1 would wait for each other; 0 waits for 3 as well, so that it does wait. 2 must be able to ask about them. */
static void
test_entry_in_a_circle (void)
{
  Member members[4] = { { 0 } };
  g_autoptr (CwSync) sync = sync_of (members, 4);
  CwWireWaitForChannel first[] = { entry (1, 1), entry (3, 1) }, second = entry (0, 1), third = entry (0, 1);

  g_assert_false (cw_sync_wait (sync, &members[1], &second, 1));
  g_assert_false (cw_sync_wait (sync, &members[0], first, 2));
  g_assert_false (cw_sync_wait (sync, &members[2], &third, 1));
  cw_sync_remove (sync, &members[3]);
  g_assert_cmpuint (members[0].ready, ==, 1);
  members[0].processed = 1;
  cw_sync_advanced (sync);
  g_assert_cmpuint (members[1].ready, ==, 1);
  g_assert_cmpuint (members[2].ready, ==, 1);
}

/* Each names the next one as often as a message can: the number of paths must not matter. */
static void
test_repeated_entries (void)
{
  enum { N = 12 };
  Member members[N] = { { 0 } };
  g_autoptr (CwSync) sync = sync_of (members, N);
  CwWireWaitForChannel entries[255];

  for (uint8_t i = N - 1; i > 0; i--) {
    for (unsigned k = 0; k < G_N_ELEMENTS (entries); k++)
      entries[k] = entry ((uint8_t) (i - 1 + (k & 1 && i + 1 < N ? 2 : 0)), k + 1);
    g_assert_false (cw_sync_wait (sync, &members[i], entries, G_N_ELEMENTS (entries)));
  }
  members[0].processed = 254;
  cw_sync_advanced (sync);
  g_assert_cmpuint (members[1].ready, ==, 0);
  members[0].processed = 255;
  cw_sync_advanced (sync);
  g_assert_cmpuint (members[1].ready, ==, 1);
}

/* Two ways lead to the same place: that is no circle. */
static void
test_diamond (void)
{
  Member members[5] = { { 0 } };
  g_autoptr (CwSync) sync = sync_of (members, 5);
  CwWireWaitForChannel both[] = { entry (2, 1), entry (3, 1) }, last = entry (4, 1), first = entry (1, 1);

  g_assert_false (cw_sync_wait (sync, &members[1], both, 2));
  g_assert_false (cw_sync_wait (sync, &members[2], &last, 1));
  g_assert_false (cw_sync_wait (sync, &members[3], &last, 1));
  g_assert_false (cw_sync_wait (sync, &members[0], &first, 1));
  for (unsigned i = 1; i < 5; i++)
    members[i].processed = 1;
  cw_sync_advanced (sync);
  for (unsigned i = 0; i < 4; i++)
    g_assert_cmpuint (members[i].ready, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/wait", test_wait);
  g_test_add_func ("/sync/fulfilled", test_fulfilled);
  g_test_add_func ("/sync/leaving", test_leaving);
  g_test_add_func ("/sync/circle", test_circle);
  g_test_add_func ("/sync/diamond", test_diamond);
  g_test_add_func ("/sync/entry-in-a-circle", test_entry_in_a_circle);
  g_test_add_func ("/sync/repeated-entries", test_repeated_entries);
  return g_test_run ();
}
