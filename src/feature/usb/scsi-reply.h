/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data of a SCSI answer while it is put together: big-endian, never longer than it has room for. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CW_SCSI_REPLY_MAX 512 /* all answers but the medium's own data are much shorter */

typedef struct {
  uint8_t data[CW_SCSI_REPLY_MAX];
  size_t size;
} CwScsiReply;

static inline void
cw_scsi_put (CwScsiReply *self, const void *data, size_t size)
{
  g_assert (size <= sizeof self->data - self->size);
  memcpy (self->data + self->size, data, size);
  self->size += size;
}

static inline void
cw_scsi_put_u8 (CwScsiReply *self, uint8_t value)
{
  cw_scsi_put (self, &value, 1);
}

static inline void
cw_scsi_put_u16 (CwScsiReply *self, uint16_t value)
{
  value = GUINT16_TO_BE (value);
  cw_scsi_put (self, &value, sizeof value);
}

static inline void
cw_scsi_put_u24 (CwScsiReply *self, uint32_t value)
{
  cw_scsi_put_u8 (self, (uint8_t) (value >> 16));
  cw_scsi_put_u16 (self, (uint16_t) value);
}

static inline void
cw_scsi_put_u32 (CwScsiReply *self, uint32_t value)
{
  value = GUINT32_TO_BE (value);
  cw_scsi_put (self, &value, sizeof value);
}

static inline void
cw_scsi_put_u64 (CwScsiReply *self, uint64_t value)
{
  value = GUINT64_TO_BE (value);
  cw_scsi_put (self, &value, sizeof value);
}

static inline void
cw_scsi_put_zeros (CwScsiReply *self, size_t n)
{
  g_assert (n <= sizeof self->data - self->size);
  memset (self->data + self->size, 0, n);
  self->size += n;
}

/* ASCII, cut or padded with blanks to width. */
static inline void
cw_scsi_put_text (CwScsiReply *self, const char *text, size_t width)
{
  size_t size = MIN (strlen (text), width);

  cw_scsi_put (self, text, size);
  for (; size < width; size++)
    cw_scsi_put_u8 (self, ' ');
}

/* Sets a length field that was put as zero: the bytes from `after` on are what it counts. */
static inline void
cw_scsi_patch_u16 (CwScsiReply *self, size_t at, size_t after)
{
  uint16_t value = GUINT16_TO_BE ((uint16_t) (self->size - after));

  memcpy (self->data + at, &value, sizeof value);
}

static inline uint16_t
cw_scsi_u16 (const uint8_t *at)
{
  return (uint16_t) (at[0] << 8 | at[1]);
}

static inline uint32_t
cw_scsi_u32 (const uint8_t *at)
{
  return (uint32_t) cw_scsi_u16 (at) << 16 | cw_scsi_u16 (at + 2);
}

static inline uint64_t
cw_scsi_u64 (const uint8_t *at)
{
  return (uint64_t) cw_scsi_u32 (at) << 32 | cw_scsi_u32 (at + 4);
}
