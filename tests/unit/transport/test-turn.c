/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tasks of one context: they take turns, sleep without being polled, wake from any thread, and may end anywhere. */
#include "transport/turn.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Task Task;

struct Task {
  GMainContext *context;
  CwTurnTask *task;
  unsigned n_runs;
  unsigned depth, max_depth;
  void (*work) (Task *self, int64_t deadline);
  GSource *others[2];
};

static void
run (gpointer data, int64_t deadline)
{
  Task *self = data;

  self->n_runs++;
  self->depth++;
  self->max_depth = MAX (self->max_depth, self->depth);
  if (self->work)
    self->work (self, deadline);
  self->depth--;
}

static Task
start (GMainContext *context, void (*work) (Task *self, int64_t deadline))
{
  return (Task){ .context = context, .work = work };
}

static void
be_slow (Task *self, int64_t deadline)
{
  g_assert_cmpint (deadline, <=, g_get_monotonic_time () + CW_TURN_BUDGET_US);
  g_usleep (700);
  cw_turn_task_ready (self->task);
}

static void
be_quick (Task *self, int64_t deadline)
{
  cw_turn_task_ready (self->task);
}

/* All run equally often, though few of them fit into one turn, and a turn has an end though they are never done. */
static void
test_fair (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task tasks[7];

  for (unsigned i = 0; i < G_N_ELEMENTS (tasks); i++) {
    tasks[i] = start (context, i == 0 ? be_quick : be_slow);
    tasks[i].task = cw_turn_task_new (context, -1, run, &tasks[i]);
    cw_turn_task_ready (tasks[i].task);
  }
  while (tasks[6].n_runs < 10)
    g_main_context_iteration (context, FALSE);
  for (unsigned i = 0; i < G_N_ELEMENTS (tasks); i++) {
    g_assert_cmpuint (tasks[i].n_runs, >=, 10);
    g_assert_cmpuint (tasks[i].n_runs, <=, 11);
    cw_turn_task_free (tasks[i].task);
  }
}

static gboolean
on_time (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

/* Iterations until a timer of 50 ms. */
static unsigned
count_iterations (GMainContext *context)
{
  g_autoptr (GSource) timer = g_timeout_source_new (50);
  volatile bool is_late = false;
  unsigned n = 0;

  g_source_set_callback (timer, on_time, (gpointer) &is_late, NULL);
  g_source_attach (timer, context);
  for (; !is_late; n++)
    g_main_context_iteration (context, TRUE);
  return n;
}

static void
await_more (Task *self, int64_t deadline)
{
  cw_turn_task_await (self->task, G_IO_IN);
}

/* A descriptor wakes who waits for it, and no one else: neither bytes nor a hang-up that nobody waits for make the
 * loop spin. */
static void
test_await (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task task = start (context, NULL);
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  task.task = cw_turn_task_new (context, fds[0], run, &task);
  cw_turn_task_await (task.task, G_IO_IN);
  g_assert_cmpuint (count_iterations (context), <, 5);
  g_assert_cmpuint (task.n_runs, ==, 0);

  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  g_assert_cmpuint (count_iterations (context), <, 5);
  g_assert_cmpuint (task.n_runs, ==, 1); /* sleeps now, though the byte is still there */

  close (fds[1]);
  g_assert_cmpuint (count_iterations (context), <, 5);
  g_assert_cmpuint (task.n_runs, ==, 1);

  task.work = await_more;
  cw_turn_task_await (task.task, G_IO_IN);
  while (task.n_runs < 10)
    g_main_context_iteration (context, TRUE);
  cw_turn_task_free (task.task);
  close (fds[0]);
}

/* Descriptors that this context polls in an iteration. */
static int
count_polled (GMainContext *context)
{
  GPollFD fds[256];
  int priority, timeout, n;

  g_assert_true (g_main_context_acquire (context));
  g_main_context_prepare (context, &priority);
  n = g_main_context_query (context, G_MAXINT, &timeout, fds, G_N_ELEMENTS (fds));
  g_main_context_check (context, priority, fds, 0);
  g_main_context_release (context);
  return n;
}

/* An iteration does not look at all who wait for input, and each of them is found: more at once than are asked for. */
static void
test_many (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task tasks[200];
  int fds[G_N_ELEMENTS (tasks)][2], n_before = 0;

  for (unsigned i = 0; i < G_N_ELEMENTS (tasks); i++) {
    tasks[i] = start (context, NULL);
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds[i]), ==, 0);
    tasks[i].task = cw_turn_task_new (context, fds[i][0], run, &tasks[i]);
    if (i == 0)
      n_before = count_polled (context);
    cw_turn_task_await (tasks[i].task, G_IO_IN);
  }
  g_assert_cmpint (count_polled (context), ==, n_before);
  for (unsigned i = 0; i < G_N_ELEMENTS (tasks); i += i == 0 ? 10 : 1)
    g_assert_cmpint (write (fds[i][1], "x", 1), ==, 1);
  for (unsigned n = 0; n < G_N_ELEMENTS (tasks) - 9;) {
    g_main_context_iteration (context, TRUE);
    n = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS (tasks); i++)
      n += tasks[i].n_runs;
  }
  g_main_context_iteration (context, FALSE);
  for (unsigned i = 0; i < G_N_ELEMENTS (tasks); i++) {
    g_assert_cmpuint (tasks[i].n_runs, ==, i == 0 || i >= 10);
    cw_turn_task_free (tasks[i].task);
    close (fds[i][0]);
    close (fds[i][1]);
  }
}

/* Two tasks of one descriptor, as of a pump, both wake; and one may wait for either direction. */
static void
test_both_directions (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task in = start (context, NULL), out = start (context, NULL);
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  in.task = cw_turn_task_new (context, fds[0], run, &in);
  out.task = cw_turn_task_new (context, fds[0], run, &out);
  for (unsigned i = 1; i <= 3; i++) {
    cw_turn_task_await (in.task, G_IO_IN);
    cw_turn_task_await (out.task, i == 2 ? G_IO_IN : G_IO_OUT);
    g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
    while (in.n_runs < i || out.n_runs < i)
      g_main_context_iteration (context, TRUE);
    cw_turn_task_await (in.task, G_IO_OUT);
    while (in.n_runs < i + 1)
      g_main_context_iteration (context, TRUE);
    in.n_runs = i;
    g_assert_cmpuint (out.n_runs, ==, i);
    g_assert_cmpuint (count_iterations (context), <, 8); /* the bytes are still there */
  }
  cw_turn_task_free (in.task);
  cw_turn_task_free (out.task);
  close (fds[0]);
  close (fds[1]);
}

static gpointer
wake_later (gpointer data)
{
  g_usleep (2000);
  cw_turn_task_wake (((Task *) data)->task);
  return NULL;
}

static void
test_wake (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task task = start (context, NULL), other = start (context, NULL);

  task.task = cw_turn_task_new (context, -1, run, &task);
  other.task = cw_turn_task_new (context, -1, run, &other);
  for (unsigned i = 1; i <= 20; i++) {
    GThread *thread = g_thread_new ("waker", wake_later, &task);

    while (task.n_runs < i)
      g_main_context_iteration (context, TRUE);
    g_thread_join (thread);
  }
  g_assert_cmpuint (task.n_runs, ==, 20);
  g_assert_cmpuint (other.n_runs, ==, 0);
  cw_turn_task_free (task.task);
  cw_turn_task_free (other.task);
}

typedef struct {
  GSource source;
  Task *task;
} LateSource;

static gboolean
prepare_late (GSource *source, int *timeout)
{
  Task *task = ((LateSource *) source)->task;

  *timeout = -1;
  if (task->n_runs == 0)
    cw_turn_task_ready (task->task);
  return FALSE;
}

/* Between the turn's own prepare and the poll. */
static void
test_ready_late (void)
{
  static GSourceFuncs funcs = { prepare_late, NULL, NULL, NULL, NULL, NULL };
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = g_source_new (&funcs, sizeof (LateSource));
  Task task = start (context, NULL);

  task.task = cw_turn_task_new (context, -1, run, &task);
  ((LateSource *) source)->task = &task;
  g_source_attach (source, context);
  while (task.n_runs == 0)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (source);
  cw_turn_task_free (task.task);
}

static void
free_itself (Task *self, int64_t deadline)
{
  cw_turn_task_ready (self->task);
  cw_turn_task_free (self->task);
  self->task = NULL;
}

static void
nest (Task *self, int64_t deadline)
{
  cw_turn_task_ready (self->task);
  if (self->depth < 3)
    for (unsigned i = 0; i < 3; i++)
      g_main_context_iteration (self->context, FALSE);
}

/* Ends inside its own call; another is called inside itself only if it says so. */
static void
test_nested (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task task = start (context, free_itself);

  task.task = cw_turn_task_new (context, -1, run, &task);
  cw_turn_task_ready (task.task);
  for (unsigned i = 0; i < 5; i++)
    g_main_context_iteration (context, FALSE);
  g_assert_cmpuint (task.n_runs, ==, 1);

  for (unsigned can_recurse = 0; can_recurse < 2; can_recurse++) {
    task = start (context, nest);
    task.task = cw_turn_task_new (context, -1, run, &task);
    if (can_recurse)
      cw_turn_task_set_can_recurse (task.task);
    cw_turn_task_ready (task.task);
    g_main_context_iteration (context, FALSE);
    g_assert_cmpuint (task.max_depth, ==, can_recurse ? 3 : 1);
    cw_turn_task_free (task.task);
  }
}

static void
come_back (Task *self, int64_t deadline)
{
  cw_turn_task_at (self->task, g_get_monotonic_time () + 3000);
}

/* At its time and not before, once; a task that is freed has none. */
static void
test_time (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task task = start (context, come_back), other = start (context, NULL);
  int64_t begun = g_get_monotonic_time ();

  task.task = cw_turn_task_new (context, -1, run, &task);
  other.task = cw_turn_task_new (context, -1, run, &other);
  cw_turn_task_at (other.task, begun + 1000);
  cw_turn_task_at (other.task, begun + 2000);
  cw_turn_task_at (task.task, 0);
  while (task.n_runs < 5)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (g_get_monotonic_time (), >=, begun + 4 * 3000);
  g_assert_cmpuint (other.n_runs, ==, 1);
  task.work = NULL;
  cw_turn_task_at (other.task, g_get_monotonic_time () + 1000);
  cw_turn_task_free (other.task);
  while (task.n_runs < 6)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpuint (count_iterations (context), <, 5);
  g_assert_cmpuint (task.n_runs, ==, 6);
  cw_turn_task_free (task.task);
}

/* The iteration that has waited for the time is the one in which the task runs. */
static void
test_time_of_iteration (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task task = start (context, NULL);
  int64_t due = g_get_monotonic_time () + 20000;

  task.task = cw_turn_task_new (context, -1, run, &task);
  cw_turn_task_at (task.task, due);
  while (task.n_runs == 0) {
    g_assert_cmpint (g_get_monotonic_time (), <, due);
    g_main_context_iteration (context, TRUE);
  }
  cw_turn_task_free (task.task);
}

static void
go_on_next (Task *self, int64_t deadline)
{
  cw_turn_task_ready_next (self->task);
}

/* Once for each iteration. */
static void
test_next (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task task = start (context, go_on_next);

  task.task = cw_turn_task_new (context, -1, run, &task);
  cw_turn_task_ready_next (task.task);
  for (unsigned i = 1; i <= 5; i++) {
    g_main_context_iteration (context, FALSE);
    g_assert_cmpuint (task.n_runs, ==, i);
  }
  cw_turn_task_ready_next (task.task);
  cw_turn_task_free (task.task);
  g_assert_false (g_main_context_iteration (context, FALSE));
}

typedef struct {
  GSource source;
  bool is_always_ready;
  unsigned n;
} Other;

/* Takes longer than anybody is waited for by the clock. */
static gboolean
other_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  Other *self = (Other *) source;

  self->n++;
  g_usleep (2000);
  if (!self->is_always_ready)
    g_source_set_ready_time (source, -1);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs other_funcs = { NULL, NULL, other_dispatch, NULL, NULL, NULL };

static Other *
other_new (GMainContext *context, int priority)
{
  GSource *source = g_source_new (&other_funcs, sizeof (Other));

  g_source_set_priority (source, priority);
  g_source_set_ready_time (source, 0);
  g_source_attach (source, context);
  return (Other *) source;
}

static void
other_free (Other *self)
{
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

/* Uses up its time, in which something of a higher priority than idle sources becomes ready each time. */
static void
be_busy (Task *self, int64_t deadline)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (self->others); i++)
    g_source_set_ready_time (self->others[i], 0);
  be_slow (self, deadline);
  be_slow (self, deadline);
}

/* A connection that is always ready lets idle sources run, also where a timer and a redraw have become due each time,
 * and take longer than the turn: at least once in three turns. */
static void
test_yield (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task task = start (context, be_busy);
  Other *idle = other_new (context, G_PRIORITY_DEFAULT_IDLE);
  Other *timer = other_new (context, G_PRIORITY_DEFAULT), *redraw = other_new (context, G_PRIORITY_HIGH_IDLE + 20);

  task.others[0] = &timer->source;
  task.others[1] = &redraw->source;
  idle->is_always_ready = true;
  task.task = cw_turn_task_new (context, -1, run, &task);
  cw_turn_task_ready (task.task);
  while (task.n_runs < 30)
    g_main_context_iteration (context, FALSE);
  g_assert_cmpuint (idle->n, >=, 10);
  cw_turn_task_free (task.task);
  other_free (timer);
  other_free (redraw);
  other_free (idle);
}

/* It is not held up for ever by one that is. */
static void
test_busy_others (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Task task = start (context, be_slow);
  Other *busy = other_new (context, G_PRIORITY_DEFAULT);

  busy->is_always_ready = true;
  task.task = cw_turn_task_new (context, -1, run, &task);
  cw_turn_task_ready (task.task);
  while (task.n_runs < 20)
    g_main_context_iteration (context, FALSE);
  g_assert_cmpuint (busy->n, <=, 120);
  cw_turn_task_free (task.task);
  other_free (busy);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/turn/fair", test_fair);
  g_test_add_func ("/turn/await", test_await);
  g_test_add_func ("/turn/many", test_many);
  g_test_add_func ("/turn/both-directions", test_both_directions);
  g_test_add_func ("/turn/wake", test_wake);
  g_test_add_func ("/turn/ready-late", test_ready_late);
  g_test_add_func ("/turn/nested", test_nested);
  g_test_add_func ("/turn/next", test_next);
  g_test_add_func ("/turn/yield", test_yield);
  g_test_add_func ("/turn/busy-others", test_busy_others);
  g_test_add_func ("/turn/time", test_time);
  g_test_add_func ("/turn/time-of-iteration", test_time_of_iteration);
  return g_test_run ();
}
