/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a pump sends: order, bounds, flushes, room. */
#include "pump-fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that does not read: the queue fills up to its limit, the urgent lane to its own, and nothing blocks. */
static void
test_queue_limit (void)
{
  g_autoptr (GBytes) body = zeros (100000);
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) all = g_byte_array_new ();
  unsigned n = 0, n_urgent = 0;
  Fixture f;

  set_up (&f, true);
  cw_pump_set_queue_limit (f.pump, 1000000);
  while (cw_pump_send (f.pump, 50, body, CW_PUMP_NORMAL, &error)) {
    g_assert_cmpuint (++n, <, 100);
    spin (&f);
    g_assert_cmpuint (cw_pump_queued_bytes (f.pump), <=, 1000000);
  }
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  g_clear_error (&error);
  while (cw_pump_send (f.pump, 3, NULL, CW_PUMP_URGENT, &error))
    g_assert_cmpuint (++n_urgent, <, 10000);
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  g_assert_cmpuint (n_urgent, >, 100);
  cw_pump_flush (f.pump, on_flushed, &f);
  spin (&f);
  g_assert_cmpuint (f.n_flushed, ==, 0);

  for (unsigned i = 0; i < 10000 && f.n_flushed == 0; i++) {
    g_autoptr (GByteArray) part = take (&f);

    g_byte_array_append (all, part->data, part->len);
    spin (&f);
  }
  g_assert_cmpuint (f.n_flushed, ==, 1);
  g_assert_no_error (f.flushed);
  {
    g_autoptr (GByteArray) part = take (&f);
    g_byte_array_append (all, part->data, part->len);
  }
  g_assert_cmpuint (all->len, ==, n * 100006 + n_urgent * 6);
  g_assert_cmpuint (cw_pump_bytes_written (f.pump), ==, all->len);
  g_assert_cmpuint (cw_pump_queued_bytes (f.pump), ==, 0);
  /* Whole messages, and the urgent ones before most of the others. */
  for (size_t at = 0, normal = 0, urgent = 0; at < all->len;) {
    bool is_urgent = all->data[at] == 3;

    g_assert_true (is_urgent || all->data[at] == 50);
    at += is_urgent ? 6 : 100006;
    urgent += is_urgent;
    normal += !is_urgent;
    if (is_urgent)
      g_assert_cmpuint (normal, <, n - 5);
    g_assert_true (urgent <= n_urgent && normal <= n);
  }
  tear_down (&f);
}

/* All that the writer has to say, taken in parts of up to `most` bytes. */
static GByteArray *
drain (CwFrameWriter *writer, size_t most)
{
  struct iovec vectors[CW_FRAME_WRITER_VECTORS];
  GByteArray *all = g_byte_array_new ();
  int n;

  while ((n = cw_frame_writer_peek (writer, vectors)) > 0) {
    size_t taken = MIN (vectors[0].iov_len, most);

    g_byte_array_append (all, vectors[0].iov_base, (guint) taken);
    cw_frame_writer_written (writer, taken);
  }
  g_assert_cmpint (n, ==, 0);
  return all;
}

/* Messages cut from one piece of memory are those that would be sent one by one, and count as they. */
static void
test_pieces (gconstpointer in_records)
{
  enum { SIZE = 200000 };
  static const size_t pieces[] = { 1500, 2048, 5000, 70000, SIZE, SIZE_MAX };
  g_autofree uint8_t *data = g_malloc (SIZE);
  g_autoptr (GBytes) whole = NULL;

  for (size_t i = 0; i < SIZE; i++)
    data[i] = (uint8_t) (i * 7 + i / 251);
  whole = g_bytes_new (data, SIZE);
  for (unsigned i = 0; i < G_N_ELEMENTS (pieces); i++) {
    CwFrameWriter cut, single;
    g_autoptr (GByteArray) of_cut = NULL, of_single = NULL;

    cw_frame_writer_init (&cut, true, in_records != NULL, NULL);
    cw_frame_writer_init (&single, true, in_records != NULL, NULL);
    g_assert_true (cw_frame_writer_push (&cut, 7, whole, pieces[i], CW_PUMP_NORMAL, NULL));
    for (size_t at = 0; at < SIZE; at += MIN (SIZE - at, pieces[i])) {
      g_autoptr (GBytes) part = g_bytes_new_from_bytes (whole, at, MIN (SIZE - at, pieces[i]));

      g_assert_true (cw_frame_writer_push (&single, 7, part, SIZE_MAX, CW_PUMP_NORMAL, NULL));
    }
    g_assert_cmpuint (cw_frame_writer_bytes (&cut), ==, cw_frame_writer_bytes (&single));
    g_assert_cmpuint (cut.lanes[CW_PUMP_NORMAL].n_pushed, ==, single.lanes[CW_PUMP_NORMAL].n_pushed);
    of_cut = drain (&cut, 1000);
    of_single = drain (&single, 3000);
    g_assert_cmpmem (of_cut->data, of_cut->len, of_single->data, of_single->len);
    g_assert_cmpuint (cw_frame_writer_bytes (&cut), ==, 0);
    g_assert_cmpuint (cut.lanes[CW_PUMP_NORMAL].n_written, ==, single.lanes[CW_PUMP_NORMAL].n_pushed);
    cw_frame_writer_clear (&cut);
    cw_frame_writer_clear (&single);
  }
}

/* An urgent message goes between them; a writer that is given up forgets the rest. */
static void
test_urgent_between_pieces (void)
{
  g_autoptr (GBytes) whole = zeros (200000), empty = g_bytes_new (NULL, 0);
  struct iovec vectors[CW_FRAME_WRITER_VECTORS];
  CwFrameWriter writer;

  cw_frame_writer_init (&writer, true, false, NULL);
  g_assert_true (cw_frame_writer_push (&writer, 7, whole, 5000, CW_PUMP_NORMAL, NULL));
  g_assert_cmpint (cw_frame_writer_peek (&writer, vectors), ==, 2);
  g_assert_true (cw_frame_writer_push (&writer, 3, empty, SIZE_MAX, CW_PUMP_URGENT, NULL));
  cw_frame_writer_written (&writer, vectors[0].iov_len + vectors[1].iov_len);
  g_assert_cmpint (cw_frame_writer_peek (&writer, vectors), ==, 2);
  g_assert_cmpmem (vectors[0].iov_base, 8, "\3\0\0\0\0\0\7\0", 8);
  g_assert_cmpuint (vectors[1].iov_len, ==, 5000);
  cw_frame_writer_clear (&writer);
}

/* What may wait of either kind, if nobody says otherwise; each message counts as 128 bytes more than it has. */
static void
test_default_limits (void)
{
  static const struct {
    CwPumpPriority priority;
    size_t limit;
    const char *text;
  } rows[] = {
    { CW_PUMP_NORMAL, 16777216, "message 7: 128 bytes do not fit the queue: 16777089 of 16777216 bytes wait" },
    { CW_PUMP_URGENT, 65536, "message 7: 128 bytes do not fit the queue: 65409 of 65536 bytes wait" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    for (unsigned more = 0; more < 2; more++) {
      g_autoptr (GBytes) most = zeros (rows[i].limit - 256 + more), empty = g_bytes_new (NULL, 0);
      g_autoptr (GError) error = NULL;
      CwFrameWriter writer;

      cw_frame_writer_init (&writer, true, false, NULL);
      g_assert_true (cw_frame_writer_push (&writer, 7, most, SIZE_MAX, rows[i].priority, NULL));
      g_assert_true (cw_frame_writer_push (&writer, 7, empty, SIZE_MAX, rows[i].priority, &error) == !more);
      if (more) {
        g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
        g_assert_cmpstr (error->message, ==, rows[i].text);
      }
      cw_frame_writer_clear (&writer);
    }
  }
}

typedef struct {
  uint16_t type;
  size_t size; /* of the body */
} Sent;

static void
assert_frames (const GByteArray *bytes, const Sent *expected, size_t n)
{
  CwFraming framing = { .mini = true };
  uint8_t next = 0; /* of the stream */
  size_t at = 0;

  for (size_t i = 0; i < n; i++) {
    CwFrameHeader header;

    g_assert_cmpuint (bytes->len - at, >=, 6);
    cw_framing_decode (&framing, bytes->data + at, &header);
    g_assert_cmpuint (header.type, ==, expected[i].type);
    g_assert_cmpuint (header.size, ==, expected[i].size);
    g_assert_cmpuint (bytes->len - at - 6, >=, header.size);
    at += 6;
    for (size_t end = at + header.size; at < end; at++)
      g_assert_cmpuint (bytes->data[at], ==, header.type == 101 ? next++ : 0);
  }
  g_assert_cmpuint (at, ==, bytes->len);
}

static void
push_stream (CwFrameWriter *writer, size_t size, uint8_t *next)
{
  g_autofree uint8_t *data = g_malloc (size);
  g_autoptr (GBytes) bytes = NULL;

  for (size_t i = 0; i < size; i++)
    data[i] = (*next)++;
  bytes = g_bytes_new_take (g_steal_pointer (&data), size);
  g_assert_true (cw_frame_writer_push (writer, 101, bytes, 65536, CW_PUMP_NORMAL, NULL));
}

/* What is small goes together up to what is not, or is none of the stream; and counts as it was given. */
static void
test_joined (gconstpointer in_records)
{
  static const Sent together[] = { { 101, 6 }, { 7, 3 }, { 101, 1000 }, { 101, 5000 }, { 101, 2 } };
  static const size_t sizes[] = { 1, 2, 3, 0, 1000, 5000, 2 }; /* 0: another type */
  g_autoptr (GBytes) other = zeros (3);
  g_autoptr (GByteArray) out = NULL;
  CwFrameWriter writer;
  uint8_t next = 0;
  int n_flushed = 0;

  cw_frame_writer_init (&writer, true, in_records != NULL, NULL);
  cw_frame_writer_set_stream (&writer, 101);
  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++) {
    if (sizes[i] == 0)
      g_assert_true (cw_frame_writer_push (&writer, 7, other, SIZE_MAX, CW_PUMP_NORMAL, NULL));
    else
      push_stream (&writer, sizes[i], &next);
    if (i == 1)
      cw_frame_writer_push_flush (&writer, NULL, &n_flushed);
  }
  g_assert_cmpuint (writer.lanes[CW_PUMP_NORMAL].n_pushed, ==, G_N_ELEMENTS (sizes));
  g_assert_false (cw_frame_writer_has_due_flush (&writer));
  out = drain (&writer, 1000);
  assert_frames (out, together, G_N_ELEMENTS (together));
  g_assert_true (cw_frame_writer_has_due_flush (&writer));
  g_assert_cmpuint (writer.lanes[CW_PUMP_NORMAL].n_written, ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (cw_frame_writer_bytes (&writer), ==, 0);

  cw_frame_writer_clear (&writer);
}

/* As much goes together as the chunk has room for behind the longest header, and not a byte more. */
static void
test_joined_up_to (gconstpointer in_records)
{
  const size_t room = (in_records ? 16384 : 65536) - CW_FRAME_HEADER_MAX, last = room % 1000;

  for (size_t more = 0; more < 2; more++) {
    const Sent fits[] = { { 101, room }, { 101, 1 } },
               too_much[] = { { 101, room - last }, { 101, last + 1 }, { 101, 1 } };
    g_autoptr (GByteArray) out = NULL;
    CwFrameWriter writer;
    uint8_t next = 0;

    cw_frame_writer_init (&writer, true, in_records != NULL, NULL);
    cw_frame_writer_set_stream (&writer, 101);
    for (size_t size = 0; size < room - last; size += 1000)
      push_stream (&writer, 1000, &next);
    push_stream (&writer, last + more, &next);
    push_stream (&writer, 1, &next);
    out = drain (&writer, 1000);
    assert_frames (out, more ? too_much : fits, more ? 3 : 2);
    cw_frame_writer_clear (&writer);
  }
}

/* What is to go in pieces does, small as it is. */
static void
test_pieces_of_stream (void)
{
  static const Sent pieces[] = { { 101, 100 }, { 101, 100 }, { 101, 50 } };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GByteArray) out = NULL;
  uint8_t data[250];
  CwFrameWriter writer;

  for (unsigned i = 0; i < sizeof data; i++)
    data[i] = (uint8_t) i;
  bytes = g_bytes_new (data, sizeof data);
  cw_frame_writer_init (&writer, true, false, NULL);
  cw_frame_writer_set_stream (&writer, 101);
  g_assert_true (cw_frame_writer_push (&writer, 101, bytes, 100, CW_PUMP_NORMAL, NULL));
  out = drain (&writer, 1000);
  assert_frames (out, pieces, G_N_ELEMENTS (pieces));
  cw_frame_writer_clear (&writer);
}

static void
test_order_and_flush (void)
{
  g_autoptr (GByteArray) out = NULL;
  CwBuffer buffer;
  Fixture f;

  set_up (&f, true);
  cw_buffer_init (&buffer, 4);
  cw_buffer_u32 (&buffer, 0x64636261);
  g_assert_true (cw_pump_send_buffer (f.pump, 11, &buffer, CW_PUMP_NORMAL, NULL));
  cw_pump_flush (f.pump, on_flushed, &f);
  g_assert_true (cw_pump_send (f.pump, 12, NULL, CW_PUMP_NORMAL, NULL));
  g_assert_true (cw_pump_send (f.pump, 3, NULL, CW_PUMP_URGENT, NULL));
  g_assert_cmpuint (f.n_flushed, ==, 0); /* never from the caller's stack */
  spin (&f);
  g_assert_cmpuint (f.n_flushed, ==, 1);
  out = take (&f);
  g_assert_cmpmem (out->data, out->len, "\3\0\0\0\0\0\13\0\4\0\0\0abcd\14\0\0\0\0\0", 22);

  cw_buffer_append (&buffer, "toolong", 7);
  g_assert_false (cw_pump_send_buffer (f.pump, 11, &buffer, CW_PUMP_NORMAL, NULL));
  cw_buffer_clear (&buffer);

  g_assert_true (cw_pump_send (f.pump, 12, NULL, CW_PUMP_NORMAL, NULL));
  cw_pump_flush (f.pump, on_flushed, &f);
  cw_pump_close (f.pump);
  g_assert_cmpuint (f.n_flushed, ==, 1); /* nor from the stack of who closes */
  spin (&f);
  g_assert_cmpuint (f.n_flushed, ==, 2);
  g_assert_error (f.flushed, CW_ERROR, CW_ERROR_CLOSED);
  cw_pump_flush (f.pump, on_flushed, &f);
  g_assert_cmpuint (f.n_flushed, ==, 2);
  spin (&f);
  g_assert_cmpuint (f.n_flushed, ==, 3);
  g_assert_error (f.flushed, CW_ERROR, CW_ERROR_CLOSED);
  tear_down (&f);
}

typedef enum {
  END_OURS,
  END_WRITING,
  END_PEERS,   /* orderly, and it has read everything */
  END_DAMAGED, /* a message that is too long follows at once */
  END_BROKEN,  /* the peer has gone without reading what was sent, and the next message finds that */
} End;

static void
end_by (Fixture *self, End how)
{
  switch (how) {
  case END_OURS:
    cw_pump_close (self->pump);
    break;
  case END_WRITING:
    cw_pump_end_writing (self->pump);
    break;
  case END_PEERS:
    g_byte_array_unref (take (self));
    g_assert_cmpint (shutdown (self->peer, SHUT_WR), ==, 0);
    break;
  case END_DAMAGED:
    break;
  default:
    close (self->peer);
    self->peer = -1;
    g_assert_true (cw_pump_send (self->pump, 13, NULL, CW_PUMP_NORMAL, NULL));
    cw_pump_write_now (self->pump);
  }
}

typedef struct {
  Fixture f;
  End how;
  unsigned n_second; /* answers to the second flush */
  GError *second;
} Ending;

static void
on_second (gpointer data, const GError *error)
{
  Ending *self = data;

  self->n_second++;
  self->second = error ? g_error_copy (error) : NULL;
}

static void
send_two (Fixture *f, const CwPumpFrame *frame)
{
  Ending *self = (Ending *) f;

  g_assert_true (cw_pump_send (f->pump, 11, NULL, CW_PUMP_NORMAL, NULL));
  cw_pump_flush (f->pump, on_flushed, f);
  cw_pump_write_now (f->pump);
  g_assert_true (cw_pump_send (f->pump, 12, NULL, CW_PUMP_NORMAL, NULL));
  cw_pump_flush (f->pump, on_second, self);
  end_by (f, self->how);
}

static unsigned
count_come (Fixture *f)
{
  g_autoptr (GByteArray) come = take (f);

  return come->len / 6;
}

/* What the system has taken is on its way, though the end comes before anybody was told. */
static void
test_sent_before_end (gconstpointer data)
{
  Ending self = { .how = (End) GPOINTER_TO_INT (data) };
  Fixture *f = &self.f;

  set_up (f, true);
  f->limit = 100;
  f->hook = send_two;
  put (f, "\x65\0\0\0\0\0\x65\0\xff\xff\xff\0", self.how == END_DAMAGED ? 12 : 6);
  spin (f);
  g_assert_cmpuint (f->n_flushed, ==, 1);
  g_assert_cmpuint (self.n_second, ==, 1);
  if (self.how == END_BROKEN)
    g_assert_error (f->flushed, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  else
    g_assert_no_error (f->flushed);
  if (self.how == END_PEERS) /* which leaves the other direction open for as long as it takes to write that */
    g_assert_no_error (self.second);
  else if (self.how == END_DAMAGED) /* the second is written if the turn ends before the damage is met */
    g_assert_cmpuint (count_come (f), ==, self.second ? 1 : 2);
  else
    g_assert_nonnull (self.second);
  g_clear_error (&self.second);
  tear_down (f);
}

/* A flush after each of many messages to a peer that does not read: all fail, none before the end, in no time. */
static void
test_many_flushes (void)
{
  const unsigned n = 20000;
  g_autoptr (GBytes) body = zeros (1000);
  Fixture f;

  set_up (&f, true);
  cw_pump_set_queue_limit (f.pump, G_MAXSIZE);
  for (unsigned i = 0; i < n; i++) {
    g_assert_true (cw_pump_send (f.pump, 50, body, CW_PUMP_NORMAL, NULL));
    cw_pump_flush (f.pump, on_flushed, &f);
  }
  spin (&f);
  g_assert_cmpuint (f.n_flushed, <, n / 2);
  cw_pump_close (f.pump);
  spin (&f);
  g_assert_cmpuint (f.n_flushed, ==, n);
  g_assert_error (f.flushed, CW_ERROR, CW_ERROR_CLOSED);
  tear_down (&f);
}

typedef struct {
  Fixture *fixture;
  unsigned left;
} NestedFlush;

static void
on_nested_flush (gpointer data, const GError *error)
{
  NestedFlush *self = data;
  unsigned n = self->fixture->n_flushed;

  g_assert_no_error (error);
  self->fixture->n_flushed++;
  if (self->left-- == 0)
    return;
  g_assert_true (cw_pump_send (self->fixture->pump, 7, NULL, CW_PUMP_NORMAL, NULL));
  cw_pump_flush (self->fixture->pump, on_nested_flush, self);
  while (self->fixture->n_flushed < n + 2)
    g_main_context_iteration (self->fixture->context, TRUE);
}

/* Who is told that all has been sent may wait right there for more to be sent. */
static void
test_nested_flush (void)
{
  g_autoptr (GByteArray) out = NULL;
  NestedFlush nested;
  Fixture f;

  set_up (&f, true);
  nested = (NestedFlush){ &f, 3 };
  cw_pump_flush (f.pump, on_nested_flush, &nested);
  while (f.n_flushed < 4)
    g_main_context_iteration (f.context, TRUE);
  out = take (&f);
  g_assert_cmpuint (out->len, ==, 3 * 6);
  tear_down (&f);
}

typedef struct {
  Fixture *fixture;
  unsigned n_calls;
  size_t queued; /* at the last call */
  GError *error;
} Room;

static void
on_room (gpointer data, const GError *error)
{
  Room *self = data;

  self->n_calls++;
  self->queued = self->fixture->pump ? cw_pump_queued_bytes (self->fixture->pump) : 0;
  self->error = error ? g_error_copy (error) : NULL;
}

/* A bulk sender is told when there is room again: once for each time it asks, before all is gone. */
static void
test_room (void)
{
  g_autoptr (GBytes) body = zeros (100000);
  Room room, early;
  Fixture f;

  set_up (&f, true);
  room = early = (Room){ .fixture = &f };
  cw_pump_set_queue_limit (f.pump, 1000000);
  cw_pump_await_room (f.pump, 200000, on_room, &room);
  g_assert_cmpuint (room.n_calls, ==, 0); /* never inside the call */
  spin (&f);
  g_assert_cmpuint (room.n_calls, ==, 1);

  for (unsigned round = 2; round <= 4; round++) {
    while (cw_pump_send (f.pump, 50, body, CW_PUMP_NORMAL, NULL))
      ;
    cw_pump_await_room (f.pump, 200000, on_room, &room);
    cw_pump_await_room (f.pump, 500000, on_room, &early);
    spin (&f);
    g_assert_cmpuint (room.n_calls, ==, round - 1);
    while (room.n_calls < round) {
      g_byte_array_unref (take (&f));
      spin (&f);
      g_assert_cmpuint (early.n_calls, >=, room.n_calls - 1);
    }
    g_assert_cmpuint (room.queued, <=, 200000);
    g_assert_no_error (room.error);
  }
  g_assert_cmpuint (early.n_calls, ==, 3);

  while (cw_pump_send (f.pump, 50, body, CW_PUMP_NORMAL, NULL))
    ;
  cw_pump_await_room (f.pump, 0, on_room, &room);
  spin (&f);
  g_assert_cmpuint (room.n_calls, ==, 4);
  cw_pump_close (f.pump);
  spin (&f);
  g_assert_cmpuint (room.n_calls, ==, 5);
  g_assert_error (room.error, CW_ERROR, CW_ERROR_CLOSED);
  g_clear_error (&room.error);
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/sending/pieces/in-chunks", NULL, test_pieces);
  g_test_add_data_func ("/sending/pieces/in-records", "", test_pieces);
  g_test_add_func ("/sending/urgent-between-pieces", test_urgent_between_pieces);
  g_test_add_func ("/sending/default-limits", test_default_limits);
  g_test_add_data_func ("/sending/joined/in-chunks", NULL, test_joined);
  g_test_add_data_func ("/sending/joined/in-records", "", test_joined);
  g_test_add_data_func ("/sending/joined-up-to/a-chunk", NULL, test_joined_up_to);
  g_test_add_data_func ("/sending/joined-up-to/a-record", "", test_joined_up_to);
  g_test_add_func ("/sending/pieces-of-stream", test_pieces_of_stream);
  g_test_add_func ("/sending/queue-limit", test_queue_limit);
  g_test_add_func ("/sending/order-and-flush", test_order_and_flush);
  g_test_add_data_func ("/sending/sent-before-end/ours", GINT_TO_POINTER (END_OURS), test_sent_before_end);
  g_test_add_data_func ("/sending/sent-before-end/of-writing", GINT_TO_POINTER (END_WRITING), test_sent_before_end);
  g_test_add_data_func ("/sending/sent-before-end/peers", GINT_TO_POINTER (END_PEERS), test_sent_before_end);
  g_test_add_data_func ("/sending/sent-before-end/damaged", GINT_TO_POINTER (END_DAMAGED), test_sent_before_end);
  g_test_add_data_func ("/sending/sent-before-end/broken", GINT_TO_POINTER (END_BROKEN), test_sent_before_end);
  g_test_add_func ("/sending/many-flushes", test_many_flushes);
  g_test_add_func ("/sending/nested-flush", test_nested_flush);
  g_test_add_func ("/sending/room", test_room);
  return g_test_run ();
}
