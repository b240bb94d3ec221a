/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages behind memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What processors and systems that have larger pages mostly have. */
#define CW_HUGE_PAGE ((size_t) 2 << 20)

/* Memory of its own, all zero; NULL if there is none. From CW_HUGE_PAGE on it is aligned to that and asks for huge
 * pages, where the system has them: one page fault instead of 512, each of which takes microseconds in some virtual
 * machines. populated: less than that gets its pages now. */
void *cw_pages_map (size_t size, bool populated);

/* size: what was mapped. */
void cw_pages_unmap (void *memory, size_t size);

/* A hint for memory that comes from elsewhere, about what lies in it of huge pages. */
void cw_pages_ask_for_huge (void *memory, size_t size);

/* All these bytes are about to be written: they get their pages in one go instead of by a fault each, where the system
 * can do that. What is there already stays as it is. Any thread. */
void cw_pages_populate (void *memory, size_t size);

/* The same by writing what is there, while others may write there too. It takes longer, and does not keep other threads
 * from asking the system for memory meanwhile. */
void cw_pages_touch (void *memory, size_t size);
