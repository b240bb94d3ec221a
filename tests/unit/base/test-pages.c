/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pages.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 8 };

typedef struct {
  size_t page;
  unsigned char *memory;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->page = (size_t) sysconf (_SC_PAGESIZE);
  self->memory = mmap (NULL, PAGES * self->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (self->memory != MAP_FAILED);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  munmap (self->memory, PAGES * self->page);
}

/* One letter a page: whether it is there. */
static char *
present (Fixture *self)
{
  unsigned char is_there[PAGES];
  char *text = g_strnfill (PAGES, '-');

  g_assert_cmpint (mincore (self->memory, PAGES * self->page, is_there), ==, 0);
  for (unsigned i = 0; i < PAGES; i++)
    if (is_there[i] & 1)
      text[i] = 'x';
  return text;
}

static bool
system_can (Fixture *self)
{
#ifdef MADV_POPULATE_WRITE
  return madvise (self->memory + (PAGES - 1) * self->page, 0, MADV_POPULATE_WRITE) == 0;
#else
  return false;
#endif
}

/* Every page of which a byte is meant, and no other; what was there stays. */
static void
test_populate (Fixture *self, gconstpointer data)
{
  g_autofree char *before = NULL, *after = NULL;

  self->memory[2 * self->page + 7] = 42;
  before = present (self);
  g_assert_cmpstr (before, ==, "--x-----");
  cw_pages_populate (self->memory + 2 * self->page - 1, 3 * self->page + 2);
  after = present (self);
  g_assert_cmpstr (after, ==, system_can (self) ? "-xxxxx--" : "--x-----");
  g_assert_cmpint (self->memory[2 * self->page + 7], ==, 42);
}

static void
test_touch (Fixture *self, gconstpointer data)
{
  g_autofree char *none = NULL, *after = NULL, *first = NULL;

  self->memory[2 * self->page] = 42;
  cw_pages_touch (self->memory + self->page, 0);
  none = present (self);
  g_assert_cmpstr (none, ==, "--x-----");
  cw_pages_touch (self->memory + 2 * self->page - 1, 3 * self->page + 2);
  after = present (self);
  g_assert_cmpstr (after, ==, "-xxxxx--");
  g_assert_cmpint (self->memory[2 * self->page], ==, 42);
  cw_pages_touch (self->memory, 1);
  first = present (self);
  g_assert_cmpstr (first, ==, "xxxxxx--");
}

static gpointer
count (gpointer data)
{
  volatile unsigned char *at = data;

  for (unsigned i = 0; i < 1000000; i++)
    __atomic_store_n (at, (unsigned char) (*at + 1), __ATOMIC_RELAXED);
  return NULL;
}

/* Nothing is lost of what another thread writes meanwhile. */
static void
test_touch_written (Fixture *self, gconstpointer data)
{
  GThread *thread = g_thread_new ("writer", count, self->memory);

  for (unsigned i = 0; i < 100000; i++)
    cw_pages_touch (self->memory, PAGES * self->page);
  g_thread_join (thread);
  g_assert_cmpint (self->memory[0], ==, (unsigned char) 1000000);
}

static void
test_aligned (Fixture *self, gconstpointer data)
{
  g_autofree char *after = NULL;

  cw_pages_populate (self->memory + self->page, 2 * self->page);
  after = present (self);
  g_assert_cmpstr (after, ==, system_can (self) ? "-xx-----" : "--------");
}

/* Whether the system has been asked for huge pages there; where it has none, nothing can be seen. */
static void
check_asked_for_huge (const void *memory)
{
  g_autofree char *start = g_strdup_printf ("\n%" G_GINTPTR_MODIFIER "x-", (uintptr_t) memory), *text = NULL;
  const char *at, *flags;

  if (access ("/sys/kernel/mm/transparent_hugepage", F_OK) != 0)
    return;
  g_assert_true (g_file_get_contents ("/proc/self/smaps", &text, NULL, NULL));
  at = strstr (text, start);
  g_assert_nonnull (at);
  flags = strstr (at, "VmFlags:");
  g_assert_nonnull (flags);
  at = strstr (flags, " hg ");
  g_assert_true (at && at < strchr (flags, '\n'));
}

/* All zero and untouched; large memory is aligned. All of it goes. */
static void
test_map (void)
{
  const size_t page = (size_t) sysconf (_SC_PAGESIZE);
  const size_t sizes[] = { 1, page, CW_HUGE_PAGE - 1, CW_HUGE_PAGE, 2 * CW_HUGE_PAGE + page + 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    unsigned char *memory = cw_pages_map (sizes[i], i % 2), there;
    size_t whole = (sizes[i] + page - 1) / page * page;

    g_assert_nonnull (memory);
    if (sizes[i] >= CW_HUGE_PAGE)
      g_assert_cmpuint ((uintptr_t) memory % CW_HUGE_PAGE, ==, 0);
    if (sizes[i] >= CW_HUGE_PAGE)
      check_asked_for_huge (memory);
    g_assert_no_errno (mincore (memory, 1, &there));
    if (i % 2 == 0 || sizes[i] < CW_HUGE_PAGE)
      g_assert_cmpint (there & 1, ==, i % 2);
    for (size_t j = 0; j < sizes[i]; j += 1000)
      g_assert_cmpint (memory[j]++, ==, 0);
    memory[sizes[i] - 1] = 1;
    cw_pages_unmap (memory, sizes[i]);
    for (size_t j = 0; j < whole; j += page)
      g_assert_cmpint (mincore (memory + j, 1, &there), ==, -1);
  }
  g_assert_null (cw_pages_map (SIZE_MAX, false));
  g_assert_null (cw_pages_map (SIZE_MAX / 2, false));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/pages/populate", Fixture, NULL, set_up, test_populate, tear_down);
  g_test_add ("/pages/touch", Fixture, NULL, set_up, test_touch, tear_down);
  g_test_add ("/pages/touch-written", Fixture, NULL, set_up, test_touch_written, tear_down);
  g_test_add_func ("/pages/map", test_map);
  g_test_add ("/pages/aligned", Fixture, NULL, set_up, test_aligned, tear_down);
  return g_test_run ();
}
