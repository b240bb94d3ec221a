/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/agent.h"

#include "base/error.h"

#include <string.h>

/* One end of a conversation: what it sends and what it hears. */
typedef struct {
  CwAgent *agent;
  GPtrArray *bodies;   /* GBytes */
  GPtrArray *messages; /* CwMessage */
  GString *log;        /* of tags and questions for more */
  unsigned room;       /* calls of send that succeed */
  unsigned most;       /* bodies in one of them */
  unsigned more;       /* messages that low has to give */
  unsigned parts;
  bool reset_on_message;
} End;

static bool
send_bodies (gpointer data, GBytes *bytes)
{
  End *self = data;
  gsize size = g_bytes_get_size (bytes);
  unsigned n = 0;

  if (self->room == 0)
    return false;
  self->room--;
  for (gsize at = 0; at < size; at += CW_AGENT_MAX_DATA_SIZE, n++)
    g_ptr_array_add (self->bodies, g_bytes_new_from_bytes (bytes, at, MIN (CW_AGENT_MAX_DATA_SIZE, size - at)));
  self->most = MAX (self->most, n);
  return true;
}

static void
keep_message (gpointer data, const CwMessage *message)
{
  End *self = data;

  g_ptr_array_add (self->messages, cw_message_ref ((CwMessage *) message));
  if (self->reset_on_message)
    cw_agent_reset (self->agent);
}

static void
count_part (gpointer data, size_t size, CwSlice so_far)
{
  End *self = data;

  g_assert_cmpuint (so_far.size, <, size);
  self->parts++;
}

static void
note_sent (gpointer data, uint32_t tag)
{
  g_string_append_printf (((End *) data)->log, "sent %u ", tag);
}

static bool
send_clipboard (End *self, size_t size, uint32_t tag)
{
  g_autofree uint8_t *data = g_malloc (size);
  const CwAgentClipboard clipboard = { .type = CW_CLIPBOARD_TYPE_UTF8_TEXT, .data = { data, size } };

  for (size_t i = 0; i < size; i++)
    data[i] = (uint8_t) (i * 7);
  return cw_agent_send (self->agent, CW_AGENT_TYPE_CLIPBOARD, &clipboard, tag);
}

static void
give_more (gpointer data)
{
  End *self = data;

  if (self->more == 0)
    return;
  self->more--;
  g_string_append (self->log, "more ");
  send_clipboard (self, 4000, 100 + self->more);
}

static const CwAgentObserver observer = { send_bodies, keep_message, count_part, note_sent, give_more };

static End *
end_new (uint32_t credit)
{
  End *self = g_new0 (End, 1);

  self->agent = cw_agent_new (&observer, self);
  self->bodies = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_message_unref);
  self->log = g_string_new (NULL);
  self->room = G_MAXUINT;
  cw_agent_set_max_clipboard (self->agent, 1 << 20);
  cw_agent_set_credit (self->agent, credit);
  cw_agent_connect (self->agent);
  return self;
}

static void
end_free (End *self)
{
  cw_agent_free (self->agent);
  g_ptr_array_unref (self->bodies);
  g_ptr_array_unref (self->messages);
  g_string_free (self->log, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (End, end_free)

static size_t
body_size (End *self, unsigned index)
{
  g_assert_cmpuint (index, <, self->bodies->len);
  return g_bytes_get_size (self->bodies->pdata[index]);
}

static const CwMessage *
message (End *self, unsigned index)
{
  g_assert_cmpuint (index, <, self->messages->len);
  return self->messages->pdata[index];
}

/* All that one end has sent, as one piece. */
static GBytes *
stream_of (End *self)
{
  GByteArray *all = g_byte_array_new ();

  for (unsigned i = 0; i < self->bodies->len; i++) {
    gsize size;
    const uint8_t *data = g_bytes_get_data (self->bodies->pdata[i], &size);

    g_byte_array_append (all, data, (guint) size);
  }
  return g_byte_array_free_to_bytes (all);
}

/* Hands bytes over in pieces of this size. */
static bool
hear (End *self, GBytes *bytes, size_t piece, GError **error)
{
  gsize size = g_bytes_get_size (bytes);

  for (gsize at = 0; at < size; at += piece) {
    g_autoptr (GBytes) body = g_bytes_new_from_bytes (bytes, at, MIN (piece, size - at));

    if (!cw_agent_receive (self->agent, body, error))
      return false;
  }
  return true;
}

/* A message as it is on the wire. */
static GBytes *
raw (uint32_t protocol, uint32_t type, uint32_t declared, const void *body, size_t size)
{
  g_auto (CwBuffer) out;

  cw_buffer_init (&out, 1 << 22);
  cw_buffer_u32 (&out, protocol);
  cw_buffer_u32 (&out, type);
  cw_buffer_u64 (&out, 0);
  cw_buffer_u32 (&out, declared);
  cw_buffer_append (&out, body, size);
  return cw_buffer_steal (&out);
}

static void
announce (End *self, uint32_t capabilities)
{
  const uint32_t body[] = { GUINT32_TO_LE (0), GUINT32_TO_LE (capabilities) };
  g_autoptr (GBytes) bytes = raw (1, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES, sizeof body, body, sizeof body);

  g_assert_true (hear (self, bytes, 2048, NULL));
}

static void
test_bodies (void)
{
  g_autoptr (End) end = end_new (100);
  gsize size;
  const uint8_t *first;

  g_assert_true (send_clipboard (end, 5000, 0));
  g_assert_cmpuint (end->bodies->len, ==, 3);
  g_assert_cmpuint (body_size (end, 0), ==, 2048);
  g_assert_cmpuint (body_size (end, 1), ==, 2048);
  g_assert_cmpuint (body_size (end, 2), ==, 20 + 4 + 5000 - 2 * 2048);
  first = g_bytes_get_data (end->bodies->pdata[0], &size);
  g_assert_cmpmem (first, 20, "\1\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\x8c\x13\0\0", 20);

  /* The next message begins a body of its own, however small. */
  g_assert_true (send_clipboard (end, 1, 0));
  g_assert_true (send_clipboard (end, 2, 0));
  g_assert_cmpuint (body_size (end, 3), ==, 25);
  g_assert_cmpuint (body_size (end, 4), ==, 26);
}

static void
test_announcement (void)
{
  g_autoptr (End) end = end_new (100);
  g_autoptr (GBytes) sent = NULL;

  cw_agent_announce (end->agent, true);
  sent = stream_of (end);
  g_assert_cmpmem (g_bytes_get_data (sent, NULL), g_bytes_get_size (sent),
                   "\1\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\10\0\0\0\1\0\0\0\x77\x50\3\0", 28);
}

static void
test_credit (void)
{
  g_autoptr (End) end = end_new (10);

  for (unsigned i = 0; i < 12; i++)
    send_clipboard (end, 2048, 0); /* two bodies each */
  g_assert_cmpuint (end->bodies->len, ==, 10);
  cw_agent_add_credit (end->agent, 5);
  g_assert_cmpuint (end->bodies->len, ==, 15);
  cw_agent_set_credit (end->agent, 1);
  g_assert_cmpuint (end->bodies->len, ==, 16);
  cw_agent_add_credit (end->agent, UINT32_MAX);
  g_assert_cmpuint (end->bodies->len, ==, 24);
  cw_agent_add_credit (end->agent, UINT32_MAX);
  send_clipboard (end, 1, 0);
  g_assert_cmpuint (end->bodies->len, ==, 25);
  g_assert_cmpuint (cw_agent_waiting_bytes (end->agent), ==, 0);
}

static void
test_room (void)
{
  g_autoptr (End) end = end_new (100);

  end->room = 1;
  send_clipboard (end, 10000, 0);
  send_clipboard (end, 1, 0);
  end->room = 100;
  send_clipboard (end, 1, 0);
  g_assert_cmpuint (end->bodies->len, ==, 5);
  cw_agent_resume (end->agent);
  g_assert_cmpuint (end->bodies->len, ==, 7);
}

/* Whatever the credit, only so many go at a time, so that there is a say on the room. */
static void
test_burst (void)
{
  g_autoptr (End) end = end_new (UINT32_MAX);

  end->room = 2;
  send_clipboard (end, 200000, 0);
  g_assert_cmpuint (end->bodies->len, ==, 32);
  end->room = 100;
  cw_agent_resume (end->agent);
  g_assert_cmpuint (end->bodies->len, ==, (200024 + 2047) / 2048);
  g_assert_cmpuint (end->most, ==, 16);
}

static void
test_tags (void)
{
  g_autoptr (End) end = end_new (3);

  send_clipboard (end, 3000, 7);
  send_clipboard (end, 3000, 8);
  send_clipboard (end, 10, 0);
  g_assert_cmpstr (end->log->str, ==, "sent 7 ");
  end->more = 3;
  cw_agent_add_credit (end->agent, 100);
  /* More is asked for as soon as a message has gone, so that there always is a next one. */
  g_assert_cmpstr (end->log->str, ==, "sent 7 more more more sent 8 sent 102 sent 101 sent 100 ");
}

static void
test_too_many (void)
{
  g_autoptr (End) end = end_new (0);
  unsigned n = 0;

  while (n < 100000 && send_clipboard (end, 0, 0))
    n++;
  g_assert_cmpuint (n, ==, 4096);
}

/* Whatever the pieces, what was sent is what is heard. */
static void
test_reassembly (void)
{
  g_autoptr (End) sender = end_new (G_MAXUINT);
  g_autoptr (GBytes) stream = NULL;

  send_clipboard (sender, 300, 0);
  send_clipboard (sender, 0, 0);
  send_clipboard (sender, 5000, 0);
  cw_agent_announce (sender->agent, false);
  stream = stream_of (sender);
  for (size_t piece = 1; piece < 5600; piece += piece < 100 ? 1 : 97) {
    g_autoptr (End) end = end_new (0);
    const CwAgentClipboard *last;

    g_assert_true (hear (end, stream, piece, NULL));
    g_assert_cmpuint (end->messages->len, ==, 4);
    last = message (end, 2)->data;
    g_assert_cmpuint (last->data.size, ==, 5000);
    for (size_t i = 0; i < 5000; i++)
      g_assert_cmpuint (last->data.data[i], ==, (i * 7) & 0xff);
    g_assert_cmpuint (message (end, 3)->type, ==, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
    g_assert_cmpuint (end->parts > 0, ==, piece < 324 + 24 + 5024);
  }
}

static void
test_too_long (void)
{
  static const uint8_t zeros[200000];
  g_autoptr (End) end = end_new (0);
  g_autoptr (GBytes) other = raw (1, CW_AGENT_TYPE_CLIPBOARD_GRAB, 100000, zeros, 100000);
  g_autoptr (GBytes) clipboard = raw (1, CW_AGENT_TYPE_CLIPBOARD, 200000, zeros, 200000);
  g_autoptr (GBytes) release = raw (1, CW_AGENT_TYPE_CLIPBOARD_RELEASE, 0, NULL, 0);
  const CwAgentClipboard *content;

  cw_agent_set_max_clipboard (end->agent, 199995);
  g_assert_true (hear (end, other, 2048, NULL));
  g_assert_true (hear (end, clipboard, 2048, NULL));
  g_assert_true (hear (end, release, 2048, NULL));
  g_assert_cmpuint (end->messages->len, ==, 2);
  g_assert_cmpuint (end->parts, ==, 0);
  content = message (end, 0)->data;
  g_assert_cmpuint (content->data.size, ==, 0);
  g_assert_cmpuint (message (end, 1)->type, ==, CW_AGENT_TYPE_CLIPBOARD_RELEASE);

  cw_agent_set_max_clipboard (end->agent, 199996);
  g_assert_true (hear (end, clipboard, 2048, NULL));
  content = message (end, 2)->data;
  g_assert_cmpuint (content->data.size, ==, 199996);

  /* With a selection in front, its four bytes are no data either. */
  announce (end, 1 << CW_AGENT_CAP_CLIPBOARD_SELECTION);
  cw_agent_set_max_clipboard (end->agent, 10);
  g_assert_true (hear (end, clipboard, 2048, NULL));
  content = message (end, 4)->data;
  g_assert_cmpuint (content->data.size, ==, 0);
}

/* All but contents of the clipboard has one limit. */
static void
test_longest (void)
{
  static const uint8_t zeros[65537];
  g_autoptr (End) end = end_new (0);
  g_autoptr (GBytes) good = raw (1, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES, 65536, zeros, 65536);
  g_autoptr (GBytes) bad = raw (1, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES, 65537, zeros, 65537);

  g_assert_true (hear (end, bad, 2048, NULL));
  g_assert_cmpuint (end->messages->len, ==, 0);
  g_assert_true (hear (end, good, 2048, NULL));
  g_assert_cmpuint (end->messages->len, ==, 1);
}

/* 4 GiB are announced; nothing is allocated for what does not come. */
static void
test_declared_size (void)
{
  g_autoptr (End) end = end_new (0);
  g_autoptr (GBytes) head = raw (1, CW_AGENT_TYPE_CLIPBOARD, UINT32_MAX, "\0\0\0\0", 4);
  uint8_t zeros[2048] = { 0 };
  g_autoptr (GBytes) body = g_bytes_new_static (zeros, sizeof zeros);

  cw_agent_set_max_clipboard (end->agent, -1);
  g_assert_true (hear (end, head, 2048, NULL));
  for (unsigned i = 0; i < 1000; i++)
    g_assert_true (cw_agent_receive (end->agent, body, NULL));
  g_assert_cmpuint (end->messages->len, ==, 0);
}

static void
test_bad_header (void)
{
  g_autoptr (End) end = end_new (0);
  g_autoptr (GBytes) bytes = raw (2, CW_AGENT_TYPE_CLIPBOARD_RELEASE, 0, NULL, 0);
  g_autoptr (GError) error = NULL;

  g_assert_false (hear (end, bytes, 2048, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  g_assert_cmpstr (error->message, ==, "agent: header.protocol: 2 is not 1");
}

/* Bodies of every length, of every type: what is too short is passed over, the first of a kind with a warning. */
static void
test_short_bodies (void)
{
  static const uint8_t zeros[64];
  g_autoptr (End) end = end_new (0);

  announce (end, 1 << CW_AGENT_CAP_CLIPBOARD_SELECTION | 1 << CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL);
  for (uint32_t type = 0; type < 40; type++)
    for (uint32_t size = 0; size < sizeof zeros; size++) {
      g_autoptr (GBytes) bytes = raw (1, type, size, zeros, size);
      unsigned before = end->messages->len;

      g_assert_true (hear (end, bytes, 2048, NULL));
      if (type == CW_AGENT_TYPE_CLIPBOARD)
        g_assert_cmpuint (end->messages->len - before, ==, size >= 8);
      if (type == CW_AGENT_TYPE_CLIPBOARD_RELEASE)
        g_assert_cmpuint (end->messages->len - before, ==, 1);
      if (type == CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES)
        announce (end, 1 << CW_AGENT_CAP_CLIPBOARD_SELECTION | 1 << CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL);
    }
}

static unsigned n_warnings;

static void
count_warnings (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  if (level & G_LOG_LEVEL_WARNING)
    n_warnings++;
  g_assert_false (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR));
}

static void
test_warnings (void)
{
  g_autoptr (End) end = end_new (0);
  g_autoptr (GBytes) bytes = raw (1, CW_AGENT_TYPE_REPLY, 3, "abc", 3);

  n_warnings = 0;
  for (unsigned i = 0; i < 10; i++)
    g_assert_true (hear (end, bytes, 2048, NULL));
  g_assert_cmpuint (n_warnings, ==, 1);
}

static void
test_capabilities (void)
{
  g_autoptr (End) end = end_new (0);

  g_assert_false (cw_agent_can (end->agent, 5));
  announce (end, 0x354f7);
  g_assert_true (cw_agent_is_announced (end->agent));
  g_assert_cmphex (cw_agent_first_capabilities (end->agent), ==, 0x354f7);
  g_assert_true (cw_agent_can (end->agent, 5));
  g_assert_false (cw_agent_can (end->agent, 3));
  g_assert_false (cw_agent_can (end->agent, 64));
  g_assert_false (cw_agent_can (end->agent, UINT32_MAX));
  announce (end, 2);
  g_assert_false (cw_agent_can (end->agent, 5));
  cw_agent_connect (end->agent); /* another one */
  g_assert_false (cw_agent_can (end->agent, 1));
  g_assert_false (cw_agent_is_announced (end->agent));
  announce (end, 2);
  cw_agent_disconnect (end->agent);
  g_assert_false (cw_agent_can (end->agent, 1));
  g_assert_false (cw_agent_is_announced (end->agent));
}

/* The agent goes, or another comes in its place: the message under way is completed, the others are for nobody any
 * more.
 */
static void
test_loss (gconstpointer gone)
{
  g_autoptr (End) end = end_new (2);
  g_autoptr (GBytes) head = raw (1, CW_AGENT_TYPE_CLIPBOARD, 100, "\0\0\0\0", 4);
  g_autoptr (GBytes) release = raw (1, CW_AGENT_TYPE_CLIPBOARD_RELEASE, 0, NULL, 0);

  send_clipboard (end, 7000, 1);
  send_clipboard (end, 10, 2);
  g_assert_true (hear (end, head, 2048, NULL));
  if (gone) {
    cw_agent_disconnect (end->agent);
    g_assert_false (send_clipboard (end, 10, 3));
    cw_agent_set_credit (end->agent, 10);
  }
  cw_agent_connect (end->agent);
  if (!gone)
    cw_agent_set_credit (end->agent, 10);
  send_clipboard (end, 1, 4);
  g_assert_cmpuint (end->bodies->len, ==, 5);
  g_assert_cmpuint (body_size (end, 3), ==, 20 + 4 + 7000 - 3 * 2048);
  g_assert_cmpuint (body_size (end, 4), ==, 25);
  g_assert_cmpstr (end->log->str, ==, "sent 4 ");
  /* Half a message of the earlier one is no beginning of the new one's. */
  g_assert_true (hear (end, release, 2048, NULL));
  g_assert_cmpuint (end->messages->len, ==, 1);
}

static void
test_reset (void)
{
  g_autoptr (End) end = end_new (1);
  g_autoptr (GBytes) two = NULL;
  g_autoptr (End) sender = end_new (100);

  send_clipboard (end, 7000, 1);
  cw_agent_reset (end->agent);
  cw_agent_set_credit (end->agent, 10);
  g_assert_cmpuint (end->bodies->len, ==, 1);

  /* By a handler of the first of two messages in one body. */
  send_clipboard (sender, 3, 0);
  send_clipboard (sender, 3, 0);
  two = stream_of (sender);
  cw_agent_connect (end->agent);
  end->reset_on_message = true;
  g_assert_true (hear (end, two, 2048, NULL));
  g_assert_cmpuint (end->messages->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_log_set_default_handler (count_warnings, NULL);
  g_test_add_func ("/agent/bodies", test_bodies);
  g_test_add_func ("/agent/announcement", test_announcement);
  g_test_add_func ("/agent/credit", test_credit);
  g_test_add_func ("/agent/room", test_room);
  g_test_add_func ("/agent/burst", test_burst);
  g_test_add_func ("/agent/tags", test_tags);
  g_test_add_func ("/agent/too-many", test_too_many);
  g_test_add_func ("/agent/reassembly", test_reassembly);
  g_test_add_func ("/agent/too-long", test_too_long);
  g_test_add_func ("/agent/longest", test_longest);
  g_test_add_func ("/agent/declared-size", test_declared_size);
  g_test_add_func ("/agent/bad-header", test_bad_header);
  g_test_add_func ("/agent/short-bodies", test_short_bodies);
  g_test_add_func ("/agent/warnings", test_warnings);
  g_test_add_func ("/agent/capabilities", test_capabilities);
  g_test_add_data_func ("/agent/loss", "", test_loss);
  g_test_add_data_func ("/agent/loss/to-another", NULL, test_loss);
  g_test_add_func ("/agent/reset", test_reset);
  return g_test_run ();
}
