/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program sees of a session, as a text. */
#pragma once

#include "spice-client.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  SpiceSession *session;
  GString *log;
  bool stop; /* set by the watched event */
  const char *watched;
  void (*on_event) (SpiceChannel *channel, SpiceChannelEvent event);
} Watch;

extern Watch *watch_current; /* for handlers that are given by plain functions */

/* A session with that port of this machine, not connected. */
void watch_init (Watch *self, uint16_t port);
/* Drops the session, which has to be gone then. */
void watch_clear (Watch *self);

void watch_note (Watch *self, const char *text);
/* Runs the loop until that has been noted. */
void watch_until (Watch *self, const char *text);
void watch_for (unsigned ms);
/* What has been noted since the last time. */
void watch_expect (Watch *self, const char *log);
