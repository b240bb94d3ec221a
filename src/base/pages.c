/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void
cw_pages_populate (void *memory, size_t size)
{
#ifdef MADV_POPULATE_WRITE
  size_t page = (size_t) sysconf (_SC_PAGESIZE), before = (uintptr_t) memory % page;

  /* The system rounds the end up to a whole page itself. */
  madvise ((uint8_t *) memory - before, before + size, MADV_POPULATE_WRITE);
#endif
}
