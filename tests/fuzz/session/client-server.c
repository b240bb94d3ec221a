/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client-server.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <spice/enums.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINK_KEY_SIZE 162
#define MAX_FDS 5
#define PICTURE_SIZE (64 * 64 * 4)
#define FILE_SIZE 70000

enum { MAIN_INIT = 103, MAIN_CHANNELS_LIST = 104, MAIN_MIGRATE_SWITCH_HOST = 111, MAIN_MIGRATE_BEGIN_SEAMLESS = 116 };
enum { CAP_SELECTION = 1, CAP_TICKET = 2, CAP_SASL = 4, CAP_MINI = 8 };

/* --- of the process -------------------------------------------------------------------------------------------- */

typedef struct {
  char *folder, *path;
  int tcp, local;
  uint16_t port;
  uint8_t link_key[LINK_KEY_SIZE];
} World;

static World *the_world (void);

static const char *const names[] = { "socket", "file", "empty", "recording" };

static void
forget_world (void)
{
  World *self = the_world ();

  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (self->folder, names[i], NULL);

    g_unlink (path);
  }
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->path);
  g_free (self);
}

static int
listen_at (const void *address, socklen_t size, int family)
{
  int fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_assert_cmpint (bind (fd, address, size), ==, 0);
  g_assert_cmpint (listen (fd, 64), ==, 0);
  return fd;
}

static void
make_files (World *self)
{
  g_autofree char *file = g_build_filename (self->folder, names[1], NULL),
                  *empty = g_build_filename (self->folder, names[2], NULL), *content = g_malloc0 (FILE_SIZE);

  g_assert_true (g_file_set_contents (file, content, FILE_SIZE, NULL));
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
}

static gpointer
make_world (gpointer data)
{
  World *self = g_new0 (World, 1);
  struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct sockaddr_un local = { .sun_family = AF_UNIX };
  socklen_t size = sizeof inet;
  EVP_PKEY *key = EVP_RSA_gen (1024);
  uint8_t *at = self->link_key;

  self->folder = g_dir_make_tmp ("client-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, names[0], NULL);
  g_strlcpy (local.sun_path, self->path, sizeof local.sun_path);
  self->tcp = listen_at (&inet, sizeof inet, AF_INET);
  self->local = listen_at (&local, sizeof local, AF_UNIX);
  g_assert_cmpint (getsockname (self->tcp, (struct sockaddr *) &inet, &size), ==, 0);
  self->port = ntohs (inet.sin_port);
  make_files (self);
  g_assert_cmpint (i2d_PUBKEY (key, NULL), ==, LINK_KEY_SIZE);
  i2d_PUBKEY (key, &at);
  EVP_PKEY_free (key);
  atexit (forget_world);
  return self;
}

static World *
the_world (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_world, NULL);
}

const char *
servers_path (void)
{
  return the_world ()->path;
}

uint16_t
servers_port (void)
{
  return the_world ()->port;
}

const char *
servers_folder (void)
{
  return the_world ()->folder;
}

/* --- words ----------------------------------------------------------------------------------------------------- */

void
servers_say_bytes (const Connection *to, const void *bytes, size_t size)
{
  if (to->fd >= 0 && send (to->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_assert_true (errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
}

void
servers_say (const Connection *to, uint16_t type, const void *body, uint32_t size)
{
  g_autofree uint8_t *message = g_malloc (6 + size);

  memcpy (message, &type, 2);
  memcpy (message + 2, &size, 4);
  if (size > 0)
    memcpy (message + 6, body, size);
  servers_say_bytes (to, message, 6 + size);
}

static int
make_descriptor (unsigned kind)
{
  int fd = kind % 3 < 2 ? memfd_create ("picture", MFD_CLOEXEC) : open ("/dev/null", O_RDWR | O_CLOEXEC);

  if (kind % 3 < 2)
    g_assert_cmpint (ftruncate (fd, kind % 3 == 0 ? PICTURE_SIZE : 100), ==, 0);
  return fd;
}

void
servers_pass (const Connection *to, uint8_t byte, unsigned kind, unsigned n)
{
  union {
    char bytes[CMSG_SPACE (MAX_FDS * sizeof (int))];
    struct cmsghdr header;
  } control = { { 0 } };
  struct iovec vector = { &byte, 1 };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
  int fds[MAX_FDS];

  n = MIN (n, MAX_FDS);
  for (unsigned i = 0; i < n; i++)
    fds[i] = make_descriptor (kind);
  if (n > 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE (n * sizeof (int));
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN (n * sizeof (int));
    memcpy (CMSG_DATA (&control.header), fds, n * sizeof (int));
  }
  if (to->fd >= 0 && sendmsg (to->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_assert_true (errno == EAGAIN || errno == EPIPE || errno == ECONNRESET || errno == ETOOMANYREFS);
  while (n > 0)
    close (fds[--n]);
}

/* As a struct of the wire with its name behind it. */
void
servers_move (const Connection *to, uint16_t type, uint8_t what)
{
  static const char host[] = "127.0.0.1";
  uint16_t ports[2] = { servers_port (), 0xffff };
  uint32_t seamless = type == MAIN_MIGRATE_BEGIN_SEAMLESS ? 4 : 0, version = what,
           words[] = { sizeof host, 20 + seamless, 0, 0 };
  uint8_t body[20 + 4 + sizeof host];

  if (what & 0x80)
    ports[0] = 0;
  memcpy (body, ports, sizeof ports);
  memcpy (body + 4, words, sizeof words);
  memcpy (body + 20, &version, seamless);
  memcpy (body + 20 + seamless, host, sizeof host);
  servers_say (to, type, body, 20 + seamless + (uint32_t) sizeof host);
}

static void
say_start (const Connection *to)
{
  static const uint8_t kinds[][2]
      = { { SPICE_CHANNEL_DISPLAY, 0 }, { SPICE_CHANNEL_INPUTS, 0 },   { SPICE_CHANNEL_CURSOR, 0 },
          { SPICE_CHANNEL_PORT, 0 },    { SPICE_CHANNEL_PLAYBACK, 0 }, { SPICE_CHANNEL_RECORD, 0 },
          { SPICE_CHANNEL_DISPLAY, 1 }, { SPICE_CHANNEL_USBREDIR, 0 }, { SPICE_CHANNEL_WEBDAV, 0 } };
  const uint32_t init[] = { 1, 1, 3, 1, 1, 10, 1000, 0 };
  uint8_t list[4 + sizeof kinds] = { G_N_ELEMENTS (kinds) };

  memcpy (list + 4, kinds, sizeof kinds);
  servers_say (to, MAIN_INIT, init, sizeof init);
  servers_say (to, MAIN_CHANNELS_LIST, list, sizeof list);
}

/* The choice of mechanisms, and more or less of what follows it. */
static void
say_sasl (const Connection *to, unsigned number)
{
  static const char *const lists[] = { "DIGEST-MD5", "PLAIN", "ANONYMOUS", "?", "" };
  const char *list = lists[number % G_N_ELEMENTS (lists)];
  uint32_t size = (uint32_t) strlen (list);

  servers_say_bytes (to, &size, sizeof size);
  servers_say_bytes (to, list, size);
}

/* The link's reply and its good result: they may be sent before they are asked for. */
static void
say_link (const Connection *to, unsigned way, unsigned number)
{
  uint32_t words[] = { 0x51444552, 2, 2, 186, way == GREET_ERROR ? number : 0 },
           caps = CAP_SELECTION | CAP_MINI | (way == GREET_SASL ? CAP_SASL : CAP_TICKET),
           tail[] = { 1, 1, 178, caps, way == GREET_BARE ? 0 : 0xffffffff, way == GREET_REFUSE ? number : 0 };
  uint8_t reply[206];

  memcpy (reply, words, sizeof words);
  memcpy (reply + 20, the_world ()->link_key, LINK_KEY_SIZE);
  memcpy (reply + 20 + LINK_KEY_SIZE, tail, sizeof tail);
  if (way == GREET_NONSENSE)
    memset (reply, (int) number, 16);
  servers_say_bytes (to, reply, way == GREET_SASL ? 202 : sizeof reply);
  if (way == GREET_SASL)
    say_sasl (to, number);
}

static void
greet (Servers *self, Connection *to)
{
  unsigned way = self->next_greeting % GREET_N_WAYS, number = self->next_greeting / GREET_N_WAYS;

  if (way == GREET_WELL && self->are_bare)
    way = GREET_BARE;
  self->next_greeting = 0;
  if (way == GREET_HANG_UP) {
    close (to->fd);
    to->fd = -1;
    return;
  }
  say_link (to, way, number);
  if (to->type == SPICE_CHANNEL_MAIN && (way == GREET_WELL || way == GREET_BARE))
    say_start (to);
}

/* --- connections ----------------------------------------------------------------------------------------------- */

static Connection *
add (Servers *self, int fd)
{
  Connection *connection = &self->connections[self->n_connections];

  if (self->n_connections == MAX_CONNECTIONS) {
    close (fd);
    return NULL;
  }
  self->n_connections++;
  *connection = (Connection){ .fd = fd, .type = -1 };
  return connection;
}

bool
servers_take (Servers *self, int fd, int type, int id)
{
  Connection *connection = add (self, fd);

  if (!connection)
    return false;
  connection->type = type;
  connection->id = id;
  connection->is_known = true;
  greet (self, connection);
  return true;
}

/* The link message begins with 16 bytes and the connection's id; then comes what it is for. */
static void
identify (Servers *self, Connection *connection)
{
  ssize_t n = recv (connection->fd, connection->begun + connection->n_begun,
                    sizeof connection->begun - connection->n_begun, MSG_DONTWAIT);

  if (n > 0)
    connection->n_begun += (unsigned) n;
  if (connection->n_begun < sizeof connection->begun)
    return;
  connection->type = connection->begun[20];
  connection->id = connection->begun[21];
  connection->is_known = true;
  greet (self, connection);
}

void
servers_turn (Servers *self)
{
  World *world = the_world ();
  char bytes[4096];
  int fd, yes = 1;
  ssize_t n;

  while ((fd = accept4 (world->tcp, NULL, NULL, SOCK_CLOEXEC)) >= 0
         || (fd = accept4 (world->local, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    add (self, fd);
  }
  for (unsigned i = 0; i < self->n_connections; i++) {
    Connection *connection = &self->connections[i];

    if (connection->fd >= 0 && !connection->is_known)
      identify (self, connection);
    while (connection->fd >= 0 && connection->is_known && !self->are_deaf
           && (n = recv (connection->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
      self->n_heard += (uint64_t) n;
  }
}

Connection *
servers_exactly (Servers *self, unsigned number)
{
  return self->n_connections > 0 ? &self->connections[number % self->n_connections] : NULL;
}

Connection *
servers_newest (Servers *self, unsigned number)
{
  Connection *found = servers_exactly (self, number);

  for (unsigned i = 0; found && i < self->n_connections; i++)
    if (self->connections[i].type == found->type && self->connections[i].id == found->id)
      found = &self->connections[i];
  return found;
}

void
servers_hang_up (Servers *self, int type, int id)
{
  for (unsigned i = 0; i < self->n_connections; i++) {
    Connection *connection = &self->connections[i];

    if (connection->type != type || connection->id != id || connection->fd < 0)
      continue;
    close (connection->fd);
    connection->fd = -1;
  }
}

void
servers_hang_up_all (Servers *self)
{
  servers_turn (self);
  for (unsigned i = 0; i < self->n_connections; i++)
    if (self->connections[i].fd >= 0)
      close (self->connections[i].fd);
  self->n_connections = 0;
}
