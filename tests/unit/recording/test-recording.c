/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings written, read, cut, broken, inspected, and played to a client made of the link layer. */
#include "base/error.h"
#include "link/link.h"
#include "recording/inspect.h"
#include "recording/reader.h"
#include "recording/recorder.h"
#include "recording/replay.h"
#include "no-threads.h"
#include "wire/message.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <libdeflate.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_PINGS 300
#define BIG (700 * 1024) /* more than a block */

typedef struct {
  char *folder, *path;
  GBytes *bytes; /* the whole file */
} Fixture;

static void
record (CwRecorder *recorder, uint8_t channel, uint16_t type, uint64_t serial, const void *data, size_t size)
{
  cw_recorder_message (recorder, channel, 0, type, serial, (CwSlice){ data, size });
}

static void
record_ping (CwRecorder *recorder, uint8_t channel, uint32_t id, size_t padding)
{
  g_autofree uint8_t *body = g_malloc0 (12 + padding);

  memcpy (body, &(uint32_t){ GUINT32_TO_LE (id) }, 4);
  for (size_t i = 0; i < padding; i++)
    body[12 + i] = (uint8_t) (i * i >> 7 ^ i); /* does not shrink to nothing */
  record (recorder, channel, CW_MSG_PING, id + 1, body, 12 + padding);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_auto (CwCaps) common = CW_CAPS_INIT;
  g_auto (CwCaps) caps = CW_CAPS_INIT;
  g_autoptr (GError) error = NULL;
  CwRecorder *recorder;
  char *text;
  gsize size;

  self->folder = g_dir_make_tmp ("recording-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "file", NULL);
  recorder = cw_recorder_new (self->path, &error);
  g_assert_no_error (error);
  cw_caps_set (&common, CW_COMMON_CAP_MINI_HEADER);
  cw_caps_set (&caps, 9);
  cw_caps_set (&caps, 40);
  cw_recorder_opened (recorder, CW_CHANNEL_MAIN, 0, &common, &caps, true);
  for (uint32_t i = 0; i < N_PINGS; i++)
    record_ping (recorder, CW_CHANNEL_MAIN, i, i == 100 ? BIG : 3000);
  cw_recorder_opened (recorder, CW_CHANNEL_INPUTS, 0, &common, &(CwCaps){ 0 }, true);
  record (recorder, CW_CHANNEL_INPUTS, CW_MSG_INPUTS_INIT, 1, "\2", 2);
  record (recorder, CW_CHANNEL_INPUTS, 9999, 2, NULL, 0);
  record (recorder, CW_CHANNEL_INPUTS, CW_MSG_SET_ACK, 3, "x", 1); /* damaged */
  cw_recorder_closed (recorder, CW_CHANNEL_INPUTS, 0);
  g_assert_true (cw_recorder_finish (recorder, &error));
  g_assert_true (g_file_get_contents (self->path, &text, &size, &error));
  self->bytes = g_bytes_new_take (text, size);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_rmdir (self->folder);
  g_free (self->path);
  g_free (self->folder);
  g_bytes_unref (self->bytes);
}

/* How many records can be read, checking each ping; error is the damage, if any. */
static unsigned
count (CwRecording *recording, GError **error)
{
  g_auto (CwRecordIter) iter = { 0 };
  CwRecord record;
  uint64_t last = 0;
  uint32_t next = 0;
  unsigned n = 0;

  cw_record_iter_init (&iter, recording);
  while (cw_record_iter_next (&iter, &record, error)) {
    n++;
    g_assert_cmpuint (record.time_us, >=, last);
    last = record.time_us;
    if (record.kind != CW_RECORD_MESSAGE || record.type != CW_MSG_PING)
      continue;
    g_assert_cmpuint (record.payload.size, ==, 12 + (next == 100 ? BIG : 3000));
    g_assert_cmpuint (record.payload.data[0] | record.payload.data[1] << 8, ==, next);
    g_assert_cmpuint (record.serial, ==, ++next);
  }
  return n;
}

#define N_RECORDS (N_PINGS + 6)

static void
test_round_trip (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CwRecording) recording = cw_recording_open (self->path, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (cw_recording_begin (recording), <=, (uint64_t) g_get_real_time ());
  g_assert_cmpuint (count (recording, &error), ==, N_RECORDS);
  g_assert_no_error (error);
}

/* Records share blocks, and what is alike in them is stored once. */
static void
test_small (Fixture *self, gconstpointer data)
{
  g_assert_cmpuint (g_bytes_get_size (self->bytes), <, N_PINGS * 3000 / 2);
}

/* Cut anywhere: what is whole stays, and the error tells where it ends. */
static void
test_cut (Fixture *self, gconstpointer data)
{
  size_t size = g_bytes_get_size (self->bytes);
  unsigned before = 0;

  for (size_t at = 0; at < size; at += at < 200 || at > size - 200 ? 1 : size / 40) {
    g_autoptr (GBytes) part = g_bytes_new_from_bytes (self->bytes, 0, at);
    g_autoptr (GError) error = NULL;
    g_autoptr (CwRecording) recording = cw_recording_new (part, &error);
    unsigned n;

    if (at < CW_RECORDING_HEADER) {
      g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
      continue;
    }
    g_assert_no_error (error);
    n = count (recording, &error);
    g_assert_cmpuint (n, >=, before);
    g_assert_cmpuint (n, <, N_RECORDS);
    before = n;
    if (error) {
      g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
      g_assert_nonnull (strstr (error->message, "offset"));
    }
  }
  g_assert_cmpuint (before, >, 0);
}

/* A wrong bit anywhere is noticed, and what stands before it is good. */
static void
test_damage (Fixture *self, gconstpointer data)
{
  gsize size;
  const uint8_t *good = g_bytes_get_data (self->bytes, &size);

  for (size_t at = CW_RECORDING_HEADER; at < size; at += at < 100 ? 1 : size / 60) {
    g_autofree uint8_t *copy = g_memdup2 (good, size);
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (CwRecording) recording = NULL;
    g_autoptr (GError) error = NULL;

    copy[at] ^= 0x10;
    bytes = g_bytes_new_take (g_steal_pointer (&copy), size);
    recording = cw_recording_new (bytes, NULL);
    g_assert_nonnull (recording);
    g_assert_cmpuint (count (recording, &error), <, N_RECORDS);
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error->message, "offset"));
  }
}

/* What blocks may be said to hold; one that is believed is then inflated, which these are not good for. */
static void
test_large_blocks (void)
{
  static const struct {
    uint32_t coded, plain;
    bool believed;
  } rows[] = {
    { 250000, 272629760, true }, /* 260 MiB */
    { 250000, 272629761, false },
    { 10, 12099, true }, /* less than 11 times 1100 */
    { 10, 12100, false },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    const size_t size = CW_RECORDING_HEADER + CW_RECORDING_BLOCK + rows[i].coded;
    uint8_t *data = g_malloc (size), *block = data + CW_RECORDING_HEADER;
    g_autoptr (GBytes) bytes = g_bytes_new_take (data, size);
    g_autofree char *text
        = rows[i].believed ? g_strdup_printf ("does not inflate to %u bytes", rows[i].plain)
                           : g_strdup_printf ("a block of %u bytes is said to hold %u", rows[i].coded, rows[i].plain);
    g_autoptr (CwRecording) recording = NULL;
    g_autoptr (GError) error = NULL;

    memset (data, 0, CW_RECORDING_HEADER);
    memcpy (data, "CWRECORD\1", 9);
    memset (block + CW_RECORDING_BLOCK, 0xff, rows[i].coded); /* begins with a kind of block that there is not */
    memcpy (block, &(uint32_t){ GUINT32_TO_LE (rows[i].coded) }, 4);
    memcpy (block + 4, &(uint32_t){ GUINT32_TO_LE (rows[i].plain) }, 4);
    memcpy (block + 8, &(uint32_t){ GUINT32_TO_LE (libdeflate_crc32 (0, block + CW_RECORDING_BLOCK, rows[i].coded)) },
            4);
    recording = cw_recording_new (bytes, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (count (recording, &error), ==, 0);
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, text));
  }
}

static void
test_other_files (void)
{
  static const char *const files[]
      = { "", "CWRECORD", "CWRECORD\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "#!/bin/sh\nexit 0\nand some more text" };
  static const size_t sizes[] = { 0, 8, 24, 36 };

  for (unsigned i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (GBytes) bytes = g_bytes_new_static (files[i], sizes[i]);
    g_autoptr (GError) error = NULL;

    g_assert_null (cw_recording_new (bytes, &error));
    g_assert_error (error, CW_ERROR, (i == 2 ? CW_ERROR_UNSUPPORTED : CW_ERROR_MALFORMED));
  }
}

static void
test_inspect (Fixture *self, gconstpointer data)
{
  g_autoptr (CwRecording) recording = cw_recording_open (self->path, NULL);
  g_autoptr (CwInspector) inspector = cw_inspector_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (CwRecordIter) iter = { 0 };
  CwRecord record;

  cw_record_iter_init (&iter, recording);
  while (cw_record_iter_next (&iter, &record, NULL))
    cw_inspector_add (inspector, &record, text);
  g_assert_nonnull (strstr (text->str, "main:0 ping, serial 300, 3012 bytes\n  id = 299\n"));
  g_assert_nonnull (strstr (text->str, "channel capabilities = 0x00000200"));
  g_assert_nonnull (strstr (text->str, "inputs:0 message-9999, serial 2, 0 bytes\n"));
  g_assert_nonnull (strstr (text->str, "  damaged: inputs: set-ack."));
  g_assert_nonnull (strstr (text->str, "inputs:0 closed\n"));
  g_string_truncate (text, 0);
  cw_inspector_print_json (inspector, text);
  g_assert_nonnull (strstr (text->str, "\"ping\": {\"messages\": 300, "));
  g_assert_nonnull (strstr (text->str, "\"damaged\": 1"));
}

/* A client's link to a channel. */
static CwLink *
link_to (CwReplayChannel *channel, int type)
{
  CwLinkParams params = { .channel_type = type, .credentials = { .password = "anything" } };
  CwLink *link = cw_link_new (&params, NULL);
  g_autoptr (GError) error = NULL;

  while (cw_link_status (link) == CW_LINK_RUNNING) {
    g_autoptr (GBytes) said = cw_link_take_output (link);
    g_autoptr (GBytes) answer = NULL;

    g_assert_nonnull (said);
    for (size_t i = 0; i < g_bytes_get_size (said); i++)
      g_assert_true (cw_replay_channel_feed (channel, (const uint8_t *) g_bytes_get_data (said, NULL) + i, 1, &error));
    answer = cw_replay_channel_take_output (channel);
    g_assert_nonnull (answer);
    g_assert_cmpuint (cw_link_feed (link, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer)), ==,
                      g_bytes_get_size (answer));
  }
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  return link;
}

/* And the messages behind it. */
static void
test_replay (Fixture *self, gconstpointer data)
{
  g_autoptr (CwRecording) recording = cw_recording_open (self->path, NULL);
  g_autoptr (CwReplay) replay = cw_replay_new (recording, NULL, NULL);
  g_autoptr (CwReplayChannel) channel = cw_replay_channel_new (replay);
  g_autoptr (CwLink) link = link_to (channel, CW_CHANNEL_MAIN);
  uint64_t time_us;

  g_assert_false (cw_replay_lacks_video_memory (replay));
  g_assert_true (cw_caps_test (cw_link_peer_channel_caps (link), 40));
  g_assert_false (cw_caps_test (cw_link_peer_channel_caps (link), 10));
  g_assert_true (cw_replay_channel_is_linked (channel));
  for (unsigned i = 0; i < N_PINGS; i++) {
    g_autoptr (GBytes) frame = cw_replay_channel_next (channel, &time_us);
    const uint8_t *bytes = g_bytes_get_data (frame, NULL);

    g_assert_cmpuint (g_bytes_get_size (frame), ==, 6 + 12 + (i == 100 ? BIG : 3000));
    g_assert_cmpmem (bytes, 2, "\4\0", 2);
    g_assert_cmpuint (bytes[6] | bytes[7] << 8, ==, i);
  }
  g_assert_null (cw_replay_channel_next (channel, &time_us));
}

/* The descriptors are not there, nor the bytes that came with them, for which a client would wait. */
static void
test_replay_video_memory (Fixture *self, gconstpointer data)
{
  static const uint16_t types[]
      = { CW_MSG_DISPLAY_GL_SCANOUT_UNIX, CW_MSG_DISPLAY_GL_DRAW, CW_MSG_DISPLAY_GL_SCANOUT2_UNIX };
  const uint8_t body[33] = { 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 'X', 'R', '2', '4', 1 };
  CwRecorder *recorder = cw_recorder_new (self->path, NULL);
  g_autoptr (CwRecording) recording = NULL;
  g_autoptr (CwReplay) replay = NULL;
  g_autoptr (CwReplayChannel) channel = NULL;
  g_autoptr (CwLink) link = NULL;
  uint64_t time_us;

  cw_recorder_opened (recorder, CW_CHANNEL_DISPLAY, 0, &(CwCaps){ 0 }, &(CwCaps){ 0 }, false);
  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++)
    record (recorder, CW_CHANNEL_DISPLAY, types[i], i + 1, body, sizeof body);
  record (recorder, CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_MARK, 4, NULL, 0);
  g_assert_true (cw_recorder_finish (recorder, NULL));
  recording = cw_recording_open (self->path, NULL);
  replay = cw_replay_new (recording, NULL, NULL);
  g_assert_true (cw_replay_lacks_video_memory (replay));
  channel = cw_replay_channel_new (replay);
  link = link_to (channel, CW_CHANNEL_DISPLAY);
  for (unsigned i = 0; i < 4; i++) {
    g_autoptr (GBytes) frame = cw_replay_channel_next (channel, &time_us);
    const uint8_t *bytes = g_bytes_get_data (frame, NULL);
    uint16_t expected = i < 3 ? CW_MSG_DISPLAY_INVAL_LIST : CW_MSG_DISPLAY_MARK;

    g_assert_cmpuint (bytes[0], ==, i + 1); /* the serial of the full header */
    g_assert_cmpuint (bytes[8] | bytes[9] << 8, ==, expected);
    g_assert_cmpuint (g_bytes_get_size (frame), ==, 18 + (i < 3 ? 2 : 0));
    if (i < 3)
      g_assert_cmpmem (bytes + 18, 2, "\0\0", 2);
  }
}

static void
test_replay_refuses (Fixture *self, gconstpointer data)
{
  g_autoptr (CwRecording) recording = cw_recording_open (self->path, NULL);
  g_autoptr (CwReplay) replay = cw_replay_new (recording, NULL, NULL);
  g_autoptr (CwReplayChannel) channel = cw_replay_channel_new (replay);
  g_autoptr (CwReplayChannel) other = cw_replay_channel_new (replay);
  CwLinkParams params = { .channel_type = CW_CHANNEL_DISPLAY };
  g_autoptr (CwLink) link = cw_link_new (&params, NULL);
  g_autoptr (GBytes) said = cw_link_take_output (link);
  g_autoptr (GError) error = NULL;
  GBytes *answer;

  g_assert_false (cw_replay_channel_feed (channel, g_bytes_get_data (said, NULL), g_bytes_get_size (said), &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_STATE);
  answer = cw_replay_channel_take_output (channel);
  cw_link_feed (link, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_FAILED);
  g_bytes_unref (answer);
  g_clear_error (&error);
  g_assert_false (cw_replay_channel_feed (other, "GET / HTTP/1.1\r\n", 16, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
}

/* A full disk is told at the end, and does not stop whoever records. */
static void
test_full_disk (void)
{
  g_autoptr (GError) error = NULL;
  CwRecorder *recorder = cw_recorder_new ("/dev/full", &error);

  g_assert_null (recorder);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
}

/* Nobody who would write. */
static void
test_no_thread (void)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "no-thread-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
  no_threads = 1;
  g_assert_null (cw_recorder_new (path, &error));
  no_threads = 0;
  g_assert_error (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN);
  g_unlink (path);
}

#define RECORD_SIZE (24 + 2) /* what stands before the body of a message */
#define MIB ((size_t) 1 << 20)

static void
read_exactly (int fd, void *data, size_t size)
{
  for (size_t n = 0; n < size;) {
    ssize_t got = read (fd, (char *) data + n, size - n);

    g_assert_cmpint (got, >, 0);
    n += (size_t) got;
  }
}

static gpointer
read_to_end (gpointer data)
{
  g_autofree char *bytes = g_malloc (MIB);

  while (read (GPOINTER_TO_INT (data), bytes, MIB) > 0)
    ;
  return NULL;
}

/* Once the writer has begun with the second block it waits for the first one no more. */
static void
read_one_block (int fd)
{
  uint8_t head[24 + 12 + 1];
  g_autofree uint8_t *block = NULL;
  uint32_t size;

  read_exactly (fd, head, 24 + 12);
  memcpy (&size, head + 24, 4);
  size = GUINT32_FROM_LE (size);
  block = g_malloc (size + 1);
  read_exactly (fd, block, size + 1);
}

/* So much waits for a disk that takes nothing, a pipe here, when one more block is handed over. */
static void
check_waiting (size_t waiting, bool taken)
{
  g_autofree char *folder = g_dir_make_tmp ("recording-XXXXXX", NULL), *path = g_build_filename (folder, "pipe", NULL);
  g_autofree uint8_t *zeroes = g_malloc0 (16 * MIB), *noise = g_malloc (MIB);
  g_autoptr (GError) error = NULL;
  CwRecorder *recorder;
  GThread *reader;
  int fd;

  for (size_t i = 0; i < MIB; i++)
    noise[i] = (uint8_t) g_test_rand_int ();
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  recorder = cw_recorder_new (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fcntl (fd, F_SETFL, 0), ==, 0);
  record (recorder, CW_CHANNEL_MAIN, CW_MSG_PING, 1, noise, MIB - RECORD_SIZE);
  for (waiting -= MIB; waiting > 16 * MIB; waiting -= 15 * MIB)
    record (recorder, CW_CHANNEL_MAIN, CW_MSG_PING, 2, zeroes, 15 * MIB - RECORD_SIZE);
  record (recorder, CW_CHANNEL_MAIN, CW_MSG_PING, 3, zeroes, waiting - RECORD_SIZE);
  record (recorder, CW_CHANNEL_MAIN, CW_MSG_PING, 4, zeroes, 1); /* hands over what is before it, the last that waits */
  record (recorder, CW_CHANNEL_MAIN, CW_MSG_PING, 5, zeroes, MIB); /* and this the one more */
  read_one_block (fd);
  reader = g_thread_new ("reader", read_to_end, GINT_TO_POINTER (fd));
  g_assert_true (cw_recorder_finish (recorder, &error) == taken);
  g_assert_true (taken || g_error_matches (error, CW_ERROR, CW_ERROR_LIMIT));
  g_thread_join (reader);
  close (fd);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_slow_disk (void)
{
  check_waiting (256 * MIB, true);
  check_waiting (256 * MIB + 1, false);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/recording/round-trip", test_round_trip);
  ADD ("/recording/small", test_small);
  ADD ("/recording/cut", test_cut);
  ADD ("/recording/damage", test_damage);
  ADD ("/recording/inspect", test_inspect);
  ADD ("/recording/replay", test_replay);
  ADD ("/recording/replay-refuses", test_replay_refuses);
  ADD ("/recording/replay-video-memory", test_replay_video_memory);
  g_test_add_func ("/recording/large-blocks", test_large_blocks);
  g_test_add_func ("/recording/other-files", test_other_files);
  g_test_add_func ("/recording/full-disk", test_full_disk);
  g_test_add_func ("/recording/no-thread", test_no_thread);
  g_test_add_func ("/recording/slow-disk", test_slow_disk);
  return g_test_run ();
}
