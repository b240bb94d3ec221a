/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static void *
map (size_t size, int flags)
{
  void *start = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

  return start == MAP_FAILED ? NULL : start;
}

static size_t
whole_pages (size_t size)
{
  size_t page = (size_t) sysconf (_SC_PAGESIZE);

  return (size + page - 1) / page * page;
}

static size_t
to_next_huge (const void *memory)
{
  return (CW_HUGE_PAGE - (uintptr_t) memory % CW_HUGE_PAGE) % CW_HUGE_PAGE;
}

static void *
map_aligned (size_t size)
{
  uint8_t *start = size <= SIZE_MAX - 2 * CW_HUGE_PAGE ? map (size + CW_HUGE_PAGE, 0) : NULL;
  size_t before, whole = whole_pages (size);

  if (!start)
    return NULL;
  before = to_next_huge (start);
  if (before > 0)
    munmap (start, before);
  if (before + whole < whole_pages (size + CW_HUGE_PAGE))
    munmap (start + before + whole, CW_HUGE_PAGE - before);
  cw_pages_ask_for_huge (start + before, size);
  return start + before;
}

void *
cw_pages_map (size_t size, bool populated)
{
  return size < CW_HUGE_PAGE ? map (size, populated ? MAP_POPULATE : 0) : map_aligned (size);
}

void
cw_pages_unmap (void *memory, size_t size)
{
  munmap (memory, size);
}

void
cw_pages_ask_for_huge (void *memory, size_t size)
{
#ifdef MADV_HUGEPAGE
  size_t before = to_next_huge (memory);

  if (size >= before + CW_HUGE_PAGE)
    madvise ((uint8_t *) memory + before, (size - before) / CW_HUGE_PAGE * CW_HUGE_PAGE, MADV_HUGEPAGE);
#endif
}

void
cw_pages_populate (void *memory, size_t size)
{
#ifdef MADV_POPULATE_WRITE
  size_t page = (size_t) sysconf (_SC_PAGESIZE), before = (uintptr_t) memory % page;

  /* The system rounds the end up to a whole page itself. */
  madvise ((uint8_t *) memory - before, before + size, MADV_POPULATE_WRITE);
#endif
}

void
cw_pages_touch (void *memory, size_t size)
{
  size_t page = (size_t) sysconf (_SC_PAGESIZE);

  for (size_t at = 0; at < size; at += page - (uintptr_t) ((uint8_t *) memory + at) % page)
    __atomic_fetch_or ((uint8_t *) memory + at, 0, __ATOMIC_RELAXED);
}
