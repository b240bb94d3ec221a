/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core.h"

#include <glib-unix.h>

struct SpiceTimer {
  SpiceTimerFunc func;
  void *opaque;
  GSource *source;
};

struct SpiceWatch {
  SpiceWatchFunc func;
  void *opaque;
  int fd;
  GSource *source;
};

static void
source_stop (GSource **source)
{
  if (!*source)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static SpiceTimer *
timer_add (SpiceTimerFunc func, void *opaque)
{
  SpiceTimer *self = g_new0 (SpiceTimer, 1);

  self->func = func;
  self->opaque = opaque;
  return self;
}

static gboolean
timer_fired (gpointer data)
{
  SpiceTimer *self = data;

  /* The function may start or remove this timer again. */
  source_stop (&self->source);
  self->func (self->opaque);
  return G_SOURCE_REMOVE;
}

static void
timer_start (SpiceTimer *self, uint32_t ms)
{
  source_stop (&self->source);
  self->source = g_timeout_source_new (ms);
  g_source_set_callback (self->source, timer_fired, self, NULL);
  g_source_attach (self->source, NULL);
}

static void
timer_cancel (SpiceTimer *self)
{
  source_stop (&self->source);
}

static void
timer_remove (SpiceTimer *self)
{
  source_stop (&self->source);
  g_free (self);
}

static gboolean
watch_ready (gint fd, GIOCondition condition, gpointer data)
{
  SpiceWatch *self = data;
  int event = 0;

  if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
    event |= SPICE_WATCH_EVENT_READ;
  if (condition & G_IO_OUT)
    event |= SPICE_WATCH_EVENT_WRITE;
  self->func (fd, event, self->opaque);
  return G_SOURCE_CONTINUE;
}

static void
watch_update_mask (SpiceWatch *self, int mask)
{
  GIOCondition condition = 0;

  source_stop (&self->source);
  if (mask & SPICE_WATCH_EVENT_READ)
    condition |= G_IO_IN | G_IO_HUP | G_IO_ERR;
  if (mask & SPICE_WATCH_EVENT_WRITE)
    condition |= G_IO_OUT;
  if (condition == 0)
    return;
  self->source = g_unix_fd_source_new (self->fd, condition);
  g_source_set_callback (self->source, G_SOURCE_FUNC (watch_ready), self, NULL);
  g_source_attach (self->source, NULL);
}

static SpiceWatch *
watch_add (int fd, int mask, SpiceWatchFunc func, void *opaque)
{
  SpiceWatch *self = g_new0 (SpiceWatch, 1);

  self->fd = fd;
  self->func = func;
  self->opaque = opaque;
  watch_update_mask (self, mask);
  return self;
}

static void
watch_remove (SpiceWatch *self)
{
  source_stop (&self->source);
  g_free (self);
}

void
demo_core_init (SpiceCoreInterface *core, void (*channel_event) (int event, SpiceChannelEventInfo *info))
{
  *core = (SpiceCoreInterface){
    .base = { SPICE_INTERFACE_CORE, "caraway demo", SPICE_INTERFACE_CORE_MAJOR, SPICE_INTERFACE_CORE_MINOR },
    .timer_add = timer_add,
    .timer_start = timer_start,
    .timer_cancel = timer_cancel,
    .timer_remove = timer_remove,
    .watch_add = watch_add,
    .watch_update_mask = watch_update_mask,
    .watch_remove = watch_remove,
    .channel_event = channel_event,
  };
}
