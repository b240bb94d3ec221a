/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenSSL reads and writes the base stream itself, through a BIO that never blocks. So encrypted bytes wait in one
 * place only, and that place is known: reading is dry exactly when the last SSL_read () asked for more from below. */
#include "transport/tls.h"

#include "base/error.h"
#include "base/i18n.h"
#include "transport/stream.h"
#include "transport/tls-sessions.h"
#include "transport/verify.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#define READ_AHEAD (64 * 1024) /* bytes taken from the base stream at once, over record borders */

/* What one call of OpenSSL may read: it goes on by itself as long as bytes come that are no data. */
#define CALL_MAX (64 * 1024)

typedef enum {
  WANT_NOTHING, /* the last call got on: try again at once */
  WANT_READ,
  WANT_WRITE,
} Want;

struct _CwTlsStream {
  CwLayer parent;

  CwTlsParams *params;
  char *session_key; /* NULL: sessions are neither offered nor kept */
  SSL_CTX *ctx;
  SSL *ssl;
  bool is_open;     /* handshake done */
  Want want[3];     /* by Operation: what the last call waits for */
  size_t allowance; /* bytes the call under way may still read */
  bool is_dry;      /* it has read all that was there */
  bool has_read;
  GError *io_error;   /* of the base stream, while OpenSSL hands it up */
  GError *peer_error; /* why the certificate was refused */
};

typedef enum {
  OPERATION_HANDSHAKE,
  OPERATION_READ,
  OPERATION_WRITE,
} Operation;

G_DEFINE_FINAL_TYPE (CwTlsStream, cw_tls_stream, CW_TYPE_LAYER)

/* --- the BIO below --------------------------------------------------------------------------------------------- */

static int
bio_result (CwTlsStream *self, gssize n, GError *error, size_t *done)
{
  if (n > 0) {
    *done = n;
    return 1;
  }
  if (error && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) && !self->io_error)
    self->io_error = g_error_copy (error);
  return n == 0 ? 0 : -1;
}

static int
bio_read (BIO *bio, char *data, size_t size, size_t *done)
{
  CwTlsStream *self = BIO_get_data (bio);
  g_autoptr (GError) error = NULL;
  gssize n;

  BIO_clear_retry_flags (bio);
  if (self->allowance == 0) {
    BIO_set_retry_read (bio);
    return -1;
  }
  n = g_pollable_input_stream_read_nonblocking (cw_layer_base_input (CW_LAYER (self)), data,
                                                MIN (size, self->allowance), NULL, &error);
  if (n == 0)
    BIO_set_flags (bio, BIO_FLAGS_IN_EOF);
  self->is_dry = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  if (self->is_dry)
    BIO_set_retry_read (bio);
  if (n > 0) {
    self->allowance -= (size_t) n;
    self->has_read = true;
  }
  return bio_result (self, n, error, done);
}

static int
bio_write (BIO *bio, const char *data, size_t size, size_t *done)
{
  CwTlsStream *self = BIO_get_data (bio);
  g_autoptr (GError) error = NULL;
  gssize n
      = g_pollable_output_stream_write_nonblocking (cw_layer_base_output (CW_LAYER (self)), data, size, NULL, &error);

  BIO_clear_retry_flags (bio);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    BIO_set_retry_write (bio);
  return bio_result (self, n, error, done);
}

static long
bio_ctrl (BIO *bio, int command, long number, void *pointer)
{
  if (command == BIO_CTRL_EOF)
    return BIO_test_flags (bio, BIO_FLAGS_IN_EOF) != 0;
  return command == BIO_CTRL_FLUSH;
}

static BIO *
bio_new (CwTlsStream *self)
{
  static gsize method;
  BIO *bio;

  if (g_once_init_enter (&method)) {
    BIO_METHOD *made = BIO_meth_new (BIO_get_new_index () | BIO_TYPE_SOURCE_SINK, "GIOStream");

    BIO_meth_set_read_ex (made, bio_read);
    BIO_meth_set_write_ex (made, bio_write);
    BIO_meth_set_ctrl (made, bio_ctrl);
    g_once_init_leave (&method, (gsize) made);
  }
  bio = BIO_new ((BIO_METHOD *) method);
  BIO_set_data (bio, self);
  BIO_set_init (bio, 1);
  return bio;
}

/* --- set-up ---------------------------------------------------------------------------------------------------- */

static int
on_certificate (X509_STORE_CTX *ctx, void *data)
{
  CwTlsStream *self = data;

  g_clear_error (&self->peer_error);
  if (cw_verify_peer (self->params, ctx, &self->peer_error))
    return 1;
  if (X509_STORE_CTX_get_error (ctx) == X509_V_OK)
    X509_STORE_CTX_set_error (ctx, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

/* The server has given a session, with TLS 1.3 some time after the handshake. 1: it is taken. */
static int
on_session (SSL *ssl, SSL_SESSION *session)
{
  CwTlsStream *self = SSL_get_app_data (ssl);

  if (!self->session_key)
    return 0;
  cw_tls_sessions_put (self->params->sessions, self->session_key, session);
  return 1;
}

static void
offer_session (CwTlsStream *self)
{
  SSL_SESSION *session = self->session_key ? cw_tls_sessions_get (self->params->sessions, self->session_key) : NULL;

  if (session)
    SSL_set_session (self->ssl, session);
  SSL_SESSION_free (session);
}

/* false: error says that the trust anchors cannot be used; without error OpenSSL says what failed. */
static bool
make_context (CwTlsStream *self, GError **error)
{
  SSL_CTX *ctx = self->ctx = SSL_CTX_new (TLS_client_method ());

  if (!ctx)
    return false;
  SSL_CTX_set_min_proto_version (ctx, TLS1_2_VERSION);
  /* The reference server ends without close_notify; the framing above knows whether a message was cut. */
  SSL_CTX_set_options (ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode (ctx,
                    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  /* What is no data ends a call, so that its caller can look at the clock. */
  SSL_CTX_clear_mode (ctx, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_read_ahead (ctx, 1);
  SSL_CTX_set_default_read_buffer_len (ctx, READ_AHEAD);
  SSL_CTX_set_session_cache_mode (ctx, self->session_key ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
                                                         : SSL_SESS_CACHE_OFF);
  SSL_CTX_sess_set_new_cb (ctx, on_session);
  SSL_CTX_set_verify (ctx, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback (ctx, on_certificate, self);
  if (self->params->ciphers && SSL_CTX_set_cipher_list (ctx, self->params->ciphers) != 1)
    g_warning ("The list of ciphers cannot be used: %s", self->params->ciphers);
  if (!cw_verify_load_anchors (self->params, SSL_CTX_get_cert_store (ctx), error))
    return false;
  ERR_clear_error ();
  return true;
}

/* Addresses must not be announced, and a name without its trailing dot (RFC 6066). */
static void
announce_host (CwTlsStream *self)
{
  g_autofree char *name = NULL;
  size_t size;

  if (!self->params->host || g_hostname_is_ip_address (self->params->host) || strchr (self->params->host, ':'))
    return;
  name = g_hostname_to_ascii (self->params->host);
  size = name ? strlen (name) : 0;
  if (size > 0 && name[size - 1] == '.')
    name[--size] = '\0';
  if (size > 0)
    SSL_set_tlsext_host_name (self->ssl, name);
}

static void
set_ssl_error (GError **error, const char *what)
{
  unsigned long code = ERR_peek_last_error ();
  const char *reason = code != 0 ? ERR_reason_error_string (code) : NULL;

  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "%s: %s", what, reason ? reason : _ ("unknown reason"));
  ERR_clear_error ();
}

CwTlsStream *
cw_tls_stream_new (GIOStream *base, const CwTlsParams *params, const char *key, GError **error)
{
  g_autoptr (CwTlsStream) self = cw_layer_new (CW_TYPE_TLS_STREAM, base);
  GError *problem = NULL;
  BIO *bio;

  self->params = cw_tls_params_copy (params, NULL);
  self->session_key = params->sessions ? g_strdup (key) : NULL;
  ERR_clear_error ();
  if (make_context (self, &problem))
    self->ssl = SSL_new (self->ctx);
  bio = self->ssl ? bio_new (self) : NULL;
  if (!bio) {
    if (problem)
      g_propagate_error (error, problem);
    else
      set_ssl_error (error, _ ("TLS cannot be set up"));
    return NULL;
  }
  SSL_set_bio (self->ssl, bio, bio);
  SSL_set_connect_state (self->ssl);
  SSL_set_app_data (self->ssl, self);
  announce_host (self);
  offer_session (self);
  return g_steal_pointer (&self);
}

/* --- calls into OpenSSL ---------------------------------------------------------------------------------------- */

static void
begin_call (CwTlsStream *self, Operation operation)
{
  ERR_clear_error ();
  self->want[operation] = WANT_NOTHING;
  self->allowance = CALL_MAX;
  self->is_dry = self->has_read = false;
}

/* After a call that did not succeed. Sets error, always; what is marked with N_(): most calls only wait. */
static void
take_failure (CwTlsStream *self, Operation operation, int result, const char *what, GError **error)
{
  int code = SSL_get_error (self->ssl, result);

  if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
    if (code == SSL_ERROR_WANT_WRITE)
      self->want[operation] = WANT_WRITE;
    else if (self->is_dry)
      self->want[operation] = WANT_READ;
    ERR_clear_error ();
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "operation would block");
    return;
  }
  if (self->peer_error) {
    g_propagate_error (error, g_steal_pointer (&self->peer_error));
    ERR_clear_error ();
  } else if (self->io_error) {
    g_propagate_prefixed_error (error, g_steal_pointer (&self->io_error), "%s: ", _ (what));
    ERR_clear_error ();
  } else if (code == SSL_ERROR_ZERO_RETURN || (code == SSL_ERROR_SYSCALL && ERR_peek_error () == 0)) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("%s: the server closed the connection"), _ (what));
  } else {
    set_ssl_error (error, _ (what));
  }
}

bool
cw_tls_stream_handshake (CwTlsStream *self, bool *progress, GError **error)
{
  GError *problem = NULL;
  int result;

  begin_call (self, OPERATION_HANDSHAKE);
  result = SSL_do_handshake (self->ssl);
  *progress = self->has_read;
  self->is_open = result == 1;
  if (self->is_open)
    return true;
  take_failure (self, OPERATION_HANDSHAKE, result, N_ ("The TLS handshake failed"), &problem);
  /* Whatever was wrong, the next attempt does not build on it. */
  if (self->session_key && !g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    cw_tls_sessions_drop (self->params->sessions);
  g_propagate_error (error, problem);
  return false;
}

unsigned
cw_tls_stream_bits (CwTlsStream *self)
{
  return (unsigned) SSL_get_cipher_bits (self->ssl, NULL);
}

static gssize
cw_tls_stream_read (CwLayer *layer, void *data, gsize size, GError **error)
{
  CwTlsStream *self = CW_TLS_STREAM (layer);
  size_t done = 0;
  int result;

  begin_call (self, OPERATION_READ);
  if (size == 0)
    return 0;
  result = SSL_read_ex (self->ssl, data, size, &done);
  if (result == 1)
    return (gssize) done;
  if (SSL_get_error (self->ssl, result) == SSL_ERROR_ZERO_RETURN)
    return 0;
  take_failure (self, OPERATION_READ, result, N_ ("The secured connection failed"), error);
  return -1;
}

static gssize
cw_tls_stream_write (CwLayer *layer, const void *data, gsize size, GError **error)
{
  CwTlsStream *self = CW_TLS_STREAM (layer);
  size_t done = 0;
  int result;

  begin_call (self, OPERATION_WRITE);
  if (size == 0)
    return 0;
  result = SSL_write_ex (self->ssl, data, size, &done);
  if (result == 1)
    return (gssize) done;
  take_failure (self, OPERATION_WRITE, result, N_ ("The secured connection failed"), error);
  return -1;
}

/* --- the stream ------------------------------------------------------------------------------------------------ */

/* close_notify is sent if the socket takes it at once. */
static void
cw_tls_stream_end (CwLayer *layer)
{
  CwTlsStream *self = CW_TLS_STREAM (layer);

  if (!self->is_open)
    return;
  SSL_shutdown (self->ssl);
  self->is_open = false;
  ERR_clear_error ();
  g_clear_error (&self->io_error);
}

static GIOCondition
cw_tls_stream_awaits (CwLayer *layer, bool writing)
{
  CwTlsStream *self = CW_TLS_STREAM (layer);
  Want want = self->want[!self->is_open ? OPERATION_HANDSHAKE : writing ? OPERATION_WRITE : OPERATION_READ];

  return want == WANT_NOTHING ? 0 : cw_stream_awaits (cw_layer_get_base (layer), want == WANT_WRITE);
}

static void
cw_tls_stream_finalize (GObject *object)
{
  CwTlsStream *self = CW_TLS_STREAM (object);

  g_clear_pointer (&self->ssl, SSL_free);
  g_clear_pointer (&self->ctx, SSL_CTX_free);
  g_clear_pointer (&self->params, cw_tls_params_free);
  g_free (self->session_key);
  g_clear_error (&self->io_error);
  g_clear_error (&self->peer_error);
  G_OBJECT_CLASS (cw_tls_stream_parent_class)->finalize (object);
}

static void
cw_tls_stream_class_init (CwTlsStreamClass *class)
{
  CwLayerClass *layer = CW_LAYER_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = cw_tls_stream_finalize;
  layer->read = cw_tls_stream_read;
  layer->write = cw_tls_stream_write;
  layer->awaits = cw_tls_stream_awaits;
  layer->end = cw_tls_stream_end;
}

static void
cw_tls_stream_init (CwTlsStream *self)
{
}
