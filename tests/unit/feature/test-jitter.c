/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When packets of sound are heard. */
#include "feature/audio/jitter.h"

#include <glib.h>

static void
test_steady (void)
{
  CwJitter jitter = { 0 };
  int64_t now = 1000000, last = 0;

  cw_jitter_start (&jitter);
  for (unsigned i = 0; i < 1000; i++, now += 10000) {
    int64_t due = cw_jitter_schedule (&jitter, now, 10000);

    g_assert_cmpint (due, >=, now);
    g_assert_cmpint (due - now, <=, CW_JITTER_MIN_TARGET);
    if (i > 0)
      g_assert_cmpint (due, ==, last + 10000); /* no gap */
    last = due;
  }
}

static void
test_bursts (void)
{
  CwJitter jitter = { 0 };
  int64_t now = 1000000, last = 0;
  unsigned n_gaps = 0;

  cw_jitter_start (&jitter);
  for (unsigned i = 0; i < 2000; i++) {
    int64_t came = now + (int64_t) (i / 5) * 50000; /* five at a time */
    int64_t due = cw_jitter_schedule (&jitter, came, 10000);

    g_assert_cmpint (due, !=, CW_JITTER_DROP);
    n_gaps += i > 0 && due != last + 10000;
    last = due;
    g_assert_cmpint (cw_jitter_delay (&jitter, came), <=, 150000);
  }
  g_assert_cmpuint (n_gaps, <=, 3); /* then it has learned */
}

static void
test_minimum (void)
{
  CwJitter jitter = { 0 };
  int64_t now = 1000000;

  cw_jitter_start (&jitter);
  cw_jitter_set_minimum (&jitter, 200000);
  for (unsigned i = 0; i < 100; i++, now += 10000)
    g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), >=, now + 190000);
  cw_jitter_set_minimum (&jitter, 400000);
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), >=, now + 390000);
  /* The way down is by packets left out. */
  cw_jitter_set_minimum (&jitter, 0);
  for (unsigned i = 0; i < 500; i++, now += 10000)
    cw_jitter_schedule (&jitter, now, 10000);
  g_assert_cmpint (cw_jitter_delay (&jitter, now), <=, 60000);
}

/* How late the latest packet was is allowed for as long as it is remembered, and then forgotten. */
static void
test_memory (void)
{
  const int64_t late = 100000;
  CwJitter jitter = { 0 };
  int64_t began, now = 1000000;

  cw_jitter_start (&jitter);
  for (unsigned i = 0; i < 20; i++, now += 10000)
    cw_jitter_schedule (&jitter, now, 10000);
  g_assert_cmpint (cw_jitter_schedule (&jitter, now + late, 10000), >=, now + 2 * late);
  for (began = now + late, now += 10000; now < began; now += 10000) /* what was held up with it */
    g_assert_cmpint (cw_jitter_schedule (&jitter, began, 10000), !=, CW_JITTER_DROP);
  for (; now < began + (CW_JITTER_N_PERIODS - 1) * CW_JITTER_PERIOD; now += 10000) {
    cw_jitter_schedule (&jitter, now, 10000);
    g_assert_cmpint (cw_jitter_delay (&jitter, now), >=, late);
  }
  for (; now < began + (CW_JITTER_N_PERIODS + 3) * CW_JITTER_PERIOD; now += 10000)
    cw_jitter_schedule (&jitter, now, 10000);
  g_assert_cmpint (cw_jitter_delay (&jitter, now), <=, 60000);
}

static void
test_flood (void)
{
  CwJitter jitter = { 0 };

  cw_jitter_start (&jitter);
  for (unsigned i = 0; i < 100000; i++)
    cw_jitter_schedule (&jitter, 1000000, 10000);
  g_assert_cmpint (cw_jitter_delay (&jitter, 1000000), <=, 2 * 500000 + 10000);
}

/* To the microsecond. */
static void
test_exact (void)
{
  CwJitter jitter = { 0 };
  int64_t now = 1000000;
  unsigned n = 0;

  cw_jitter_start (&jitter);
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + CW_JITTER_MIN_TARGET);
  g_assert_cmpint (cw_jitter_delay (&jitter, now), ==, CW_JITTER_MIN_TARGET + 10000);
  now += 10000;
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + CW_JITTER_MIN_TARGET);
  now += 10000 + 40000; /* too late: silence has been heard */
  g_assert_cmpint (cw_jitter_delay (&jitter, now), ==, 0);
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + 50000); /* what it was late, and a bit */
  g_assert_cmpint (jitter.target, ==, 50000);
  cw_jitter_set_minimum (&jitter, -1);
  g_assert_cmpint (jitter.minimum, ==, 0);
  cw_jitter_set_minimum (&jitter, INT64_MAX);
  g_assert_cmpint (jitter.minimum, ==, 500000);
  /* A stream anew remembers nothing. */
  cw_jitter_set_minimum (&jitter, 200000);
  cw_jitter_start (&jitter);
  now = 5000000;
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + 200000);
  /* More is made room for when it is more than a bit. */
  cw_jitter_set_minimum (&jitter, 230000);
  now += 10000;
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + 200000);
  cw_jitter_set_minimum (&jitter, 230001);
  now += 10000;
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + 230001);
  /* Less is waited for, and then taken at once. */
  cw_jitter_set_minimum (&jitter, 0);
  do
    now += 10000;
  while (cw_jitter_schedule (&jitter, now, 10000) != CW_JITTER_DROP && ++n < 1000);
  g_assert_cmpuint (n, ==, 100);
  for (n = 1, now += 10000; cw_jitter_schedule (&jitter, now, 10000) == CW_JITTER_DROP && n < 1000; n++)
    now += 10000;
  g_assert_cmpuint (n, ==, 19); /* from 230 ms to 45 */
}

/* A sender that paused is not late: what comes then is measured anew. */
static void
test_pause (void)
{
  CwJitter jitter = { 0 };
  int64_t now = 1000000;

  cw_jitter_start (&jitter);
  for (unsigned i = 0; i < 10; i++, now += 10000)
    cw_jitter_schedule (&jitter, now, 10000);
  now += 500000 + 1;
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + CW_JITTER_MIN_TARGET);
  now += 10000 + 500000; /* as late as may be */
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + 500000);
}

/* When the first packet is left out of those that come evenly and wait for so long, within three seconds; 0: none is.
 */
static unsigned
first_dropped (int64_t wait)
{
  CwJitter jitter = { 0 };
  int64_t now = 1000000;

  cw_jitter_start (&jitter);
  cw_jitter_set_minimum (&jitter, wait);
  g_assert_cmpint (cw_jitter_schedule (&jitter, now, 10000), ==, now + wait);
  cw_jitter_set_minimum (&jitter, 0);
  for (unsigned i = 1; i < 300; i++) {
    int64_t due;

    now += 10000;
    due = cw_jitter_schedule (&jitter, now, 10000);
    if (due == CW_JITTER_DROP)
      return i;
    g_assert_cmpint (due, ==, now + wait);
  }
  return 0;
}

/* A bit too much is let be, as packets that are left out are heard. */
static void
test_tolerance (void)
{
  g_assert_cmpuint (first_dropped (CW_JITTER_MIN_TARGET + 30000), ==, 0);
  g_assert_cmpuint (first_dropped (CW_JITTER_MIN_TARGET + 30001), ==, 101);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/jitter/steady", test_steady);
  g_test_add_func ("/jitter/bursts", test_bursts);
  g_test_add_func ("/jitter/minimum", test_minimum);
  g_test_add_func ("/jitter/memory", test_memory);
  g_test_add_func ("/jitter/flood", test_flood);
  g_test_add_func ("/jitter/exact", test_exact);
  g_test_add_func ("/jitter/pause", test_pause);
  g_test_add_func ("/jitter/tolerance", test_tolerance);
  return g_test_run ();
}
