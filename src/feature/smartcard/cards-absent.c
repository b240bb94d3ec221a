/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands for cards.c in a library built without libcacard. */
#include "feature/smartcard/cards.h"

const bool cw_cards_built = false;

void
cw_cards_start (const char *database, const char *const *certificates)
{
}

CwCardsWatch *
cw_cards_watch (GMainContext *context, CwCardsFunc func, gpointer data)
{
  return NULL;
}

void
cw_cards_unwatch (CwCardsWatch *self)
{
}

GList *
cw_cards_readers (void)
{
  return NULL;
}

CwCardReader *
cw_card_reader_ref (CwCardReader *self)
{
  return self;
}

void
cw_card_reader_unref (CwCardReader *self)
{
}

const char *
cw_card_reader_name (CwCardReader *self)
{
  return "";
}

bool
cw_card_reader_is_software (CwCardReader *self)
{
  return false;
}

bool
cw_card_reader_insert (CwCardReader *self)
{
  return false;
}

bool
cw_card_reader_remove (CwCardReader *self)
{
  return false;
}

void
cw_card_reader_transmit_async (CwCardReader *self, CwSlice command, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);

  g_task_return_pointer (task, NULL, NULL);
}

GBytes *
cw_card_reader_transmit_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
