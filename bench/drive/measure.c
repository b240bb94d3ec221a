/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

double
drive_now_ms (void)
{
  return (double) g_get_monotonic_time () / 1000;
}

double
drive_cpu_ms (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000
         + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* A number of /proc/self/status, in the unit it has there. */
static double
status (const char *key)
{
  g_autofree char *text = NULL;
  const char *at;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL) || !(at = strstr (text, key)))
    return 0;
  return g_ascii_strtod (at + strlen (key), NULL);
}

/* Not getrusage(): that counts what the program was that started this one, before exec(). */
double
drive_peak_kib (void)
{
  return status ("VmHWM:");
}

double
drive_rss_kib (void)
{
  return status ("VmRSS:");
}

double
drive_n_threads (void)
{
  return status ("Threads:");
}

/* For how long this thread has waited for a processor, in all. */
static double
ready_ms (void)
{
  g_autofree char *text = NULL;
  char *end;

  if (!g_file_get_contents ("/proc/thread-self/schedstat", &text, NULL, NULL))
    return 0;
  g_ascii_strtoull (text, &end, 10);
  return (double) g_ascii_strtoull (end, NULL, 10) / 1e6;
}

static double
thread_cpu_ms (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (double) time.tv_sec * 1000 + (double) time.tv_nsec / 1e6;
}

typedef struct {
  const char *name, *cpu_name;
  int priority;
  double last_ms, last_ready_ms, last_cpu_ms;
  double longest_ms, longest_cpu_ms;
} Stall;

static Stall stalls[] = {
  { .name = "stall-default-ms", .cpu_name = "stall-default-cpu-ms", .priority = G_PRIORITY_DEFAULT },
  { .name = "stall-redraw-ms", .cpu_name = "stall-redraw-cpu-ms", .priority = 120 },
  { .name = "stall-idle-ms", .cpu_name = "stall-idle-cpu-ms", .priority = G_PRIORITY_DEFAULT_IDLE },
};

static gboolean
on_turn (gpointer data)
{
  Stall *self = data;
  double now = drive_now_ms (), ready = ready_ms (), used = thread_cpu_ms ();

  if (self->last_ms > 0) {
    self->longest_ms = MAX (self->longest_ms, now - self->last_ms - (ready - self->last_ready_ms));
    self->longest_cpu_ms = MAX (self->longest_cpu_ms, used - self->last_cpu_ms);
  }
  self->last_ms = now;
  self->last_cpu_ms = used;
  self->last_ready_ms = ready;
  return G_SOURCE_CONTINUE;
}

void
drive_stalls_start (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (stalls); i++)
    g_timeout_add_full (stalls[i].priority, 1, on_turn, &stalls[i], NULL);
}

void
drive_stalls_tell (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (stalls); i++) {
    on_turn (&stalls[i]); /* one that never had a turn */
    drive_tell (stalls[i].name, stalls[i].longest_ms);
    drive_tell (stalls[i].cpu_name, stalls[i].longest_cpu_ms);
  }
}
