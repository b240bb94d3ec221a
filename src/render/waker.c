/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/waker.h"

CwWaker *
cw_waker_new (void (*wake) (gpointer data), gpointer data)
{
  CwWaker *self = g_new0 (CwWaker, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->wake = wake;
  self->data = data;
  return self;
}

CwWaker *
cw_waker_ref (CwWaker *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_waker_unref (CwWaker *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
cw_waker_wake (CwWaker *self)
{
  /* The call is made under the lock, so that cw_waker_end() waits for it. */
  g_mutex_lock (&self->lock);
  if (self->wake && !self->woken) {
    self->woken = true;
    self->wake (self->data);
  }
  g_mutex_unlock (&self->lock);
}

void
cw_waker_rearm (CwWaker *self)
{
  g_mutex_lock (&self->lock);
  self->woken = false;
  g_mutex_unlock (&self->lock);
}

bool
cw_waker_is_woken (CwWaker *self)
{
  bool woken;

  g_mutex_lock (&self->lock);
  woken = self->woken;
  g_mutex_unlock (&self->lock);
  return woken;
}

void
cw_waker_end (CwWaker *self)
{
  g_mutex_lock (&self->lock);
  self->wake = NULL;
  g_mutex_unlock (&self->lock);
}
