/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings from anybody: with a flag in the first byte, the sums and sizes of blocks are made right first, so that
 * what is inside is reached. */
#include "fuzz/fuzz.h"
#include "recording/inspect.h"
#include "recording/reader.h"
#include "recording/replay.h"

#include <libdeflate.h>
#include <string.h>

static void
append_u32 (GByteArray *out, uint32_t value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &value, sizeof value);
}

/* The bytes as the records of one good block. */
static GBytes *
wrap (const uint8_t *data, size_t size)
{
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor (1);
  size_t most = libdeflate_deflate_compress_bound (compressor, size);
  g_autofree uint8_t *coded = g_malloc (most);
  size_t n = libdeflate_deflate_compress (compressor, data, size, coded, most);
  GByteArray *out = g_byte_array_new ();
  uint8_t header[CW_RECORDING_HEADER] = CW_RECORDING_MAGIC "\1";

  g_byte_array_append (out, header, sizeof header);
  append_u32 (out, (uint32_t) n);
  append_u32 (out, (uint32_t) size);
  append_u32 (out, libdeflate_crc32 (0, coded, n));
  g_byte_array_append (out, coded, (guint) n);
  libdeflate_free_compressor (compressor);
  return g_byte_array_free_to_bytes (out);
}

static void
inspect (CwRecording *recording)
{
  g_autoptr (CwInspector) inspector = cw_inspector_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (CwRecordIter) iter = { 0 };
  CwRecord record;

  cw_record_iter_init (&iter, recording);
  while (cw_record_iter_next (&iter, &record, NULL))
    cw_inspector_add (inspector, &record, text);
  cw_inspector_print (inspector, text);
  cw_inspector_print_json (inspector, text);
  g_assert_true (g_utf8_validate (text->str, (gssize) text->len, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (CwRecording) recording = NULL;

  if (size < 2)
    return 0;
  bytes = data[0] & 1 ? wrap (data + 1, size - 1) : g_bytes_new (data + 1, size - 1);
  recording = cw_recording_new (bytes, NULL);
  if (recording)
    inspect (recording);
  return 0;
}
