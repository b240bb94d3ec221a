/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pump on one end of a socket pair; its peer is the other end, in the same thread. */
#pragma once

#include "transport/pump.h"

typedef struct Fixture Fixture;

struct Fixture {
  GMainContext *context;
  CwPump *pump;
  int peer;
  GString *log; /* what came, in order: "type:size[s]@serial " */
  unsigned n_frames;
  unsigned n_closed;
  GError *closed;
  uint32_t limit;
  GBytes *last;
  GBytes *large;
  void (*hook) (Fixture *self, const CwPumpFrame *frame);
  unsigned n_flushed;
  GError *flushed;
};

void set_up (Fixture *self, bool mini);
/* Likewise, on a context that there is. */
void set_up_in (Fixture *self, GMainContext *context, bool mini);
/* Likewise, over TCP and with mini headers. */
void set_up_tcp (Fixture *self, GSocketConnection **stream);
void tear_down (Fixture *self);

/* Fifty iterations. */
void spin (Fixture *self);

/* What the peer sends. */
void put (Fixture *self, const void *data, size_t size);
void put_mini (Fixture *self, uint16_t type, const void *body, uint32_t size);

/* Everything that has come to the peer. */
GByteArray *take (Fixture *self);

/* What came to the pump since the last call. */
void check_log (Fixture *self, const char *expected);

/* A CwPumpFlushFunc that counts; data is the fixture. */
void on_flushed (gpointer data, const GError *error);
GBytes *zeros (size_t size);
