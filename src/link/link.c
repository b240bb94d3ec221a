/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link/link.h"

#include "base/buffer.h"
#include "base/i18n.h"
#include "link/greeting.h"
#include "link/sasl-exchange.h"
#include "link/ticket.h"
#include "wire/frame.h"
#include "wire/reader.h"
#include "wire/types.h"

#include <string.h>

#define INPUT_MOST (CW_SASL_MAX_DATA + 64)
#define OUTPUT_MOST (CW_LINK_HEADER_SIZE + CW_LINK_MAX_MESSAGE + CW_SASL_MAX_DATA)

/* What the server has to say next. More may turn out to be needed once the first bytes are there. */
typedef struct {
  const char *name; /* fit for "… was awaited" */
  void (*take) (CwLink *self);
  uint32_t most;  /* first comes a size, at most this; then as many bytes. 0: no size */
  uint32_t extra; /* bytes behind those */
} Step;

struct CwLink {
  CwLinkStatus status;
  const Step *step;
  size_t step_size; /* bytes the step needs in input */
  CwBuffer input;
  CwBuffer output;
  CwCredentials credentials;
  CwSaslPeer peer;
  CwSaslExchange *sasl;
  CwSaslLayer *layer;
  uint16_t first_type; /* 0: none, or it has been sent */
  GBytes *first_body;
  GBytes *first; /* to be sent after the output, by itself: servers read a ticket's TLS record, and wait for the next */
  bool sent_first;
  CwCaps common_caps;
  CwCaps peer_common_caps;
  CwCaps peer_channel_caps;
  GError *error;
  CwConnectFailure failure;
};

static void take_header (CwLink *self);
static void take_reply (CwLink *self);
static void take_result (CwLink *self);
static void take_sasl_list (CwLink *self);
static void take_sasl_reply (CwLink *self);
static void take_sasl_result (CwLink *self);
static void take_packet (CwLink *self);

static const Step step_header = { "its link reply", take_header, 0, 0 };
static const Step step_reply = { "the rest of its link reply", take_reply, 0, 0 };
static const Step step_result = { "the result of the authentication", take_result, 0, 0 };
static const Step step_sasl_list = { "its list of SASL mechanisms", take_sasl_list, CW_SASL_MAX_MECHANISMS, 0 };
static const Step step_sasl_reply = { "its answer to the SASL exchange", take_sasl_reply, CW_SASL_MAX_DATA, 1 };
static const Step step_sasl_result = { "the result of the SASL exchange", take_sasl_result, 0, 0 };
static const Step step_packet = { "the result of the link", take_packet, 0, 0 };

const char *
cw_link_result_name (uint32_t result)
{
  static const char *const names[] = {
    [CW_LINK_ERR_OK] = "no error",
    [CW_LINK_ERR_ERROR] = "unspecified error",
    [CW_LINK_ERR_INVALID_MAGIC] = "invalid magic",
    [CW_LINK_ERR_INVALID_DATA] = "invalid data",
    [CW_LINK_ERR_VERSION_MISMATCH] = "version mismatch",
    [CW_LINK_ERR_NEED_SECURED] = "this channel needs a secured connection",
    [CW_LINK_ERR_NEED_UNSECURED] = "this channel needs an unsecured connection",
    [CW_LINK_ERR_PERMISSION_DENIED] = "permission denied",
    [CW_LINK_ERR_BAD_CONNECTION_ID] = "unknown connection id",
    [CW_LINK_ERR_CHANNEL_NOT_AVAILABLE] = "this channel does not exist",
  };

  return result < G_N_ELEMENTS (names) ? names[result] : "unknown result";
}

/* Takes error. */
static void
fail_with (CwLink *self, CwConnectFailure failure, GError *error)
{
  self->error = error;
  self->status = CW_LINK_FAILED;
  self->failure = failure;
}

static void fail (CwLink *self, CwConnectFailure failure, CwErrorCode code, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static void
fail (CwLink *self, CwConnectFailure failure, CwErrorCode code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fail_with (self, failure, g_error_new_valist (CW_ERROR, code, format, args));
  va_end (args);
}

static void
await (CwLink *self, const Step *step, size_t size)
{
  cw_buffer_clear (&self->input);
  self->step = step;
  self->step_size = size;
}

/* A size, and what it says. */
static void
await_sized (CwLink *self, const Step *step)
{
  await (self, step, sizeof (uint32_t));
}

static CwSlice
input (const CwLink *self)
{
  return (CwSlice){ self->input.data, self->input.size };
}

static uint32_t
input_u32 (const CwLink *self)
{
  CwReader reader;

  cw_reader_init (&reader, "link", input (self));
  return cw_reader_u32 (&reader, "value");
}

static bool
write_message (CwLink *self, const CwLinkParams *params)
{
  const CwCaps none = CW_CAPS_INIT;
  const CwCaps *channel_caps = params->channel_caps ? params->channel_caps : &none;
  const CwWireLinkMess message = {
    .connection_id = params->connection_id,
    .channel_type = params->channel_type,
    .channel_id = params->channel_id,
    .n_common_caps = self->common_caps.n_words,
    .common_caps = self->common_caps.words,
    .n_channel_caps = channel_caps->n_words,
    .channel_caps = channel_caps->words,
  };
  CwWireLinkHeader header = { CW_LINK_MAGIC, CW_VERSION_MAJOR, CW_VERSION_MINOR, 0 };
  g_auto (CwBuffer) body = { 0 };

  cw_buffer_init (&body, CW_LINK_MAX_MESSAGE);
  if (!cw_wire_write (&cw_type_link_mess, &message, &body))
    return false;
  header.size = (uint32_t) body.size;
  cw_wire_write (&cw_type_link_header, &header, &self->output);
  cw_buffer_append (&self->output, body.data, body.size);
  return true;
}

static void
set_common_caps (CwLink *self, const CwCaps *caps)
{
  if (caps) {
    cw_caps_copy (&self->common_caps, caps);
    return;
  }
  cw_caps_set (&self->common_caps, CW_COMMON_CAP_AUTH_SELECTION);
  cw_caps_set (&self->common_caps, CW_COMMON_CAP_AUTH_SPICE);
  cw_caps_set (&self->common_caps, CW_COMMON_CAP_MINI_HEADER);
  if (cw_sasl_is_available ())
    cw_caps_set (&self->common_caps, CW_COMMON_CAP_AUTH_SASL);
}

CwLink *
cw_link_new (const CwLinkParams *params, GError **error)
{
  g_autoptr (CwLink) self = g_new0 (CwLink, 1);

  cw_buffer_init (&self->input, INPUT_MOST);
  cw_buffer_init (&self->output, OUTPUT_MOST);
  set_common_caps (self, params->common_caps);
  cw_credentials_copy (&self->credentials, &params->credentials);
  if (!write_message (self, params)) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "link message: capabilities make it larger than %d bytes",
                 CW_LINK_MAX_MESSAGE);
    return NULL;
  }
  self->first_type = params->first_type;
  self->first_body = params->first_body ? g_bytes_ref (params->first_body) : g_bytes_new (NULL, 0);
  await (self, &step_header, CW_LINK_HEADER_SIZE);
  return g_steal_pointer (&self);
}

void
cw_link_free (CwLink *self)
{
  if (!self)
    return;
  cw_credentials_wipe (&self->credentials);
  cw_link_set_peer (self, &(CwSaslPeer){ 0 });
  cw_sasl_exchange_free (self->sasl);
  cw_sasl_layer_free (self->layer);
  cw_buffer_clear (&self->input);
  cw_buffer_clear (&self->output);
  g_clear_pointer (&self->first_body, g_bytes_unref);
  g_clear_pointer (&self->first, g_bytes_unref);
  cw_caps_clear (&self->common_caps);
  cw_caps_clear (&self->peer_common_caps);
  cw_caps_clear (&self->peer_channel_caps);
  g_clear_error (&self->error);
  g_free (self);
}

/* As soon as one byte is wrong: other servers greet with less than a header, and then wait. */
static bool
check_magic (CwLink *self)
{
  const uint32_t magic = GUINT32_TO_LE (CW_LINK_MAGIC);
  g_autofree char *text = NULL;

  if (memcmp (self->input.data, &magic, MIN (self->input.size, sizeof magic)) == 0)
    return true;
  text = cw_greeting_describe (input (self));
  fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED, "%s", text);
  return false;
}

static void
take_header (CwLink *self)
{
  GError *error = NULL;
  CwWireLinkHeader *header = cw_wire_read (&cw_type_link_header, "link reply", input (self), &error);

  if (!header)
    fail_with (self, CW_CONNECT_FAILURE_LINK, error);
  else if (header->major_version != CW_VERSION_MAJOR)
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_UNSUPPORTED,
          _ ("The server speaks another protocol: link reply: major_version: %u instead of %d."), header->major_version,
          CW_VERSION_MAJOR);
  else if (header->size < CW_LINK_REPLY_SIZE || header->size > CW_LINK_MAX_REPLY)
    fail (self, CW_CONNECT_FAILURE_LINK, header->size < CW_LINK_REPLY_SIZE ? CW_ERROR_MALFORMED : CW_ERROR_LIMIT,
          "link reply: size: %u, not within %d to %d", header->size, CW_LINK_REPLY_SIZE, CW_LINK_MAX_REPLY);
  else
    await (self, &step_reply, header->size);
  cw_wire_free (header);
}

/* Before start_authentication () nothing is asked of the peer. */
void
cw_link_set_peer (CwLink *self, const CwSaslPeer *peer)
{
  CwSaslPeer old = self->peer;

  self->peer = (CwSaslPeer){ g_strdup (peer->host), g_strdup (peer->local), g_strdup (peer->remote), peer->tls_bits };
  g_free ((char *) old.host);
  g_free ((char *) old.local);
  g_free ((char *) old.remote);
}

static const char *
password (const CwLink *self)
{
  return self->credentials.password ? self->credentials.password : "";
}

static void
append_first (CwLink *self)
{
  CwFraming framing = { .mini = cw_link_mini_header (self) };
  size_t size = g_bytes_get_size (self->first_body);
  uint8_t header[CW_FRAME_HEADER_MAX];
  g_auto (CwBuffer) bytes;

  cw_buffer_init (&bytes, sizeof header + size);
  if (self->first_type == 0 || size > UINT32_MAX)
    return;
  cw_buffer_append (&bytes, header, cw_framing_encode (&framing, self->first_type, (uint32_t) size, header));
  cw_buffer_append (&bytes, g_bytes_get_data (self->first_body, NULL), size);
  self->first = cw_buffer_steal (&bytes);
  self->sent_first = self->first != NULL;
}

static bool
send_ticket (CwLink *self, CwSlice key)
{
  uint8_t ticket[CW_TICKET_BYTES];
  GError *error = NULL;

  if (strlen (password (self)) > CW_MAX_PASSWORD_LENGTH) {
    fail (self, CW_CONNECT_FAILURE_AUTH, CW_ERROR_AUTH, _ ("The password is longer than %d bytes."),
          CW_MAX_PASSWORD_LENGTH);
    return false;
  }
  if (!cw_ticket_encrypt (key, password (self), ticket, &error)) {
    fail_with (self, CW_CONNECT_FAILURE_LINK, error);
    return false;
  }
  cw_buffer_append (&self->output, ticket, sizeof ticket);
  append_first (self);
  return true;
}

static bool
both_have (const CwLink *self, uint32_t cap)
{
  return cw_caps_test (&self->common_caps, cap) && cw_caps_test (&self->peer_common_caps, cap);
}

/* The failure of whatever SASL says of itself. Takes error. */
static void
fail_sasl (CwLink *self, GError *error)
{
  bool refused = error->code == CW_ERROR_AUTH || error->code == CW_ERROR_AUTH_USER
                 || error->code == CW_ERROR_AUTH_USER_AND_PASSWORD;

  fail_with (self, refused ? CW_CONNECT_FAILURE_AUTH : CW_CONNECT_FAILURE_LINK, error);
}

static void
start_sasl (CwLink *self)
{
  const CwWireLinkAuth choice = { CW_AUTH_MECHANISM_SASL };
  GError *error = NULL;

  self->sasl = cw_sasl_exchange_new (&self->peer, &self->credentials, &error);
  if (!self->sasl) {
    fail_sasl (self, error);
    return;
  }
  cw_wire_write (&cw_type_link_auth, &choice, &self->output);
  await_sized (self, &step_sasl_list);
}

static void
take_sasl_list (CwLink *self)
{
  GError *error = NULL;

  if (cw_sasl_exchange_take_list (self->sasl, input (self), &self->output, &error))
    await_sized (self, &step_sasl_reply);
  else
    fail_sasl (self, error);
}

static void
take_sasl_reply (CwLink *self)
{
  GError *error = NULL;
  bool complete;

  if (!cw_sasl_exchange_take_reply (self->sasl, input (self), &complete, &self->output, &error))
    fail_sasl (self, error);
  else if (complete)
    await (self, &step_sasl_result, cw_type_link_result.min_wire);
  else
    await_sized (self, &step_sasl_reply);
}

static void
take_sasl_result (CwLink *self)
{
  uint32_t result = input_u32 (self);

  if (result != CW_LINK_ERR_OK) {
    fail (self, CW_CONNECT_FAILURE_AUTH, cw_sasl_exchange_refusal (self->sasl),
          _ ("The server refused the authentication (%u)."), result);
    return;
  }
  self->layer = cw_sasl_exchange_take_layer (self->sasl);
  if (self->layer)
    await (self, &step_packet, cw_sasl_layer_wanted (self->layer));
  else
    await (self, &step_result, cw_type_link_result.min_wire);
}

/* The result of the link is the first that comes through the layer, in as many packets as the server likes. */
static void
take_packet (CwLink *self)
{
  uint8_t result[4];
  GError *error = NULL;

  if (!cw_sasl_layer_feed (self->layer, input (self), &error)) {
    fail_with (self, CW_CONNECT_FAILURE_LINK, error);
    return;
  }
  if (cw_sasl_layer_waiting (self->layer) < sizeof result) {
    await (self, &step_packet, cw_sasl_layer_wanted (self->layer));
    return;
  }
  cw_sasl_layer_read (self->layer, result, sizeof result);
  await (self, &step_result, sizeof result);
  cw_buffer_append (&self->input, result, sizeof result);
  take_result (self);
}

static void
start_authentication (CwLink *self, CwSlice key)
{
  const CwWireLinkAuth choice = { CW_AUTH_MECHANISM_SPICE };
  size_t before = self->output.size;

  if (both_have (self, CW_COMMON_CAP_AUTH_SELECTION)) {
    if (both_have (self, CW_COMMON_CAP_AUTH_SASL) && cw_sasl_is_available ()) {
      start_sasl (self);
      return;
    }
    if (!cw_caps_test (&self->peer_common_caps, CW_COMMON_CAP_AUTH_SPICE)) {
      fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_UNSUPPORTED,
            _ ("The server offers no kind of authentication that is implemented here%s."),
            cw_caps_test (&self->peer_common_caps, CW_COMMON_CAP_AUTH_SASL) ? _ (" (it wants SASL)") : "");
      return;
    }
    cw_wire_write (&cw_type_link_auth, &choice, &self->output);
  }
  if (send_ticket (self, key))
    await (self, &step_result, cw_type_link_result.min_wire);
  else
    self->output.size = before;
}

/* A refusal is all zero behind its reason, so nothing else of it is looked at. */
static bool
check_reason (CwLink *self)
{
  uint32_t reason = input_u32 (self);

  if (reason == CW_LINK_ERR_OK)
    return true;
  if (reason == CW_LINK_ERR_NEED_SECURED)
    fail (self, CW_CONNECT_FAILURE_NEED_SECURED, CW_ERROR_SECURITY,
          _ ("The server wants a secured connection for this channel."));
  else if (reason == CW_LINK_ERR_NEED_UNSECURED)
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_SECURITY,
          _ ("The server refuses a secured connection for this channel."));
  else
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE, _ ("The server refused the link: %s (%u)."),
          cw_link_result_name (reason), reason);
  return false;
}

static void
take_reply (CwLink *self)
{
  GError *error = NULL;
  CwWireLinkReply *reply;

  if (!check_reason (self))
    return;
  reply = cw_wire_read (&cw_type_link_reply, "link reply", input (self), &error);
  if (reply) {
    cw_caps_set_words (&self->peer_common_caps, reply->common_caps, reply->n_common_caps);
    cw_caps_set_words (&self->peer_channel_caps, reply->channel_caps, reply->n_channel_caps);
    start_authentication (self, (CwSlice){ reply->pub_key, sizeof reply->pub_key });
  } else {
    fail_with (self, CW_CONNECT_FAILURE_LINK, error);
  }
  cw_wire_free (reply);
}

static void
take_result (CwLink *self)
{
  uint32_t result = input_u32 (self);

  cw_buffer_clear (&self->input);
  if (result == CW_LINK_ERR_OK)
    self->status = CW_LINK_DONE;
  else if (result == CW_LINK_ERR_PERMISSION_DENIED)
    fail (self, CW_CONNECT_FAILURE_AUTH, CW_ERROR_AUTH, _ ("The server refused the password%s."),
          strlen (password (self)) == CW_MAX_PASSWORD_LENGTH ? _ ("; most servers keep 59 bytes of one, this has 60")
                                                             : "");
  else if (result <= CW_LINK_ERR_CHANNEL_NOT_AVAILABLE)
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE, _ ("The server refused the channel: %s (%u)."),
          cw_link_result_name (result), result);
  else if (result == CW_LINK_MAGIC)
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED, _ ("The server refused the kind of authentication."));
  else
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED, "link result: %u > %d", result,
          CW_LINK_ERR_CHANNEL_NOT_AVAILABLE);
}

CwLinkStatus
cw_link_status (const CwLink *self)
{
  return self->status;
}

GBytes *
cw_link_take_output (CwLink *self)
{
  return self->output.size > 0 ? cw_buffer_steal (&self->output) : g_steal_pointer (&self->first);
}

bool
cw_link_sent_first (const CwLink *self)
{
  return self->sent_first;
}

size_t
cw_link_wanted (const CwLink *self)
{
  return self->status == CW_LINK_RUNNING ? self->step_size - self->input.size : 0;
}

/* Goes on to what the size in input says. */
static bool
take_size (CwLink *self)
{
  uint32_t size = input_u32 (self);

  if (size == CW_LINK_MAGIC) {
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED, _ ("The server refused the kind of authentication."));
    return false;
  }
  if (size > self->step->most) {
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_LIMIT, "link: size of %s: %u > %u", self->step->name, size,
          self->step->most);
    return false;
  }
  self->step_size += size + self->step->extra;
  return true;
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
      fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_MEMORY, "link: no memory for %zu bytes", self->step_size);
      break;
    }
    taken += n;
    if (self->step == &step_header && !check_magic (self))
      break;
    if (cw_link_wanted (self) > 0
        || (self->step->most > 0 && self->input.size == sizeof (uint32_t) && !take_size (self)))
      continue;
    if (cw_link_wanted (self) == 0)
      self->step->take (self);
  }
  return taken;
}

void
cw_link_feed_end (CwLink *self, const GError *error)
{
  if (self->status != CW_LINK_RUNNING)
    return;
  /* Servers refuse a proof without a word. */
  if (self->step == &step_sasl_reply) {
    fail (self, CW_CONNECT_FAILURE_AUTH, cw_sasl_exchange_refusal (self->sasl),
          _ ("The server refused the user name or the password, and closed the connection."));
    return;
  }
  if (!error) {
    fail (self, CW_CONNECT_FAILURE_LINK, CW_ERROR_CLOSED, _ ("The server closed the connection while %s was awaited."),
          cw_link_step_name (self));
    return;
  }
  fail_with (self, CW_CONNECT_FAILURE_LINK, g_error_copy (error));
  g_prefix_error (&self->error, _ ("The connection failed while %s was awaited: "), cw_link_step_name (self));
}

const char *
cw_link_step_name (const CwLink *self)
{
  return self->step->name;
}

CwSaslLayer *
cw_link_take_layer (CwLink *self)
{
  return g_steal_pointer (&self->layer);
}

const GError *
cw_link_error (const CwLink *self)
{
  return self->error;
}

CwConnectFailure
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
  return both_have (self, CW_COMMON_CAP_MINI_HEADER);
}
