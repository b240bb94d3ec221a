/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-server.h"

#include "wire/types.h"

#include <string.h>

struct AgentServer {
  Server *server;
  GMutex lock; /* of what follows, and of writing */
  PeerIo *io;  /* of the main channel, or NULL */
  bool grants;
  uint32_t caps;
  GByteArray *partial;
  unsigned n_bodies;
  GAsyncQueue *heard;
  Heard *last;
};

static void
heard_free (gpointer data)
{
  Heard *self = data;

  if (!self)
    return;
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->message, cw_message_unref);
  g_free (self);
}

static uint32_t
context_of (const AgentServer *self)
{
  return (self->caps & 1u << CW_AGENT_CAP_CLIPBOARD_SELECTION ? CW_CONTEXT_AGENT_SELECTION : 0)
         | (self->caps & 1u << CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL ? CW_CONTEXT_AGENT_GRAB_SERIAL : 0);
}

/* As the reference server: a body belongs to one message, whose end is the end of a body. */
static void
take_agent_body (AgentServer *self, GBytes *body)
{
  gsize size;
  const uint8_t *data = g_bytes_get_data (body, &size);
  const uint8_t *at;
  uint32_t type, length;

  g_assert_cmpuint (size, >, 0);
  g_assert_cmpuint (size, <=, CW_AGENT_MAX_DATA_SIZE);
  g_byte_array_append (self->partial, data, (guint) size);
  self->n_bodies++;
  g_assert_cmpuint (self->partial->len, >=, CW_AGENT_HEADER_SIZE);
  at = self->partial->data;
  memcpy (&type, at + 4, 4);
  memcpy (&length, at + 16, 4);
  length = GUINT32_FROM_LE (length);
  g_assert_cmpuint (self->partial->len, <=, CW_AGENT_HEADER_SIZE + length);
  if (self->partial->len == CW_AGENT_HEADER_SIZE + length) {
    g_autoptr (GBytes) content = g_bytes_new (at + CW_AGENT_HEADER_SIZE, length);
    Heard *heard = g_new0 (Heard, 1);

    heard->type = CW_MSGC_MAIN_AGENT_DATA;
    heard->n_bodies = self->n_bodies;
    heard->message = cw_agent_parse (GUINT32_FROM_LE (type), context_of (self), content, NULL);
    g_assert_nonnull (heard->message);
    g_async_queue_push (self->heard, heard);
    g_byte_array_set_size (self->partial, 0);
    self->n_bodies = 0;
  } else {
    g_assert_cmpuint (size, ==, CW_AGENT_MAX_DATA_SIZE);
  }
  if (self->grants)
    server_send (self->io, CW_MSG_MAIN_AGENT_TOKEN, &(CwMsgMainAgentToken){ 1 });
}

static void
take (AgentServer *self, uint16_t type, GBytes *body)
{
  Heard *heard;

  if (type == CW_MSGC_MAIN_AGENT_DATA) {
    g_mutex_lock (&self->lock);
    take_agent_body (self, body);
    g_mutex_unlock (&self->lock);
    return;
  }
  heard = g_new0 (Heard, 1);
  heard->type = type;
  heard->body = g_bytes_ref (body);
  g_async_queue_push (self->heard, heard);
}

static bool
read_message (AgentServer *self, PeerIo *io)
{
  uint8_t header[6];
  g_autofree uint8_t *bytes = NULL;
  g_autoptr (GBytes) body = NULL;
  uint32_t size;

  if (!peer_read (io, header, sizeof header))
    return false;
  memcpy (&size, header + 2, sizeof size);
  size = GUINT32_FROM_LE (size);
  bytes = g_malloc (size);
  if (size > 0 && !peer_read (io, bytes, size))
    return false;
  body = g_bytes_new (bytes, size);
  take (self, (uint16_t) (header[0] | header[1] << 8), body);
  return true;
}

static void
serve (PeerIo *io, gpointer data)
{
  AgentServer *self = data;
  const PeerLink link = PEER_LINK_INIT;

  if (!peer_link (io, &link))
    return;
  g_mutex_lock (&self->lock);
  self->io = io;
  g_mutex_unlock (&self->lock);
  while (read_message (self, io))
    ;
  g_mutex_lock (&self->lock);
  self->io = NULL;
  g_mutex_unlock (&self->lock);
}

AgentServer *
agent_server_new (void)
{
  AgentServer *self = g_new0 (AgentServer, 1);

  g_mutex_init (&self->lock);
  self->partial = g_byte_array_new ();
  self->heard = g_async_queue_new_full (heard_free);
  self->server = server_new (serve, self);
  return self;
}

void
agent_server_free (AgentServer *self)
{
  server_free (self->server);
  heard_free (self->last);
  g_async_queue_unref (self->heard);
  g_byte_array_unref (self->partial);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static bool
is_linked (gpointer data)
{
  AgentServer *self = data;
  bool linked;

  g_mutex_lock (&self->lock);
  linked = self->io != NULL;
  g_mutex_unlock (&self->lock);
  return linked;
}

static gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* What another thread does wakes no loop, so this looks every few milliseconds. */
static void
run_until (ClientDone done, gpointer data)
{
  guint id = g_timeout_add (2, wake, NULL);

  client_await (done, data);
  g_source_remove (id);
}

SpiceMainChannel *
agent_server_main (SpiceSession *session)
{
  return (SpiceMainChannel *) client_channel (session, CW_CHANNEL_MAIN, 0);
}

SpiceSession *
agent_server_session (AgentServer *self, bool agent)
{
  return agent_server_session_without (self, agent, NULL);
}

SpiceSession *
agent_server_session_without (AgentServer *self, bool agent, const char *const *effects)
{
  SpiceSession *session = client_session (self->server);
  const CwMsgMainInit init = { .session_id = 1,
                               .display_channels_hint = 1,
                               .supported_mouse_modes = CW_MOUSE_MODE_CLIENT,
                               .current_mouse_mode = CW_MOUSE_MODE_CLIENT,
                               .agent_connected = agent,
                               .agent_tokens = 10 };

  g_object_set (session, "disable-effects", effects, NULL);
  g_assert_true (spice_session_connect (session));
  run_until (is_linked, self);
  agent_server_send (self, CW_MSG_MAIN_INIT, &init);
  return session;
}

void
agent_server_send (AgentServer *self, uint16_t type, const void *data)
{
  g_mutex_lock (&self->lock);
  if (self->io)
    server_send (self->io, type, data);
  g_mutex_unlock (&self->lock);
}

void
agent_server_send_bytes (AgentServer *self, uint16_t type, const void *body, size_t size)
{
  g_mutex_lock (&self->lock);
  if (self->io)
    server_send_bytes (self->io, type, body, size);
  g_mutex_unlock (&self->lock);
}

void
agent_server_say (AgentServer *self, uint32_t type, const void *data)
{
  CwWireAgentHeader header = { .protocol = CW_AGENT_PROTOCOL, .type = type };
  g_auto (CwBuffer) out;

  cw_buffer_init (&out, 1 << 26);
  g_assert_true (cw_wire_write (&cw_type_agent_header, &header, &out));
  g_assert_true (cw_agent_write (cw_agent_info (type), context_of (self), data, &out));
  cw_buffer_patch_u32 (&out, CW_AGENT_HEADER_SIZE - 4, (uint32_t) (out.size - CW_AGENT_HEADER_SIZE));
  for (size_t at = 0; at < out.size; at += CW_AGENT_MAX_DATA_SIZE)
    agent_server_send_bytes (self, CW_MSG_MAIN_AGENT_DATA, out.data + at, MIN (CW_AGENT_MAX_DATA_SIZE, out.size - at));
}

void
agent_server_announce (AgentServer *self, uint32_t request, uint32_t caps)
{
  const CwAgentAnnounceCapabilities announce = { request, 1, &caps };

  agent_server_say (self, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES, &announce);
  g_mutex_lock (&self->lock);
  self->caps = caps;
  g_mutex_unlock (&self->lock);
}

void
agent_server_grant (AgentServer *self, bool grant)
{
  g_mutex_lock (&self->lock);
  self->grants = grant;
  g_mutex_unlock (&self->lock);
}

static bool
has_heard (gpointer data)
{
  return g_async_queue_length (((AgentServer *) data)->heard) > 0;
}

const Heard *
agent_server_next (AgentServer *self, uint16_t type, uint32_t agent_type)
{
  run_until (has_heard, self);
  heard_free (self->last);
  self->last = g_async_queue_pop (self->heard);
  g_assert_cmpuint (self->last->type, ==, type);
  if (agent_type != 0)
    g_assert_cmpuint (self->last->message->type, ==, agent_type);
  return self->last;
}

const void *
agent_server_next_agent (AgentServer *self, uint32_t agent_type)
{
  return agent_server_next (self, CW_MSGC_MAIN_AGENT_DATA, agent_type)->message->data;
}

/* Until what the server has sent is handled, and what came of it is heard. Answers to pings overtake other messages, so
 * the second one is asked for when the first has told that all is handled. */
static void
settle (AgentServer *self, void (*heard) (AgentServer *self))
{
  for (unsigned n = 0; n < 2; n++) {
    agent_server_send (self, CW_MSG_PING, &(CwMsgPing){ .id = 4711 });
    heard (self);
    while (g_main_context_iteration (NULL, FALSE))
      ;
  }
}

static void
hear_pong (AgentServer *self)
{
  agent_server_next (self, CW_MSGC_PONG, 0);
}

void
agent_server_heard_all (AgentServer *self)
{
  settle (self, hear_pong);
}

static void
skip_until (AgentServer *self, uint16_t type)
{
  do {
    run_until (has_heard, self);
    heard_free (self->last);
    self->last = g_async_queue_pop (self->heard);
  } while (self->last->type != type);
}

static void
skip_to_pong (AgentServer *self)
{
  skip_until (self, CW_MSGC_PONG);
}

void
agent_server_skip_wishes (AgentServer *self)
{
  settle (self, skip_to_pong);
}

void
agent_server_skip_start (AgentServer *self)
{
  skip_until (self, CW_MSGC_MAIN_ATTACH_CHANNELS);
  agent_server_skip_wishes (self);
}
