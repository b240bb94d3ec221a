/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a body keeps alive is never more than four times its size, whatever it came in. */
#include "base/error.h"
#include "transport/block.h"
#include "transport/frame-reader.h"
#include "wire/messages.h"

#include <string.h>

static const size_t sizes[] = { 1, 100, 255, 256, 257, 5000, 17407, 17408, 17409, 65536, CW_BLOCK_SIZE };

static void
check_content (GBytes *bytes, const uint8_t *expected, size_t size)
{
  size_t n;
  const uint8_t *data = g_bytes_get_data (bytes, &n);

  g_assert_cmpmem (data, n, expected, size);
}

static void
test_parts (GBytes *slice, const uint8_t *copy, size_t size)
{
  for (unsigned k = 0; k < G_N_ELEMENTS (sizes) && sizes[k] <= size; k++) {
    g_autoptr (GBytes) part = cw_block_part (slice, CW_BLOCK_SIZE, size - sizes[k], sizes[k]);

    g_assert_cmpint (part != NULL, ==, sizes[k] >= 17408);
    if (part)
      check_content (part, copy + CW_BLOCK_SIZE - sizes[k], sizes[k]);
  }
}

static void
test_slices (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (sizes); i++) {
    CwBlock *block = cw_block_new (CW_BLOCK_SIZE);
    g_autofree uint8_t *copy = g_malloc (CW_BLOCK_SIZE);
    size_t offset = CW_BLOCK_SIZE - sizes[i];
    g_autoptr (GBytes) slice = NULL;

    for (size_t k = 0; k < CW_BLOCK_SIZE; k++)
      copy[k] = block->data[k] = (uint8_t) (k * 7);
    slice = cw_block_slice (block, offset, sizes[i]);
    g_assert_cmpint (slice != NULL, ==, sizes[i] >= 17408);
    g_assert_cmpint (cw_block_is_shared (block), ==, slice != NULL);
    cw_block_unref (block);
    if (!slice)
      continue;
    check_content (slice, copy + offset, sizes[i]);
    test_parts (slice, copy, sizes[i]);
  }
}

static void
test_pool (void)
{
  CwBlockPool pool = { .n = 0 };
  CwBlock *blocks[6];
  GBytes *slice;

  for (unsigned i = 0; i < G_N_ELEMENTS (blocks); i++)
    blocks[i] = cw_block_pool_take (&pool);
  for (unsigned i = 0; i < G_N_ELEMENTS (blocks); i++)
    cw_block_pool_give (&pool, blocks[i]);
  g_assert_cmpuint (pool.n, ==, 4);
  blocks[0] = cw_block_pool_take (&pool);
  slice = cw_block_slice (blocks[0], 0, CW_BLOCK_SIZE);
  cw_block_pool_give (&pool, blocks[0]); /* somebody has a part of it */
  g_assert_cmpuint (pool.n, ==, 3);
  g_bytes_unref (slice);
  cw_block_pool_give (&pool, cw_block_new (10)); /* no usual one */
  g_assert_cmpuint (pool.n, ==, 3);
  cw_block_pool_clear (&pool);
  g_assert_cmpuint (pool.n, ==, 0);
}

static uint32_t
no_limit (gpointer data, uint16_t type)
{
  return UINT32_MAX;
}

static size_t
put (CwFrameReader *reader, const uint8_t *data, size_t size)
{
  uint8_t *at;
  size_t room;

  g_assert_true (cw_frame_reader_space (reader, &at, &room, NULL));
  size = MIN (size, room);
  memcpy (at, data, size);
  cw_frame_reader_commit (reader, size, NULL, 0);
  return size;
}

/* A reader holds a block only while bytes wait in it. */
static void
test_idle (void)
{
  static const uint8_t message[] = { 50, 0, 2, 0, 0, 0, 'a', 'b' };
  const CwFrameRules rules = { .limit = no_limit };
  CwBlockPool pool = { .n = 0 };
  CwFrameReader reader;
  CwPumpFrame frame;

  cw_frame_reader_init (&reader, true, &rules, &pool);
  put (&reader, message, 3);
  g_assert_cmpint (cw_frame_reader_next (&reader, &frame, NULL), ==, CW_FRAME_READER_NEEDS_BYTES);
  g_assert_nonnull (reader.block);
  put (&reader, message + 3, 5);
  g_assert_cmpint (cw_frame_reader_next (&reader, &frame, NULL), ==, CW_FRAME_READER_FRAME);
  g_assert_null (frame.bytes);
  g_assert_cmpmem (frame.body.data, frame.body.size, "ab", 2);
  g_assert_cmpint (cw_frame_reader_next (&reader, &frame, NULL), ==, CW_FRAME_READER_NEEDS_BYTES);
  g_assert_null (reader.block);
  g_assert_cmpuint (pool.n, ==, 1);
  put (&reader, message, 0); /* nothing came */
  g_assert_null (reader.block);
  cw_frame_reader_clear (&reader);
  cw_block_pool_clear (&pool);
}

static void
check_limit (const CwFrameRules *rules, uint8_t type, uint32_t limit)
{
  for (uint32_t over = 0; over < 2; over++) {
    uint32_t size = limit + over;
    uint8_t header[6] = { type, 0, size & 0xff, size >> 8 & 0xff, size >> 16 & 0xff, size >> 24 };
    g_autofree char *text = g_strdup_printf ("message %u: size of the body: %u > %u", type, size, limit);
    g_autoptr (GError) error = NULL;
    CwFrameReader reader;
    CwPumpFrame frame;

    cw_frame_reader_init (&reader, true, rules, NULL);
    put (&reader, header, sizeof header);
    g_assert_cmpint (cw_frame_reader_next (&reader, &frame, &error), ==,
                     over ? CW_FRAME_READER_FAILED : CW_FRAME_READER_NEEDS_BYTES);
    if (over) {
      g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
      g_assert_cmpstr (error->message, ==, text);
    }
    cw_frame_reader_clear (&reader);
  }
}

static uint32_t
little (gpointer data, uint16_t type)
{
  return 100;
}

/* Where a channel says nothing of it a message is at most 1 MiB, and, whatever it allows, a list of them. */
static void
test_limit (void)
{
  const CwFrameRules silent = { 0 }, strict = { .limit = little }, generous = { .limit = no_limit };

  check_limit (&silent, 50, 1048576);
  check_limit (&silent, CW_MSG_LIST, 1048576);
  check_limit (&generous, CW_MSG_LIST, 1048576);
  check_limit (&strict, CW_MSG_LIST, 100);
  check_limit (&strict, 50, 100);
}

/* A header of a body of so many bytes: whether it may be read beside the others. */
static bool
begins (CwFrameReader *self, uint32_t size)
{
  const uint8_t header[6] = { 50, 0, size & 0xff, size >> 8 & 0xff, size >> 16 & 0xff, size >> 24 };
  g_autoptr (GError) error = NULL;
  CwPumpFrame frame;

  put (self, header, sizeof header);
  if (cw_frame_reader_next (self, &frame, &error) == CW_FRAME_READER_NEEDS_BYTES)
    return true;
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "that are being read, at most 1073741824"));
  return false;
}

static void
begin (CwFrameReader *self, size_t *bodies)
{
  const CwFrameRules rules = { .limit = no_limit };

  cw_frame_reader_init (self, true, &rules, NULL);
  self->bodies = bodies;
}

/* All that are being read at a time share a GiB; what has come, or will not, counts no longer. */
static void
test_bodies (void)
{
  static const uint8_t bytes[8];
  size_t bodies = 0;
  CwFrameReader one, two;
  CwPumpFrame frame;

  begin (&one, &bodies);
  begin (&two, &bodies);
  g_assert_true (begins (&one, 1073741824 - 8));
  g_assert_true (begins (&two, 8));
  put (&two, bytes, 8);
  g_assert_cmpint (cw_frame_reader_next (&two, &frame, NULL), ==, CW_FRAME_READER_FRAME);
  g_assert_cmpuint (bodies, ==, 1073741824 - 8);
  g_assert_cmpint (cw_frame_reader_next (&two, &frame, NULL), ==, CW_FRAME_READER_NEEDS_BYTES);
  g_assert_false (begins (&two, 9));
  cw_frame_reader_clear (&two);
  g_assert_cmpuint (bodies, ==, 1073741824 - 8);
  cw_frame_reader_clear (&one);
  g_assert_cmpuint (bodies, ==, 0);
  begin (&two, &bodies);
  g_assert_false (begins (&two, 1073741825));
  cw_frame_reader_clear (&two);
}

/* A stream of messages of 64 KiB: what is read of the next one is little, so little is moved, and a larger one is read
 * exactly to its end. */
static void
test_large (void)
{
  const CwFrameRules rules = { .limit = no_limit };
  CwFrameReader reader;

  cw_frame_reader_init (&reader, true, &rules, NULL);
  for (uint32_t round = 0; round < 20; round++) {
    uint32_t size = round % 5 == 4 ? 200000 : 65536;
    g_autofree uint8_t *bytes = g_malloc0 (size + 6);
    CwPumpFrame frame;

    bytes[0] = 50;
    memcpy (bytes + 2, &(uint32_t){ GUINT32_TO_LE (size) }, 4);
    for (size_t at = 0; at < size + 6;) {
      size_t n = put (&reader, bytes + at, size + 6 - at);

      at += n;
      if (at < size + 6)
        g_assert_cmpint (cw_frame_reader_next (&reader, &frame, NULL), ==, CW_FRAME_READER_NEEDS_BYTES);
    }
    g_assert_cmpint (cw_frame_reader_next (&reader, &frame, NULL), ==, CW_FRAME_READER_FRAME);
    g_assert_cmpuint (frame.body.size, ==, size);
    g_assert_null (reader.block); /* its bytes are the caller's alone */
    g_bytes_unref (frame.bytes);
  }
  cw_frame_reader_clear (&reader);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/block/slices", test_slices);
  g_test_add_func ("/block/pool", test_pool);
  g_test_add_func ("/block/idle", test_idle);
  g_test_add_func ("/block/limit", test_limit);
  g_test_add_func ("/block/bodies", test_bodies);
  g_test_add_func ("/block/large", test_large);
  return g_test_run ();
}
