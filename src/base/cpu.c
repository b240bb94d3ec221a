/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cpu.h"

#include <glib.h>
#include <stdbool.h>

#if defined(__x86_64__) || defined(__i386__)
#  include <cpuid.h>
#endif

static const struct {
  const char *name;
  CwCpuFlags flag;
} names[] = {
  { "ssse3", CW_CPU_SSSE3 }, { "sse4.1", CW_CPU_SSE41 }, { "avx2", CW_CPU_AVX2 },
  { "bmi2", CW_CPU_BMI2 },   { "neon", CW_CPU_NEON },
};

#if defined(__x86_64__) || defined(__i386__)
/* Not every compiler's __builtin_cpu_supports() knows the name. */
static bool
has_lzcnt (void)
{
  unsigned eax, ebx, ecx, edx;

  return __get_cpuid (0x80000001, &eax, &ebx, &ecx, &edx) && (ecx & bit_LZCNT) != 0;
}
#endif

static uint32_t
detect (void)
{
  uint32_t flags = 0;

#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("ssse3"))
    flags |= CW_CPU_SSSE3;
  if (__builtin_cpu_supports ("sse4.1"))
    flags |= CW_CPU_SSE41;
  if (__builtin_cpu_supports ("avx2"))
    flags |= CW_CPU_AVX2;
  if (__builtin_cpu_supports ("bmi") && __builtin_cpu_supports ("bmi2") && has_lzcnt ())
    flags |= CW_CPU_BMI2;
#elif defined(__aarch64__)
  flags |= CW_CPU_NEON;
#endif
  return flags;
}

static uint32_t
disabled (void)
{
  const char *list = g_getenv ("CARAWAY_CPU_DISABLE");
  g_auto (GStrv) words = NULL;
  uint32_t flags = 0;

  if (!list)
    return 0;
  words = g_strsplit (list, ",", -1);
  if (g_strv_contains ((const char *const *) words, "all"))
    return UINT32_MAX;
  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strv_contains ((const char *const *) words, names[i].name))
      flags |= names[i].flag;
  return flags;
}

uint32_t
cw_cpu_flags (void)
{
  static gsize once;
  static uint32_t flags;

  if (g_once_init_enter (&once)) {
    flags = detect () & ~disabled ();
    g_once_init_leave (&once, 1);
  }
  return flags;
}
