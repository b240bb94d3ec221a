/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long the owner's thread is held by the messages that ask for as much as one can: taking one in, and the longest
 * stretch of drawing it between two looks at the clock. Processor time; the reference is writing 8 MiB of memory. */
#include "large.h"

#include <stdio.h>
#include <time.h>

#define REFERENCE (8 << 20)

static double
now_ms (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double
measure_reference (void)
{
  g_autofree guint8 *memory = g_malloc (REFERENCE);
  double best = G_MAXDOUBLE;

  for (unsigned i = 0; i < 5; i++) {
    double start = now_ms ();

    memset (memory, i, REFERENCE);
    __asm__ volatile("" : : "r"(memory) : "memory");
    best = MIN (best, now_ms () - start);
  }
  return best;
}

/* The smallest of n runs, of taking the message and of its longest step. */
static void
measure (const LargeCase *c, unsigned n, double *push, double *step)
{
  *push = *step = G_MAXDOUBLE;
  for (unsigned i = 0; i < n; i++) {
    double start, longest = 0;
    g_autoptr (CwMessage) message = NULL;
    bool more = true;
    Pair f;

    large_setup (&f);
    f.recorder[0].blind = true;
    message = c->make (&f);
    start = now_ms ();
    pair_push (&f, 0, stream_message_raw (message->info->type, message->body.data, message->body.size));
    *push = MIN (*push, now_ms () - start);
    large_run_jobs (&f);
    while (more) {
      start = now_ms ();
      more = cw_render_step (f.render[0], g_get_monotonic_time (), 0) == 0;
      longest = MAX (longest, now_ms () - start);
    }
    *step = MIN (*step, longest);
    pair_teardown (&f);
  }
}

int
main (int argc, char **argv)
{
  bool quick = argc > 1 && g_str_equal (argv[1], "--quick");
  const char *only = argc > 2 && g_str_equal (argv[1], "--only") ? argv[2] : NULL;
  double reference = measure_reference ();

  if (argc > 1 && !quick && !only) {
    fprintf (stderr, "usage: %s [--quick | --only MESSAGE]\n", argv[0]);
    return 2;
  }
  printf ("reference: %.2f ms\n%-16s %9s %7s %9s %7s\n", reference, "message", "taken ms", "ratio", "step ms", "ratio");
  for (unsigned i = 0; i < n_large_cases; i++) {
    double push, step;

    if (only && !g_str_equal (only, large_cases[i].name))
      continue;
    measure (&large_cases[i], quick ? 1 : 5, &push, &step);
    printf ("%-16s %9.3f %7.2f %9.3f %7.2f\n", large_cases[i].name, push, push / reference, step, step / reference);
  }
  return 0;
}
