/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The readers of this machine, one set for the process: libcacard keeps them so. Any thread; what is told to a watcher
 * comes in its context. */
#pragma once

#include "base/slice.h"

#include <gio/gio.h>
#include <stdbool.h>

/* libcacard's; whoever looks inside includes its headers. */
typedef struct VReaderStruct CwCardReader;

/* Whether the library was built with libcacard. Otherwise there are no readers. */
extern const bool cw_cards_built;

typedef enum {
  CW_CARDS_READER_ADDED,
  CW_CARDS_READER_REMOVED,
  CW_CARDS_CARD_INSERTED,
  CW_CARDS_CARD_REMOVED,
} CwCardsEvent;

/* atr: of an inserted card; valid during the call, as reader is. */
typedef void (*CwCardsFunc) (gpointer data, CwCardsEvent event, CwCardReader *reader, CwSlice atr);

/* Begins to look for readers, once in the process: those of PC/SC, or, with exactly three certificates, one that holds
 * them. database: where they are, NULL for the system's. Failing is an ordinary state; it is warned of once. */
void cw_cards_start (const char *database, const char *const *certificates);

/* The readers that are there are told first, as added. Borrowed until cw_cards_unwatch (), in the context's thread. */
typedef struct CwCardsWatch CwCardsWatch;
CwCardsWatch *cw_cards_watch (GMainContext *context, CwCardsFunc func, gpointer data);
void cw_cards_unwatch (CwCardsWatch *self);

/* References of the readers that are there; the caller's. */
GList *cw_cards_readers (void);

CwCardReader *cw_card_reader_ref (CwCardReader *self);
void cw_card_reader_unref (CwCardReader *self);
const char *cw_card_reader_name (CwCardReader *self);
bool cw_card_reader_is_software (CwCardReader *self);
/* Of a software reader. Whether that changed anything. */
bool cw_card_reader_insert (CwCardReader *self);
bool cw_card_reader_remove (CwCardReader *self);

/* A command for the card, in a thread; the result is its answer, NULL when it gave none. */
void cw_card_reader_transmit_async (CwCardReader *self, CwSlice command, GAsyncReadyCallback callback, gpointer data);
GBytes *cw_card_reader_transmit_finish (GAsyncResult *result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwCardReader, cw_card_reader_unref)
