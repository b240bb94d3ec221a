/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sentences of docs/threads.md; the names of the tests are there. */
#include "base/worker-pool.h"
#include "client.h"

#include "channel/display/display.h"
#include "channel/private.h"
#include "session/session.h"
#include "stream.h"
#include "support/quic-encode.h"

#include <sys/resource.h>
#include <time.h>

#define SIDE 500
#define N_PICTURES 60

/* More than this on the owner's thread, and a program stutters. The thread sanitizer has locks of its own. */
#if defined __has_feature
#  if __has_feature(thread_sanitizer)
#    define SLOWNESS 10
#  endif
#endif
#ifndef SLOWNESS
#  define SLOWNESS 1
#endif
#define LONG_US (50000 * SLOWNESS)

/* A virtual machine may stand still for a tenth of a second now and then, and count that as work of the thread. */
#define MAX_LONG 2

static GPtrArray *drawing;

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0, CW_CHANNEL_INPUTS, 0, CW_CHANNEL_CURSOR, 0 };
  bool reads = GPOINTER_TO_INT (data);

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN)
    server_send_start (io, channels, 3);
  if (io->channel_type == CW_CHANNEL_INPUTS)
    server_send (io, CW_MSG_INPUTS_INIT, &(CwMsgInputsInit){ 5 });
  for (unsigned i = 0; io->channel_type == CW_CHANNEL_DISPLAY && i < drawing->len; i++)
    server_send_message (io, drawing->pdata[i]);
  if (reads || io->channel_type == CW_CHANNEL_MAIN)
    peer_drain (io);
  else
    server_hold (io);
}

static void
say_nothing (PeerIo *io, gpointer data)
{
  server_hold (io);
}

static void
make_drawing (void)
{
  g_autofree uint32_t *pixels = g_new (uint32_t, SIDE * SIDE);
  g_autoptr (GByteArray) quic = NULL;
  CwWireImage image = { .type = CW_IMAGE_TYPE_QUIC, .width = SIDE, .height = SIDE };

  for (unsigned i = 0; i < SIDE * SIDE; i++)
    pixels[i] = i * 2654435761u >> 8;
  quic = cw_quic_encode (CW_QUIC_RGB32, pixels, SIDE, SIDE);
  image.quic.data = (CwSlice){ quic->data, quic->len };
  drawing = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_message_unref);
  g_ptr_array_add (drawing, surface_create (0, 2000, 2000, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  g_ptr_array_add (drawing, empty_message (CW_MSG_DISPLAY_MARK));
  for (unsigned i = 0; i < N_PICTURES; i++) {
    g_ptr_array_add (drawing, draw_copy (0, i * 37 % 1500, i * 53 % 1500, &image, SIDE, SIDE));
    g_ptr_array_add (drawing, draw_fill (0, 0, 0, 2000, 2000, i * 9999));
  }
}

/* --- what a function or a turn takes of the thread --------------------------------------------------------------- */

typedef struct {
  int64_t wall, cpu;
  int64_t ready; /* for how long the thread has waited for a processor, in all */
  long n_waits;  /* how often it gave its processor up by itself */
} Moment;

static Moment
now (void)
{
  g_autofree char *text = NULL;
  struct timespec cpu;
  struct rusage usage;
  int64_t ready = INT64_MIN; /* a kernel that does not tell */
  char *end;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &cpu);
  getrusage (RUSAGE_THREAD, &usage);
  if (g_file_get_contents ("/proc/thread-self/schedstat", &text, NULL, NULL)) {
    g_ascii_strtoull (text, &end, 10);
    ready = (int64_t) (g_ascii_strtoull (end, NULL, 10) / 1000);
  }
  return (Moment){ g_get_monotonic_time (), (int64_t) cpu.tv_sec * G_USEC_PER_SEC + cpu.tv_nsec / 1000, ready,
                   usage.ru_nvcsw };
}

/* A thread that was merely not scheduled has not waited. */
static void
expect_short (const char *what, const Moment *start)
{
  static unsigned n_long; /* in this program */
  Moment end = now ();
  int64_t wall = end.wall - start->wall, cpu = end.cpu - start->cpu;
  bool waited = end.n_waits > start->n_waits; /* or the whole machine stood still */
  int64_t asleep = end.ready < 0 || !waited ? 0 : wall - cpu - (end.ready - start->ready);

  if (MAX (cpu, asleep) <= LONG_US)
    return;
  if (++n_long > MAX_LONG || MAX (cpu, asleep) > 10 * LONG_US)
    g_error ("%s: %" G_GINT64_FORMAT " µs, %" G_GINT64_FORMAT " of them at work, %" G_GINT64_FORMAT " asleep", what,
             wall, cpu, asleep);
}

#define TAKES_NO_TIME(call)                                                                                            \
  do {                                                                                                                 \
    Moment start_ = now ();                                                                                            \
    call;                                                                                                              \
    expect_short (#call, &start_);                                                                                     \
  } while (0)

/* --- watching signals -------------------------------------------------------------------------------------------- */

typedef struct {
  GThread *owner;
  unsigned n_signals, n_drawn;
} Watch;

static void
on_any (Watch *self)
{
  g_assert_true (g_thread_self () == self->owner);
  self->n_signals++;
}

static void
on_drawn (Watch *self)
{
  self->n_drawn++;
}

static void
watch_object (gpointer object, Watch *self)
{
  for (GType type = G_OBJECT_TYPE (object); type != G_TYPE_OBJECT; type = g_type_parent (type)) {
    unsigned n;
    g_autofree unsigned *ids = g_signal_list_ids (type, &n);

    for (unsigned i = 0; i < n; i++)
      g_signal_connect_swapped (object, g_signal_name (ids[i]), G_CALLBACK (on_any), self);
  }
  g_signal_connect_swapped (object, "notify", G_CALLBACK (on_any), self);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Watch *self)
{
  watch_object (channel, self);
  if (SPICE_IS_DISPLAY_CHANNEL (channel))
    g_signal_connect_swapped (channel, "display-invalidate", G_CALLBACK (on_drawn), self);
}

static SpiceSession *
watched_session (const Server *server, Watch *self)
{
  SpiceSession *session = client_session (server);

  self->owner = g_thread_self ();
  watch_object (session, self);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), self);
  return session;
}

static bool
has_drawn (gpointer data)
{
  return ((Watch *) data)->n_drawn > 5;
}

/* --- the tests -----------------------------------------------------------------------------------------------------
 */

/* Sentences 1, 3 and 10: a session of a context that only this function iterates. */
static void
test_context (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (true));
  g_autoptr (GMainContext) context = g_main_context_new ();
  Watch watch = { 0 };
  SpiceSession *session;
  unsigned n;

  g_main_context_push_thread_default (context);
  session = watched_session (server, &watch);
  g_main_context_pop_thread_default (context);
  g_assert_true (spice_session_connect (session));
  n = watch.n_signals; /* channel-new */
  client_run (100);    /* of the default context */
  g_assert_cmpuint (watch.n_signals, ==, n);

  g_main_context_push_thread_default (context);
  client_await (has_drawn, &watch);
  g_main_context_pop_thread_default (context);
  n = watch.n_signals;
  client_settle (server, 1000);
  g_assert_cmpuint (watch.n_signals, ==, n);

  g_main_context_push_thread_default (context);
  client_end (session);
  g_main_context_pop_thread_default (context);
  g_assert_false (g_main_context_pending (NULL));
  server_free (server);
}

static gpointer
run_session (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Watch watch = { 0 };
  SpiceSession *session;

  g_main_context_push_thread_default (context);
  session = watched_session (data, &watch);
  g_assert_true (spice_session_connect (session));
  client_await (has_drawn, &watch);
  client_end (session);
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* Sentence 3: two threads, a session each. */
static void
test_two_owners (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (true));
  GThread *thread;

  run_session (server); /* GLib makes locks and texts at first use, by atomics that the thread sanitizer does not see */
  thread = g_thread_new ("owner", run_session, server);
  run_session (server);
  g_thread_join (thread);
  server_free (server);
}

static void
end_quickly (SpiceSession *session)
{
  TAKES_NO_TIME (spice_session_disconnect (session));
  client_end (session);
}

/* Sentence 4: servers that accept and say nothing, or talk and do not read. */
static void
test_no_waiting_for_server (void)
{
  Server *silent = server_new (say_nothing, NULL), *deaf = server_new (serve, GINT_TO_POINTER (false));
  Watch watch = { 0 };
  SpiceSession *session;
  SpiceChannel *inputs;

  session = client_session (silent);
  TAKES_NO_TIME (spice_session_connect (session));
  client_run (50);
  TAKES_NO_TIME (spice_session_connect (session));
  end_quickly (session);

  session = client_session_fd (deaf, 4096);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), &watch);
  watch.owner = g_thread_self ();
  TAKES_NO_TIME (spice_session_open_fd (session, -1));
  client_await (has_drawn, &watch);
  inputs = client_channel (session, CW_CHANNEL_INPUTS, 0);
  for (unsigned i = 0; i < 2000; i++) {
    Moment start = now ();

    spice_inputs_channel_key_press (SPICE_INPUTS_CHANNEL (inputs), 30);
    spice_inputs_channel_motion (SPICE_INPUTS_CHANNEL (inputs), 1, 1, 0);
    spice_inputs_channel_button_press (SPICE_INPUTS_CHANNEL (inputs), 1, 0);
    expect_short ("input", &start);
  }
  client_run (20);
  g_assert_cmpuint (cw_pump_queued_bytes (inputs->priv->live->pump), >, 0);
  TAKES_NO_TIME (spice_channel_flush_async (inputs, NULL, NULL, NULL));
  TAKES_NO_TIME (spice_channel_disconnect (inputs, SPICE_CHANNEL_CLOSED));
  end_quickly (session);
  server_free (silent);
  server_free (deaf);
}

static gboolean
tick (gpointer data)
{
  Moment *last = data;

  if (last->wall != 0)
    expect_short ("between two turns of another source", last);
  *last = now ();
  return G_SOURCE_CONTINUE;
}

static bool
has_drawn_all (gpointer data)
{
  SpiceSession *session = data;
  SpiceChannel *channel = client_channel (session, CW_CHANNEL_DISPLAY, 0);

  return channel && channel->priv->live && channel->priv->live->received_serial >= drawing->len
         && cw_render_is_idle (SPICE_DISPLAY_CHANNEL (channel)->priv->render);
}

/* Sentence 6. */
static void
test_steps (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (true));
  SpiceSession *session = client_session (server);
  Moment last = { 0 };
  guint source;

  g_assert_true (spice_session_connect (session));
  source = g_idle_add_full (G_PRIORITY_DEFAULT, tick, &last, NULL);
  client_await (has_drawn_all, session);
  g_source_remove (source);
  client_end (session);
  server_free (server);
}

typedef struct {
  unsigned n;
  bool inside;
} Still;

static void
check_still (SpiceChannel *channel, Still *self)
{
  SpiceDisplayPrimary primary;
  g_autofree char *before = NULL, *after = NULL;

  g_assert_false (self->inside);
  if (self->n++ > 8)
    return;
  g_assert_true (spice_display_channel_get_primary (channel, 0, &primary));
  before = g_compute_checksum_for_data (G_CHECKSUM_SHA1, primary.data, (gsize) primary.stride * primary.height);
  self->inside = true;
  client_run (20);
  self->inside = false;
  after = g_compute_checksum_for_data (G_CHECKSUM_SHA1, primary.data, (gsize) primary.stride * primary.height);
  g_assert_cmpstr (before, ==, after);
}

static void
on_invalidate (SpiceChannel *channel, int x, int y, int width, int height, Still *self)
{
  check_still (channel, self);
}

static void
on_mark (SpiceChannel *channel, int mark, Still *self)
{
  check_still (channel, self);
}

static void
watch_still (SpiceSession *session, SpiceChannel *channel, Still *self)
{
  if (!SPICE_IS_DISPLAY_CHANNEL (channel))
    return;
  g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_invalidate), self);
  g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), self);
}

static bool
was_still (gpointer data)
{
  return ((Still *) data)->n > 8;
}

/* Sentences 7 and 8: for one channel. */
static void
test_still (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (true));
  SpiceSession *session = client_session (server);
  Still still = { 0 };

  g_signal_connect (session, "channel-new", G_CALLBACK (watch_still), &still);
  g_assert_true (spice_session_connect (session));
  client_await (was_still, &still);
  client_end (session);
  server_free (server);
}

typedef struct {
  bool inside, told;
  unsigned n_loops;
} Others;

static bool
was_told (gpointer data)
{
  return ((Others *) data)->told;
}

static void
wait_for_others (SpiceChannel *channel, SpiceChannelEvent event, Others *self)
{
  if (event != SPICE_CHANNEL_OPENED)
    return;
  self->n_loops++;
  self->inside = true;
  client_await (was_told, self);
  self->inside = false;
}

static void
expect_outside (Others *self)
{
  g_assert_false (self->inside);
}

static void
note_told (Others *self)
{
  self->told = true;
}

static void
watch_others (SpiceSession *session, SpiceChannel *channel, Others *self)
{
  if (SPICE_IS_INPUTS_CHANNEL (channel))
    g_signal_connect_swapped (channel, "inputs-modifiers", G_CALLBACK (note_told), self);
  if (!SPICE_IS_DISPLAY_CHANNEL (channel))
    return;
  g_signal_connect (channel, "channel-event", G_CALLBACK (wait_for_others), self);
  g_signal_connect_swapped (channel, "display-primary-create", G_CALLBACK (expect_outside), self);
  g_signal_connect_swapped (channel, "notify::monitors", G_CALLBACK (expect_outside), self);
}

/* Sentence 8: what another channel says comes while the handler of the first one waits for it. */
static void
test_others (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (true));
  SpiceSession *session = client_session (server);
  Others others = { .inside = false };

  g_signal_connect (session, "channel-new", G_CALLBACK (watch_others), &others);
  g_assert_true (spice_session_connect (session));
  client_await (was_told, &others);
  client_settle (server, 1000);
  g_assert_cmpuint (others.n_loops, ==, 1);
  client_end (session);
  server_free (server);
}

typedef struct {
  GMutex lock;
  GCond changed;
  bool open;
  unsigned n_waiting;
} Gate;

static void
wait_at_gate (gpointer data)
{
  Gate *gate = data;

  g_mutex_lock (&gate->lock);
  gate->n_waiting++;
  g_cond_broadcast (&gate->changed);
  while (!gate->open)
    g_cond_wait (&gate->changed, &gate->lock);
  gate->n_waiting--;
  g_cond_broadcast (&gate->changed);
  g_mutex_unlock (&gate->lock);
}

static void
occupy (CwWorkerGroup *group, Gate *gate, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    cw_worker_group_push (group, CW_JOB_COMPUTES, wait_at_gate, gate);
  g_mutex_lock (&gate->lock);
  while (gate->n_waiting < n)
    g_cond_wait (&gate->changed, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

static bool
has_queued (gpointer data)
{
  SpiceChannel *channel = client_channel (data, CW_CHANNEL_DISPLAY, 0);

  return channel && channel->priv->live && channel->priv->live->received_serial >= 3;
}

static void
note_end (bool *over)
{
  *over = true;
}

static bool
is_over (gpointer data)
{
  return *(bool *) data;
}

/* Sentence 9: workers that do not come back before all is over. */
static void
test_no_waiting_for_workers (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (true));
  SpiceSession *session = client_session (server);
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_get ();
  g_autoptr (CwWorkerGroup) group = cw_worker_group_new (pool);
  Gate gate = { .open = false };
  bool over = false;

  g_mutex_init (&gate.lock);
  g_cond_init (&gate.changed);
  occupy (group, &gate, g_get_num_processors ()); /* as many as there are threads */
  g_assert_true (spice_session_connect (session));
  client_await (has_queued, session);
  g_signal_connect_swapped (session, "disconnected", G_CALLBACK (note_end), &over);
  TAKES_NO_TIME (spice_session_disconnect (session));
  client_await (is_over, &over);
  client_end (session);
  g_mutex_lock (&gate.lock);
  gate.open = true;
  g_cond_broadcast (&gate.changed);
  while (gate.n_waiting > 0)
    g_cond_wait (&gate.changed, &gate.lock);
  g_mutex_unlock (&gate.lock);
  g_mutex_clear (&gate.lock);
  g_cond_clear (&gate.changed);
  server_free (server);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  make_drawing ();
  g_test_add_func ("/threads/G3-context", test_context);
  g_test_add_func ("/threads/two-owners", test_two_owners);
  g_test_add_func ("/threads/no-waiting/server", test_no_waiting_for_server);
  g_test_add_func ("/threads/no-waiting/workers", test_no_waiting_for_workers);
  g_test_add_func ("/threads/steps", test_steps);
  g_test_add_func ("/threads/still", test_still);
  g_test_add_func ("/threads/others", test_others);
  result = g_test_run ();
  g_ptr_array_unref (drawing);
  return result;
}
