/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of frames of a display channel: one byte for the kind of header, then headers and bodies. */
#include "base/error.h"
#include "fuzz/fuzz.h"
#include "wire/frame.h"
#include "wire/message.h"

static void
check_body (CwSlice slice, uint16_t type, uint64_t serial)
{
  g_autoptr (GBytes) body = g_bytes_new (slice.data, slice.size);
  g_autoptr (GError) error = NULL;
  g_autoptr (CwMessage) message = cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type, serial, body, &error);

  g_assert_true ((message == NULL) == (error != NULL));
}

static void
check_descriptors (CwSlice body, uint16_t type)
{
  const CwMessageInfo *info = cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type);

  g_assert_cmpuint (cw_message_most (CW_CHANNEL_DISPLAY, type), >, 0);
  if (info && cw_message_has_descriptors (info, body))
    g_assert_cmpuint (body.size, >=, info->descriptor_at + 4);
}

static void
check_list (CwSlice body, const CwFrameHeader *header)
{
  g_autoptr (GError) error = NULL;
  CwSubMessage message;
  CwSubList list;
  uint64_t total = 0;
  unsigned n = 0;

  if (!cw_sub_list_init (&list, body, header->sub_list, &error)) {
    g_assert_nonnull (error);
    return;
  }
  while (cw_sub_list_next (&list, &message, &error)) {
    g_assert_cmpuint (message.offset, <=, body.size);
    g_assert_cmpuint (message.body.size, <=, body.size - message.offset);
    g_assert_true (message.body.data == body.data + message.offset);
    g_assert_true (message.type != CW_MSG_LIST && message.type != CW_MSG_MIGRATE);
    check_body (message.body, message.type, header->serial);
    total += message.body.size;
    n++;
  }
  g_assert_cmpuint (n, <=, CW_SUB_LIST_MAX);
  g_assert_cmpuint (total, <=, 4 * (uint64_t) body.size);
}

/* What a header says goes out again as the same header. */
static void
check_encode (bool mini, const CwFrameHeader *header)
{
  CwFraming out = { .mini = mini }, in = { .mini = mini };
  uint8_t bytes[CW_FRAME_HEADER_MAX];
  CwFrameHeader again;
  size_t size = cw_framing_encode (&out, header->type, header->size, bytes);

  g_assert_cmpuint (size, ==, cw_framing_header_size (&in));
  cw_framing_decode (&in, bytes, &again);
  g_assert_cmpuint (again.type, ==, header->type);
  g_assert_cmpuint (again.size, ==, header->size);
  g_assert_cmpuint (again.serial, ==, 1);
  g_assert_cmpuint (again.sub_list, ==, 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  CwFraming framing = { .mini = size > 0 && data[0] & 1 };
  CwAckWindow window = { 0 };
  size_t at = 1;

  while (at < size && size - at >= cw_framing_header_size (&framing)) {
    CwFrameHeader header;
    CwSlice body;

    cw_framing_decode (&framing, data + at, &header);
    at += cw_framing_header_size (&framing);
    check_encode (framing.mini, &header);
    body = (CwSlice){ data + at, MIN (header.size, size - at) };
    at += body.size;
    cw_ack_window_received (&window);
    g_assert_cmpuint (window.count, <=, window.window);
    if (header.type == CW_MSG_LIST || header.sub_list != 0)
      check_list (body, &header);
    if (header.type == CW_MSG_SET_ACK && body.size > 0)
      cw_ack_window_set (&window, body.data[0]);
    check_body (body, header.type, header.serial);
    check_descriptors (body, header.type);
  }
  return 0;
}
