/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/frame.h"

#include "base/error.h"
#include "wire/message.h"

#include <string.h>

static void
test_mini_header (void)
{
  static const uint8_t bytes[] = { 0x67, 0x00, 0x20, 0x00, 0x00, 0x00 };
  CwFraming framing = { .mini = true };
  CwFrameHeader header;
  uint8_t out[CW_FRAME_HEADER_MAX];

  g_assert_cmpuint (cw_framing_header_size (&framing), ==, 6);
  for (unsigned i = 1; i <= 3; i++) {
    cw_framing_decode (&framing, bytes, &header);
    g_assert_cmpuint (header.type, ==, CW_MSG_MAIN_INIT);
    g_assert_cmpuint (header.size, ==, 32);
    g_assert_cmpuint (header.serial, ==, i);
    g_assert_cmpuint (header.sub_list, ==, 0);
  }
  g_assert_cmpuint (cw_framing_encode (&framing, 0x67, 32, out), ==, 6);
  g_assert_cmpmem (out, 6, bytes, 6);
  g_assert_cmpuint (framing.sent_serial, ==, 1);
}

static void
test_full_header (void)
{
  static const uint8_t bytes[] = { 1, 0, 0, 0, 0, 0, 0, 0, 0x67, 0, 0x20, 0, 0, 0, 0, 0, 0, 0 };
  CwFraming framing = { .mini = false };
  CwFrameHeader header;
  uint8_t out[CW_FRAME_HEADER_MAX], skipped[sizeof bytes];

  g_assert_cmpuint (cw_framing_encode (&framing, 0x67, 32, out), ==, 18);
  g_assert_cmpmem (out, 18, bytes, sizeof bytes);
  memcpy (skipped, bytes, sizeof bytes);
  skipped[0] = 9; /* a sender may skip numbers */
  skipped[14] = 5;
  cw_framing_decode (&framing, skipped, &header);
  g_assert_cmpuint (header.serial, ==, 9);
  g_assert_cmpuint (framing.received_serial, ==, 9);
  g_assert_cmpuint (header.type, ==, 0x67);
  g_assert_cmpuint (header.sub_list, ==, 5);
}

/* A LIST as the reference server sends it: the sizes (24) are larger than what is there. */
static const uint8_t list[] = {
  0x02, 0x00, 0x1b, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x69, 0x00, 0x18, 0x00, 0x00,
  0x00, 0x01, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x03, 0x01, 0x00, 0x00, 0x05, 0x00, 0x18,
  0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static void
test_list_of_the_reference_server (void)
{
  g_autoptr (GError) error = NULL;
  CwSubMessage message;
  CwSubList iter;

  g_assert_true (cw_sub_list_init (&iter, (CwSlice){ list, sizeof list }, 0, &error));
  g_assert_true (cw_sub_list_next (&iter, &message, &error));
  g_assert_cmpuint (message.type, ==, CW_MSG_WAIT_FOR_CHANNELS);
  g_assert_cmpuint (message.offset, ==, 33);
  g_assert_cmpuint (message.body.size, ==, 11);
  g_assert_true (message.body.data == list + 33);
  g_assert_true (cw_sub_list_next (&iter, &message, &error));
  g_assert_cmpuint (message.type, ==, CW_MSG_DISPLAY_INVAL_LIST);
  g_assert_cmpuint (message.offset, ==, 16);
  g_assert_cmpuint (message.body.size, ==, 24);
  {
    g_autoptr (GBytes) body = g_bytes_new (message.body.data, message.body.size);
    g_autoptr (CwMessage) parsed = cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, message.type, 1, body, &error);
    const CwMsgDisplayInvalList *inval;

    g_assert_no_error (error);
    inval = parsed->data;
    g_assert_cmpuint (inval->n_resources, ==, 1);
    g_assert_cmpuint (inval->resources[0].type, ==, CW_RESOURCE_TYPE_PIXMAP);
    g_assert_cmpuint (inval->resources[0].id, ==, 0x10300000001);
  }
  g_assert_false (cw_sub_list_next (&iter, &message, &error));
  g_assert_no_error (error);
}

/* Writes count offsets that all name one sub-message of the given type and size at the end, with payload bytes. */
static GBytes *
make_list (unsigned count, uint16_t type, uint32_t size, unsigned payload)
{
  g_auto (CwBuffer) buffer = { 0 };

  cw_buffer_init (&buffer, 1 << 20);
  cw_buffer_u16 (&buffer, (uint16_t) count);
  for (unsigned i = 0; i < count; i++)
    cw_buffer_u32 (&buffer, 2 + 4 * count);
  cw_buffer_u16 (&buffer, type);
  cw_buffer_u32 (&buffer, size);
  memset (cw_buffer_grow (&buffer, payload), 0, payload);
  return cw_buffer_steal (&buffer);
}

/* The number of sub-messages seen; stops at the first error. */
static unsigned
walk_list (const uint8_t *data, size_t size, uint32_t list_offset, GError **error)
{
  CwSubMessage message;
  CwSubList iter;
  unsigned n = 0;

  if (!cw_sub_list_init (&iter, (CwSlice){ data, size }, list_offset, error))
    return 0;
  while (cw_sub_list_next (&iter, &message, error)) {
    g_assert_cmpuint (message.offset, <=, size);
    g_assert_cmpuint (message.body.size, <=, size - message.offset);
    n++;
  }
  return n;
}

static void
test_list_is_refused (void)
{
  g_autoptr (GBytes) most = NULL;
  static const struct {
    unsigned count;
    uint16_t type;
    unsigned payload;
    int code;
    unsigned seen;
  } cases[] = {
    { 1, CW_MSG_LIST, 8, CW_ERROR_MALFORMED, 0 },
    { 1, CW_MSG_MIGRATE, 8, CW_ERROR_MALFORMED, 0 },
    { 1025, CW_MSG_DISPLAY_INVAL_LIST, 8, CW_ERROR_LIMIT, 0 },
    { 10, CW_MSG_DISPLAY_INVAL_LIST, 1000, CW_ERROR_LIMIT, 4 },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) bytes = make_list (cases[i].count, cases[i].type, 0xffffffff, cases[i].payload);
    g_autoptr (GError) error = NULL;
    size_t size;
    const uint8_t *data = g_bytes_get_data (bytes, &size);

    g_assert_cmpuint (walk_list (data, size, 0, &error), ==, cases[i].seen);
    g_assert_error (error, CW_ERROR, cases[i].code);
  }
  most = make_list (1024, CW_MSG_DISPLAY_INVAL_LIST, 0, 0);
  g_assert_cmpuint (walk_list (g_bytes_get_data (most, NULL), g_bytes_get_size (most), 0, NULL), ==, 1024);
}

static void
test_list_cut_anywhere (void)
{
  for (size_t size = 0; size < sizeof list; size++) {
    g_autofree uint8_t *copy = g_memdup2 (list, size);
    g_autoptr (GError) error = NULL;

    /* The first entry's header stands at 27; behind it only its body gets shorter. */
    g_assert_cmpuint (walk_list (copy, size, 0, &error), ==, size < 33 ? 0 : 2);
    g_assert_true ((error != NULL) == (size < 33));
  }
}

static void
test_list_elsewhere (void)
{
  uint8_t body[4 + sizeof list];
  g_autoptr (GError) error = NULL;

  memset (body, 0, 4);
  memcpy (body + 4, list, sizeof list);
  body[4 + 2] += 4;
  body[4 + 6] += 4;
  g_assert_cmpuint (walk_list (body, sizeof body, 4, &error), ==, 2);
  g_assert_no_error (error);
  for (uint32_t at = sizeof body - 1; at != 0; at = at == UINT32_MAX ? 0 : at >= 0x80000000 ? UINT32_MAX : at * 2) {
    g_assert_cmpuint (walk_list (body, sizeof body, at, &error), ==, 0);
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    g_clear_error (&error);
  }
}

static void
test_ack_window (void)
{
  CwAckWindow window = { 0 };
  unsigned acks = 0;

  g_assert_false (cw_ack_window_received (&window));
  cw_ack_window_set (&window, 20);
  for (unsigned i = 1; i <= 60; i++) {
    bool ack = cw_ack_window_received (&window);

    g_assert_cmpint (ack, ==, i % 20 == 0);
    acks += ack;
  }
  g_assert_cmpuint (acks, ==, 3);
  cw_ack_window_set (&window, 1);
  g_assert_true (cw_ack_window_received (&window));
  g_assert_true (cw_ack_window_received (&window));
  cw_ack_window_set (&window, 0);
  for (unsigned i = 0; i < 100; i++)
    g_assert_false (cw_ack_window_received (&window));
  cw_ack_window_set (&window, UINT32_MAX);
  g_assert_false (cw_ack_window_received (&window));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/mini-header", test_mini_header);
  g_test_add_func ("/frame/full-header", test_full_header);
  g_test_add_func ("/frame/list-of-the-reference-server", test_list_of_the_reference_server);
  g_test_add_func ("/frame/list-is-refused", test_list_is_refused);
  g_test_add_func ("/frame/list-cut-anywhere", test_list_cut_anywhere);
  g_test_add_func ("/frame/list-elsewhere", test_list_elsewhere);
  g_test_add_func ("/frame/ack-window", test_ack_window);
  return g_test_run ();
}
