/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data phase: the first byte chooses the headers, the second the size of the pieces that come. */
#include "fuzz/fuzz.h"
#include "transport/frame-reader.h"

#include <string.h>

#define LIMIT (1 << 20)

static volatile uint8_t sink; /* keeps the reading of bodies */

static uint32_t
limit (gpointer data, uint16_t type)
{
  return LIMIT >> (type & 7);
}

static bool
has_descriptors (gpointer data, uint16_t type, CwSlice body)
{
  return type % 8 == 3 && body.size > 0 && body.data[body.size - 1] != 0;
}

/* false: the stream was refused. */
static bool
take_frames (CwFrameReader *reader, GPtrArray *kept)
{
  g_autoptr (GError) error = NULL;
  CwFrameReaderStatus status;
  CwPumpFrame frame;

  while ((status = cw_frame_reader_next (reader, &frame, &error)) == CW_FRAME_READER_FRAME) {
    g_assert_true (frame.is_sub || frame.body.size <= limit (NULL, frame.type));
    for (size_t i = 0; i < frame.body.size; i++)
      sink ^= frame.body.data[i];
    if (kept->len < 8)
      g_ptr_array_add (kept, cw_pump_frame_keep (&frame));
    g_clear_pointer (&frame.bytes, g_bytes_unref);
  }
  g_assert_true ((status == CW_FRAME_READER_FAILED) == (error != NULL));
  return status == CW_FRAME_READER_NEEDS_BYTES;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  size_t step = size > 1 && data[1] != 0 ? (size_t) data[1] * data[1] : SIZE_MAX;
  size_t at = 2;
  CwFrameReader reader;

  if (size < 2)
    return 0;
  cw_frame_reader_init (&reader, data[0] & 1, &(CwFrameRules){ limit, has_descriptors, NULL }, NULL);
  while (take_frames (&reader, kept) && at < size) {
    uint8_t *space;
    size_t n;

    g_assert_true (cw_frame_reader_space (&reader, &space, &n, NULL));
    g_assert_cmpuint (n, >, 0);
    g_assert_cmpuint (n, <=, LIMIT);
    n = MIN (MIN (n, step), size - at);
    memcpy (space, data + at, n);
    cw_frame_reader_commit (&reader, n, NULL, 0);
    at += n;
  }
  cw_frame_reader_clear (&reader);
  return 0;
}
