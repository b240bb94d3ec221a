/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording/recorder.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE (256 * 1024)                  /* plain bytes after which a block is handed over … */
#define BLOCK_US (500 * G_TIME_SPAN_MILLISECOND) /* … or so much later than its first record */
#define MAX_WAITING (256 * 1024 * 1024)          /* plain bytes that a slow disk may be behind */
#define LEVEL 1                                  /* pictures are compressed already */

struct CwRecorder {
  int64_t begin_us;
  int64_t block_us; /* time of the first record in block */
  CwBuffer block;
  GThread *thread;
  GAsyncQueue *blocks; /* GBytes; an empty one ends the thread */

  GMutex lock;
  size_t waiting; /* bytes in blocks */
  GError *error;

  /* The thread's. */
  int fd;
  struct libdeflate_compressor *compressor;
};

/* Takes error. */
static void
fail (CwRecorder *self, GError *error)
{
  g_mutex_lock (&self->lock);
  if (self->error)
    g_error_free (error);
  else
    self->error = error;
  g_mutex_unlock (&self->lock);
}

static bool
write_all (int fd, const uint8_t *data, size_t size, GError **error)
{
  while (size > 0) {
    ssize_t n = TEMP_FAILURE_RETRY (write (fd, data, size));

    if (n < 0) {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), _ ("The recording cannot be written: %s"),
                   g_strerror (errno));
      return false;
    }
    data += n;
    size -= (size_t) n;
  }
  return true;
}

static bool
write_block (CwRecorder *self, GBytes *plain, GError **error)
{
  gsize size;
  const void *data = g_bytes_get_data (plain, &size);
  size_t most = libdeflate_deflate_compress_bound (self->compressor, size);
  g_autofree uint8_t *coded = g_try_malloc (CW_RECORDING_BLOCK + most);
  uint32_t head[3];
  size_t n;

  if (!coded) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, _ ("The recording: no memory for %zu bytes."), most);
    return false;
  }
  n = libdeflate_deflate_compress (self->compressor, data, size, coded + CW_RECORDING_BLOCK, most);
  head[0] = GUINT32_TO_LE ((uint32_t) n);
  head[1] = GUINT32_TO_LE ((uint32_t) size);
  head[2] = GUINT32_TO_LE (libdeflate_crc32 (0, coded + CW_RECORDING_BLOCK, n));
  memcpy (coded, head, sizeof head);
  return write_all (self->fd, coded, CW_RECORDING_BLOCK + n, error);
}

static gpointer
write_blocks (gpointer data)
{
  CwRecorder *self = data;
  bool failed = false;

  for (;;) {
    g_autoptr (GBytes) block = g_async_queue_pop (self->blocks);
    GError *error = NULL;

    if (g_bytes_get_size (block) == 0)
      return NULL;
    if (!failed && !write_block (self, block, &error)) {
      failed = true;
      fail (self, error);
    }
    g_mutex_lock (&self->lock);
    self->waiting -= g_bytes_get_size (block);
    g_mutex_unlock (&self->lock);
  }
}

static bool
write_header (int fd, GError **error)
{
  uint8_t header[CW_RECORDING_HEADER] = CW_RECORDING_MAGIC;
  uint16_t version = GUINT16_TO_LE (CW_RECORDING_VERSION);
  uint64_t now = GUINT64_TO_LE ((uint64_t) g_get_real_time ());

  memcpy (header + 8, &version, sizeof version);
  memcpy (header + 16, &now, sizeof now);
  return write_all (fd, header, sizeof header, error);
}

static void
free_recorder (CwRecorder *self)
{
  g_clear_pointer (&self->compressor, libdeflate_free_compressor);
  g_async_queue_unref (self->blocks);
  cw_buffer_clear (&self->block);
  g_mutex_clear (&self->lock);
  g_free (self);
}

CwRecorder *
cw_recorder_new (const char *path, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CwRecorder *self;

  if (fd < 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
    return NULL;
  }
  if (!write_header (fd, error)) {
    close (fd);
    return NULL;
  }
  self = g_new0 (CwRecorder, 1);
  self->fd = fd;
  self->begin_us = g_get_monotonic_time ();
  self->compressor = libdeflate_alloc_compressor (LEVEL);
  cw_buffer_init (&self->block, CW_RECORDING_MAX_BLOCK);
  g_mutex_init (&self->lock);
  self->blocks = g_async_queue_new_full ((GDestroyNotify) g_bytes_unref);
  if (!self->compressor)
    g_set_error_literal (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for a recording");
  else if ((self->thread = g_thread_try_new ("recorder", write_blocks, self, error)))
    return self;
  close (fd);
  free_recorder (self);
  return NULL;
}

static void
hand_over (CwRecorder *self)
{
  g_autoptr (GBytes) block = NULL;
  bool is_full;

  if (self->block.size == 0)
    return;
  block = cw_buffer_steal (&self->block);
  g_mutex_lock (&self->lock);
  is_full = self->waiting > MAX_WAITING;
  if (!is_full)
    self->waiting += g_bytes_get_size (block);
  g_mutex_unlock (&self->lock);
  if (is_full)
    fail (self,
          g_error_new (CW_ERROR, CW_ERROR_LIMIT, _ ("The recording cannot be written as fast as messages come.")));
  else
    g_async_queue_push (self->blocks, g_steal_pointer (&block));
}

/* Whether the recording still goes on: what comes after a gap would be of no use. */
static bool
is_good (CwRecorder *self)
{
  bool good;

  g_mutex_lock (&self->lock);
  good = self->error == NULL;
  g_mutex_unlock (&self->lock);
  return good;
}

/* Records do not stand in two blocks. */
static void
begin_record (CwRecorder *self, CwRecord record, size_t size)
{
  int64_t now = g_get_monotonic_time ();

  if (self->block.size > 0
      && (self->block.size + CW_RECORDING_RECORD + size > BLOCK_SIZE || now - self->block_us > BLOCK_US))
    hand_over (self);
  if (self->block.size == 0)
    self->block_us = now;
  cw_buffer_u8 (&self->block, record.kind);
  cw_buffer_u8 (&self->block, record.channel_type);
  cw_buffer_u8 (&self->block, record.channel_id);
  cw_buffer_u8 (&self->block, record.flags);
  cw_buffer_u32 (&self->block, (uint32_t) size);
  cw_buffer_u64 (&self->block, (uint64_t) (now - self->begin_us));
  cw_buffer_u64 (&self->block, record.serial);
}

static void
end_record (CwRecorder *self)
{
  if (cw_buffer_failed (&self->block))
    fail (self, g_error_new (CW_ERROR, CW_ERROR_MEMORY, _ ("The recording: no memory for a block.")));
}

void
cw_recorder_opened (CwRecorder *self, uint8_t channel_type, uint8_t channel_id, const CwCaps *common,
                    const CwCaps *channel, bool mini_header)
{
  CwRecord record = { .kind = CW_RECORD_OPENED,
                      .channel_type = channel_type,
                      .channel_id = channel_id,
                      .flags = mini_header ? CW_RECORD_MINI_HEADER : 0 };

  if (!is_good (self))
    return;
  begin_record (self, record, 8 + 4 * ((size_t) common->n_words + channel->n_words));
  cw_buffer_u32 (&self->block, common->n_words);
  cw_buffer_u32 (&self->block, channel->n_words);
  for (uint32_t i = 0; i < common->n_words; i++)
    cw_buffer_u32 (&self->block, common->words[i]);
  for (uint32_t i = 0; i < channel->n_words; i++)
    cw_buffer_u32 (&self->block, channel->words[i]);
  end_record (self);
}

void
cw_recorder_message (CwRecorder *self, uint8_t channel_type, uint8_t channel_id, uint16_t type, uint64_t serial,
                     CwSlice body)
{
  CwRecord record
      = { .kind = CW_RECORD_MESSAGE, .channel_type = channel_type, .channel_id = channel_id, .serial = serial };

  if (!is_good (self))
    return;
  begin_record (self, record, sizeof type + body.size);
  cw_buffer_u16 (&self->block, type);
  cw_buffer_append (&self->block, body.data, body.size);
  end_record (self);
}

void
cw_recorder_closed (CwRecorder *self, uint8_t channel_type, uint8_t channel_id)
{
  if (!is_good (self))
    return;
  begin_record (self, (CwRecord){ .kind = CW_RECORD_CLOSED, .channel_type = channel_type, .channel_id = channel_id },
                0);
  end_record (self);
}

bool
cw_recorder_finish (CwRecorder *self, GError **error)
{
  GError *problem;

  if (is_good (self))
    hand_over (self);
  g_async_queue_push (self->blocks, g_bytes_new (NULL, 0));
  g_thread_join (self->thread);
  if (close (self->fd) < 0)
    fail (self, g_error_new (G_FILE_ERROR, g_file_error_from_errno (errno), _ ("The recording cannot be written: %s"),
                             g_strerror (errno)));
  problem = self->error;
  free_recorder (self);
  if (!problem)
    return true;
  g_propagate_error (error, problem);
  return false;
}
