/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/inputs-motion.h"

#include <glib.h>

static void
test_merging (void)
{
  CwMotion motion = { 0 };
  CwMsgcInputsMouseMotion out;
  unsigned sent = 0;

  for (unsigned i = 0; i < 20; i++) {
    cw_motion_add (&motion, 1, 2, 0);
    if (cw_motion_take_relative (&motion, false, &out)) {
      g_assert_cmpint (out.dx, ==, 1);
      sent++;
    }
  }
  g_assert_cmpuint (sent, ==, 8);
  cw_motion_acknowledge (&motion);
  g_assert_true (cw_motion_take_relative (&motion, false, &out));
  g_assert_cmpint (out.dx, ==, 12);
  g_assert_cmpint (out.dy, ==, 24);
  g_assert_false (cw_motion_take_relative (&motion, false, &out));
}

static void
test_positions (void)
{
  CwMotion motion = { 0 };
  CwMsgcInputsMousePosition out;

  g_assert_false (cw_motion_take_position (&motion, true, &out));
  cw_motion_set_position (&motion, 3, 4, 1, 5);
  cw_motion_set_position (&motion, 6, 7, 1, 5);
  g_assert_true (cw_motion_take_position (&motion, false, &out));
  g_assert_cmpuint (out.x, ==, 6);
  g_assert_cmpuint (out.y, ==, 7);
  g_assert_cmpuint (out.display_id, ==, 1);
  g_assert_cmpuint (out.buttons_state, ==, 5);
  g_assert_false (cw_motion_take_position (&motion, true, &out));
}

static void
test_force (void)
{
  CwMotion motion = { .in_flight = 7 };
  CwMsgcInputsMouseMotion out;

  cw_motion_add (&motion, 5, 0, 0);
  g_assert_true (cw_motion_take_relative (&motion, false, &out));
  cw_motion_add (&motion, 5, 0, 0);
  g_assert_false (cw_motion_take_relative (&motion, false, &out));
  g_assert_true (cw_motion_take_relative (&motion, true, &out));
  g_assert_cmpuint (motion.in_flight, ==, 9);
}

static void
test_bounds (void)
{
  CwMotion motion = { 0 };
  CwMsgcInputsMouseMotion out;

  cw_motion_acknowledge (&motion);
  g_assert_cmpuint (motion.in_flight, ==, 0);
  motion.in_flight = 3;
  cw_motion_acknowledge (&motion);
  g_assert_cmpuint (motion.in_flight, ==, 0);
  for (unsigned i = 0; i < 3; i++)
    cw_motion_add (&motion, INT32_MAX, INT32_MIN, 0);
  g_assert_true (cw_motion_take_relative (&motion, false, &out));
  g_assert_cmpint (out.dx, ==, INT32_MAX);
  g_assert_cmpint (out.dy, ==, INT32_MIN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/motion/merging", test_merging);
  g_test_add_func ("/motion/positions", test_positions);
  g_test_add_func ("/motion/force", test_force);
  g_test_add_func ("/motion/bounds", test_bounds);
  return g_test_run ();
}
