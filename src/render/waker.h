/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How workers tell a render's owner that there is something to do: once between two steps, never after the end. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
  gatomicrefcount ref_count;
  GMutex lock;
  void (*wake) (gpointer data); /* NULL after the end */
  gpointer data;
  bool woken;
} CwWaker;

CwWaker *cw_waker_new (void (*wake) (gpointer data), gpointer data);
CwWaker *cw_waker_ref (CwWaker *self);
void cw_waker_unref (CwWaker *self);
void cw_waker_wake (CwWaker *self);  /* any thread */
void cw_waker_rearm (CwWaker *self); /* a step begins */
bool cw_waker_is_woken (CwWaker *self);
void cw_waker_end (CwWaker *self); /* on return no call is running, and none will follow */
