/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of capabilities. */
#include "link/caps.h"

static void
test_caps (void)
{
  g_auto (CwCaps) caps = CW_CAPS_INIT;
  g_auto (CwCaps) copy = CW_CAPS_INIT;

  g_assert_false (cw_caps_test (&caps, 0));
  g_assert_true (cw_caps_set (&caps, 64));
  g_assert_cmpuint (caps.n_words, ==, 3);
  g_assert_cmpuint (caps.words[0] | caps.words[1], ==, 0);
  g_assert_true (cw_caps_set (&caps, 31));
  g_assert_true (cw_caps_test (&caps, 31) && cw_caps_test (&caps, 64) && !cw_caps_test (&caps, 63));
  g_assert_false (cw_caps_set (&caps, 32 * 4096));
  g_assert_false (cw_caps_set (&caps, UINT32_MAX));
  g_assert_cmpuint (caps.n_words, ==, 3);
  cw_caps_copy (&copy, &caps);
  g_assert_true (cw_caps_set (&caps, 32 * 4096 - 1));
  cw_caps_clear (&caps);
  g_assert_true (cw_caps_test (&copy, 64));
  cw_caps_set_words (&copy, (const uint32_t[]){ 0x80000001 }, 1);
  g_assert_true (cw_caps_test (&copy, 0) && cw_caps_test (&copy, 31) && !cw_caps_test (&copy, 64));
}

/* Every bit of every word, and no other. */
static void
test_add (void)
{
  for (uint32_t bit = 0; bit < 96; bit++) {
    g_auto (CwCaps) caps = CW_CAPS_INIT;
    g_auto (CwCaps) other = CW_CAPS_INIT;

    g_assert_true (cw_caps_set (&caps, 40));
    g_assert_true (cw_caps_set (&other, bit));
    cw_caps_add (&caps, &other);
    for (uint32_t i = 0; i < 128; i++)
      g_assert_true (cw_caps_test (&caps, i) == (i == 40 || i == bit));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/caps/set", test_caps);
  g_test_add_func ("/caps/add", test_add);
  return g_test_run ();
}
