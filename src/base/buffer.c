/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buffer.h"

#include "base/pages.h"

#include <string.h>

void
cw_buffer_init (CwBuffer *self, size_t max)
{
  *self = (CwBuffer){ .max = max };
}

void
cw_buffer_clear (CwBuffer *self)
{
  g_free (self->data);
  *self = (CwBuffer){ .max = self->max };
}

static bool
allocate (CwBuffer *self, size_t size)
{
  uint8_t *data = g_try_realloc (self->data, size);

  if (!data)
    return false;
  self->data = data;
  self->allocated = size;
  cw_pages_ask_for_huge (data, size);
  return true;
}

static bool
reserve (CwBuffer *self, size_t size)
{
  size_t wanted;

  if (self->failed || size > self->max - self->size) {
    self->failed = true;
    return false;
  }
  wanted = self->size + size;
  if (wanted <= self->allocated
      || allocate (self, MAX (wanted, MIN (MAX (self->allocated * 2, (size_t) 64), self->max))))
    return true;
  self->failed = true;
  return false;
}

bool
cw_buffer_reserve (CwBuffer *self, size_t size)
{
  size_t wanted = self->size + MIN (size, self->max - self->size);

  return !self->failed && (wanted <= self->allocated || allocate (self, wanted));
}

uint8_t *
cw_buffer_grow (CwBuffer *self, size_t size)
{
  uint8_t *at;

  if (!reserve (self, size))
    return NULL;
  at = self->data + self->size;
  self->size += size;
  return at;
}

void
cw_buffer_append (CwBuffer *self, const void *data, size_t size)
{
  uint8_t *at;

  if (size == 0)
    return;
  at = cw_buffer_grow (self, size);
  if (at)
    memcpy (at, data, size);
}

void
cw_buffer_u8 (CwBuffer *self, uint8_t value)
{
  cw_buffer_append (self, &value, sizeof value);
}

void
cw_buffer_u16 (CwBuffer *self, uint16_t value)
{
  uint16_t le = GUINT16_TO_LE (value);

  cw_buffer_append (self, &le, sizeof le);
}

void
cw_buffer_u32 (CwBuffer *self, uint32_t value)
{
  uint32_t le = GUINT32_TO_LE (value);

  cw_buffer_append (self, &le, sizeof le);
}

void
cw_buffer_u64 (CwBuffer *self, uint64_t value)
{
  uint64_t le = GUINT64_TO_LE (value);

  cw_buffer_append (self, &le, sizeof le);
}

void
cw_buffer_patch_u32 (CwBuffer *self, size_t offset, uint32_t value)
{
  uint32_t le = GUINT32_TO_LE (value);

  if (self->failed)
    return;
  g_assert (offset <= self->size && self->size - offset >= sizeof le);
  memcpy (self->data + offset, &le, sizeof le);
}

GBytes *
cw_buffer_steal (CwBuffer *self)
{
  GBytes *bytes;

  if (self->failed)
    return NULL;
  bytes = g_bytes_new_take (g_steal_pointer (&self->data), self->size);
  cw_buffer_clear (self);
  return bytes;
}
