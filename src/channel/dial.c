/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/dial.h"

#include "transport/turn.h"

#include <sys/socket.h>
#include <unistd.h>

struct CwDial {
  int refs; /* the owner's, and that of a connection being made */
  CwDialParams params;
  bool over;           /* freed by the owner, or told its end */
  bool secured;        /* TLS is demanded */
  bool awaits_socket;  /* asked for, not given yet */
  int fd;              /* given and not used yet, or -1 */
  uint64_t bytes_read; /* in all attempts */
  CwTurnTask *begin;   /* or NULL */
  GCancellable *cancellable;
};

static void
unref (CwDial *self)
{
  if (--self->refs == 0)
    g_free (self);
}

CwDial *
cw_dial_new (const CwDialParams *params)
{
  CwDial *self = g_new0 (CwDial, 1);

  *self = (CwDial){ .refs = 1, .params = *params, .fd = -1 };
  return self;
}

static void
stop (CwDial *self)
{
  self->over = true;
  cw_turn_task_free (g_steal_pointer (&self->begin));
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

void
cw_dial_free (CwDial *self)
{
  stop (self);
  unref (self);
}

static void
fail (CwDial *self, CwConnectFailure failure, GError *error)
{
  stop (self);
  self->params.events->failed (self->params.data, failure, error);
}

static void connect_now (CwDial *self);

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  CwDial *self = data;
  CwConnectFailure failure = CW_CONNECT_FAILURE_CONNECT;
  g_autoptr (GError) error = NULL;
  g_autoptr (CwConnection) connection = cw_connect_finish (result, &failure, &error);

  if (self->over) {
    /* nobody waits for it any more */
  } else if (connection) {
    stop (self);
    self->params.events->connected (self->params.data, g_steal_pointer (&connection));
  } else if (failure == CW_CONNECT_FAILURE_NEED_SECURED && !self->secured) {
    self->secured = true;
    cw_dial_start (self);
  } else {
    fail (self, failure, g_steal_pointer (&error));
  }
  unref (self);
}

/* The pump takes descriptors from such sockets, and from no others. */
static bool
passes_descriptors (const CwConnectParams *params)
{
  int domain = 0;
  socklen_t size = sizeof domain;

  if (params->tls)
    return false;
  return params->unix_path
         || (getsockopt (params->fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX);
}

static void
connect_now (CwDial *self)
{
  const CwDialParams *dial = &self->params;
  CwTarget target = dial->target (dial->data);
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  g_autoptr (GBytes) first = NULL;
  g_auto (CwCaps) caps = CW_CAPS_INIT;
  GError *error = NULL;

  params.fd = self->fd;
  if (!cw_target_resolve (&target, dial->channel_type, self->secured, &params, &error)) {
    fail (self, CW_CONNECT_FAILURE_CONNECT, error);
    return;
  }
  self->fd = -1;
  self->secured = params.tls != NULL;
  params.bytes_read = &self->bytes_read;
  params.context = dial->context;
  params.link.channel_type = (uint8_t) dial->channel_type;
  params.link.channel_id = (uint8_t) dial->channel_id;
  cw_caps_copy (&caps, dial->caps);
  if (passes_descriptors (&params))
    cw_caps_add (&caps, dial->descriptor_caps);
  params.link.channel_caps = &caps;
  params.link.common_caps = dial->common_caps;
  params.link_order = dial->link_order;
  params.links_first = dial->links_first;
  first = dial->first_message (dial->data, &params.link.first_type);
  params.link.first_body = first;
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  self->refs++;
  cw_connect_async (&params, self->cancellable, on_connected, self);
}

static void
on_begin (gpointer data, int64_t deadline)
{
  CwDial *self = data;

  self->refs++;
  cw_turn_task_free (g_steal_pointer (&self->begin));
  connect_now (self);
  unref (self);
}

static void
begin_later (CwDial *self)
{
  if (!self->begin)
    self->begin = cw_turn_task_new (self->params.context, -1, on_begin, self);
  cw_turn_task_ready (self->begin);
}

void
cw_dial_ask_for_socket (CwDial *self)
{
  CwTarget target = self->params.target (self->params.data);

  self->secured = self->secured || cw_target_needs_tls (&target, self->params.channel_type);
  self->awaits_socket = true;
  self->params.events->ask_for_socket (self->params.data, self->secured);
}

void
cw_dial_start (CwDial *self)
{
  CwTarget target = self->params.target (self->params.data);

  if (target.given_sockets && self->fd < 0)
    cw_dial_ask_for_socket (self);
  else
    begin_later (self);
}

void
cw_dial_give_socket (CwDial *self, int fd)
{
  CwTarget target = self->params.target (self->params.data);

  self->secured = self->secured || cw_target_needs_tls (&target, self->params.channel_type);
  self->awaits_socket = false;
  self->fd = fd;
  begin_later (self);
}

bool
cw_dial_awaits_socket (const CwDial *self)
{
  return self->awaits_socket;
}

bool
cw_dial_has_socket (const CwDial *self)
{
  return self->fd >= 0;
}

uint64_t
cw_dial_bytes_read (const CwDial *self)
{
  return self->bytes_read;
}
