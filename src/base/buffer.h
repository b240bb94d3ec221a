/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing byte buffer that cannot be created without its maximum. Appending beyond it, or running out of memory,
 * makes the error sticky: later appends do nothing and cw_buffer_failed() says so, so callers check once. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint8_t *data;
  size_t size;
  size_t allocated;
  size_t max;
  bool failed;
} CwBuffer;

void cw_buffer_init (CwBuffer *self, size_t max);
void cw_buffer_clear (CwBuffer *self);

/* Makes room for so many bytes that are expected, at most up to the maximum, so that the content is not moved on the
 * way. Failure does no harm. */
bool cw_buffer_reserve (CwBuffer *self, size_t size);

/* Appends size uninitialised bytes and returns where to write them; NULL when the buffer has failed. */
uint8_t *cw_buffer_grow (CwBuffer *self, size_t size);
void cw_buffer_append (CwBuffer *self, const void *data, size_t size);
void cw_buffer_u8 (CwBuffer *self, uint8_t value);
void cw_buffer_u16 (CwBuffer *self, uint16_t value);
void cw_buffer_u32 (CwBuffer *self, uint32_t value);
void cw_buffer_u64 (CwBuffer *self, uint64_t value);

/* Overwrites four bytes that were appended before (little-endian): for sizes and offsets known only later. */
void cw_buffer_patch_u32 (CwBuffer *self, size_t offset, uint32_t value);

static inline bool
cw_buffer_failed (const CwBuffer *self)
{
  return self->failed;
}

/* Hands the content over and leaves the buffer empty; NULL when it has failed. */
GBytes *cw_buffer_steal (CwBuffer *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CwBuffer, cw_buffer_clear)
