/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/frame.h"

#include "base/error.h"
#include "wire/messages.h"
#include "wire/reader.h"

#include <string.h>

size_t
cw_framing_header_size (const CwFraming *self)
{
  return self->mini ? CW_MINI_HEADER_SIZE : CW_FULL_HEADER_SIZE;
}

void
cw_framing_decode (CwFraming *self, const uint8_t *bytes, CwFrameHeader *out)
{
  CwReader reader;

  cw_reader_init (&reader, NULL, (CwSlice){ bytes, cw_framing_header_size (self) });
  *out = (CwFrameHeader){ 0 };
  self->received_serial = self->mini ? self->received_serial + 1 : cw_reader_u64 (&reader, "serial");
  out->serial = self->received_serial;
  out->type = cw_reader_u16 (&reader, "type");
  out->size = cw_reader_u32 (&reader, "size");
  if (!self->mini)
    out->sub_list = cw_reader_u32 (&reader, "sub_list");
}

static size_t
put (uint8_t *out, size_t at, unsigned width, uint64_t value)
{
  for (unsigned i = 0; i < width; i++)
    out[at + i] = (uint8_t) (value >> (8 * i));
  return at + width;
}

size_t
cw_framing_encode (CwFraming *self, uint16_t type, uint32_t size, uint8_t out[CW_FRAME_HEADER_MAX])
{
  size_t at = 0;

  self->sent_serial++;
  if (!self->mini)
    at = put (out, at, 8, self->sent_serial);
  at = put (out, at, 2, type);
  at = put (out, at, 4, size);
  if (!self->mini)
    at = put (out, at, 4, 0);
  return at;
}

bool
cw_sub_list_init (CwSubList *self, CwSlice body, uint32_t list_offset, GError **error)
{
  CwReader reader;
  uint16_t count;

  cw_reader_init (&reader, "sub-messages", body);
  cw_reader_slice (&reader, list_offset, "list");
  count = cw_reader_u16 (&reader, "count");
  if (count > CW_SUB_LIST_MAX)
    cw_reader_fail (&reader, CW_ERROR_LIMIT, "count", list_offset, count, ">", CW_SUB_LIST_MAX);
  if ((size_t) count * 4 > cw_reader_left (&reader))
    cw_reader_fail (&reader, CW_ERROR_MALFORMED, "count", list_offset, count, ">", cw_reader_left (&reader) / 4);
  if (!cw_reader_finish (&reader, error))
    return false;
  *self = (CwSubList){ .body = body, .at = reader.pos, .left = count, .budget = (uint64_t) body.size * 4 };
  return true;
}

bool
cw_sub_list_next (CwSubList *self, CwSubMessage *out, GError **error)
{
  CwReader reader;
  uint32_t offset, size;
  uint16_t type;

  if (self->left == 0)
    return false;
  cw_reader_init (&reader, "sub-messages", self->body);
  reader.pos = self->at;
  offset = cw_reader_u32 (&reader, "offset");
  reader.pos = 0;
  cw_reader_slice (&reader, offset, "offset");
  type = cw_reader_u16 (&reader, "type");
  size = cw_reader_u32 (&reader, "size");
  size = (uint32_t) MIN (size, cw_reader_left (&reader));
  if (type == CW_MSG_LIST || type == CW_MSG_MIGRATE)
    cw_reader_fail_value (&reader, CW_ERROR_MALFORMED, "type", offset, type, "is not allowed inside a list");
  if (size > self->budget)
    cw_reader_fail (&reader, CW_ERROR_LIMIT, "size", offset, size, ">", self->budget);
  if (!cw_reader_finish (&reader, error)) {
    self->left = 0;
    return false;
  }
  self->at += 4;
  self->left--;
  self->budget -= size;
  *out = (CwSubMessage){ .type = type, .offset = reader.pos, .body = { self->body.data + reader.pos, size } };
  return true;
}

bool
cw_ack_window_received (CwAckWindow *self)
{
  if (self->count == 0 || --self->count > 0)
    return false;
  self->count = self->window;
  return true;
}

void
cw_ack_window_set (CwAckWindow *self, uint32_t window)
{
  self->window = window;
  self->count = window;
}
