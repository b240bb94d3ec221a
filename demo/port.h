/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A named port as a machine would have one: takes bytes as fast as it is told to, remembers what came, echoes or sends
 * what it is told. */
#pragma once

#include <glib.h>
#include <spice.h>
#include <spice/protocol.h>
#include <stdbool.h>

typedef struct DemoPort DemoPort;

typedef struct {
  bool client; /* one is connected */
  bool opened;
  guint64 received;     /* bytes since the last clear */
  char *sha256;         /* of them; the caller frees it */
  const GArray *events; /* of guint8, from clients, since the last clear */
  gsize waiting;        /* bytes not fetched by the server yet */
} DemoPortReport;

DemoPort *demo_port_new (SpiceServer *server, const char *name);
/* To be called when the server is gone. */
void demo_port_free (DemoPort *self);
const char *demo_port_name (const DemoPort *self);

void demo_port_set_echo (DemoPort *self, bool echo);
/* Whether what comes is summed up (the default), which takes longer than everything else that happens to it. */
void demo_port_set_sums (DemoPort *self, bool sums);
/* How many bytes it takes from now on before it blocks; negative: any number (the default). */
void demo_port_set_room (DemoPort *self, gint64 bytes);
void demo_port_send (DemoPort *self, const guint8 *data, gsize size);
/* SPICE_PORT_EVENT_… or any other. */
void demo_port_event (DemoPort *self, guint8 event);
/* Bytes that the server has not fetched yet. */
gsize demo_port_waiting (const DemoPort *self);
/* received gets what comes; room is called when the server has fetched some of what was sent. Both may be NULL. */
void demo_port_set_receiver (DemoPort *self, void (*received) (gpointer data, const guint8 *bytes, gsize size),
                             void (*room) (gpointer data), gpointer data);
void demo_port_report (const DemoPort *self, DemoPortReport *report);
void demo_port_clear (DemoPort *self);
