/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/agent.h"

#include "base/error.h"
#include "wire/types.h"

#include <string.h>

#define CAPABILITY_WORDS 4

/* What the client is capable of. */
static const uint8_t own_capabilities[] = {
  CW_AGENT_CAP_MOUSE_STATE,
  CW_AGENT_CAP_MONITORS_CONFIG,
  CW_AGENT_CAP_REPLY,
  CW_AGENT_CAP_DISPLAY_CONFIG,
  CW_AGENT_CAP_CLIPBOARD_BY_DEMAND,
  CW_AGENT_CAP_CLIPBOARD_SELECTION,
  CW_AGENT_CAP_MONITORS_CONFIG_POSITION,
  CW_AGENT_CAP_FILE_XFER_DETAILED_ERRORS,
  CW_AGENT_CAP_CLIPBOARD_NO_RELEASE_ON_REGRAB,
  CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL,
};

/* Once so much of a message has come, room is made for all of it. */
#define RESERVE_FROM ((size_t) 1024 * 1024)

/* A CLIPBOARD's selection and type: of one that is too long, they tell which question it answers. */
#define MAX_CLIPBOARD_HEAD 8

typedef struct {
  GBytes *bytes;
  size_t sent;
  uint32_t tag;
} Outgoing;

struct CwAgent {
  const CwAgentObserver *observer;
  gpointer data;
  bool connected, announced;
  uint32_t capabilities[CAPABILITY_WORDS];
  size_t max_clipboard;
  unsigned generation; /* of what comes in: another one drops what is left of a body */
  unsigned warned;     /* bit set of message types */

  /* Going out. */
  GQueue waiting; /* Outgoing */
  size_t waiting_bytes;
  uint32_t credit;
  bool blocked;
  bool asking; /* inside observer.low */

  /* Coming in: first the header, then the body. */
  uint8_t header[CW_AGENT_HEADER_SIZE];
  size_t header_size;
  uint32_t type;
  uint64_t missing; /* bytes of the body */
  size_t size;      /* of the body */
  bool too_long;    /* the rest of the body is skipped */
  CwBuffer body;
};

static void
outgoing_free (gpointer data)
{
  Outgoing *self = data;

  g_bytes_unref (self->bytes);
  g_free (self);
}

CwAgent *
cw_agent_new (const CwAgentObserver *observer, gpointer data)
{
  CwAgent *self = g_new0 (CwAgent, 1);

  self->observer = observer;
  self->data = data;
  return self;
}

void
cw_agent_free (CwAgent *self)
{
  if (!self)
    return;
  g_queue_clear_full (&self->waiting, outgoing_free);
  cw_buffer_clear (&self->body);
  g_free (self);
}

void
cw_agent_set_max_clipboard (CwAgent *self, int bytes)
{
  self->max_clipboard = bytes < 0 ? G_MAXINT : (size_t) bytes;
}

/* What was said before is of no more use. */
static void
forget (CwAgent *self)
{
  self->generation++;
  self->announced = false;
  memset (self->capabilities, 0, sizeof self->capabilities);
  self->header_size = 0;
  self->missing = 0;
  cw_buffer_clear (&self->body);
}

/* But for what has begun. */
static void
drop_waiting (CwAgent *self)
{
  Outgoing *head = g_queue_peek_head (&self->waiting);
  bool begun = head && head->sent > 0;

  if (begun)
    g_queue_pop_head (&self->waiting);
  g_queue_clear_full (&self->waiting, outgoing_free);
  self->waiting_bytes = 0;
  if (!begun)
    return;
  head->tag = 0;
  g_queue_push_head (&self->waiting, head);
  self->waiting_bytes = g_bytes_get_size (head->bytes) - head->sent;
}

void
cw_agent_connect (CwAgent *self)
{
  forget (self);
  drop_waiting (self);
  self->connected = true;
}

void
cw_agent_disconnect (CwAgent *self)
{
  forget (self);
  drop_waiting (self);
  self->connected = false;
}

bool
cw_agent_is_connected (const CwAgent *self)
{
  return self->connected;
}

void
cw_agent_reset (CwAgent *self)
{
  cw_agent_disconnect (self);
  g_queue_clear_full (&self->waiting, outgoing_free);
  self->waiting_bytes = 0;
  self->credit = 0;
  self->blocked = false;
  self->warned = 0;
}

bool
cw_agent_is_announced (const CwAgent *self)
{
  return self->announced;
}

bool
cw_agent_can (const CwAgent *self, uint32_t capability)
{
  return capability / 32 < CAPABILITY_WORDS && (self->capabilities[capability / 32] >> (capability % 32) & 1) != 0;
}

uint32_t
cw_agent_first_capabilities (const CwAgent *self)
{
  return self->capabilities[0];
}

/* Both sides have to have them; ours has them always. */
static uint32_t
context_of (const CwAgent *self)
{
  return (cw_agent_can (self, CW_AGENT_CAP_CLIPBOARD_SELECTION) ? CW_CONTEXT_AGENT_SELECTION : 0)
         | (cw_agent_can (self, CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL) ? CW_CONTEXT_AGENT_GRAB_SERIAL : 0);
}

/* Going out. */

static void
ask_for_more (CwAgent *self)
{
  unsigned before;

  if (!self->observer->low || self->asking)
    return;
  self->asking = true;
  do {
    before = self->waiting.length;
    if (self->connected && self->waiting_bytes < CW_AGENT_LOW_WATER)
      self->observer->low (self->data);
  } while (self->waiting.length > before);
  self->asking = false;
}

/* False: the head has to wait. */
static bool
send_bodies (CwAgent *self, Outgoing *head)
{
  size_t most = (size_t) MIN (self->credit, CW_AGENT_BURST) * CW_AGENT_MAX_DATA_SIZE;
  size_t part = MIN (g_bytes_get_size (head->bytes) - head->sent, most);
  g_autoptr (GBytes) bytes = NULL;

  if (self->credit == 0 || self->blocked)
    return false;
  bytes = g_bytes_new_from_bytes (head->bytes, head->sent, part);
  if (!self->observer->send (self->data, bytes)) {
    self->blocked = true;
    return false;
  }
  self->credit -= (uint32_t) ((part + CW_AGENT_MAX_DATA_SIZE - 1) / CW_AGENT_MAX_DATA_SIZE);
  head->sent += part;
  self->waiting_bytes -= part;
  return true;
}

/* Everything is in order whenever the observer is called, as it may come back here. */
static void
send_waiting (CwAgent *self)
{
  Outgoing *head;

  while ((head = g_queue_peek_head (&self->waiting)) && send_bodies (self, head)) {
    uint32_t tag = head->tag;

    if (head->sent < g_bytes_get_size (head->bytes))
      continue;
    outgoing_free (g_queue_pop_head (&self->waiting));
    ask_for_more (self);
    if (tag != 0 && self->observer->sent)
      self->observer->sent (self->data, tag);
  }
}

void
cw_agent_set_credit (CwAgent *self, uint32_t bodies)
{
  self->credit = bodies;
  send_waiting (self);
}

void
cw_agent_add_credit (CwAgent *self, uint32_t bodies)
{
  cw_agent_set_credit (self, bodies > UINT32_MAX - self->credit ? UINT32_MAX : self->credit + bodies);
}

void
cw_agent_resume (CwAgent *self)
{
  self->blocked = false;
  ask_for_more (self);
  send_waiting (self);
}

size_t
cw_agent_waiting_bytes (const CwAgent *self)
{
  return self->waiting_bytes;
}

void
cw_agent_drop (CwAgent *self, uint32_t tag)
{
  GList *at = self->waiting.head;

  while (at) {
    Outgoing *outgoing = at->data;
    GList *next = at->next;

    if (outgoing->tag == tag && outgoing->sent == 0) {
      self->waiting_bytes -= g_bytes_get_size (outgoing->bytes);
      g_queue_delete_link (&self->waiting, at);
      outgoing_free (outgoing);
    }
    at = next;
  }
}

static GBytes *
compose (CwAgent *self, uint32_t type, const void *data)
{
  CwWireAgentHeader header = { .protocol = CW_AGENT_PROTOCOL, .type = type };
  const CwMessageInfo *info = cw_agent_info (type);
  g_auto (CwBuffer) out;

  cw_buffer_init (&out, (size_t) UINT32_MAX + CW_AGENT_HEADER_SIZE);
  g_assert (info);
  if (!cw_wire_write (&cw_type_agent_header, &header, &out) || !cw_agent_write (info, context_of (self), data, &out))
    return NULL;
  /* The size, the last field, is known only now. */
  cw_buffer_patch_u32 (&out, CW_AGENT_HEADER_SIZE - sizeof (uint32_t), (uint32_t) (out.size - CW_AGENT_HEADER_SIZE));
  return cw_buffer_steal (&out);
}

bool
cw_agent_send (CwAgent *self, uint32_t type, const void *data, uint32_t tag)
{
  Outgoing *outgoing;
  GBytes *bytes;

  if (!self->connected || (!self->asking && self->waiting.length >= CW_AGENT_MAX_WAITING))
    return false;
  bytes = compose (self, type, data);
  if (!bytes)
    return false;
  outgoing = g_new (Outgoing, 1);
  *outgoing = (Outgoing){ .bytes = bytes, .tag = tag };
  g_queue_push_tail (&self->waiting, outgoing);
  self->waiting_bytes += g_bytes_get_size (bytes);
  if (!self->asking)
    send_waiting (self);
  return true;
}

void
cw_agent_announce (CwAgent *self, bool request)
{
  uint32_t word = 0;
  CwAgentAnnounceCapabilities announce = { .request = request, .n_caps = 1, .caps = &word };

  for (unsigned i = 0; i < G_N_ELEMENTS (own_capabilities); i++)
    word |= UINT32_C (1) << own_capabilities[i];
  cw_agent_send (self, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES, &announce, 0);
}

/* Coming in. */

static void
take_capabilities (CwAgent *self, const CwAgentAnnounceCapabilities *announce)
{
  memset (self->capabilities, 0, sizeof self->capabilities);
  for (uint32_t i = 0; i < MIN (announce->n_caps, CAPABILITY_WORDS); i++)
    self->capabilities[i] = announce->caps[i];
  self->announced = true;
}

/* One bad message spoils nothing but itself; the first of its kind is worth a warning. */
static void
pass_over (CwAgent *self, const GError *error)
{
  unsigned bit = self->type < 32 ? 1u << self->type : 1u;
  bool first = !(self->warned & bit);

  self->warned |= bit;
  if (first && !g_error_matches (error, CW_ERROR, CW_ERROR_UNSUPPORTED))
    g_warning ("The guest agent sent a damaged message: %s", error->message);
  else
    g_debug ("agent: passed over: %s", error->message);
}

static void
dispatch (CwAgent *self)
{
  g_autoptr (GBytes) body = cw_buffer_steal (&self->body);
  g_autoptr (GError) error = NULL;
  g_autoptr (CwMessage) message = NULL;

  self->header_size = 0;
  message = cw_agent_parse (self->type, context_of (self), body, &error);
  if (!message) {
    pass_over (self, error);
    return;
  }
  if (message->type == CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES)
    take_capabilities (self, message->data);
  self->observer->message (self->data, message);
}

static size_t
clipboard_head (const CwAgent *self)
{
  return context_of (self) & CW_CONTEXT_AGENT_SELECTION ? MAX_CLIPBOARD_HEAD : MAX_CLIPBOARD_HEAD / 2;
}

static size_t
limit_of (const CwAgent *self, uint32_t type)
{
  return type == CW_AGENT_TYPE_CLIPBOARD ? self->max_clipboard + clipboard_head (self) : CW_AGENT_MAX_MESSAGE;
}

/* The rest of the body is skipped; what is kept is what tells the question. */
static void
give_up_body (CwAgent *self)
{
  uint8_t head[MAX_CLIPBOARD_HEAD];
  size_t size = MIN (self->body.size, clipboard_head (self));

  if (size > 0)
    memcpy (head, self->body.data, size);
  cw_buffer_clear (&self->body);
  cw_buffer_init (&self->body, clipboard_head (self));
  cw_buffer_append (&self->body, head, size);
  self->too_long = true;
}

static bool
begin_body (CwAgent *self, GError **error)
{
  CwSlice bytes = { self->header, sizeof self->header };
  CwWireAgentHeader *header = cw_wire_read (&cw_type_agent_header, "agent: header", bytes, error);
  size_t limit;
  bool good;

  if (!header)
    return false;
  good = header->protocol == CW_AGENT_PROTOCOL;
  if (!good)
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "agent: header.protocol: %u is not %d", header->protocol,
                 CW_AGENT_PROTOCOL);
  limit = limit_of (self, header->type);
  self->type = header->type;
  self->size = self->missing = header->size;
  self->too_long = false;
  cw_buffer_clear (&self->body);
  cw_buffer_init (&self->body, limit);
  if (header->size > limit) {
    g_debug ("agent: message %u of %u bytes is passed over, the limit is %zu", header->type, header->size, limit);
    give_up_body (self);
  }
  cw_wire_free (header);
  return good;
}

/* Of a message that is too long, the question it answers is answered all the same. */
static void
end_body (CwAgent *self)
{
  if (!self->too_long || self->type == CW_AGENT_TYPE_CLIPBOARD)
    dispatch (self);
  else
    self->header_size = 0;
}

static void
take_body (CwAgent *self, CwSlice part)
{
  size_t kept = self->too_long ? MIN (part.size, self->body.max - self->body.size) : part.size;

  if (!self->too_long && self->size > RESERVE_FROM && self->body.size >= RESERVE_FROM)
    cw_buffer_reserve (&self->body, self->missing);
  cw_buffer_append (&self->body, part.data, kept);
  if (cw_buffer_failed (&self->body)) /* of memory there is not enough */
    give_up_body (self);
  self->missing -= part.size;
  if (self->missing > 0 && !self->too_long && self->type == CW_AGENT_TYPE_CLIPBOARD && self->observer->part)
    self->observer->part (self->data, self->size, (CwSlice){ self->body.data, self->body.size });
}

static size_t
take (CwAgent *self, CwSlice bytes, GError **error)
{
  CwSlice part;

  if (self->header_size < sizeof self->header) {
    size_t n = MIN (bytes.size, sizeof self->header - self->header_size);

    memcpy (self->header + self->header_size, bytes.data, n);
    self->header_size += n;
    if (self->header_size < sizeof self->header)
      return n;
    if (!begin_body (self, error))
      return 0;
    if (self->missing == 0)
      end_body (self);
    return n;
  }
  part = (CwSlice){ bytes.data, MIN (bytes.size, self->missing) };
  take_body (self, part);
  if (self->missing == 0)
    end_body (self);
  return part.size;
}

bool
cw_agent_receive (CwAgent *self, GBytes *body, GError **error)
{
  unsigned generation = self->generation;
  CwSlice bytes;

  bytes.data = g_bytes_get_data (body, &bytes.size);
  if (!self->connected)
    return true;
  while (bytes.size > 0 && generation == self->generation) {
    size_t n = take (self, bytes, error);

    if (n == 0)
      return false;
    bytes.data += n;
    bytes.size -= n;
  }
  return true;
}
