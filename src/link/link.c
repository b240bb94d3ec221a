/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SASL will be one more step between reply and result, chosen in start_authentication (). */
#include "link/link.h"

#include "base/buffer.h"
#include "link/ticket.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAGIC UINT32_C (0x51444552) /* "REDQ" */
#define MAJOR 2
#define MINOR 2
#define HEADER_SIZE 16
#define MESSAGE_SIZE 18 /* without capability words */
#define REPLY_SIZE 178  /* without capability words */
#define RESULT_SIZE 4
#define MECHANISM_TICKET 1

enum {
  RESULT_OK = 0,
  RESULT_NEED_SECURED = 5,
  RESULT_NEED_UNSECURED = 6,
  RESULT_PERMISSION_DENIED = 7,
  N_RESULTS = 10,
};

typedef enum {
  STEP_HEADER,
  STEP_REPLY,
  STEP_RESULT,
} Step;

struct CwLink {
  CwLinkStatus status;
  Step step;
  size_t step_size; /* bytes the step needs in input */
  CwBuffer input;
  CwBuffer output;
  char *password;
  CwCaps common_caps;
  CwCaps peer_common_caps;
  CwCaps peer_channel_caps;
  GError *error;
  CwLinkFailure failure;
};

const char *
cw_link_result_name (uint32_t result)
{
  static const char *const names[N_RESULTS] = {
    "no error",
    "unspecified error",
    "invalid magic",
    "invalid data",
    "version mismatch",
    "this channel needs a secured connection",
    "this channel needs an unsecured connection",
    "permission denied",
    "unknown connection id",
    "this channel does not exist",
  };

  return result < N_RESULTS ? names[result] : "unknown result";
}

static uint32_t
u32_at (const CwBuffer *buffer, size_t offset)
{
  uint32_t le;

  g_assert (offset <= buffer->size && buffer->size - offset >= sizeof le);
  memcpy (&le, buffer->data + offset, sizeof le);
  return GUINT32_FROM_LE (le);
}

static void fail (CwLink *self, CwLinkFailure failure, CwErrorCode code, const char *format, ...) G_GNUC_PRINTF (4, 5);

static void
fail (CwLink *self, CwLinkFailure failure, CwErrorCode code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  self->error = g_error_new_valist (CW_ERROR, code, format, args);
  va_end (args);
  self->status = CW_LINK_FAILED;
  self->failure = failure;
}

static void
await (CwLink *self, Step step, size_t size)
{
  cw_buffer_clear (&self->input);
  self->step = step;
  self->step_size = size;
}

static void
append_words (CwBuffer *buffer, const CwCaps *caps)
{
  for (uint32_t i = 0; i < caps->n_words; i++)
    cw_buffer_u32 (buffer, caps->words[i]);
}

static void
write_message (CwLink *self, const CwLinkParams *params, const CwCaps *channel_caps, size_t size)
{
  cw_buffer_u32 (&self->output, MAGIC);
  cw_buffer_u32 (&self->output, MAJOR);
  cw_buffer_u32 (&self->output, MINOR);
  cw_buffer_u32 (&self->output, size);

  cw_buffer_u32 (&self->output, params->connection_id);
  cw_buffer_u8 (&self->output, params->channel_type);
  cw_buffer_u8 (&self->output, params->channel_id);
  cw_buffer_u32 (&self->output, self->common_caps.n_words);
  cw_buffer_u32 (&self->output, channel_caps->n_words);
  cw_buffer_u32 (&self->output, MESSAGE_SIZE);
  append_words (&self->output, &self->common_caps);
  append_words (&self->output, channel_caps);
}

static void
set_common_caps (CwLink *self, const CwCaps *caps)
{
  if (caps) {
    cw_caps_copy (&self->common_caps, caps);
    return;
  }
  cw_caps_set (&self->common_caps, CW_COMMON_CAP_AUTH_SELECTION);
  cw_caps_set (&self->common_caps, CW_COMMON_CAP_AUTH_TICKET);
  cw_caps_set (&self->common_caps, CW_COMMON_CAP_MINI_HEADER);
}

CwLink *
cw_link_new (const CwLinkParams *params, GError **error)
{
  g_autoptr (CwLink) self = g_new0 (CwLink, 1);
  const CwCaps none = CW_CAPS_INIT;
  const CwCaps *channel_caps = params->channel_caps ? params->channel_caps : &none;
  size_t size;

  cw_buffer_init (&self->input, CW_LINK_MAX_REPLY);
  cw_buffer_init (&self->output, HEADER_SIZE + CW_LINK_MAX_MESSAGE);
  set_common_caps (self, params->common_caps);
  size = MESSAGE_SIZE + 4 * ((size_t) self->common_caps.n_words + channel_caps->n_words);
  if (size > CW_LINK_MAX_MESSAGE) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT,
                 "link message: %zu bytes of capabilities make it larger than %d bytes", size - MESSAGE_SIZE,
                 CW_LINK_MAX_MESSAGE);
    return NULL;
  }
  self->password = g_strdup (params->password ? params->password : "");
  write_message (self, params, channel_caps, size);
  await (self, STEP_HEADER, HEADER_SIZE);
  return g_steal_pointer (&self);
}

void
cw_link_free (CwLink *self)
{
  if (!self)
    return;
  if (self->password)
    OPENSSL_cleanse (self->password, strlen (self->password));
  g_free (self->password);
  cw_buffer_clear (&self->input);
  cw_buffer_clear (&self->output);
  cw_caps_clear (&self->common_caps);
  cw_caps_clear (&self->peer_common_caps);
  cw_caps_clear (&self->peer_channel_caps);
  g_clear_error (&self->error);
  g_free (self);
}

static void
take_header (CwLink *self)
{
  uint32_t magic = u32_at (&self->input, 0);
  uint32_t major = u32_at (&self->input, 4);
  uint32_t size = u32_at (&self->input, 12);

  if (magic != MAGIC)
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_MALFORMED,
          "This is not a SPICE server: link reply: magic at +0: 0x%08x instead of 0x%08x", magic, MAGIC);
  else if (major != MAJOR)
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_UNSUPPORTED,
          "The server speaks another protocol: link reply: major_version at +4: %u instead of %d", major, MAJOR);
  else if (size < REPLY_SIZE || size > CW_LINK_MAX_REPLY)
    fail (self, CW_LINK_FAILURE_LINK, size < REPLY_SIZE ? CW_ERROR_MALFORMED : CW_ERROR_LIMIT,
          "link reply: size at +12: %u, not within %d to %d", size, REPLY_SIZE, CW_LINK_MAX_REPLY);
  else
    await (self, STEP_REPLY, size);
}

static bool
take_caps (CwLink *self)
{
  uint32_t n_common = u32_at (&self->input, 166);
  uint32_t n_channel = u32_at (&self->input, 170);
  uint32_t offset = u32_at (&self->input, 174);
  size_t room;

  if (n_common == 0 && n_channel == 0)
    return true;
  if (offset > self->input.size) {
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_MALFORMED, "link reply: caps_offset at +174: %u > %zu", offset,
          self->input.size);
    return false;
  }
  room = (self->input.size - offset) / 4;
  if (n_common > room) {
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_MALFORMED, "link reply: num_common_caps at +166: %u > %zu", n_common,
          room);
    return false;
  }
  if (n_channel > room - n_common) {
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_MALFORMED, "link reply: num_channel_caps at +170: %u > %zu", n_channel,
          room - n_common);
    return false;
  }
  cw_caps_set_from_wire (&self->peer_common_caps, (CwSlice){ self->input.data + offset, 4 * (size_t) n_common });
  offset += 4 * n_common;
  cw_caps_set_from_wire (&self->peer_channel_caps, (CwSlice){ self->input.data + offset, 4 * (size_t) n_channel });
  return true;
}

static bool
send_ticket (CwLink *self)
{
  uint8_t ticket[CW_TICKET_SIZE];
  GError *error = NULL;

  if (strlen (self->password) > CW_LINK_MAX_PASSWORD) {
    fail (self, CW_LINK_FAILURE_AUTH, CW_ERROR_AUTH, "The password is longer than %d bytes", CW_LINK_MAX_PASSWORD);
    return false;
  }
  if (!cw_ticket_encrypt ((CwSlice){ self->input.data + 4, CW_TICKET_KEY_SIZE }, self->password, ticket, &error)) {
    self->error = error;
    self->status = CW_LINK_FAILED;
    self->failure = CW_LINK_FAILURE_LINK;
    return false;
  }
  cw_buffer_append (&self->output, ticket, sizeof ticket);
  return true;
}

static void
start_authentication (CwLink *self)
{
  bool selection = cw_caps_test (&self->common_caps, CW_COMMON_CAP_AUTH_SELECTION)
                   && cw_caps_test (&self->peer_common_caps, CW_COMMON_CAP_AUTH_SELECTION);
  size_t before = self->output.size;

  if (selection) {
    if (!cw_caps_test (&self->peer_common_caps, CW_COMMON_CAP_AUTH_TICKET)) {
      fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_UNSUPPORTED,
            "The server offers no kind of authentication that is implemented here%s",
            cw_caps_test (&self->peer_common_caps, CW_COMMON_CAP_AUTH_SASL) ? " (it wants SASL)" : "");
      return;
    }
    cw_buffer_u32 (&self->output, MECHANISM_TICKET);
  }
  if (send_ticket (self))
    await (self, STEP_RESULT, RESULT_SIZE);
  else
    self->output.size = before;
}

static void
take_reply (CwLink *self)
{
  uint32_t result = u32_at (&self->input, 0);

  if (result == RESULT_NEED_SECURED)
    fail (self, CW_LINK_FAILURE_NEED_SECURED, CW_ERROR_SECURITY,
          "The server wants a secured connection for this channel");
  else if (result == RESULT_NEED_UNSECURED)
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_SECURITY, "The server refuses a secured connection for this channel");
  else if (result != RESULT_OK)
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_STATE, "The server refused the link: %s (%u)",
          cw_link_result_name (result), result);
  else if (take_caps (self))
    start_authentication (self);
}

static void
take_result (CwLink *self)
{
  uint32_t result = u32_at (&self->input, 0);

  cw_buffer_clear (&self->input);
  if (result == RESULT_OK)
    self->status = CW_LINK_DONE;
  else if (result == RESULT_PERMISSION_DENIED)
    fail (self, CW_LINK_FAILURE_AUTH, CW_ERROR_AUTH, "The server refused the password");
  else if (result < N_RESULTS)
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_STATE, "The server refused the channel: %s (%u)",
          cw_link_result_name (result), result);
  else if (result == MAGIC)
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_MALFORMED, "The server refused the kind of authentication");
  else
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_MALFORMED, "link result at +0: %u > %d", result, N_RESULTS - 1);
}

CwLinkStatus
cw_link_status (const CwLink *self)
{
  return self->status;
}

GBytes *
cw_link_take_output (CwLink *self)
{
  return self->output.size > 0 ? cw_buffer_steal (&self->output) : NULL;
}

size_t
cw_link_wanted (const CwLink *self)
{
  return self->status == CW_LINK_RUNNING ? self->step_size - self->input.size : 0;
}

size_t
cw_link_feed (CwLink *self, const void *data, size_t size)
{
  const uint8_t *at = data;
  size_t taken = 0;

  while (self->status == CW_LINK_RUNNING && taken < size) {
    size_t n = MIN (cw_link_wanted (self), size - taken);

    cw_buffer_append (&self->input, at + taken, n);
    if (cw_buffer_failed (&self->input)) {
      fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_MEMORY, "link reply: no memory for %zu bytes", self->step_size);
      break;
    }
    taken += n;
    if (cw_link_wanted (self) > 0)
      continue;
    if (self->step == STEP_HEADER)
      take_header (self);
    else if (self->step == STEP_REPLY)
      take_reply (self);
    else
      take_result (self);
  }
  return taken;
}

void
cw_link_feed_eof (CwLink *self)
{
  if (self->status == CW_LINK_RUNNING)
    fail (self, CW_LINK_FAILURE_LINK, CW_ERROR_CLOSED, "The server closed the connection while %s was awaited",
          cw_link_step_name (self));
}

const char *
cw_link_step_name (const CwLink *self)
{
  if (self->step == STEP_RESULT)
    return "the result of the authentication";
  return self->step == STEP_REPLY ? "the rest of its link reply" : "its link reply";
}

const GError *
cw_link_error (const CwLink *self)
{
  return self->error;
}

CwLinkFailure
cw_link_failure (const CwLink *self)
{
  return self->failure;
}

const CwCaps *
cw_link_peer_common_caps (const CwLink *self)
{
  return &self->peer_common_caps;
}

const CwCaps *
cw_link_peer_channel_caps (const CwLink *self)
{
  return &self->peer_channel_caps;
}

bool
cw_link_mini_header (const CwLink *self)
{
  return cw_caps_test (&self->common_caps, CW_COMMON_CAP_MINI_HEADER)
         && cw_caps_test (&self->peer_common_caps, CW_COMMON_CAP_MINI_HEADER);
}
