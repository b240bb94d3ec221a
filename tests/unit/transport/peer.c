/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct Peer {
  GSocket *listener;
  uint16_t port;
  PeerFunc func;
  gpointer data;
  GThread *thread;
  SSL_CTX *ctx;
  char *sni;
  bool used;
};

bool
peer_read (PeerIo *io, void *data, size_t size)
{
  uint8_t *at = data;

  while (size > 0) {
    ssize_t n;

    g_atomic_int_set (&io->waiting, 1);
    n = io->ssl ? SSL_read (io->ssl, at, (int) size) : recv (io->fd, at, size, 0);
    g_atomic_int_set (&io->waiting, 0);
    if (n <= 0)
      return false;
    at += n;
    size -= n;
  }
  return true;
}

bool
peer_write (PeerIo *io, const void *data, size_t size)
{
  const uint8_t *at = data;

  while (size > 0) {
    ssize_t n = io->ssl ? SSL_write (io->ssl, at, (int) size) : send (io->fd, at, size, MSG_NOSIGNAL);

    if (n <= 0)
      return false;
    at += n;
    size -= n;
  }
  return true;
}

void
peer_drain (PeerIo *io)
{
  uint8_t byte;

  while (peer_read (io, &byte, 1))
    ;
}

void
peer_reset (PeerIo *io)
{
  struct linger now = { 1, 0 };

  setsockopt (io->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close (io->fd);
  io->fd = -1;
}

static void
put_u32 (uint8_t *at, uint32_t value)
{
  value = GUINT32_TO_LE (value);
  memcpy (at, &value, 4);
}

typedef struct {
  EVP_PKEY *pair;
  uint8_t encoded[162];
} LinkKey;

static gpointer
make_key (gpointer data)
{
  LinkKey *self = g_new (LinkKey, 1);
  unsigned char *at = self->encoded;

  self->pair = EVP_RSA_gen (1024);
  g_assert_cmpint (i2d_PUBKEY (self->pair, NULL), ==, sizeof self->encoded);
  i2d_PUBKEY (self->pair, &at);
  return self;
}

/* One for all links: making and encoding it take longer than everything else. */
static const LinkKey *
link_key (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_key, NULL);
}

void
peer_prepare (void)
{
  link_key ();
}

static bool
send_reply (PeerIo *io, const PeerLink *link, const LinkKey *key)
{
  uint8_t reply[202] = "REDQ";

  put_u32 (reply + 4, 2);
  put_u32 (reply + 8, 2);
  put_u32 (reply + 12, sizeof reply - 16);
  put_u32 (reply + 16, link->error);
  memcpy (reply + 20, key->encoded, sizeof key->encoded);
  put_u32 (reply + 182, 1);
  put_u32 (reply + 186, 1);
  put_u32 (reply + 190, 178);
  put_u32 (reply + 194, link->common_caps);
  put_u32 (reply + 198, link->channel_caps_of ? link->channel_caps_of (io, link->data) : link->channel_caps);
  return peer_write (io, reply, sizeof reply) && link->error == 0;
}

static bool
decrypt (EVP_PKEY *key, const uint8_t *ticket, const char *expected)
{
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new (key, NULL);
  uint8_t plain[128];
  size_t size = sizeof plain;
  bool ok = EVP_PKEY_decrypt_init (ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding (ctx, RSA_PKCS1_OAEP_PADDING) == 1
            && EVP_PKEY_decrypt (ctx, plain, &size, ticket, 128) == 1;

  EVP_PKEY_CTX_free (ctx);
  g_assert_true (ok);
  return size == strlen (expected) + 1 && memcmp (plain, expected, size) == 0;
}

static uint32_t
get_u32 (const uint8_t *message, uint32_t size, uint64_t at)
{
  uint32_t value = 0;

  if (at + sizeof value <= size)
    memcpy (&value, message + at, sizeof value);
  return GUINT32_FROM_LE (value);
}

static bool
run_link (PeerIo *io, const PeerLink *link, bool with_result)
{
  const LinkKey *key = link_key ();
  uint8_t header[16], message[4096], ticket[132], result[4];
  uint32_t size;

  if (!peer_read (io, header, sizeof header))
    return false;
  memcpy (&size, header + 12, 4);
  size = GUINT32_FROM_LE (size);
  g_assert_cmpmem (header, 4, "REDQ", 4);
  g_assert_cmpuint (size, <=, sizeof message);
  if (!peer_read (io, message, size))
    return false;
  io->connection_id = get_u32 (message, size, 0);
  io->channel_type = message[4];
  io->channel_id = message[5];
  if (get_u32 (message, size, 10) > 0)
    io->client_caps = get_u32 (message, size, get_u32 (message, size, 14) + UINT64_C (4) * get_u32 (message, size, 6));
  if (!send_reply (io, link, key) || !peer_read (io, ticket, sizeof ticket))
    return false;
  g_assert_cmpmem (ticket, 4, "\1\0\0\0", 4);
  if (!with_result)
    return true;
  put_u32 (result, decrypt (key->pair, ticket + 4, link->password) ? link->result : 7);
  return peer_write (io, result, 4) && result[0] == 0;
}

bool
peer_link (PeerIo *io, const PeerLink *link)
{
  return run_link (io, link, true);
}

bool
peer_link_until_ticket (PeerIo *io, const PeerLink *link)
{
  return run_link (io, link, false);
}

static int
on_sni (SSL *ssl, int *alert, void *data)
{
  Peer *self = data;

  g_free (self->sni);
  self->sni = g_strdup (SSL_get_servername (ssl, TLSEXT_NAMETYPE_host_name));
  return SSL_TLSEXT_ERR_OK;
}

Peer *
peer_new (const char *address, uint16_t port, PeerFunc func, gpointer data)
{
  Peer *self = g_new0 (Peer, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) wanted
      = *address == '/' ? g_unix_socket_address_new (address) : g_inet_socket_address_new_from_string (address, port);
  g_autoptr (GSocketAddress) bound = NULL;

  self->func = func;
  self->data = data;
  self->listener
      = g_socket_new (g_socket_address_get_family (wanted), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_assert_no_error (error);
  g_socket_bind (self->listener, wanted, TRUE, &error);
  g_assert_no_error (error);
  g_socket_listen (self->listener, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (self->listener, NULL);
  if (G_IS_INET_SOCKET_ADDRESS (bound))
    self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return self;
}

void
peer_use_tls (Peer *self, X509 *certificate, EVP_PKEY *key, int max_version)
{
  self->ctx = SSL_CTX_new (TLS_server_method ());
  SSL_CTX_set_security_level (self->ctx, 0);
  SSL_CTX_set_min_proto_version (self->ctx, TLS1_VERSION);
  SSL_CTX_set_max_proto_version (self->ctx, max_version);
  SSL_CTX_set_tlsext_servername_callback (self->ctx, on_sni);
  SSL_CTX_set_tlsext_servername_arg (self->ctx, self);
  g_assert_cmpint (SSL_CTX_use_certificate (self->ctx, certificate), ==, 1);
  g_assert_cmpint (SSL_CTX_use_PrivateKey (self->ctx, key), ==, 1);
}

static gpointer
run (gpointer data)
{
  Peer *self = data;
  PeerIo io = { accept (g_socket_get_fd (self->listener), NULL, NULL), NULL };

  if (io.fd < 0)
    return NULL;
  self->used = true;
  if (self->ctx) {
    io.ssl = SSL_new (self->ctx);
    SSL_set_fd (io.ssl, io.fd);
  }
  if (!io.ssl || SSL_accept (io.ssl) == 1)
    self->func (&io, self->data);
  SSL_free (io.ssl);
  if (io.fd >= 0)
    close (io.fd);
  return NULL;
}

void
peer_start (Peer *self)
{
  g_socket_set_blocking (self->listener, TRUE);
  /* GSocket keeps its descriptor non-blocking; accept () is to wait. */
  g_unix_set_fd_nonblocking (g_socket_get_fd (self->listener), FALSE, NULL);
  self->thread = g_thread_new ("peer", run, self);
}

uint16_t
peer_port (const Peer *self)
{
  return self->port;
}

int
peer_connect (const Peer *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (self->listener, NULL);
  g_autoptr (GSocket) socket
      = g_socket_new (g_socket_get_family (self->listener), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  g_socket_connect (socket, address, NULL, &error);
  g_assert_no_error (error);
  return dup (g_socket_get_fd (socket));
}

const char *
peer_sni (const Peer *self)
{
  return self->sni;
}

bool
peer_was_used (const Peer *self)
{
  return self->used;
}

void
peer_stop (Peer *self)
{
  if (!self->thread)
    return;
  shutdown (g_socket_get_fd (self->listener), SHUT_RDWR);
  g_thread_join (g_steal_pointer (&self->thread));
}

void
peer_free (Peer *self)
{
  peer_stop (self);
  g_socket_close (self->listener, NULL);
  g_object_unref (self->listener);
  SSL_CTX_free (self->ctx);
  g_free (self->sni);
  g_free (self);
}
