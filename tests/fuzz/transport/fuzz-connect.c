/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection from its beginning to its end: endpoint, proxy, TLS, SASL, link, and the pump on what has come of it.
 * Three bytes say what it is (the masks below); then records of
 *
 *   op, size (2 bytes), bytes    the far end says these: 0 through all layers, 1 below them
 *   op, what                     2: the far end does it; 3: the program does it; 4: the program, inside the next frame
 */
#include "far-end.h"
#include "fuzz/fuzz.h"
#include "transport/connect.h"
#include "transport/proxy.h"
#include "transport/pump.h"
#include "transport/stream.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT 70000
#define MAX_FRAMES 200

/* The first byte. */
enum { ENDPOINT = 3, PROXY = 4, PROXY_TLS = 8, TLS = 16, SASL = 32, TWICE = 64, HURRY = 128 };
enum { BY_FD, BY_TCP, BY_UNIX, BY_OTHER };

/* The second: CW_VERIFY_… in the low bits, a FarCertificate from CERTIFICATE on. */
enum { VERIFY = 7, CERTIFICATE = 8, OLD_TLS = 32, MINI_HEADER = 64, SESSIONS = 128 };

/* The third: how many good steps the far end takes by itself, what is trusted. */
enum { STEPS = 15, TRUST = 16, SUBJECT = 64 };

enum { OP_SAY, OP_SAY_BELOW, OP_FAR, OP_ACT, OP_ACT_INSIDE, N_OPS };

typedef struct {
  int tcp, local;
  uint16_t port;
  char *folder, *path, *ca_path;
} Listeners;

typedef struct {
  const uint8_t *setup;
  FarEnd *far;
  unsigned n_steps; /* good ones that may still be taken */
  GCancellable *cancellable;
  CwConnection *connection;
  CwPump *pump;
  unsigned n_frames, n_flushes, depth;
  uint8_t next_act;
  bool is_done, is_closed;
  int pipe[2];
} Run;

static volatile uint8_t sink;

/* --- where one can connect to ---------------------------------------------------------------------------------- */

static Listeners listeners;

static void
forget_listeners (void)
{
  g_unlink (listeners.path);
  g_unlink (listeners.ca_path);
  g_rmdir (listeners.folder);
  g_free (listeners.path);
  g_free (listeners.ca_path);
  g_free (listeners.folder);
}

static int
listen_at (const void *address, socklen_t size, int family)
{
  int fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_assert_cmpint (bind (fd, address, size), ==, 0);
  g_assert_cmpint (listen (fd, 16), ==, 0);
  return fd;
}

static void
make_listeners (void)
{
  struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct sockaddr_un local = { .sun_family = AF_UNIX };
  socklen_t size = sizeof inet;
  GBytes *ca = far_end_ca ();

  listeners.folder = g_dir_make_tmp ("connect-XXXXXX", NULL);
  listeners.path = g_build_filename (listeners.folder, "socket", NULL);
  listeners.ca_path = g_build_filename (listeners.folder, "ca.pem", NULL);
  g_file_set_contents (listeners.ca_path, g_bytes_get_data (ca, NULL), (gssize) g_bytes_get_size (ca), NULL);
  g_strlcpy (local.sun_path, listeners.path, sizeof local.sun_path);
  listeners.tcp = listen_at (&inet, sizeof inet, AF_INET);
  listeners.local = listen_at (&local, sizeof local, AF_UNIX);
  g_assert_cmpint (getsockname (listeners.tcp, (struct sockaddr *) &inet, &size), ==, 0);
  listeners.port = ntohs (inet.sin_port);
  atexit (forget_listeners);
}

/* --- the program ----------------------------------------------------------------------------------------------- */

static void act (Run *self, uint8_t what);

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  Run *self = data;
  uint8_t what = self->next_act;

  g_assert_true (frame->is_sub || frame->body.size <= LIMIT);
  for (size_t i = 0; i < frame->body.size; i++)
    sink ^= frame->body.data[i];
  if (frame->descriptors && frame->descriptors->n > 0)
    close (cw_descriptors_steal (frame->descriptors, 0));
  if (++self->n_frames > MAX_FRAMES) /* of nothing, a few bytes make thousands */
    cw_pump_pause (self->pump, 1);
  self->next_act = 0;
  if (what != 0 && self->depth == 0) {
    self->depth++;
    act (self, what);
    self->depth--;
  }
}

static void
on_closed (gpointer data, const GError *error)
{
  Run *self = data;

  g_assert_false (self->is_closed);
  self->is_closed = true;
}

static uint32_t
frame_limit (gpointer data, uint16_t type)
{
  return LIMIT >> (type & 7);
}

static bool
has_descriptors (gpointer data, uint16_t type, CwSlice body)
{
  return type % 8 == 3;
}

static void
on_flushed (gpointer data, const GError *error)
{
  Run *self = data;

  g_assert_cmpuint (self->n_flushes, >, 0);
  self->n_flushes--;
}

static void
on_piped (gpointer data)
{
  ((Run *) data)->n_flushes--;
}

static void
send_piped (Run *self, size_t size)
{
  g_autofree char *bytes = g_malloc0 (size);
  g_autoptr (GBytes) begin = g_bytes_new_static ("begin", 5);
  CwPiped piped = { self->pipe[0], size, on_piped, self };

  if (!cw_pump_can_pipe (self->pump) || write (self->pipe[1], bytes, size) != (ssize_t) size)
    return;
  self->n_flushes++;
  if (!cw_pump_send_piped (self->pump, 7, begin, &piped, NULL)) {
    self->n_flushes--;
    g_assert_cmpint (read (self->pipe[0], bytes, size), ==, size);
  }
}

static void
send_some (Run *self, uint8_t what)
{
  size_t size = (size_t) what * what * 8;
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size), size);
  g_auto (CwBuffer) body = { 0 };

  cw_buffer_init (&body, 100);
  cw_buffer_append (&body, "0123456789", what % 11);
  cw_pump_set_queue_limit (self->pump, 1 << 20);
  cw_pump_send (self->pump, what, bytes, what % 3 == 0 ? CW_PUMP_URGENT : CW_PUMP_NORMAL, NULL);
  cw_pump_send_pieces (self->pump, 5, bytes, 1000, NULL);
  cw_pump_send_buffer (self->pump, 6, &body, CW_PUMP_NORMAL, NULL);
  if (what % 4 == 1)
    send_piped (self, what);
}

/* The streams are for others than pumps, too. */
static gboolean
on_ready (GObject *direction, gpointer data)
{
  return G_SOURCE_REMOVE;
}

static void
use_stream (Run *self)
{
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->connection->stream));
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->connection->stream));
  g_autoptr (GSource) read = g_pollable_input_stream_create_source (in, NULL),
                      write = g_pollable_output_stream_create_source (out, NULL);
  char byte = 0;

  g_source_set_callback (read, G_SOURCE_FUNC (on_ready), NULL, NULL);
  g_source_set_callback (write, G_SOURCE_FUNC (on_ready), NULL, NULL);
  g_source_attach (read, NULL);
  g_source_attach (write, NULL);
  g_pollable_input_stream_is_readable (in);
  g_pollable_output_stream_is_writable (out);
  g_main_context_iteration (NULL, FALSE);
  g_source_destroy (read);
  g_source_destroy (write);
  if (!cw_stream_is_bare (self->connection->stream)) {
    g_assert_cmpint (g_input_stream_read (G_INPUT_STREAM (in), &byte, 1, NULL, NULL), ==, -1);
    g_assert_cmpint (g_output_stream_write (G_OUTPUT_STREAM (out), &byte, 1, NULL, NULL), ==, -1);
  }
}

static void
act (Run *self, uint8_t what)
{
  if (!self->pump) {
    if (what % 16 == 15)
      g_cancellable_cancel (self->cancellable);
    return;
  }
  switch (what % 16) {
  case 0:
    cw_pump_pause (self->pump, 1 + what / 16 % 2);
    break;
  case 1:
    cw_pump_resume (self->pump, 1 + what / 16 % 2);
    break;
  case 2:
    self->n_flushes++;
    cw_pump_flush (self->pump, on_flushed, self);
    break;
  case 3:
    self->n_flushes++;
    cw_pump_await_room (self->pump, what, on_flushed, self);
    break;
  case 4:
    cw_pump_write_now (self->pump);
    break;
  case 5:
    cw_pump_expect (self->pump, (size_t) what << 8);
    break;
  case 6:
    for (unsigned i = 0; i < 5; i++)
      g_main_context_iteration (NULL, FALSE);
    break;
  case 7:
    cw_pump_end_writing (self->pump);
    break;
  case 8:
    cw_pump_close (self->pump);
    break;
  case 9:
    if (!self->is_closed)
      use_stream (self);
    break;
  default:
    send_some (self, what);
  }
}

static void
on_connected (GObject *object, GAsyncResult *result, gpointer data)
{
  static const CwPumpEvents events = { on_frame, on_closed, frame_limit, has_descriptors };
  Run *self = data;
  g_autoptr (GError) error = NULL;
  CwConnectFailure failure;

  g_assert_false (self->is_done);
  self->is_done = true;
  self->connection = cw_connect_finish (result, &failure, &error);
  g_assert_true ((self->connection != NULL) == (error == NULL));
  g_assert_true (!error || g_utf8_validate (error->message, -1, NULL));
  if (!self->connection)
    return;
  self->pump = cw_pump_new (self->connection->stream, NULL, self->connection->mini_header, &events, self);
  cw_pump_set_sent (self->pump, self->connection->sent_first);
}

/* --- what it is ------------------------------------------------------------------------------------------------ */

/* A socket that is none, and addresses that are none. */
static void
set_other_endpoint (CwConnectParams *params, unsigned which)
{
  static const char long_path[200] = { [0 ... 198] = 'x' };
  int fds[2];

  params->port = listeners.port;
  switch (which % 8) {
  case 0:
    params->fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
    break;
  case 1:
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    params->fd = fds[0];
    close (fds[1]);
    break;
  case 2:
    params->unix_path = long_path;
    break;
  case 3:
    params->host = "";
    break;
  case 4:
    params->host = "127.0.0.1";
    params->port = 0;
    break;
  case 5:
    params->unix_path = "/none/at/all";
    break;
  case 6:
    params->host = "[127.0.0.1]";
    break;
  default:
    params->host = "localhost"; /* which needs no look-up */
  }
}

static void
set_endpoint (Run *self, CwConnectParams *params)
{
  int fds[2];

  switch (self->setup[0] & ENDPOINT) {
  case BY_FD:
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    params->fd = fds[0];
    far_end_take (self->far, fds[1]);
    break;
  case BY_TCP:
    params->port = listeners.port;
    break;
  case BY_UNIX:
    params->unix_path = listeners.path;
    break;
  default:
    params->host = NULL;
    set_other_endpoint (params, self->setup[1]);
  }
}

/* Who is believed. */
static void
set_tls (const uint8_t *setup, CwTlsParams *tls, CwTlsSessions *sessions)
{
  static const char *const subjects[] = { "O=Test Org,CN=my.server", "CN=other", NULL, "nonsense" };
  unsigned which = setup[2] / SUBJECT % 4;

  *tls = (CwTlsParams){ .verify = setup[1] & VERIFY, .subject = subjects[which] };
  tls->pubkey = which != 3 ? far_end_key ((FarCertificate) which) : NULL;
  if (setup[2] / TRUST % 4 == 0)
    tls->ca = far_end_ca ();
  else if (setup[2] / TRUST % 4 == 1)
    tls->ca_file = listeners.ca_path;
  else if (setup[2] / TRUST % 4 == 2)
    tls->ca_file = which == 0 ? listeners.path : "/none/at/all";
  else
    tls->ca = far_end_key (FAR_GOOD_CERTIFICATE); /* which is no PEM */
  tls->ciphers = which == 1 ? "ALL:COMPLEMENTOFDEFAULT" : NULL;
  tls->sessions = setup[1] & SESSIONS ? sessions : NULL;
}

static FarEnd *
make_far_end (const uint8_t *setup)
{
  bool has_proxy = (setup[0] & PROXY) && (setup[0] & ENDPOINT) % 2 == 1;
  FarEndSetup about = { .has_proxy = has_proxy,
                        .has_proxy_tls = has_proxy && (setup[0] & PROXY_TLS),
                        .has_tls = setup[0] & TLS,
                        .has_sasl = setup[0] & SASL,
                        .max_version = setup[1] & OLD_TLS ? TLS1_2_VERSION : TLS1_3_VERSION,
                        .certificate = (FarCertificate) (setup[1] / CERTIFICATE % FAR_N_CERTIFICATES),
                        .mini_header = setup[1] & MINI_HEADER };

  return far_end_new (&about);
}

static void
connect_to (Run *self, CwTlsSessions *sessions)
{
  const uint8_t *setup = self->setup;
  CwProxyParams proxy = { "127.0.0.1", listeners.port, setup[0] & PROXY_TLS, NULL, NULL };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  CwTlsParams tls;

  params.host = "127.0.0.1";
  set_endpoint (self, &params);
  set_tls (setup, &tls, sessions);
  if (setup[1] & OLD_TLS)
    proxy.user = "user";
  if (setup[0] & PROXY)
    params.proxy = &proxy;
  if (setup[0] & TLS)
    params.tls = &tls;
  params.link = (CwLinkParams){ .connection_id = 1, .channel_type = 2, .credentials = { "fred", "secret", NULL } };
  params.link.first_type = setup[1] & MINI_HEADER ? 101 : 0;
  params.connect_timeout_ms = params.silence_timeout_ms = setup[0] & HURRY ? 1 : 20000;
  cw_connect_async (&params, self->cancellable, on_connected, self);
}

/* --- a run ----------------------------------------------------------------------------------------------------- */

static bool
accept_client (Run *self)
{
  int fd = accept4 (listeners.tcp, NULL, NULL, SOCK_CLOEXEC);

  if (fd < 0)
    fd = accept4 (listeners.local, NULL, NULL, SOCK_CLOEXEC);
  if (fd >= 0)
    far_end_take (self->far, fd);
  return fd >= 0;
}

static void
turn (Run *self, unsigned n)
{
  while (n-- > 0) {
    g_main_context_iteration (NULL, FALSE);
    accept_client (self);
    far_end_hear (self->far);
    while (self->n_steps > 0 && far_end_step (self->far))
      self->n_steps--;
  }
}

static void
do_far (Run *self, uint8_t what)
{
  switch (what % 12) {
  case 0:
    far_end_step (self->far);
    break;
  case 1:
    far_end_end_writing (self->far);
    break;
  case 2:
    far_end_hang_up (self->far);
    break;
  case 3:
    far_end_update_key (self->far);
    break;
  case 4:
    far_end_give_ticket (self->far);
    break;
  case 5:
    far_end_notify_close (self->far);
    break;
  case 6:
    far_end_attach (self->far, what / 12);
    break;
  case 7:
    far_end_set_deaf (self->far, true);
    break;
  case 8:
    far_end_set_deaf (self->far, false);
    break;
  case 9:
    self->n_steps += what / 12;
    break;
  case 10:
    turn (self, what);
    break;
  default:
    far_end_flip (self->far, what / 12 * 7, what);
  }
}

/* How much of the input it took. */
static size_t
do_record (Run *self, const uint8_t *data, size_t size)
{
  unsigned op = data[0] % N_OPS;
  uint8_t what = size > 1 ? data[1] : 0;
  size_t n;

  switch (op) {
  case OP_FAR:
    do_far (self, what);
    return 2;
  case OP_ACT:
    act (self, what);
    return 2;
  case OP_ACT_INSIDE:
    self->next_act = what;
    return 2;
  default:
    if (size < 3)
      return size;
    n = MIN (size - 3, (size_t) data[1] | (size_t) data[2] << 8);
    if (op == OP_SAY)
      far_end_say (self->far, data + 3, n);
    else
      far_end_say_below (self->far, data + 3, n);
    return 3 + n;
  }
}

/* Whatever has become of it, it ends, and everybody is answered. */
static void
end (Run *self)
{
  g_cancellable_cancel (self->cancellable);
  cw_pump_unref (self->pump);
  g_clear_pointer (&self->connection, cw_connection_free);
  while (accept_client (self))
    ;
  far_end_free (self->far);
  while (!self->is_done || self->n_flushes > 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_pointer (&self->connection, cw_connection_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (self->cancellable);
  close (self->pipe[0]);
  close (self->pipe[1]);
}

static void
run_once (const uint8_t *setup, CwTlsSessions *sessions, const uint8_t *data, size_t size)
{
  Run self = { .setup = setup, .far = make_far_end (setup), .cancellable = g_cancellable_new () };

  g_assert_cmpint (pipe2 (self.pipe, O_CLOEXEC | O_NONBLOCK), ==, 0);
  self.n_steps = setup[2] & STEPS;
  connect_to (&self, sessions);
  for (unsigned i = 0; i < 20 && !self.is_done && self.n_steps > 0; i++)
    turn (&self, 10);
  turn (&self, 10);
  while (size > 0) {
    size_t taken = do_record (&self, data, size);

    turn (&self, 5);
    data += MIN (taken, size);
    size -= MIN (taken, size);
  }
  turn (&self, 10);
  end (&self);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static gsize ready;
  CwTlsSessions *sessions;

  if (size < 3)
    return 0;
  far_end_seed ();
  if (g_once_init_enter (&ready)) {
    g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    make_listeners ();
    g_once_init_leave (&ready, 1);
  }
  sessions = cw_tls_sessions_new ();
  for (unsigned i = 0; i < (data[0] & TWICE ? 2 : 1); i++)
    run_once (data, sessions, data + 3, size - 3);
  cw_tls_sessions_unref (sessions);
  return 0;
}
