/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What drives the usbredir channels. Each carries one usbredir stream, from the beginning of a connection to its end.
 */
#pragma once

#include "channel/spicevmc.h"

typedef struct {
  /* A stream begins. */
  void (*up) (gpointer data, SpiceChannel *channel);
  /* Bytes of the guest. False: they are nonsense, and the channel ends with error. */
  bool (*received) (gpointer data, SpiceChannel *channel, CwSlice bytes, GError **error);
  /* The stream has ended. Not called without up (). */
  void (*down) (gpointer data, SpiceChannel *channel);
} CwUsbredirDriver;

/* Takes the channel over; NULL gives it up. Without a driver, a connection fails. */
void cw_usbredir_set_driver (SpiceChannel *channel, const CwUsbredirDriver *driver, gpointer data);

/* Queues bytes for the guest; dropped when the stream has ended. When much waits, nothing more is received until it has
 * gone. */
void cw_usbredir_send (SpiceChannel *channel, GBytes *bytes);
