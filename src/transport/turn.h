/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All work of a GMainContext that comes in pieces (reading, writing, drawing) shares one source and one deadline, so
 * that an iteration of the main loop takes no longer however many connections there are. Tasks that are ready run one
 * piece each, by turns. When the time of a turn is spent, sources of lower priority go first: redraws (GTK's priority
 * is 120) after every turn, idle ones (200) after every second.
 *
 * A waiting task costs no system call and next to nothing in each iteration: its descriptor stays watched, and it
 * becomes ready without waking the context up. Except for cw_turn_task_wake () everything belongs to the thread that
 * runs the context. */
#pragma once

#include "transport/block.h"

#define CW_TURN_BUDGET_US 1000

typedef struct CwTurnTask CwTurnTask;

/* Does one piece of work, longer ones until deadline (monotonic time), and says what comes next by the functions below;
 * otherwise the task sleeps. It may free the task and run main loops. */
typedef void (*CwTurnFunc) (gpointer data, int64_t deadline);

/* fd: what cw_turn_task_await () waits for, or -1; it has to stay open as long as the task. */
CwTurnTask *cw_turn_task_new (GMainContext *context, int fd, CwTurnFunc run, gpointer data);

/* run is called inside itself as well, when it runs a main loop. */
void cw_turn_task_set_can_recurse (CwTurnTask *self);
void cw_turn_task_free (CwTurnTask *self);

/* Runs in this turn, if that has time left, or in the next. */
void cw_turn_task_ready (CwTurnTask *self);

/* Runs in the next turn. */
void cw_turn_task_ready_next (CwTurnTask *self);

/* Runs when the descriptor has this; 0: sleeps. */
void cw_turn_task_await (CwTurnTask *self, GIOCondition condition);

/* Runs when this monotonic time has come; 0: cw_turn_task_ready (). In place of an earlier time. */
void cw_turn_task_at (CwTurnTask *self, int64_t time);

/* cw_turn_task_ready () for any thread; nothing but freeing the task must come later. */
void cw_turn_task_wake (CwTurnTask *self);

/* Spare blocks of all tasks of the context; there as long as the task. */
CwBlockPool *cw_turn_task_blocks (CwTurnTask *self);
