/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's side of the smartcard protocol, without cards and channels: readers are told to the server one request
 * at a time, each answered before the next goes; the server speaks with the cards of those it has accepted. */
#pragma once

#include "base/slice.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
  void (*send) (gpointer data, uint32_t type, uint32_t reader_id, CwSlice bytes);
  /* A command for a card; cw_vsc_answer () is to follow, now or later. */
  void (*command) (gpointer data, gpointer reader, CwSlice apdu);
  /* The server does not take this reader. */
  void (*refused) (gpointer data, gpointer reader);
} CwVscEvents;

typedef struct {
  const CwVscEvents *events;
  gpointer data;
  GPtrArray *readers;
  GQueue requests; /* the head is outstanding when waiting */
  bool waiting;
} CwVsc;

void cw_vsc_init (CwVsc *self, const CwVscEvents *events, gpointer data);
void cw_vsc_clear (CwVsc *self);

/* What happens to readers, which are named by any pointer; repeated news are none. */
void cw_vsc_add_reader (CwVsc *self, gpointer reader, const char *name);
void cw_vsc_remove_reader (CwVsc *self, gpointer reader);
void cw_vsc_insert_card (CwVsc *self, gpointer reader, CwSlice atr);
void cw_vsc_remove_card (CwVsc *self, gpointer reader);

/* The answer of a card; size 0: it gave none. Nothing is sent for a reader that has gone. */
void cw_vsc_answer (CwVsc *self, gpointer reader, CwSlice bytes);

/* Takes a message of the server. */
void cw_vsc_take (CwVsc *self, uint32_t type, uint32_t reader_id, CwSlice bytes);
