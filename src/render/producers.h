/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The display channels of a session that are at work. Each may bring an image that another one waits for; a wait that
 * all others could only end if they did not wait themselves is over before it begins. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct CwProducers CwProducers;
typedef struct CwProducer CwProducer;

typedef enum {
  CW_WAIT_CACHE,      /* the owner's thread takes no more messages */
  CW_WAIT_DICTIONARY, /* no more GLZ images are decoded */
  CW_N_WAITS,
} CwWait;

CwProducers *cw_producers_new (void);
CwProducers *cw_producers_ref (CwProducers *self);
void cw_producers_unref (CwProducers *self); /* any thread */

/* An image has come into the cache: whoever waits for one looks again. The owner's thread. */
void cw_producers_cache_changed (CwProducers *self);

CwProducer *cw_producer_new (CwProducers *producers);
CwProducer *cw_producer_ref (CwProducer *self);
void cw_producer_unref (CwProducer *self); /* any thread */

/* Begins, or is over: then nobody waits for it any more, nor it for anybody. The owner's thread. */
void cw_producer_join (CwProducer *self);
void cw_producer_leave (CwProducer *self);

/* Whether others are at work. Any thread. */
bool cw_producer_has_siblings (CwProducer *self);

/* FALSE: nobody can bring what it would wait for. Otherwise notify (data) is called once, as soon as there is reason to
 * look again (for the cache on the owner's thread, for the dictionary on any), unless the wait is withdrawn before. */
bool cw_producer_wait (CwProducer *self, CwWait wait, void (*notify) (gpointer data), gpointer data);

/* TRUE if it still waited: notify is not called. */
bool cw_producer_withdraw (CwProducer *self, CwWait wait);

bool cw_producer_is_waiting (CwProducer *self, CwWait wait);

/* So many more images are to be decoded for the dictionary, or so many less: they come even while no more messages are
 * taken. Any thread. */
void cw_producer_add_decoding (CwProducer *self, int n);
