/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the processor can do, against what the kernel says of it, and switched off by the environment. */
#include "base/cpu.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#if defined(__linux__) && (defined(__x86_64__) || defined(__i386__))
#  define HAVE_LIST 1
#else
#  define HAVE_LIST 0
#endif

typedef struct {
  uint32_t flag;
  const char *name;
  const char *words[4]; /* in /proc/cpuinfo; all of them */
} Row;

static const Row rows[] = {
  { CW_CPU_SSSE3, "ssse3", { "ssse3" } },
  { CW_CPU_SSE41, "sse4.1", { "sse4_1" } },
  { CW_CPU_AVX2, "avx2", { "avx2" } },
  { CW_CPU_BMI2, "bmi2", { "bmi1", "bmi2" } }, /* and LZCNT, which not every kernel lists */
};

/* Of the first processor. */
static GStrv
listed_flags (void)
{
  g_autofree char *text = NULL;
  char *line;

  g_assert_true (g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL));
  line = strstr (text, "\nflags");
  g_assert_nonnull (line);
  *strchrnul (++line, '\n') = '\0';
  return g_strsplit (strchr (line, ':') + 1, " ", -1);
}

#if HAVE_LIST
/* A processor that does not know LZCNT takes it for BSR, which counts from the other end. */
static bool
counts_leading_zeros (void)
{
  unsigned n = 1;

  __asm__("lzcnt %0, %0" : "+r"(n) : : "cc");
  return n == 31;
}
#endif

static void
test_detected (void)
{
#if HAVE_LIST
  g_auto (GStrv) list = listed_flags ();

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    bool all = rows[i].flag != CW_CPU_BMI2 || counts_leading_zeros ();

    for (const char *const *word = rows[i].words; *word; word++)
      all = all && g_strv_contains ((const char *const *) list, *word);
    g_test_message ("%s", rows[i].name);
    g_assert_true (((cw_cpu_flags () & rows[i].flag) != 0) == all);
  }
#else
  g_test_skip ("no list of what the processor can do");
#endif
}

/* The flags are found once, so each list has a process of its own, which prints them. */
static void
print_flags (void)
{
  g_printerr ("<%x>", cw_cpu_flags ());
}

static void
assert_without (const char *list, uint32_t gone)
{
  g_autofree char *expected = g_strdup_printf ("*<%x>*", cw_cpu_flags () & ~gone);

  g_setenv ("CARAWAY_CPU_DISABLE", list, TRUE);
  g_test_trap_subprocess ("/base/cpu/disabled/subprocess/flags", 0, 0);
  g_unsetenv ("CARAWAY_CPU_DISABLE");
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr (expected);
}

static void
test_disabled (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_without (rows[i].name, rows[i].flag);
  assert_without ("avx2,bmi2", CW_CPU_AVX2 | CW_CPU_BMI2);
  assert_without ("all", UINT32_MAX);
  assert_without ("ssse3,all", UINT32_MAX);
  assert_without ("", 0);
  assert_without ("avx", 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!g_test_subprocess ())
    g_unsetenv ("CARAWAY_CPU_DISABLE");
  g_test_add_func ("/base/cpu/detected", test_detected);
  g_test_add_func ("/base/cpu/disabled", test_disabled);
  g_test_add_func ("/base/cpu/disabled/subprocess/flags", print_flags);
  return g_test_run ();
}
