/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steps.h"

#include "channel/owner.h"

#include <string.h>
#include <sys/socket.h>

#define N_KINDS (2 * STEPS_SECOND)

typedef struct {
  PeerIo *io; /* the last one that was linked, or NULL */
  bool is_deaf;
  unsigned n_linked;
  uint32_t client_caps;
  GAsyncQueue *heard;
} Kind;

struct Steps {
  Server *server;
  SpiceSession *session; /* while it is tested */
  const uint8_t *channels;
  uint32_t n_channels, caps;
  GMutex lock; /* of what follows, and of writing */
  GCond changed;
  Kind kinds[N_KINDS];
  CwMessage *last;
};

static void
unref_message (gpointer data)
{
  cw_message_unref (data);
}

static unsigned
kind_of (const PeerIo *io)
{
  g_assert_cmpuint (io->channel_type, <, STEPS_SECOND);
  g_assert_cmpuint (io->channel_id, <, 2);
  return io->channel_type + (io->channel_id ? STEPS_SECOND : 0);
}

static bool
hear (Steps *self, PeerIo *io)
{
  uint8_t header[6];
  g_autofree uint8_t *bytes = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  uint32_t size;
  CwMessage *message;

  if (!peer_read (io, header, sizeof header))
    return false;
  memcpy (&size, header + 2, sizeof size);
  size = GUINT32_FROM_LE (size);
  bytes = g_malloc (size);
  if (size > 0 && !peer_read (io, bytes, size))
    return false;
  body = g_bytes_new_take (g_steal_pointer (&bytes), size);
  message
      = cw_message_parse (io->channel_type, CW_FROM_CLIENT, (uint16_t) (header[0] | header[1] << 8), 0, body, &error);
  g_assert_no_error (error);
  g_async_queue_push (self->kinds[kind_of (io)].heard, message);
  return true;
}

static void
wait_while_deaf (Steps *self, const Kind *kind)
{
  g_mutex_lock (&self->lock);
  while (kind->is_deaf)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

static void
serve (PeerIo *io, gpointer data)
{
  Steps *self = data;
  PeerLink link = PEER_LINK_INIT;
  Kind *kind;

  link.channel_caps = self->caps;
  if (!peer_link (io, &link))
    return;
  kind = &self->kinds[kind_of (io)];
  if (io->channel_type == CW_CHANNEL_MAIN)
    server_send_start (io, self->channels, self->n_channels);
  g_mutex_lock (&self->lock);
  kind->io = io;
  kind->n_linked++;
  kind->client_caps = io->client_caps;
  g_mutex_unlock (&self->lock);
  do
    wait_while_deaf (self, kind);
  while (hear (self, io));
  g_mutex_lock (&self->lock);
  if (kind->io == io)
    kind->io = NULL;
  g_mutex_unlock (&self->lock);
}

Steps *
steps_new (const uint8_t *channels, uint32_t n_channels, uint32_t caps)
{
  Steps *self = g_new0 (Steps, 1);

  self->channels = channels;
  self->n_channels = n_channels;
  self->caps = caps;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  for (unsigned i = 0; i < N_KINDS; i++)
    self->kinds[i].heard = g_async_queue_new_full (unref_message);
  self->server = server_new (serve, self);
  return self;
}

void
steps_free (Steps *self)
{
  for (uint8_t i = 0; i < N_KINDS; i++)
    steps_set_deaf (self, i, false);
  server_free (self->server);
  for (unsigned i = 0; i < N_KINDS; i++)
    g_async_queue_unref (self->kinds[i].heard);
  g_clear_pointer (&self->last, cw_message_unref);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

typedef struct {
  Steps *steps;
  uint8_t type;
  unsigned n;
} Links;

/* A client says some things before it has read that it was let in, so both ends are looked at. */
static bool
are_linked (gpointer data)
{
  const Links *links = data;
  Steps *self = links->steps;
  int id = links->type >= STEPS_SECOND;
  SpiceChannel *channel = client_channel (self->session, links->type - (id ? STEPS_SECOND : 0), id);
  bool linked;

  g_mutex_lock (&self->lock);
  linked = self->kinds[links->type].n_linked >= links->n;
  g_mutex_unlock (&self->lock);
  return linked && channel && !cw_channel_is_connecting (channel);
}

void
steps_await_link (Steps *self, uint8_t type, unsigned n)
{
  client_await (are_linked, &(Links){ self, type, n });
}

SpiceSession *
steps_session (Steps *self, void (*setup) (SpiceSession *session))
{
  SpiceSession *session = client_session_fd (self->server, 16384);

  self->session = session;
  if (setup)
    setup (session);
  g_assert_true (spice_session_open_fd (session, -1));
  for (uint32_t i = 0; i < self->n_channels; i++)
    steps_await_link (self, (uint8_t) (self->channels[2 * i] + (self->channels[2 * i + 1] ? STEPS_SECOND : 0)), 1);
  return session;
}

uint32_t
steps_client_caps (Steps *self, uint8_t type)
{
  uint32_t caps;

  g_mutex_lock (&self->lock);
  caps = self->kinds[type].client_caps;
  g_mutex_unlock (&self->lock);
  return caps;
}

void
steps_send (Steps *self, uint8_t type, uint16_t message, const void *data)
{
  g_mutex_lock (&self->lock);
  if (self->kinds[type].io)
    server_send (self->kinds[type].io, message, data);
  g_mutex_unlock (&self->lock);
}

void
steps_send_bytes (Steps *self, uint8_t type, uint16_t message, const void *body, size_t size)
{
  g_mutex_lock (&self->lock);
  if (self->kinds[type].io)
    server_send_bytes (self->kinds[type].io, message, body, size);
  g_mutex_unlock (&self->lock);
}

void
steps_set_deaf (Steps *self, uint8_t type, bool deaf)
{
  g_mutex_lock (&self->lock);
  self->kinds[type].is_deaf = deaf;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static bool
has_heard (gpointer data)
{
  return g_async_queue_length (data) > 0;
}

static void
hear_next (Steps *self, uint8_t type)
{
  GAsyncQueue *heard = self->kinds[type].heard;

  client_await (has_heard, heard);
  g_clear_pointer (&self->last, cw_message_unref);
  self->last = g_async_queue_pop (heard);
}

const CwMessage *
steps_next (Steps *self, uint8_t type, uint16_t message)
{
  hear_next (self, type);
  g_assert_cmpuint (self->last->type, ==, message);
  return self->last;
}

const CwMessage *
steps_skip_to (Steps *self, uint8_t type, uint16_t message)
{
  do
    hear_next (self, type);
  while (self->last->type != message);
  return self->last;
}

/* Answers to pings overtake other messages, so the second one is asked for when the first has told that all is handled.
 */
static void
ping_twice (Steps *self, uint8_t type, const CwMessage *(*await) (Steps *, uint8_t, uint16_t))
{
  for (unsigned n = 0; n < 2; n++) {
    steps_send (self, type, CW_MSG_PING, &(CwMsgPing){ .id = 4711 });
    await (self, type, CW_MSGC_PONG);
    while (g_main_context_iteration (NULL, FALSE))
      ;
  }
}

void
steps_heard_all (Steps *self, uint8_t type)
{
  ping_twice (self, type, steps_next);
}

void
steps_skip_all (Steps *self, uint8_t type)
{
  ping_twice (self, type, steps_skip_to);
}

void
steps_close (Steps *self, uint8_t type)
{
  g_mutex_lock (&self->lock);
  if (self->kinds[type].io)
    shutdown (self->kinds[type].io->fd, SHUT_RDWR);
  g_mutex_unlock (&self->lock);
}

void
steps_expect_told (Steps *self, uint8_t type, GString *told, const char *expected)
{
  steps_heard_all (self, type);
  g_assert_cmpstr (told->str, ==, expected);
  g_string_truncate (told, 0);
}

bool
steps_works (gpointer channel)
{
  return cw_channel_is_started (channel);
}

bool
steps_is_closed (gpointer channel)
{
  return !cw_channel_is_running (channel);
}

void
steps_disconnect (SpiceChannel *channel)
{
  spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
  client_await (steps_is_closed, channel);
}

void
steps_end (Steps *self, SpiceSession *session, GString *told)
{
  client_end (session);
  steps_free (self);
  g_string_free (told, TRUE);
}
