/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One attempt is one Attempt: stage after stage, as a task of its context's turn. It ends exactly once, in end (),
 * which stops whatever is under way. */
#include "transport/connect.h"

#include "base/i18n.h"
#include "transport/endpoint.h"
#include "transport/link-stage.h"
#include "transport/proxy.h"
#include "transport/source.h"
#include "transport/tls-stage.h"
#include "transport/turn.h"

#include <string.h>
#include <unistd.h>

/* A server that sends a byte now and then is not silent; it still has to come to an end. */
#define SETUP_TIMEOUTS 4

const CwStage *const cw_connect_stages[] = {
  &cw_endpoint_stage, &cw_proxy_tls_stage, &cw_proxy_stage, &cw_tls_stage, &cw_link_stage, NULL,
};

typedef struct {
  const CwStage *stage;
  gpointer state;
} Step;

typedef struct {
  GTask *task; /* NULL when ended */
  CwTurnTask *turn;
  int turn_fd; /* what turn watches, or -1 */
  GSource *cancel_source;
  GCancellable *inner; /* of what goes on outside of steps */
  Step steps[CW_STAGES_MAX];
  unsigned n_steps, at;
  CwStageIo io;
  uint64_t *bytes_read; /* the caller's, or NULL */
  CwConnectFailure failure;
  int64_t silence_us;
  int64_t latest_us; /* monotonic time at which all stages that may not be silent have to be done; 0: not yet */
  int64_t limit_us;  /* of the present stage */
} Attempt;

void
cw_connection_free (CwConnection *self)
{
  if (!self)
    return;
  if (self->stream)
    g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  g_clear_object (&self->socket);
  cw_caps_clear (&self->common_caps);
  cw_caps_clear (&self->channel_caps);
  g_free (self);
}

static void
free_steps (Attempt *self)
{
  for (unsigned i = 0; i < self->n_steps; i++)
    self->steps[i].stage->free (self->steps[i].state);
  self->n_steps = 0;
}

static void
attempt_free (gpointer data)
{
  Attempt *self = data;

  free_steps (self);
  cw_clear_source (&self->cancel_source);
  cw_turn_task_free (self->turn);
  g_clear_object (&self->inner);
  g_clear_pointer (&self->io.connection, cw_connection_free);
  g_clear_pointer (&self->io.context, g_main_context_unref);
  g_free (self);
}

/* Gives the task away: the caller returns its result and drops it. */
static GTask *
end (Attempt *self)
{
  GTask *task = g_steal_pointer (&self->task);

  cw_clear_source (&self->cancel_source);
  cw_turn_task_free (g_steal_pointer (&self->turn));
  g_cancellable_cancel (self->inner);
  free_steps (self);
  return task;
}

static void
fail (Attempt *self, CwConnectFailure failure, GError *error)
{
  g_autoptr (GTask) task = end (self);

  self->failure = failure;
  g_clear_pointer (&self->io.connection, cw_connection_free);
  g_task_return_error (task, error);
}

static void
succeed (Attempt *self)
{
  g_autoptr (GTask) task = end (self);

  g_task_return_pointer (task, g_steal_pointer (&self->io.connection), (GDestroyNotify) cw_connection_free);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  fail (data, CW_CONNECT_FAILURE_CANCELLED,
        g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The connection attempt was cancelled.")));
  return G_SOURCE_REMOVE;
}

/* The peer has done something, or is to begin. */
static void
note_progress (Attempt *self)
{
  int64_t now = g_get_monotonic_time ();

  if (self->steps[self->at].stage->limit != CW_STAGE_SILENCE)
    return;
  if (self->latest_us == 0)
    self->latest_us = now + SETUP_TIMEOUTS * self->silence_us;
  self->limit_us = MIN (now + self->silence_us, self->latest_us);
}

static void
time_out (Attempt *self)
{
  const Step *step = &self->steps[self->at];
  const char *awaited = step->stage->awaits ? step->stage->awaits (step->state) : NULL;
  GError *error;

  if (awaited)
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _ ("%s: %s was awaited."), _ (step->stage->late), awaited);
  else
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _ ("%s."), _ (step->stage->late));
  fail (self, step->stage->failure, error);
}

static void run (gpointer data, int64_t deadline);

/* The socket is there only once the first stage has made it. */
static void
watch_socket (Attempt *self)
{
  GSocket *socket = self->io.connection->socket;
  int fd = socket ? g_socket_get_fd (socket) : -1;

  if (self->turn && self->turn_fd == fd)
    return;
  cw_turn_task_free (self->turn);
  self->turn = cw_turn_task_new (self->io.context, fd, run, self);
  self->turn_fd = fd;
}

static void
step_done (Attempt *self)
{
  if (++self->at == self->n_steps) {
    succeed (self);
    return;
  }
  watch_socket (self);
  note_progress (self);
  cw_turn_task_ready (self->turn);
}

static void
run (gpointer data, int64_t deadline)
{
  Attempt *self = data;
  const Step *step = &self->steps[self->at];
  GError *error = NULL;
  CwStageStatus status;

  if (g_get_monotonic_time () >= self->limit_us) {
    time_out (self);
    return;
  }
  self->io.progress = false;
  self->io.bytes_read = 0;
  self->io.condition = 0;
  self->io.until = 0;
  self->io.failure = step->stage->failure;
  status = step->stage->step (step->state, &self->io, &error);
  if (self->bytes_read)
    *self->bytes_read += self->io.bytes_read;
  if (self->io.progress)
    note_progress (self);
  if (status == CW_STAGE_FAILED) {
    fail (self, self->io.failure, error);
  } else if (status == CW_STAGE_DONE) {
    step_done (self);
  } else {
    watch_socket (self);
    if (status == CW_STAGE_AGAIN)
      cw_turn_task_ready (self->turn);
    else if (self->io.condition != 0)
      cw_turn_task_await (self->turn, self->io.condition);
    cw_turn_task_at (self->turn, self->io.until != 0 ? MIN (self->io.until, self->limit_us) : self->limit_us);
  }
}

static void
wake (gpointer data)
{
  cw_turn_task_ready (((Attempt *) data)->turn);
}

/* false: error says why the attempt does not even begin. */
static bool
make_steps (Attempt *self, const CwConnectParams *params, GError **error)
{
  for (const CwStage *const *row = params->stages ? params->stages : cw_connect_stages; *row; row++) {
    GError *problem = NULL;
    gpointer state = (*row)->make (params, &problem);

    if (problem) {
      self->failure = (*row)->failure;
      g_propagate_error (error, problem);
      return false;
    }
    if (!state)
      continue;
    g_assert (self->n_steps < G_N_ELEMENTS (self->steps));
    self->steps[self->n_steps++] = (Step){ *row, state };
  }
  return true;
}

/* The first stage takes the descriptor of params. */
static void
start (Attempt *self, const CwConnectParams *params, GCancellable *cancellable)
{
  unsigned connect_ms = params->connect_timeout_ms != 0 ? params->connect_timeout_ms : CW_CONNECT_TIMEOUT_MS;
  GError *error = NULL;

  if (!make_steps (self, params, &error)) {
    g_autoptr (GTask) task = end (self);

    g_task_return_error (task, error);
    return;
  }
  self->limit_us = g_get_monotonic_time () + (int64_t) connect_ms * 1000;
  if (cancellable) {
    self->cancel_source = g_cancellable_source_new (cancellable);
    g_source_set_callback (self->cancel_source, G_SOURCE_FUNC (on_cancelled), self, NULL);
    g_source_attach (self->cancel_source, self->io.context);
  }
  watch_socket (self);
  note_progress (self);
  cw_turn_task_ready (self->turn);
}

void
cw_connect_async (const CwConnectParams *params, GCancellable *cancellable, GAsyncReadyCallback callback,
                  gpointer user_data)
{
  Attempt *self = g_new0 (Attempt, 1);
  unsigned silence_ms = params->silence_timeout_ms != 0 ? params->silence_timeout_ms : CW_SILENCE_TIMEOUT_MS;
  g_autoptr (GTask) task = NULL;

  self->inner = g_cancellable_new ();
  self->silence_us = (int64_t) silence_ms * 1000;
  self->bytes_read = params->bytes_read;
  self->io = (CwStageIo){
    .connection = g_new0 (CwConnection, 1),
    .context = params->context ? g_main_context_ref (params->context) : g_main_context_ref_thread_default (),
    .cancellable = self->inner,
    .wake = wake,
    .wake_data = self,
  };
  g_main_context_push_thread_default (self->io.context);
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, cw_connect_async);
  g_task_set_task_data (task, self, attempt_free);
  self->task = g_object_ref (task);
  start (self, params, cancellable);
  g_main_context_pop_thread_default (self->io.context);
}

CwConnection *
cw_connect_finish (GAsyncResult *result, CwConnectFailure *failure, GError **error)
{
  Attempt *self = g_task_get_task_data (G_TASK (result));
  GError *reason = NULL;
  CwConnection *connection = g_task_propagate_pointer (G_TASK (result), &reason);

  if (connection)
    return connection;
  if (failure)
    *failure
        = g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? CW_CONNECT_FAILURE_CANCELLED : self->failure;
  g_propagate_error (error, reason);
  return NULL;
}
