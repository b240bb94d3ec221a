/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording/reader.h"

#include "base/error.h"
#include "base/i18n.h"
#include "wire/reader.h"

#include <libdeflate.h>
#include <string.h>

struct CwRecording {
  gatomicrefcount refs;
  GBytes *bytes;
  uint64_t begin_us;
};

static bool
read_header (CwRecording *self, GError **error)
{
  CwSlice bytes;
  CwReader reader;
  uint16_t version;

  bytes.data = g_bytes_get_data (self->bytes, &bytes.size);
  if (bytes.size < CW_RECORDING_HEADER || memcmp (bytes.data, CW_RECORDING_MAGIC, strlen (CW_RECORDING_MAGIC)) != 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, _ ("This is not a recording: it does not begin with \"%s\"."),
                 CW_RECORDING_MAGIC);
    return false;
  }
  cw_reader_init (&reader, "recording", bytes);
  cw_reader_slice (&reader, strlen (CW_RECORDING_MAGIC), "magic");
  version = cw_reader_u16 (&reader, "version");
  cw_reader_slice (&reader, 6, "reserved");
  self->begin_us = cw_reader_u64 (&reader, "begin");
  if (version == CW_RECORDING_VERSION)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED,
               _ ("The recording has version %u of the format, this program knows %d."), version, CW_RECORDING_VERSION);
  return false;
}

CwRecording *
cw_recording_new (GBytes *bytes, GError **error)
{
  CwRecording *self = g_new0 (CwRecording, 1);

  g_atomic_ref_count_init (&self->refs);
  self->bytes = g_bytes_ref (bytes);
  if (read_header (self, error))
    return self;
  cw_recording_unref (self);
  return NULL;
}

CwRecording *
cw_recording_open (const char *path, GError **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, error);
  g_autoptr (GBytes) bytes = file ? g_mapped_file_get_bytes (file) : NULL;

  return bytes ? cw_recording_new (bytes, error) : NULL;
}

void
cw_recording_unref (CwRecording *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_bytes_unref (self->bytes);
  g_free (self);
}

uint64_t
cw_recording_begin (const CwRecording *self)
{
  return self->begin_us;
}

void
cw_record_iter_init (CwRecordIter *self, CwRecording *recording)
{
  g_atomic_ref_count_inc (&recording->refs);
  *self = (CwRecordIter){ .recording = recording, .next = CW_RECORDING_HEADER };
}

void
cw_record_iter_clear (CwRecordIter *self)
{
  g_clear_pointer (&self->block, g_bytes_unref);
  g_clear_pointer (&self->recording, cw_recording_unref);
}

static bool damaged (size_t at, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static bool
damaged (size_t at, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, _ ("The recording is damaged at offset %zu: %s"), at, text);
  return false;
}

static GBytes *
inflate (CwSlice coded, size_t size, size_t at, GError **error)
{
  struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor ();
  uint8_t *plain = g_try_malloc (size);
  enum libdeflate_result result = LIBDEFLATE_BAD_DATA;

  if (plain && decompressor)
    result = libdeflate_deflate_decompress (decompressor, coded.data, coded.size, plain, size, NULL);
  if (decompressor)
    libdeflate_free_decompressor (decompressor);
  if (result == LIBDEFLATE_SUCCESS)
    return g_bytes_new_take (plain, size);
  if (!plain)
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, _ ("The recording: no memory for %zu bytes."), size);
  else
    damaged (at, error, "its block does not inflate to %zu bytes", size);
  g_free (plain);
  return NULL;
}

/* No block makes much more of its bytes than deflate can. */
#define MAX_RATIO 1100

/* False without error: the end. */
static bool
next_block (CwRecordIter *self, GError **error)
{
  CwSlice bytes, coded;
  CwReader reader;
  uint32_t coded_size, plain_size, sum;
  size_t at = self->next;

  g_clear_pointer (&self->block, g_bytes_unref);
  bytes.data = g_bytes_get_data (self->recording->bytes, &bytes.size);
  if (at == bytes.size)
    return false;
  if (bytes.size - at < CW_RECORDING_BLOCK)
    return damaged (at, error, "it ends in the middle of a block's head");
  cw_reader_init (&reader, "block", (CwSlice){ bytes.data + at, bytes.size - at });
  coded_size = cw_reader_u32 (&reader, "coded_size");
  plain_size = cw_reader_u32 (&reader, "plain_size");
  sum = cw_reader_u32 (&reader, "sum");
  if (coded_size > cw_reader_left (&reader))
    return damaged (at, error, "it ends in the middle of a block: %zu of %u bytes are there", cw_reader_left (&reader),
                    coded_size);
  coded = cw_reader_slice (&reader, coded_size, "coded");
  if (plain_size == 0 || plain_size > CW_RECORDING_MAX_BLOCK || plain_size / MAX_RATIO > coded_size)
    return damaged (at, error, "a block of %u bytes is said to hold %u", coded_size, plain_size);
  if (libdeflate_crc32 (0, coded.data, coded.size) != sum)
    return damaged (at, error, "the sum of its block is wrong");
  self->block = inflate (coded, plain_size, at, error);
  if (!self->block)
    return false;
  self->block_at = at;
  self->next = at + CW_RECORDING_BLOCK + coded_size;
  self->at = 0;
  return true;
}

static bool
read_record (CwRecordIter *self, CwRecord *record, GError **error)
{
  CwSlice bytes;
  CwReader reader;
  uint32_t size;

  bytes.data = g_bytes_get_data (self->block, &bytes.size);
  cw_reader_init (&reader, "record", (CwSlice){ bytes.data + self->at, bytes.size - self->at });
  if (cw_reader_left (&reader) < CW_RECORDING_RECORD)
    return damaged (self->block_at, error, "a record is cut at +%zu of its block", self->at);
  *record = (CwRecord){ 0 };
  record->kind = cw_reader_u8 (&reader, "kind");
  record->channel_type = cw_reader_u8 (&reader, "channel_type");
  record->channel_id = cw_reader_u8 (&reader, "channel_id");
  record->flags = cw_reader_u8 (&reader, "flags");
  size = cw_reader_u32 (&reader, "size");
  record->time_us = cw_reader_u64 (&reader, "time");
  record->serial = cw_reader_u64 (&reader, "serial");
  if (size > cw_reader_left (&reader))
    return damaged (self->block_at, error, "the record at +%zu of its block has %u bytes, %zu are there", self->at,
                    size, cw_reader_left (&reader));
  if (record->kind == CW_RECORD_MESSAGE) {
    if (size < sizeof record->type)
      return damaged (self->block_at, error, "the message at +%zu of its block has no type", self->at);
    record->type = cw_reader_u16 (&reader, "type");
    size -= (uint32_t) sizeof record->type;
  }
  record->payload = cw_reader_slice (&reader, size, "payload");
  self->at += reader.pos;
  return true;
}

bool
cw_record_iter_next (CwRecordIter *self, CwRecord *record, GError **error)
{
  while (!self->block || self->at == g_bytes_get_size (self->block)) {
    GError *problem = NULL;

    if (next_block (self, &problem))
      continue;
    if (problem)
      g_propagate_error (error, problem);
    return false;
  }
  return read_record (self, record, error);
}

bool
cw_record_read_caps (const CwRecord *record, uint32_t *n_common, uint32_t *n_channel, const uint8_t **words,
                     GError **error)
{
  CwReader reader;
  uint64_t n;

  cw_reader_init (&reader, "capabilities", record->payload);
  *n_common = cw_reader_u32 (&reader, "n_common");
  *n_channel = cw_reader_u32 (&reader, "n_channel");
  n = (uint64_t) *n_common + *n_channel;
  if (n > 1024)
    cw_reader_fail (&reader, CW_ERROR_LIMIT, "n", 0, n, ">", 1024);
  *words = cw_reader_slice (&reader, 4 * n, "words").data;
  return cw_reader_finish (&reader, error);
}
