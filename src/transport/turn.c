/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Three sources stay attached to the context: one at the default priority that also polls, and two for what is left
 * when a turn's time is spent, one below redraws, one below idle sources. Which of them may run is the phase.
 *
 * Descriptors are waited for by an epoll instance, the one of all that the context polls: an iteration costs what has
 * happened, not how many connections there are. Those it does not take (of a second task that waits for the same
 * descriptor, most of all) the context polls itself. */
#include "transport/turn.h"

#include <sys/epoll.h>
#include <unistd.h>

/* What has happened, in so many steps; the rest is still there in the next iteration. */
#define MAX_EVENTS 64

/* Somebody else is always ready: after so long it is our turn again, if that was enough for one source of each priority
 * above; a thread that had to wait for a processor finds all of them ready. */
#define YIELD_US 1000
#define YIELD_ITERATIONS 4

#define NEVER INT64_MAX

typedef struct Turn Turn;

struct CwTurnTask {
  Turn *turn;
  CwTurnFunc run;
  gpointer data;
  GList link;       /* in turn->tasks */
  GList ready_link; /* in the queue that is set, or in none */
  GQueue *queue;
  int fd;
  GIOCondition watched; /* what turn->watches reports of fd; 0: fd is not in there */
  GIOCondition awaited; /* of that */
  GPollFD poll;
  GList poll_link; /* in turn->polled, while poll is part of the source */
  bool is_polled;
  bool can_recurse;
  unsigned n_running;     /* calls of run under way */
  bool again, again_next; /* made ready while it ran */
  bool is_dead;           /* freed while it ran */
  int64_t due;            /* monotonic time; 0: none */
  int woken;              /* atomic */
};

typedef enum {
  PHASE_NOW,
  PHASE_AFTER_REDRAWS,
  PHASE_AFTER_IDLE,
  N_PHASES,
} Phase;

static const struct {
  const char *name;
  int priority;
} phases[N_PHASES] = {
  [PHASE_NOW] = { "connections and drawing", G_PRIORITY_DEFAULT },
  [PHASE_AFTER_REDRAWS] = { "connections and drawing, after redraws", G_PRIORITY_HIGH_IDLE + 30 },
  [PHASE_AFTER_IDLE] = { "connections and drawing, after idle sources", G_PRIORITY_DEFAULT_IDLE + 10 },
};

struct Turn {
  unsigned refs; /* tasks, and dispatches under way */
  GMainContext *context;
  GSource *sources[N_PHASES];
  GQueue tasks, polled;
  GQueue ready, next;
  GPollFD watches;  /* the epoll instance; -1: there is none */
  int64_t next_due; /* no task has an earlier time */
  int any_woken;    /* atomic */
  bool is_asleep;   /* between our prepare and the end of the poll: what becomes ready now has to end the poll */
  Phase phase;
  unsigned iterations; /* begun in this phase */
  int64_t since_us;    /* when it began */
  unsigned n_spent;
  int64_t spent_us; /* of the budget, in iterations one after the other */
  CwBlockPool blocks;
};

typedef struct {
  GSource source;
  Turn *turn;
  Phase phase;
} TurnSource;

static void
turn_unref (Turn *self)
{
  if (--self->refs > 0)
    return;
  for (unsigned i = 0; i < N_PHASES; i++) {
    g_source_destroy (self->sources[i]);
    g_source_unref (self->sources[i]);
  }
  if (self->watches.fd >= 0)
    close (self->watches.fd);
  cw_block_pool_clear (&self->blocks);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
enqueue (CwTurnTask *task, GQueue *queue)
{
  if (task->queue == &task->turn->ready || task->queue == queue)
    return;
  if (task->queue)
    g_queue_unlink (task->queue, &task->ready_link);
  task->queue = queue;
  g_queue_push_tail_link (queue, &task->ready_link);
  if (task->turn->is_asleep)
    g_main_context_wakeup (task->turn->context);
}

static void
dequeue (CwTurnTask *task)
{
  if (task->queue)
    g_queue_unlink (task->queue, &task->ready_link);
  task->queue = NULL;
}

static void
collect_woken (Turn *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->any_woken, 1, 0))
    return;
  for (GList *at = self->tasks.head; at; at = at->next) {
    CwTurnTask *task = at->data;

    if (g_atomic_int_compare_and_exchange (&task->woken, 1, 0))
      cw_turn_task_ready (task);
  }
}

static void
unwatch (CwTurnTask *self)
{
  if (self->watched != 0)
    epoll_ctl (self->turn->watches.fd, EPOLL_CTL_DEL, self->fd, NULL);
  self->watched = 0;
}

/* false: it cannot be watched, or not a second time. */
static bool
watch (CwTurnTask *self, GIOCondition condition)
{
  struct epoll_event event = { .data.ptr = self };

  G_STATIC_ASSERT ((int) G_IO_IN == EPOLLIN && (int) G_IO_OUT == EPOLLOUT);

  if (self->watched != condition) {
    event.events = condition;
    if (epoll_ctl (self->turn->watches.fd, self->watched != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, self->fd, &event) != 0)
      return false;
    self->watched = condition;
  }
  return true;
}

/* What nobody waits for, a hang-up most of all, would be reported for ever. Those who are ready anyway will ask. */
static void
collect_watched (Turn *self)
{
  struct epoll_event events[MAX_EVENTS];
  int n;

  if (self->watches.revents == 0)
    return;
  self->watches.revents = 0;
  n = epoll_wait (self->watches.fd, events, G_N_ELEMENTS (events), 0);
  for (int i = 0; i < n; i++) {
    CwTurnTask *task = events[i].data.ptr;

    if (task->awaited != 0) {
      task->awaited = 0;
      cw_turn_task_ready (task);
    } else if (!task->queue) {
      unwatch (task);
    }
  }
}

static void
unpoll (CwTurnTask *self)
{
  if (!self->is_polled)
    return;
  self->is_polled = false;
  g_queue_unlink (&self->turn->polled, &self->poll_link);
  g_source_remove_poll (self->turn->sources[PHASE_NOW], &self->poll);
}

/* What the last poll has found. A peer that hung up is reported for ever, also to those who do not want to know. */
static void
collect_polled (Turn *self)
{
  collect_watched (self);
  for (GList *at = self->polled.head, *next; at; at = next) {
    CwTurnTask *task = at->data;
    unsigned found = task->poll.revents;

    next = at->next;
    task->poll.revents = 0;
    if (found == 0)
      continue;
    if (task->poll.events == 0)
      unpoll (task);
    else
      cw_turn_task_ready (task);
    task->poll.events = 0;
  }
}

static void
set_due (CwTurnTask *task, int64_t due)
{
  task->due = due;
  if (due != 0)
    task->turn->next_due = MIN (task->turn->next_due, due);
}

/* All tasks are looked at only when a time has come, not in each iteration. */
static void
find_due (Turn *self, int64_t now)
{
  self->next_due = NEVER;
  for (GList *at = self->tasks.head; at; at = at->next) {
    CwTurnTask *task = at->data;

    if (task->due != 0 && task->due <= now) {
      task->due = 0;
      cw_turn_task_ready (task);
    } else if (task->due != 0) {
      self->next_due = MIN (self->next_due, task->due);
    }
  }
}

/* Milliseconds until the next time, rounded up; -1: there is none. */
static int
collect_due (Turn *self)
{
  int64_t now;

  if (self->next_due == NEVER)
    return -1;
  now = g_get_monotonic_time ();
  if (self->next_due <= now)
    find_due (self, now);
  return self->next_due == NEVER ? -1 : (int) MIN ((self->next_due - now + 999) / 1000, G_MAXINT);
}

static void
enter (Turn *self, Phase phase, int64_t now)
{
  self->phase = phase;
  self->iterations = 0;
  self->since_us = now;
}

static void
end_yielding (Turn *self)
{
  if (self->phase != PHASE_NOW && self->iterations > YIELD_ITERATIONS
      && g_get_monotonic_time () - self->since_us > YIELD_US)
    enter (self, PHASE_NOW, 0);
}

static bool
may_run (GSource *source)
{
  Turn *self = ((TurnSource *) source)->turn;

  return ((TurnSource *) source)->phase == self->phase && !g_queue_is_empty (&self->ready);
}

static gboolean
now_prepare (GSource *source, int *timeout)
{
  Turn *self = ((TurnSource *) source)->turn;
  CwTurnTask *task;

  collect_woken (self);
  *timeout = collect_due (self);
  while ((task = g_queue_peek_head (&self->next))) {
    dequeue (task);
    enqueue (task, &self->ready);
  }
  self->iterations++;
  end_yielding (self);
  self->is_asleep = g_queue_is_empty (&self->ready);
  if (!self->is_asleep)
    *timeout = 0;
  return may_run (source);
}

static gboolean
now_check (GSource *source)
{
  Turn *self = ((TurnSource *) source)->turn;

  self->is_asleep = false;
  collect_woken (self);
  collect_polled (self);
  collect_due (self);
  return may_run (source);
}

static gboolean
later_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return may_run (source);
}

static gboolean
later_check (GSource *source)
{
  return may_run (source);
}

static void
run_task (CwTurnTask *task, int64_t deadline)
{
  dequeue (task);
  task->awaited = 0;
  task->poll.events = 0;
  set_due (task, 0);
  task->n_running++;
  task->again = task->again_next = false;
  task->run (task->data, deadline);
  if (--task->n_running > 0)
    return;
  if (task->is_dead) {
    cw_turn_task_free (task);
    return;
  }
  if (task->again)
    cw_turn_task_ready (task);
  else if (task->again_next)
    cw_turn_task_ready_next (task);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  Turn *self = ((TurnSource *) source)->turn;
  int64_t start = g_get_monotonic_time (), now = start;
  int64_t deadline;

  self->refs++;
  self->is_asleep = false;
  collect_polled (self);
  /* An iteration has passed without us. */
  if (self->phase == PHASE_NOW && self->iterations > 1)
    self->spent_us = 0;
  deadline = start + MAX (CW_TURN_BUDGET_US - self->spent_us, CW_TURN_BUDGET_US / 4);
  enter (self, PHASE_NOW, start);
  while (!g_queue_is_empty (&self->ready) && now < deadline) {
    run_task (g_queue_peek_head (&self->ready), deadline);
    now = g_get_monotonic_time ();
  }
  self->spent_us += now - start;
  if (self->spent_us >= CW_TURN_BUDGET_US) {
    self->spent_us = 0;
    enter (self, ++self->n_spent % 2 == 0 ? PHASE_AFTER_IDLE : PHASE_AFTER_REDRAWS, now);
  }
  turn_unref (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs now_funcs = { now_prepare, now_check, dispatch, NULL, NULL, NULL };
static GSourceFuncs later_funcs = { later_prepare, later_check, dispatch, NULL, NULL, NULL };

/* Never called: a source is found by what its callback has for data. */
static gboolean
no_callback (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static GSource *
attach (Turn *self, Phase phase)
{
  GSourceFuncs *funcs = phase == PHASE_NOW ? &now_funcs : &later_funcs;
  GSource *source = g_source_new (funcs, sizeof (TurnSource));

  ((TurnSource *) source)->turn = self;
  ((TurnSource *) source)->phase = phase;
  g_source_set_static_name (source, phases[phase].name);
  g_source_set_priority (source, phases[phase].priority);
  g_source_set_can_recurse (source, TRUE);
  g_source_set_callback (source, no_callback, funcs, NULL);
  g_source_attach (source, self->context);
  return source;
}

/* The one of the context, with one more reference. */
static Turn *
turn_of (GMainContext *context)
{
  GSource *found = g_main_context_find_source_by_funcs_user_data (context, &now_funcs, &now_funcs);
  Turn *self = found ? ((TurnSource *) found)->turn : g_new0 (Turn, 1);

  self->refs++;
  if (found)
    return self;
  self->context = g_main_context_ref (context);
  self->next_due = NEVER;
  for (unsigned i = 0; i < N_PHASES; i++)
    self->sources[i] = attach (self, i);
  self->watches = (GPollFD){ .fd = epoll_create1 (EPOLL_CLOEXEC), .events = G_IO_IN };
  if (self->watches.fd >= 0)
    g_source_add_poll (self->sources[PHASE_NOW], &self->watches);
  return self;
}

CwTurnTask *
cw_turn_task_new (GMainContext *context, int fd, CwTurnFunc run, gpointer data)
{
  CwTurnTask *self = g_new0 (CwTurnTask, 1);

  self->turn = turn_of (context);
  self->run = run;
  self->data = data;
  self->fd = self->poll.fd = fd;
  self->link.data = self->ready_link.data = self->poll_link.data = self;
  g_queue_push_tail_link (&self->turn->tasks, &self->link);
  return self;
}

void
cw_turn_task_free (CwTurnTask *self)
{
  Turn *turn;

  if (!self)
    return;
  dequeue (self);
  set_due (self, 0);
  unwatch (self);
  unpoll (self);
  if (self->n_running > 0) {
    self->is_dead = true;
    return;
  }
  turn = self->turn;
  g_queue_unlink (&turn->tasks, &self->link);
  g_free (self);
  turn_unref (turn);
}

void
cw_turn_task_set_can_recurse (CwTurnTask *self)
{
  self->can_recurse = true;
}

static bool
has_to_wait (const CwTurnTask *self)
{
  return self->is_dead || (self->n_running > 0 && !self->can_recurse);
}

void
cw_turn_task_ready (CwTurnTask *self)
{
  if (has_to_wait (self))
    self->again = true;
  else
    enqueue (self, &self->turn->ready);
}

void
cw_turn_task_ready_next (CwTurnTask *self)
{
  if (has_to_wait (self))
    self->again_next = true;
  else
    enqueue (self, &self->turn->next);
}

void
cw_turn_task_await (CwTurnTask *self, GIOCondition condition)
{
  if (self->is_dead)
    return;
  self->awaited = condition != 0 && watch (self, condition) ? condition : 0;
  self->poll.events = self->awaited != 0 ? 0 : condition;
  if (self->poll.events == 0 || self->is_polled)
    return;
  self->is_polled = true;
  self->poll.revents = 0;
  g_queue_push_tail_link (&self->turn->polled, &self->poll_link);
  g_source_add_poll (self->turn->sources[PHASE_NOW], &self->poll);
}

void
cw_turn_task_at (CwTurnTask *self, int64_t time)
{
  if (time == 0) {
    cw_turn_task_ready (self);
    return;
  }
  if (self->is_dead)
    return;
  set_due (self, time);
  if (self->turn->is_asleep)
    g_main_context_wakeup (self->turn->context);
}

void
cw_turn_task_wake (CwTurnTask *self)
{
  Turn *turn = self->turn;

  g_atomic_int_set (&self->woken, 1);
  g_atomic_int_set (&turn->any_woken, 1);
  if (!g_main_context_is_owner (turn->context))
    g_main_context_wakeup (turn->context);
}

CwBlockPool *
cw_turn_task_blocks (CwTurnTask *self)
{
  return &self->turn->blocks;
}
