/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent.h"

#include <spice/vd_agent.h>
#include <string.h>

#define MAX_STORED (512u << 20)
#define FULL_MS 5

static const guint32 capabilities = 1u << VD_AGENT_CAP_CLIPBOARD_BY_DEMAND | 1u << VD_AGENT_CAP_CLIPBOARD_SELECTION
                                    | 1u << VD_AGENT_CAP_MAX_CLIPBOARD;

typedef struct {
  guint64 size, received;
} File;

struct DemoAgent {
  SpiceCharDeviceInstance instance;
  GByteArray *chunk;   /* a chunk's header, until it is whole */
  guint32 chunk_left;  /* bytes of the chunk's content still to come */
  GByteArray *message; /* what has come of one; of a file's data only the beginning */
  guint64 message_left;
  GHashTable *files; /* File by its id */
  GBytes *clipboard;
  guint32 clipboard_type;
  GByteArray *out; /* from out_at on still to be fetched */
  gsize out_at;
  guint wakeup; /* source */
};

static gsize
waiting (const DemoAgent *self)
{
  return self->out->len - self->out_at;
}

/* Each call makes the server fetch some, none while its own queue is full. */
static gboolean
wake_up (gpointer data)
{
  DemoAgent *self = data;
  gsize before = waiting (self);

  self->wakeup = 0;
  spice_server_char_device_wakeup (&self->instance);
  if (self->wakeup == 0 && waiting (self) > 0)
    self->wakeup = g_timeout_add (waiting (self) < before ? 0 : FULL_MS, wake_up, self);
  return G_SOURCE_REMOVE;
}

static void
queue_chunks (DemoAgent *self, const guint8 *data, gsize size)
{
  if (self->out_at == self->out->len) {
    g_byte_array_set_size (self->out, 0);
    self->out_at = 0;
  }
  for (gsize at = 0; at < size; at += VD_AGENT_MAX_DATA_SIZE) {
    guint32 part = (guint32) MIN (VD_AGENT_MAX_DATA_SIZE, size - at);
    VDIChunkHeader header = { GUINT32_TO_LE (VDP_CLIENT_PORT), GUINT32_TO_LE (part) };

    g_byte_array_append (self->out, (const guint8 *) &header, sizeof header);
    g_byte_array_append (self->out, data + at, part);
  }
  if (self->wakeup == 0)
    self->wakeup = g_idle_add (wake_up, self);
}

static void
say (DemoAgent *self, guint32 type, const void *head, gsize head_size, const void *tail, gsize tail_size)
{
  VDAgentMessage header = { .protocol = GUINT32_TO_LE (VD_AGENT_PROTOCOL),
                            .type = GUINT32_TO_LE (type),
                            .size = GUINT32_TO_LE ((guint32) (head_size + tail_size)) };
  g_autoptr (GByteArray) message = g_byte_array_sized_new ((guint) (sizeof header + head_size + tail_size));

  g_byte_array_append (message, (const guint8 *) &header, sizeof header);
  g_byte_array_append (message, head, (guint) head_size);
  if (tail_size > 0)
    g_byte_array_append (message, tail, (guint) tail_size);
  queue_chunks (self, message->data, message->len);
}

static guint32
word (const DemoAgent *self, gsize at)
{
  guint32 value = 0;

  if (self->message->len >= at + sizeof value)
    memcpy (&value, self->message->data + at, sizeof value);
  return GUINT32_FROM_LE (value);
}

static void
announce (DemoAgent *self, guint32 request)
{
  const guint32 body[] = { GUINT32_TO_LE (request), GUINT32_TO_LE (capabilities) };

  say (self, VD_AGENT_ANNOUNCE_CAPABILITIES, body, sizeof body, NULL, 0);
}

static void
say_status (DemoAgent *self, guint32 id, guint32 result)
{
  const guint32 body[] = { GUINT32_TO_LE (id), GUINT32_TO_LE (result) };

  say (self, VD_AGENT_FILE_XFER_STATUS, body, sizeof body, NULL, 0);
}

static void
finish_file (DemoAgent *self, guint32 id, File *file)
{
  if (file->received < file->size)
    return;
  say_status (self, id,
              file->received == file->size ? VD_AGENT_FILE_XFER_STATUS_SUCCESS : VD_AGENT_FILE_XFER_STATUS_ERROR);
  g_hash_table_remove (self->files, GUINT_TO_POINTER (id));
}

/* The body begins behind the message's header. */
enum {
  BODY = sizeof (VDAgentMessage),
  DATA_HEAD = BODY + 12,
};

static void
begin_file (DemoAgent *self)
{
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  guint32 id = word (self, BODY);
  File *file = g_new0 (File, 1);

  if (self->message->len <= BODY + 5
      || !g_key_file_load_from_data (keys, (const char *) self->message->data + BODY + 4, self->message->len - BODY - 5,
                                     G_KEY_FILE_NONE, NULL)) {
    g_free (file);
    say_status (self, id, VD_AGENT_FILE_XFER_STATUS_ERROR);
    return;
  }
  file->size = g_key_file_get_uint64 (keys, "vdagent-file-xfer", "size", NULL);
  g_hash_table_insert (self->files, GUINT_TO_POINTER (id), file);
  say_status (self, id, VD_AGENT_FILE_XFER_STATUS_CAN_SEND_DATA);
}

static void
take_status (DemoAgent *self)
{
  g_hash_table_remove (self->files, GUINT_TO_POINTER (word (self, BODY)));
}

static void
take_clipboard (DemoAgent *self)
{
  const guint32 grab[] = { self->message->data[BODY], GUINT32_TO_LE (word (self, BODY + 4)) };

  self->clipboard_type = word (self, BODY + 4);
  g_clear_pointer (&self->clipboard, g_bytes_unref);
  self->clipboard = g_bytes_new (self->message->data + BODY + 8, self->message->len - BODY - 8);
  say (self, VD_AGENT_CLIPBOARD_GRAB, grab, sizeof grab, NULL, 0);
}

/* type: as it was asked for. */
static void
give_clipboard (DemoAgent *self)
{
  const guint32 head[] = { self->message->data[BODY], GUINT32_TO_LE (word (self, BODY + 4)) };
  gsize size = 0;
  const void *data = self->clipboard ? g_bytes_get_data (self->clipboard, &size) : NULL;

  say (self, VD_AGENT_CLIPBOARD, head, sizeof head, data, word (self, BODY + 4) == self->clipboard_type ? size : 0);
}

static void
take_message (DemoAgent *self)
{
  const guint32 request[]
      = { self->message->len > BODY ? self->message->data[BODY] : 0, GUINT32_TO_LE (word (self, BODY + 4)) };

  switch (word (self, 4)) {
  case VD_AGENT_ANNOUNCE_CAPABILITIES:
    if (word (self, BODY) != 0)
      announce (self, 0);
    break;
  case VD_AGENT_FILE_XFER_START:
    begin_file (self);
    break;
  case VD_AGENT_FILE_XFER_STATUS:
    take_status (self);
    break;
  case VD_AGENT_CLIPBOARD_GRAB:
    say (self, VD_AGENT_CLIPBOARD_REQUEST, request, sizeof request, NULL, 0);
    break;
  case VD_AGENT_CLIPBOARD:
    if (self->message->len >= BODY + 8)
      take_clipboard (self);
    break;
  case VD_AGENT_CLIPBOARD_REQUEST:
    give_clipboard (self);
    break;
  default:
    break;
  }
}

/* Of a file's data only the size counts. */
static gsize
take_part (DemoAgent *self, const guint8 *data, gsize size)
{
  gsize part, kept;
  File *file;

  if (self->message->len < BODY) {
    part = MIN (BODY - self->message->len, size);
    g_byte_array_append (self->message, data, (guint) part);
    if (self->message->len == BODY)
      self->message_left = word (self, 16);
  } else {
    part = MIN (self->message_left, size);
    kept = MIN (part, (word (self, 4) == VD_AGENT_FILE_XFER_DATA ? DATA_HEAD : MAX_STORED) - self->message->len);
    g_byte_array_append (self->message, data, (guint) kept);
    self->message_left -= part;
    file = word (self, 4) == VD_AGENT_FILE_XFER_DATA && self->message->len == DATA_HEAD
               ? g_hash_table_lookup (self->files, GUINT_TO_POINTER (word (self, BODY)))
               : NULL;
    if (file)
      file->received += part - kept;
    if (file && self->message_left == 0)
      finish_file (self, word (self, BODY), file);
  }
  if (self->message->len >= BODY && self->message_left == 0) {
    take_message (self);
    g_byte_array_set_size (self->message, 0);
  }
  return part;
}

static int
agent_write (SpiceCharDeviceInstance *instance, const uint8_t *data, int length)
{
  DemoAgent *self = SPICE_CONTAINEROF (instance, DemoAgent, instance);
  gsize size = (gsize) length, part;

  while (size > 0) {
    if (self->chunk_left == 0) {
      part = MIN (sizeof (VDIChunkHeader) - self->chunk->len, size);
      g_byte_array_append (self->chunk, data, (guint) part);
      if (self->chunk->len == sizeof (VDIChunkHeader)) {
        memcpy (&self->chunk_left, self->chunk->data + 4, 4);
        self->chunk_left = GUINT32_FROM_LE (self->chunk_left);
        g_byte_array_set_size (self->chunk, 0);
      }
    } else {
      part = take_part (self, data, MIN (self->chunk_left, size));
      self->chunk_left -= (guint32) part;
    }
    data += part;
    size -= part;
  }
  return length;
}

static int
agent_read (SpiceCharDeviceInstance *instance, uint8_t *data, int length)
{
  DemoAgent *self = SPICE_CONTAINEROF (instance, DemoAgent, instance);
  gsize size = MIN ((gsize) length, waiting (self));

  if (size > 0)
    memcpy (data, self->out->data + self->out_at, size);
  self->out_at += size;
  return (int) size;
}

static void
state (SpiceCharDeviceInstance *instance, int connected)
{
}

static const SpiceCharDeviceInterface interface = {
  .base = { SPICE_INTERFACE_CHAR_DEVICE, "caraway demo agent", SPICE_INTERFACE_CHAR_DEVICE_MAJOR,
            SPICE_INTERFACE_CHAR_DEVICE_MINOR },
  .state = state,
  .write = agent_write,
  .read = agent_read,
};

DemoAgent *
demo_agent_new (SpiceServer *server)
{
  DemoAgent *self = g_new0 (DemoAgent, 1);

  self->chunk = g_byte_array_new ();
  self->message = g_byte_array_new ();
  self->out = g_byte_array_new ();
  self->files = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->instance.base.sif = &interface.base;
  self->instance.subtype = "vdagent";
  spice_server_add_interface (server, &self->instance.base);
  return self;
}

void
demo_agent_free (DemoAgent *self)
{
  if (!self)
    return;
  if (self->wakeup != 0)
    g_source_remove (self->wakeup);
  g_byte_array_unref (self->chunk);
  g_byte_array_unref (self->message);
  g_byte_array_unref (self->out);
  g_hash_table_unref (self->files);
  g_clear_pointer (&self->clipboard, g_bytes_unref);
  g_free (self);
}
