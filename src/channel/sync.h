/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Order between channels: which message each channel of a session has processed, and who waits for whom. Belongs to
 * the owner's thread; no I/O, no main loop. */
#pragma once

#include "wire/messages.h"

#include <glib.h>
#include <stdbool.h>

typedef struct CwSync CwSync;

/* The newest message, by its serial, that the channel behind data has processed. */
typedef uint64_t (*CwSyncProcessed) (gpointer data);
/* What the channel waited for has happened. Called from inside what others do: it may only schedule. */
typedef void (*CwSyncReady) (gpointer data);

CwSync *cw_sync_new (void);
void cw_sync_free (CwSync *self);

/* A connected channel. data identifies it. */
void cw_sync_add (CwSync *self, uint8_t type, uint8_t id, CwSyncProcessed processed, CwSyncReady ready, gpointer data);
/* Ends its waiting without a call, and everybody's waiting for it. */
void cw_sync_remove (CwSync *self, gpointer data);

/* True: nothing to wait for. False: ready is going to be called, once. Entries that name an unknown channel or the
 * waiting channel itself count as fulfilled, and so do those that would close a circle of waiting channels. */
bool cw_sync_wait (CwSync *self, gpointer data, const CwWireWaitForChannel *entries, uint32_t n_entries);

/* A channel has processed more messages. Cheap when nobody waits. */
void cw_sync_advanced (CwSync *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwSync, cw_sync_free)
