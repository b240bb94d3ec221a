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
  GQueue out;          /* Message, to be fetched */
  gsize out_size;      /* bytes of them, with their chunks' headers */
  VDIChunkHeader head; /* of the chunk that is being fetched */
  gsize head_left, part_left;
  guint wakeup; /* source */
};

/* Its bytes are given as they are fetched: a large content is not copied before. */
typedef struct {
  GBytes *head, *content; /* content may be NULL */
  gsize size, at;         /* of both together */
} Message;

static void
message_free (gpointer data)
{
  Message *self = data;

  g_bytes_unref (self->head);
  g_clear_pointer (&self->content, g_bytes_unref);
  g_free (self);
}

/* Each call makes the server fetch some, none while its own queue is full. */
static gboolean
wake_up (gpointer data)
{
  DemoAgent *self = data;
  gsize before = self->out_size;

  self->wakeup = 0;
  spice_server_char_device_wakeup (&self->instance);
  if (self->wakeup == 0 && self->out_size > 0)
    self->wakeup = g_timeout_add (self->out_size < before ? 0 : FULL_MS, wake_up, self);
  return G_SOURCE_REMOVE;
}

/* content: what follows the head, or NULL. */
static void
say (DemoAgent *self, guint32 type, const void *head, gsize head_size, GBytes *content)
{
  gsize body_size = head_size + (content ? g_bytes_get_size (content) : 0);
  VDAgentMessage header = { .protocol = GUINT32_TO_LE (VD_AGENT_PROTOCOL),
                            .type = GUINT32_TO_LE (type),
                            .size = GUINT32_TO_LE ((guint32) body_size) };
  GByteArray *begin = g_byte_array_new ();
  Message *message = g_new0 (Message, 1);

  g_byte_array_append (begin, (const guint8 *) &header, sizeof header);
  g_byte_array_append (begin, head, (guint) head_size);
  message->head = g_byte_array_free_to_bytes (begin);
  message->content = content ? g_bytes_ref (content) : NULL;
  message->size = sizeof header + body_size;
  g_queue_push_tail (&self->out, message);
  self->out_size += message->size
                    + (message->size + VD_AGENT_MAX_DATA_SIZE - 1) / VD_AGENT_MAX_DATA_SIZE * sizeof (VDIChunkHeader);
  if (self->wakeup == 0)
    self->wakeup = g_idle_add (wake_up, self);
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

  say (self, VD_AGENT_ANNOUNCE_CAPABILITIES, body, sizeof body, NULL);
}

static void
say_status (DemoAgent *self, guint32 id, guint32 result)
{
  const guint32 body[] = { GUINT32_TO_LE (id), GUINT32_TO_LE (result) };

  say (self, VD_AGENT_FILE_XFER_STATUS, body, sizeof body, NULL);
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
  gsize size = self->message->len - BODY - 8;
  g_autoptr (GBytes) whole = NULL;

  self->clipboard_type = word (self, BODY + 4);
  g_clear_pointer (&self->clipboard, g_bytes_unref);
  whole = g_byte_array_free_to_bytes (g_steal_pointer (&self->message));
  self->message = g_byte_array_new ();
  self->clipboard = g_bytes_new_from_bytes (whole, BODY + 8, size);
  say (self, VD_AGENT_CLIPBOARD_GRAB, grab, sizeof grab, NULL);
}

/* type: as it was asked for. */
static void
give_clipboard (DemoAgent *self)
{
  const guint32 head[] = { self->message->data[BODY], GUINT32_TO_LE (word (self, BODY + 4)) };

  say (self, VD_AGENT_CLIPBOARD, head, sizeof head,
       word (self, BODY + 4) == self->clipboard_type ? self->clipboard : NULL);
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
    say (self, VD_AGENT_CLIPBOARD_REQUEST, request, sizeof request, NULL);
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

static gsize
read_head (DemoAgent *self, guint8 *data, gsize room)
{
  gsize size = MIN (room, self->head_left);

  memcpy (data, (const guint8 *) &self->head + sizeof self->head - self->head_left, size);
  self->head_left -= size;
  return size;
}

static gsize
read_part (DemoAgent *self, Message *message, guint8 *data, gsize room)
{
  gsize head_size, content_size, size = MIN (room, self->part_left);
  const guint8 *head = g_bytes_get_data (message->head, &head_size), *content;

  if (message->at < head_size) {
    size = MIN (size, head_size - message->at);
    memcpy (data, head + message->at, size);
  } else {
    content = g_bytes_get_data (message->content, &content_size);
    memcpy (data, content + message->at - head_size, size);
  }
  message->at += size;
  self->part_left -= size;
  if (message->at == message->size)
    message_free (g_queue_pop_head (&self->out));
  return size;
}

static void
begin_chunk (DemoAgent *self, const Message *message)
{
  self->part_left = MIN (VD_AGENT_MAX_DATA_SIZE, message->size - message->at);
  self->head_left = sizeof self->head;
  self->head = (VDIChunkHeader){ GUINT32_TO_LE (VDP_CLIENT_PORT), GUINT32_TO_LE ((guint32) self->part_left) };
}

static int
agent_read (SpiceCharDeviceInstance *instance, uint8_t *data, int length)
{
  DemoAgent *self = SPICE_CONTAINEROF (instance, DemoAgent, instance);
  gsize size = 0, room = (gsize) length;
  Message *message;

  while (size < room && (message = g_queue_peek_head (&self->out))) {
    if (self->part_left == 0)
      begin_chunk (self, message);
    size += self->head_left > 0 ? read_head (self, data + size, room - size)
                                : read_part (self, message, data + size, room - size);
  }
  self->out_size -= size;
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
  g_queue_clear_full (&self->out, message_free);
  g_hash_table_unref (self->files);
  g_clear_pointer (&self->clipboard, g_bytes_unref);
  g_free (self);
}
