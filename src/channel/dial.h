/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to one connection: asks for a socket if the application brings them, connects, and once more with TLS if the
 * server wants that. Knows no channel. Everything belongs to the owner's thread. */
#pragma once

#include "channel/target.h"

/* At most one of connected and failed comes, once, never from inside a function of this header; the dial is over then.
 */
typedef struct {
  /* A socket is wanted; cw_dial_give_socket () answers, now or later. May come from inside cw_dial_start (). */
  void (*ask_for_socket) (gpointer data, bool with_tls);
  void (*connected) (gpointer data, CwConnection *connection);             /* takes connection */
  void (*failed) (gpointer data, CwConnectFailure failure, GError *error); /* takes error */
} CwDialEvents;

typedef struct {
  int channel_type, channel_id;
  const CwCaps *caps, *common_caps;
  const CwCaps *descriptor_caps; /* besides caps, on plain unix sockets */
  GMainContext *context;
  CwLinkOrder *link_order; /* of the session's channels */
  bool links_first;
  /* Asked each time something is decided, so that what is set meanwhile counts. The result is used at once. */
  CwTarget (*target) (gpointer data);
  /* A message that may go before the server has accepted the client, or NULL; its body is the caller's. */
  GBytes *(*first_message) (gpointer data, uint16_t *type);
  const CwDialEvents *events;
  gpointer data;
} CwDialParams;

typedef struct CwDial CwDial;

/* Borrows all that params names. */
CwDial *cw_dial_new (const CwDialParams *params);

/* Ends it without an event. */
void cw_dial_free (CwDial *self);

void cw_dial_start (CwDial *self);
void cw_dial_ask_for_socket (CwDial *self);
/* Takes fd. Also without having asked, before the start. */
void cw_dial_give_socket (CwDial *self, int fd);

bool cw_dial_awaits_socket (const CwDial *self);
/* One was given that has not been used yet. */
bool cw_dial_has_socket (const CwDial *self);

/* What servers have sent so far: the link, also of attempts that failed. */
uint64_t cw_dial_bytes_read (const CwDial *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwDial, cw_dial_free)
