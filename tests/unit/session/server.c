/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct Server {
  GSocket *listener;
  char *port;
  PeerFunc script;
  gpointer data;
  GThread *acceptor;
  GMutex lock;
  bool ending;
  GPtrArray *connections;
};

typedef struct {
  Server *server;
  PeerIo io;
  int fd; /* closed when all is over: until then it may be shut down; -1 when the script has closed it */
  GThread *thread;
  bool over; /* the script has ended */
} Connection;

static gpointer
run (gpointer data)
{
  Connection *self = data;

  self->server->script (&self->io, self->server->data);
  g_mutex_lock (&self->server->lock);
  if (self->io.fd < 0)
    self->fd = -1;
  else
    shutdown (self->fd, SHUT_RDWR);
  self->over = true;
  g_mutex_unlock (&self->server->lock);
  return NULL;
}

static void
connection_free (gpointer data)
{
  Connection *self = data;

  g_mutex_lock (&self->server->lock);
  if (self->fd >= 0)
    shutdown (self->fd, SHUT_RDWR);
  g_mutex_unlock (&self->server->lock);
  g_thread_join (self->thread);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

static void
add_connection (Server *self, int fd)
{
  Connection *connection = g_new0 (Connection, 1);

  g_mutex_lock (&self->lock);
  *connection = (Connection){ .server = self, .io = { .fd = fd }, .fd = fd };
  g_ptr_array_add (self->connections, connection);
  if (self->ending)
    shutdown (fd, SHUT_RDWR);
  connection->thread = g_thread_new ("connection", run, connection);
  g_mutex_unlock (&self->lock);
}

static gpointer
accept_all (gpointer data)
{
  Server *self = data;
  GSocket *socket;

  while ((socket = g_socket_accept (self->listener, NULL, NULL))) {
    int fd = dup (g_socket_get_fd (socket));

    g_object_unref (socket);
    g_unix_set_fd_nonblocking (fd, FALSE, NULL);
    /* A message is two writes: nobody wants to wait for the first one's acknowledgement. */
    g_assert_cmpint (setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof (int)), ==, 0);
    add_connection (self, fd);
  }
  return NULL;
}

Server *
server_new (PeerFunc script, gpointer data)
{
  Server *self = g_new0 (Server, 1);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  self->script = script;
  self->data = data;
  self->connections = g_ptr_array_new_with_free_func (connection_free);
  g_mutex_init (&self->lock);
  self->listener = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_assert_no_error (error);
  /* A client that finds no room in it tries again only after a second. */
  g_socket_set_listen_backlog (self->listener, 4096);
  g_assert_true (g_socket_bind (self->listener, address, TRUE, &error) && g_socket_listen (self->listener, &error));
  bound = g_socket_get_local_address (self->listener, NULL);
  self->port = g_strdup_printf ("%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  self->acceptor = g_thread_new ("acceptor", accept_all, self);
  return self;
}

void
server_free (Server *self)
{
  g_mutex_lock (&self->lock);
  self->ending = true;
  g_mutex_unlock (&self->lock);
  shutdown (g_socket_get_fd (self->listener), SHUT_RDWR);
  g_thread_join (self->acceptor);
  g_ptr_array_unref (self->connections);
  g_object_unref (self->listener);
  g_mutex_clear (&self->lock);
  g_free (self->port);
  g_free (self);
}

const char *
server_port (const Server *self)
{
  return self->port;
}

int
server_socket (Server *self)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  add_connection (self, fds[0]);
  return fds[1];
}

bool
server_is_idle (Server *self)
{
  struct pollfd listening = { .fd = g_socket_get_fd (self->listener), .events = POLLIN };
  bool idle = poll (&listening, 1, 0) == 0;

  g_mutex_lock (&self->lock);
  for (unsigned i = 0; idle && i < self->connections->len; i++) {
    const Connection *connection = self->connections->pdata[i];
    int waiting = g_atomic_int_get (&connection->io.waiting), n_unread = 0;

    idle = connection->over || waiting == 2
           || (waiting && ioctl (connection->fd, FIONREAD, &n_unread) == 0 && n_unread == 0);
  }
  g_mutex_unlock (&self->lock);
  return idle;
}

/* In one piece, as libspice-server does: a client would wake up twice otherwise. */
bool
server_send_bytes (PeerIo *io, uint16_t type, const void *body, size_t size)
{
  const uint8_t header[6] = { (uint8_t) type,        (uint8_t) (type >> 8),  (uint8_t) size,
                              (uint8_t) (size >> 8), (uint8_t) (size >> 16), (uint8_t) (size >> 24) };
  g_autofree uint8_t *message = g_malloc (sizeof header + size);

  memcpy (message, header, sizeof header);
  if (size > 0)
    memcpy (message + sizeof header, body, size);
  return peer_write (io, message, sizeof header + size);
}

bool
server_send (PeerIo *io, uint16_t type, const void *data)
{
  g_auto (CwBuffer) body = { 0 };

  cw_buffer_init (&body, 1 << 20);
  g_assert_true (cw_message_write (cw_message_info (io->channel_type, CW_FROM_SERVER, type), data, &body));
  return server_send_bytes (io, type, body.data, body.size);
}

bool
server_send_message (PeerIo *io, const CwMessage *message)
{
  return server_send_bytes (io, message->type, message->body.data, message->body.size);
}

bool
server_hear (PeerIo *io, uint16_t type)
{
  uint8_t header[6], body[256];
  uint16_t its;
  uint32_t size;

  do {
    if (!peer_read (io, header, sizeof header))
      return false;
    memcpy (&its, header, 2);
    memcpy (&size, header + 2, 4);
    if (size > sizeof body || !peer_read (io, body, size))
      return false;
  } while (its != type);
  return true;
}

void
server_hold (PeerIo *io)
{
  struct pollfd wait = { .fd = io->fd, .events = POLLRDHUP };

  g_atomic_int_set (&io->waiting, 2);
  while (poll (&wait, 1, -1) < 0)
    ;
}

bool
server_send_start (PeerIo *io, const uint8_t *channels, uint32_t n_channels)
{
  CwWireChannelId ids[64];
  CwMsgMainInit init = {
    .session_id = 1, .display_channels_hint = 1, .supported_mouse_modes = 3, .current_mouse_mode = CW_MOUSE_MODE_CLIENT
  };
  CwMsgMainChannelsList list = { .n_channels = n_channels, .channels = ids };

  g_assert_cmpuint (n_channels, <=, G_N_ELEMENTS (ids));
  for (uint32_t i = 0; i < n_channels; i++)
    ids[i] = (CwWireChannelId){ channels[2 * i], channels[2 * i + 1] };
  return server_send (io, CW_MSG_MAIN_INIT, &init) && server_send (io, CW_MSG_MAIN_CHANNELS_LIST, &list);
}

bool
server_begin (PeerIo *io, const PeerLink *link, const uint8_t *channels, uint32_t n_channels)
{
  if (!peer_link (io, link))
    return false;
  if (io->channel_type != CW_CHANNEL_MAIN)
    return true;
  server_send_start (io, channels, n_channels);
  peer_drain (io);
  return false;
}
