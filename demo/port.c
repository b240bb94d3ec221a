/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port.h"

#include <string.h>

#define EVENTS_LIMIT 4096
#define FULL_MS 5

struct DemoPort {
  SpiceCharDeviceInstance instance;
  char *name;
  bool client, opened, echo, sums;
  gint64 room; /* negative: without end */
  guint64 received;
  GChecksum *sum;
  GArray *events;
  GByteArray *out; /* from out_at on still to be fetched */
  gsize out_at;
  guint wakeup, telling; /* sources */
  void (*received_func) (gpointer data, const guint8 *bytes, gsize size);
  void (*room_func) (gpointer data);
  gpointer func_data;
};

static DemoPort *
from_instance (SpiceCharDeviceInstance *instance)
{
  return SPICE_CONTAINEROF (instance, DemoPort, instance);
}

static gsize
waiting (const DemoPort *self)
{
  return self->out->len - self->out_at;
}

static gboolean
tell_room (gpointer data)
{
  DemoPort *self = data;

  self->telling = 0;
  if (self->room_func)
    self->room_func (self->func_data);
  return G_SOURCE_REMOVE;
}

/* Each call makes the server fetch one block at most, none while its own queue is full. */
static gboolean
wake_up (gpointer data)
{
  DemoPort *self = data;
  gsize before = waiting (self);

  self->wakeup = 0;
  spice_server_char_device_wakeup (&self->instance);
  if (self->wakeup == 0 && self->client && waiting (self) > 0)
    self->wakeup = g_timeout_add (waiting (self) < before ? 0 : FULL_MS, wake_up, self);
  return G_SOURCE_REMOVE;
}

/* Never from inside one of the server's calls. */
static void
wake_up_soon (DemoPort *self)
{
  if (self->wakeup == 0)
    self->wakeup = g_idle_add (wake_up, self);
}

static void
queue (DemoPort *self, const guint8 *data, gsize size)
{
  /* What has been fetched goes when it is the larger part: always, where nothing waits. */
  if (self->out_at >= waiting (self)) {
    g_byte_array_remove_range (self->out, 0, (guint) self->out_at);
    self->out_at = 0;
  }
  g_byte_array_append (self->out, data, size);
  wake_up_soon (self);
}

static void
state (SpiceCharDeviceInstance *instance, int connected)
{
  DemoPort *self = from_instance (instance);

  self->client = connected != 0;
  if (self->client && waiting (self) > 0)
    wake_up_soon (self);
}

static int
port_write (SpiceCharDeviceInstance *instance, const uint8_t *data, int size)
{
  DemoPort *self = from_instance (instance);

  if (self->room >= 0) {
    size = MIN (size, self->room);
    self->room -= size;
  }
  self->received += size;
  /* Taking the sum would be most of what a port with a receiver does. */
  if (!self->received_func && self->sums)
    g_checksum_update (self->sum, data, size);
  if (self->received_func && size > 0)
    self->received_func (self->func_data, data, (gsize) size);
  if (self->echo && size > 0)
    queue (self, data, size);
  return size;
}

static int
port_read (SpiceCharDeviceInstance *instance, uint8_t *data, int size)
{
  DemoPort *self = from_instance (instance);

  size = MIN ((gsize) size, waiting (self));
  if (size > 0)
    memcpy (data, self->out->data + self->out_at, size);
  self->out_at += size;
  if (self->room_func && size > 0 && self->telling == 0)
    self->telling = g_idle_add (tell_room, self);
  return size;
}

static void
event (SpiceCharDeviceInstance *instance, uint8_t number)
{
  DemoPort *self = from_instance (instance);

  if (self->events->len < EVENTS_LIMIT)
    g_array_append_val (self->events, number);
}

static const SpiceCharDeviceInterface interface = {
  .base = { SPICE_INTERFACE_CHAR_DEVICE, "caraway demo", SPICE_INTERFACE_CHAR_DEVICE_MAJOR,
            SPICE_INTERFACE_CHAR_DEVICE_MINOR },
  .state = state,
  .write = port_write,
  .read = port_read,
  .event = event,
};

DemoPort *
demo_port_new (SpiceServer *server, const char *name)
{
  DemoPort *self = g_new0 (DemoPort, 1);

  self->name = g_strdup (name);
  self->room = -1;
  self->sums = true;
  self->sum = g_checksum_new (G_CHECKSUM_SHA256);
  self->events = g_array_new (FALSE, FALSE, sizeof (guint8));
  self->out = g_byte_array_new ();
  self->instance.base.sif = &interface.base;
  self->instance.subtype = "port";
  self->instance.portname = self->name;
  spice_server_add_interface (server, &self->instance.base);
  return self;
}

void
demo_port_free (DemoPort *self)
{
  if (self->wakeup != 0)
    g_source_remove (self->wakeup);
  if (self->telling != 0)
    g_source_remove (self->telling);
  g_checksum_free (self->sum);
  g_array_unref (self->events);
  g_byte_array_unref (self->out);
  g_free (self->name);
  g_free (self);
}

const char *
demo_port_name (const DemoPort *self)
{
  return self->name;
}

void
demo_port_set_echo (DemoPort *self, bool echo)
{
  self->echo = echo;
}

void
demo_port_set_sums (DemoPort *self, bool sums)
{
  self->sums = sums;
}

void
demo_port_set_room (DemoPort *self, gint64 bytes)
{
  self->room = bytes;
  wake_up_soon (self);
}

void
demo_port_send (DemoPort *self, const guint8 *data, gsize size)
{
  queue (self, data, size);
}

gsize
demo_port_waiting (const DemoPort *self)
{
  return waiting (self);
}

void
demo_port_set_receiver (DemoPort *self, void (*received) (gpointer data, const guint8 *bytes, gsize size),
                        void (*room) (gpointer data), gpointer data)
{
  self->received_func = received;
  self->room_func = room;
  self->func_data = data;
}

void
demo_port_event (DemoPort *self, guint8 number)
{
  if (number == SPICE_PORT_EVENT_OPENED || number == SPICE_PORT_EVENT_CLOSED)
    self->opened = number == SPICE_PORT_EVENT_OPENED;
  spice_server_port_event (&self->instance, number);
}

void
demo_port_report (const DemoPort *self, DemoPortReport *report)
{
  GChecksum *sum = g_checksum_copy (self->sum);

  *report = (DemoPortReport){ .client = self->client,
                              .opened = self->opened,
                              .received = self->received,
                              .sha256 = g_strdup (g_checksum_get_string (sum)),
                              .events = self->events,
                              .waiting = waiting (self) };
  g_checksum_free (sum);
}

void
demo_port_clear (DemoPort *self)
{
  self->received = 0;
  g_checksum_reset (self->sum);
  g_array_set_size (self->events, 0);
}
