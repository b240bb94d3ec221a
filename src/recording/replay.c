/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording/replay.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/i18n.h"
#include "link/caps.h"
#include "link/link.h"
#include "wire/frame.h"
#include "wire/types.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define INPUT_MOST (CW_LINK_HEADER_SIZE + CW_LINK_MAX_MESSAGE)

typedef struct {
  bool mini_header;
  CwCaps caps;
} Kind;

struct CwReplay {
  CwRecording *recording;
  uint8_t key[CW_TICKET_PUBKEY_BYTES];
  bool lacks_video_memory;
  GHashTable *kinds; /* type << 8 | id → Kind: the first connection of each channel */
};

typedef enum {
  STEP_HEADER,
  STEP_MESSAGE,
  STEP_MECHANISM,
  STEP_TICKET,
  STEP_LINKED,
} Step;

struct CwReplayChannel {
  CwReplay *replay;
  Step step;
  size_t step_size;
  CwBuffer input, output;
  uint8_t type, id;
  const Kind *kind;
  CwFraming framing;
  CwRecordIter iter;
  bool is_open; /* the iterator is between this channel's OPENED and CLOSED */
};

static void
free_kind (gpointer data)
{
  Kind *self = data;

  cw_caps_clear (&self->caps);
  g_free (self);
}

static gpointer
kind_key (uint8_t type, uint8_t id)
{
  return GUINT_TO_POINTER ((unsigned) type << 8 | id);
}

static bool
add_kind (CwReplay *self, const CwRecord *record, GError **error)
{
  uint32_t n_common, n_channel;
  const uint8_t *words;
  Kind *kind;

  if (g_hash_table_contains (self->kinds, kind_key (record->channel_type, record->channel_id)))
    return true;
  if (!cw_record_read_caps (record, &n_common, &n_channel, &words, error))
    return false;
  kind = g_new0 (Kind, 1);
  kind->mini_header = record->flags & CW_RECORD_MINI_HEADER;
  for (uint32_t bit = 0; bit < 32 * n_channel; bit++)
    if (words[4 * (size_t) n_common + bit / 8] >> bit % 8 & 1)
      cw_caps_set (&kind->caps, bit);
  g_hash_table_insert (self->kinds, kind_key (record->channel_type, record->channel_id), kind);
  return true;
}

static bool
make_key (CwReplay *self, GError **error)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  unsigned char *at = self->key;
  bool ok = key && i2d_PUBKEY (key, NULL) == sizeof self->key && i2d_PUBKEY (key, &at) > 0;

  EVP_PKEY_free (key);
  if (!ok)
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("No key for tickets can be made."));
  return ok;
}

static bool
is_about_video_memory (const CwRecord *record)
{
  return record->kind == CW_RECORD_MESSAGE && record->channel_type == CW_CHANNEL_DISPLAY
         && (record->type == CW_MSG_DISPLAY_GL_SCANOUT_UNIX || record->type == CW_MSG_DISPLAY_GL_SCANOUT2_UNIX
             || record->type == CW_MSG_DISPLAY_GL_DRAW);
}

CwReplay *
cw_replay_new (CwRecording *recording, GError **damage, GError **error)
{
  g_autoptr (CwReplay) self = g_new0 (CwReplay, 1);
  g_auto (CwRecordIter) iter = { 0 };
  GError *problem = NULL;
  CwRecord record;

  self->kinds = g_hash_table_new_full (NULL, NULL, NULL, free_kind);
  cw_record_iter_init (&iter, recording);
  while (cw_record_iter_next (&iter, &record, &problem)) {
    if (record.kind == CW_RECORD_OPENED && !add_kind (self, &record, &problem))
      break;
    self->lacks_video_memory = self->lacks_video_memory || is_about_video_memory (&record);
  }
  if (g_hash_table_size (self->kinds) == 0) {
    if (problem)
      g_propagate_error (error, problem);
    else
      g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, _ ("The recording holds no channel."));
    return NULL;
  }
  if (!make_key (self, error)) {
    g_clear_error (&problem);
    return NULL;
  }
  if (problem)
    g_propagate_error (damage, problem);
  self->recording = g_steal_pointer (&iter.recording);
  return g_steal_pointer (&self);
}

bool
cw_replay_lacks_video_memory (const CwReplay *self)
{
  return self->lacks_video_memory;
}

void
cw_replay_free (CwReplay *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->recording, cw_recording_unref);
  g_hash_table_unref (self->kinds);
  g_free (self);
}

static void
await (CwReplayChannel *self, Step step, size_t size)
{
  cw_buffer_clear (&self->input);
  self->step = step;
  self->step_size = size;
}

CwReplayChannel *
cw_replay_channel_new (CwReplay *replay)
{
  CwReplayChannel *self = g_new0 (CwReplayChannel, 1);

  self->replay = replay;
  cw_buffer_init (&self->input, INPUT_MOST);
  cw_buffer_init (&self->output, CW_LINK_HEADER_SIZE + CW_LINK_MAX_REPLY);
  cw_record_iter_init (&self->iter, replay->recording);
  await (self, STEP_HEADER, CW_LINK_HEADER_SIZE);
  return self;
}

void
cw_replay_channel_free (CwReplayChannel *self)
{
  if (!self)
    return;
  cw_buffer_clear (&self->input);
  cw_buffer_clear (&self->output);
  cw_record_iter_clear (&self->iter);
  g_free (self);
}

static void
write_reply (CwReplayChannel *self, uint32_t reason)
{
  g_auto (CwCaps) common = CW_CAPS_INIT;
  CwWireLinkReply reply = { .error = reason };
  CwWireLinkHeader header = { CW_LINK_MAGIC, CW_VERSION_MAJOR, CW_VERSION_MINOR, 0 };
  g_auto (CwBuffer) body = { 0 };

  if (reason == CW_LINK_ERR_OK) {
    cw_caps_set (&common, CW_COMMON_CAP_AUTH_SELECTION);
    cw_caps_set (&common, CW_COMMON_CAP_AUTH_SPICE);
    if (self->kind->mini_header)
      cw_caps_set (&common, CW_COMMON_CAP_MINI_HEADER);
    memcpy (reply.pub_key, self->replay->key, sizeof reply.pub_key);
    reply.n_common_caps = common.n_words;
    reply.common_caps = common.words;
    reply.n_channel_caps = self->kind->caps.n_words;
    reply.channel_caps = self->kind->caps.words;
  }
  cw_buffer_init (&body, CW_LINK_MAX_REPLY);
  cw_wire_write (&cw_type_link_reply, &reply, &body);
  header.size = (uint32_t) body.size;
  cw_wire_write (&cw_type_link_header, &header, &self->output);
  cw_buffer_append (&self->output, body.data, body.size);
}

static bool
take_header (CwReplayChannel *self, CwSlice input, GError **error)
{
  CwWireLinkHeader *header = cw_wire_read (&cw_type_link_header, "link message", input, error);
  bool good = header && header->magic == CW_LINK_MAGIC && header->major_version == CW_VERSION_MAJOR
              && header->size >= CW_LINK_MESS_SIZE && header->size <= CW_LINK_MAX_MESSAGE;

  if (good) {
    await (self, STEP_MESSAGE, header->size);
  } else if (header) {
    write_reply (self, CW_LINK_ERR_INVALID_DATA);
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, _ ("A client came that does not speak SPICE."));
  }
  cw_wire_free (header);
  return good;
}

static bool
take_message (CwReplayChannel *self, CwSlice input, GError **error)
{
  CwWireLinkMess *message = cw_wire_read (&cw_type_link_mess, "link message", input, error);
  bool chooses;

  if (!message) {
    write_reply (self, CW_LINK_ERR_INVALID_DATA);
    return false;
  }
  self->type = message->channel_type;
  self->id = message->channel_id;
  self->kind = g_hash_table_lookup (self->replay->kinds, kind_key (self->type, self->id));
  chooses = message->n_common_caps > 0 && message->common_caps[0] >> CW_COMMON_CAP_AUTH_SELECTION & 1;
  self->framing.mini = self->kind && self->kind->mini_header && message->n_common_caps > 0
                       && message->common_caps[0] >> CW_COMMON_CAP_MINI_HEADER & 1;
  cw_wire_free (message);
  if (!self->kind) {
    const char *name = cw_channel_type_name (self->type);

    write_reply (self, CW_LINK_ERR_CHANNEL_NOT_AVAILABLE);
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, _ ("A client wants the channel %s:%u, which was not recorded."),
                 name ? name : "unknown", self->id);
    return false;
  }
  write_reply (self, CW_LINK_ERR_OK);
  await (self, chooses ? STEP_MECHANISM : STEP_TICKET, chooses ? cw_type_link_auth.min_wire : CW_TICKET_BYTES);
  return true;
}

static bool
take_mechanism (CwReplayChannel *self, CwSlice input, GError **error)
{
  CwWireLinkAuth *choice = cw_wire_read (&cw_type_link_auth, "link", input, error);
  bool good = choice && choice->mechanism == CW_AUTH_MECHANISM_SPICE;

  if (good)
    await (self, STEP_TICKET, CW_TICKET_BYTES);
  else if (choice)
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, _ ("A client wants mechanism %u of authentication."),
                 choice->mechanism);
  cw_wire_free (choice);
  return good;
}

static bool
take_step (CwReplayChannel *self, GError **error)
{
  const CwWireLinkResult result = { CW_LINK_ERR_OK };
  CwSlice input = { self->input.data, self->input.size };

  switch (self->step) {
  case STEP_HEADER:
    return take_header (self, input, error);
  case STEP_MESSAGE:
    return take_message (self, input, error);
  case STEP_MECHANISM:
    return take_mechanism (self, input, error);
  case STEP_TICKET: /* anybody may come in */
    cw_wire_write (&cw_type_link_result, &result, &self->output);
    await (self, STEP_LINKED, 0);
    return true;
  case STEP_LINKED:
    break;
  }
  return true;
}

bool
cw_replay_channel_feed (CwReplayChannel *self, const void *data, size_t size, GError **error)
{
  const uint8_t *at = data;

  while (size > 0 && self->step != STEP_LINKED) {
    size_t n = MIN (self->step_size - self->input.size, size);

    cw_buffer_append (&self->input, at, n);
    if (cw_buffer_failed (&self->input)) {
      g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "link: no memory for %zu bytes", self->step_size);
      return false;
    }
    at += n;
    size -= n;
    if (self->input.size == self->step_size && !take_step (self, error))
      return false;
  }
  return true;
}

GBytes *
cw_replay_channel_take_output (CwReplayChannel *self)
{
  return self->output.size > 0 ? cw_buffer_steal (&self->output) : NULL;
}

bool
cw_replay_channel_is_linked (const CwReplayChannel *self)
{
  return self->step == STEP_LINKED;
}

uint8_t
cw_replay_channel_type (const CwReplayChannel *self)
{
  return self->type;
}

static GBytes *
make_frame (CwReplayChannel *self, const CwRecord *record)
{
  static const uint8_t nothing[] = { 0, 0 };
  uint8_t header[CW_FRAME_HEADER_MAX];
  CwSlice body = record->payload;
  uint16_t type = record->type;
  size_t header_size;
  uint8_t *frame;

  /* Behind these there was a byte that belongs to no message, and descriptors: without them clients would lose their
   * place. Messages are counted, so another one that does nothing is in each one's place. */
  if (is_about_video_memory (record)) {
    type = CW_MSG_DISPLAY_INVAL_LIST;
    body = (CwSlice){ nothing, sizeof nothing };
  }
  self->framing.sent_serial = record->serial - 1;
  header_size = cw_framing_encode (&self->framing, type, (uint32_t) body.size, header);
  frame = g_try_malloc (header_size + body.size);
  if (!frame)
    return NULL;
  memcpy (frame, header, header_size);
  if (body.size > 0)
    memcpy (frame + header_size, body.data, body.size);
  return g_bytes_new_take (frame, header_size + body.size);
}

GBytes *
cw_replay_channel_next (CwReplayChannel *self, uint64_t *time_us)
{
  CwRecord record;

  while (cw_record_iter_next (&self->iter, &record, NULL)) {
    if (record.channel_type != self->type || record.channel_id != self->id)
      continue;
    if (record.kind == CW_RECORD_CLOSED && self->is_open)
      return NULL;
    self->is_open = self->is_open || record.kind == CW_RECORD_OPENED;
    *time_us = record.time_us;
    if (self->is_open && record.kind == CW_RECORD_MESSAGE)
      return make_frame (self, &record);
  }
  return NULL;
}
