/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define OPENSSL_API_COMPAT 0x10100000L /* RAND_set_rand_method () */
#include "far-end.h"

#include "../../unit/transport/certs.h"
#include "far-sasl.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FDS 20
#define LINK_KEY_SIZE 162
#define TICKET_SIZE 132

typedef struct {
  SSL *ssl;
  BIO *in, *out; /* of ssl */
} Layer;

typedef enum {
  STAGE_PROXY_TLS,
  STAGE_PROXY,
  STAGE_TLS,
  STAGE_LINK,
  STAGE_AUTH,
  STAGE_SASL,
  STAGE_RESULT,
  STAGE_DONE,
} Stage;

struct FarEnd {
  FarEndSetup setup;
  Stage stage;
  int fd; /* or -1 */
  bool is_deaf;
  Layer layers[2];
  unsigned n_layers;
  GByteArray *heard; /* at the top, and not taken by a step */
  size_t flip_at;    /* SIZE_MAX: never */
  uint8_t flip_mask;
  unsigned n_fds;
  SaslServer sasl;
};

/* --- what all share -------------------------------------------------------------------------------------------- */

static uint32_t random_state;

static int
make_bytes (unsigned char *out, int size)
{
  for (int i = 0; i < size; i++) {
    random_state = random_state * 1664525 + 1013904223;
    out[i] = (unsigned char) (random_state >> 24);
  }
  return 1;
}

static int
is_ready (void)
{
  return 1;
}

void
far_end_seed (void)
{
  static const RAND_METHOD method = { .bytes = make_bytes, .pseudorand = make_bytes, .status = is_ready };

  RAND_set_rand_method (&method);
  random_state = 1;
}

typedef struct {
  SSL_CTX *contexts[FAR_N_CERTIFICATES];
  GBytes *ca, *keys[FAR_N_CERTIFICATES];
  uint8_t link_key[LINK_KEY_SIZE];
} World;

static SSL_CTX *
make_context (World *world, FarCertificate which, X509 *certificate, EVP_PKEY *key)
{
  SSL_CTX *ctx = SSL_CTX_new (TLS_server_method ());

  g_assert_cmpint (SSL_CTX_use_certificate (ctx, certificate), ==, 1);
  g_assert_cmpint (SSL_CTX_use_PrivateKey (ctx, key), ==, 1);
  world->keys[which] = cert_pubkey (key);
  X509_free (certificate);
  return ctx;
}

static gpointer
make_world (gpointer data)
{
  static const CertSpec ca_spec = { "CN=Test CA", NULL, true },
                        specs[FAR_N_CERTIFICATES] = { { "O=Test Org/CN=my.server", "DNS:localhost,IP:127.0.0.1" },
                                                      { "CN=127.0.0.1" },
                                                      { "CN=localhost", NULL, false, -3, -2 },
                                                      { "CN=localhost" } };
  World *self = g_new0 (World, 1);
  EVP_PKEY *ca_key = cert_key_ec (), *link_key = EVP_RSA_gen (1024);
  X509 *ca = cert_new (&ca_spec, ca_key, NULL, NULL);
  uint8_t *at = self->link_key;

  for (FarCertificate i = 0; i < FAR_N_CERTIFICATES; i++) {
    EVP_PKEY *key = cert_key_ec ();
    bool is_own = i == FAR_OWN_CERTIFICATE;

    self->contexts[i]
        = make_context (self, i, cert_new (&specs[i], key, is_own ? NULL : ca, is_own ? NULL : ca_key), key);
    EVP_PKEY_free (key);
  }
  self->ca = cert_pem (ca);
  g_assert_cmpint (i2d_PUBKEY (link_key, NULL), ==, LINK_KEY_SIZE);
  i2d_PUBKEY (link_key, &at);
  X509_free (ca);
  EVP_PKEY_free (ca_key);
  EVP_PKEY_free (link_key);
  sasl_servers_begin ();
  atexit (sasl_servers_end);
  return self;
}

static World *
the_world (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_world, NULL);
}

GBytes *
far_end_ca (void)
{
  return the_world ()->ca;
}

GBytes *
far_end_key (FarCertificate certificate)
{
  return the_world ()->keys[certificate];
}

/* --- bytes out ------------------------------------------------------------------------------------------------- */

typedef union {
  char bytes[CMSG_SPACE (MAX_FDS * sizeof (int))];
  struct cmsghdr header;
} Control;

static void
attach_fds (struct msghdr *message, Control *control, const int *fds, unsigned n)
{
  *control = (Control){ { 0 } };
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE (n * sizeof (int));
  control->header = (struct cmsghdr){ CMSG_LEN (n * sizeof (int)), SOL_SOCKET, SCM_RIGHTS };
  memcpy (CMSG_DATA (&control->header), fds, n * sizeof (int));
}

static void
send_bytes (FarEnd *self, const void *data, size_t size)
{
  g_autofree uint8_t *bytes = g_memdup2 (data, size);
  Control control;
  struct iovec vector = { bytes, size };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
  int fds[MAX_FDS];

  if (self->fd < 0 || size == 0)
    return;
  if (self->flip_at < size)
    bytes[self->flip_at] ^= self->flip_mask;
  if (self->flip_at != SIZE_MAX)
    self->flip_at = self->flip_at < size ? SIZE_MAX : self->flip_at - size;
  for (unsigned i = 0; i < self->n_fds; i++)
    fds[i] = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  if (self->n_fds > 0)
    attach_fds (&message, &control, fds, self->n_fds);
  if (sendmsg (self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_assert_true (errno == EAGAIN || errno == EPIPE || errno == ECONNRESET || errno == ETOOMANYREFS);
  while (self->n_fds > 0)
    close (fds[--self->n_fds]);
}

static void pass_down (FarEnd *self, unsigned level, const void *data, size_t size);

static void
drain (FarEnd *self, unsigned level)
{
  uint8_t bytes[4096];
  int n;

  while ((n = BIO_read (self->layers[level].out, bytes, sizeof bytes)) > 0)
    pass_down (self, level, bytes, (size_t) n);
}

/* Through so many layers, of which one that is not ready yet is left out. */
static void
pass_down (FarEnd *self, unsigned level, const void *data, size_t size)
{
  if (level == 0) {
    send_bytes (self, data, size);
  } else if (SSL_is_init_finished (self->layers[level - 1].ssl)) {
    size_t n;

    if (size > 0)
      SSL_write_ex (self->layers[level - 1].ssl, data, size, &n);
    drain (self, level - 1);
  } else {
    pass_down (self, level - 1, data, size);
  }
}

static bool
has_security_layer (const FarEnd *self)
{
  return self->sasl.conn && self->sasl.complete && self->sasl.bits == 0;
}

void
far_end_say (FarEnd *self, const void *data, size_t size)
{
  g_autoptr (GBytes) packet = NULL;

  if (has_security_layer (self) && size > 0) {
    packet = sasl_server_seal (&self->sasl, data, MIN (size, 2000));
    data = g_bytes_get_data (packet, &size);
  }
  pass_down (self, self->n_layers, data, size);
}

void
far_end_say_below (FarEnd *self, const void *data, size_t size)
{
  send_bytes (self, data, size);
}

/* --- bytes in -------------------------------------------------------------------------------------------------- */

static void
take_up (FarEnd *self, unsigned level, const void *data, size_t size)
{
  uint8_t bytes[4096];
  size_t n;

  if (level == self->n_layers) {
    g_byte_array_append (self->heard, data, (unsigned) size);
    return;
  }
  BIO_write (self->layers[level].in, data, (int) size);
  while (SSL_read_ex (self->layers[level].ssl, bytes, sizeof bytes, &n) == 1)
    take_up (self, level + 1, bytes, n);
  drain (self, level);
}

void
far_end_hear (FarEnd *self)
{
  uint8_t bytes[4096];
  ssize_t n;

  while (self->fd >= 0 && !self->is_deaf && (n = recv (self->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
    take_up (self, 0, bytes, (size_t) n);
}

void
far_end_set_deaf (FarEnd *self, bool deaf)
{
  self->is_deaf = deaf;
}

/* --- good steps ------------------------------------------------------------------------------------------------ */

/* false: so many bytes are not there. */
static bool
take (FarEnd *self, size_t size)
{
  if (self->heard->len < size)
    return false;
  g_byte_array_remove_range (self->heard, 0, (unsigned) size);
  return true;
}

static uint32_t
peek_u32 (const FarEnd *self, size_t at)
{
  uint32_t value = 0;

  if (at + sizeof value <= self->heard->len)
    memcpy (&value, self->heard->data + at, sizeof value);
  return GUINT32_FROM_LE (value);
}

static bool
begin_tls (FarEnd *self, FarCertificate certificate)
{
  Layer *layer = &self->layers[self->n_layers];
  g_autoptr (GByteArray) before = g_steal_pointer (&self->heard);

  layer->ssl = SSL_new (the_world ()->contexts[certificate]);
  layer->in = BIO_new (BIO_s_mem ());
  layer->out = BIO_new (BIO_s_mem ());
  SSL_set_bio (layer->ssl, layer->in, layer->out);
  SSL_set_accept_state (layer->ssl);
  SSL_set_max_proto_version (layer->ssl, self->setup.max_version);
  self->heard = g_byte_array_new ();
  self->n_layers++;
  take_up (self, self->n_layers - 1, before->data, before->len);
  return true;
}

static bool
answer_request (FarEnd *self)
{
  static const char answer[] = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
  const char *end
      = self->heard->len > 0 ? g_strstr_len ((char *) self->heard->data, self->heard->len, "\r\n\r\n") : NULL;

  if (!end)
    return false;
  take (self, (size_t) (end - (char *) self->heard->data) + 4);
  far_end_say (self, answer, strlen (answer));
  return true;
}

static bool
answer_link (FarEnd *self)
{
  uint8_t reply[202] = { 0 }, *at = reply + 20;
  const uint32_t words[] = { 0x51444552, 2, 2, 186, 0 },
                 caps = 1 | (self->setup.has_sasl ? 4 : 2) | (self->setup.mini_header ? 8 : 0),
                 tail[] = { 1, 1, 178, caps, 0x55 };

  if (self->heard->len < 16 || !take (self, 16 + (size_t) peek_u32 (self, 12)))
    return false;
  memcpy (reply, words, sizeof words);
  memcpy (at, the_world ()->link_key, LINK_KEY_SIZE);
  memcpy (at + LINK_KEY_SIZE, tail, sizeof tail);
  far_end_say (self, reply, sizeof reply);
  return true;
}

static bool
begin_sasl (FarEnd *self)
{
  g_autofree char *list = NULL;
  uint32_t size;

  if (!take (self, 4)) /* the choice of SASL */
    return false;
  list = sasl_server_begin (&self->sasl, self->setup.has_tls ? 256 : 0);
  size = GUINT32_TO_LE ((uint32_t) strlen (list));
  far_end_say (self, &size, sizeof size);
  far_end_say (self, list, strlen (list));
  return true;
}

/* One piece with its size, two at the start. */
static bool
answer_sasl (FarEnd *self)
{
  size_t size = 4 + (size_t) peek_u32 (self, 0);
  g_autoptr (GBytes) said = NULL, answer = NULL;

  if (!self->sasl.started && size + 4 <= self->heard->len)
    size += 4 + (size_t) peek_u32 (self, size);
  else if (!self->sasl.started)
    return false;
  if (self->heard->len < size || size <= 4)
    return false;
  said = g_bytes_new (self->heard->data, size);
  take (self, size);
  answer = sasl_server_answer (&self->sasl, said);
  if (answer)
    pass_down (self, self->n_layers, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  if (answer && self->sasl.complete)
    self->stage++;
  return answer != NULL;
}

static bool
begin_auth (FarEnd *self)
{
  if (self->setup.has_sasl ? !begin_sasl (self) : !take (self, TICKET_SIZE))
    return false;
  if (!self->setup.has_sasl)
    self->stage = STAGE_RESULT - 1;
  return true;
}

/* false: not yet. */
static bool
do_stage (FarEnd *self)
{
  switch (self->stage) {
  case STAGE_PROXY_TLS:
    return !self->setup.has_proxy_tls || begin_tls (self, FAR_GOOD_CERTIFICATE);
  case STAGE_PROXY:
    return !self->setup.has_proxy || answer_request (self);
  case STAGE_TLS:
    return !self->setup.has_tls || begin_tls (self, self->setup.certificate);
  case STAGE_LINK:
    return answer_link (self);
  case STAGE_AUTH:
    return begin_auth (self);
  case STAGE_RESULT:
    if (self->setup.has_sasl) /* its own comes before that of the link */
      pass_down (self, self->n_layers, "\0\0\0", 4);
    far_end_say (self, "\0\0\0", 4);
    return true;
  default:
    return false;
  }
}

bool
far_end_step (FarEnd *self)
{
  if (self->stage == STAGE_SASL)
    return answer_sasl (self);
  if (!do_stage (self))
    return false;
  self->stage++;
  return true;
}

/* --- bad ones -------------------------------------------------------------------------------------------------- */

void
far_end_flip (FarEnd *self, size_t at, uint8_t mask)
{
  self->flip_at = at;
  self->flip_mask = mask;
}

void
far_end_attach (FarEnd *self, unsigned n)
{
  self->n_fds = MIN (n, MAX_FDS);
}

static SSL *
top (FarEnd *self)
{
  SSL *ssl = self->n_layers > 0 ? self->layers[self->n_layers - 1].ssl : NULL;

  return ssl && SSL_is_init_finished (ssl) ? ssl : NULL;
}

void
far_end_update_key (FarEnd *self)
{
  if (top (self))
    SSL_key_update (top (self), SSL_KEY_UPDATE_REQUESTED);
}

void
far_end_give_ticket (FarEnd *self)
{
  if (top (self))
    SSL_new_session_ticket (top (self));
}

void
far_end_notify_close (FarEnd *self)
{
  if (!top (self))
    return;
  SSL_shutdown (top (self));
  drain (self, self->n_layers - 1);
}

void
far_end_end_writing (FarEnd *self)
{
  if (self->fd >= 0)
    shutdown (self->fd, SHUT_WR);
}

void
far_end_hang_up (FarEnd *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

FarEnd *
far_end_new (const FarEndSetup *setup)
{
  FarEnd *self = g_new0 (FarEnd, 1);

  self->setup = *setup;
  self->fd = -1;
  self->flip_at = SIZE_MAX;
  self->heard = g_byte_array_new ();
  return self;
}

void
far_end_take (FarEnd *self, int fd)
{
  int yes = 1;

  far_end_hang_up (self);
  self->fd = fd;
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* which others do not know */
}

void
far_end_free (FarEnd *self)
{
  far_end_hang_up (self);
  for (unsigned i = 0; i < self->n_layers; i++)
    SSL_free (self->layers[i].ssl);
  if (self->sasl.conn)
    sasl_server_close (&self->sasl);
  g_byte_array_unref (self->heard);
  g_free (self);
}
