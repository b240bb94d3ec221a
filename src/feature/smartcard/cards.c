/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/smartcard/cards.h"

#include "base/protocol.h"
#include "feature/smartcard/cacard.h"

#include <string.h>

#define SOFTWARE_READER "Spice Software Smartcard"
#define N_CERTIFICATES 3

/* What a card may answer: 256 bytes and a status; twice that, as the library is told how much fits. */
#define MAX_ANSWER 1024

const bool cw_cards_built = true;

struct CwCardsWatch {
  gatomicrefcount refs;
  GMainContext *context;
  CwCardsFunc func;
  gpointer data;
  bool ended; /* looked at in the context's thread only */
};

typedef struct {
  CwCardReader *reader; /* strong */
  bool has_card;
  guint8 atr[CW_VSC_MAX_ATR];
  unsigned atr_size;
} Known;

/* Both under the lock. */
static GMutex lock;
static GPtrArray *known, *watches;

static void
free_known (gpointer data)
{
  Known *self = data;

  vreader_free (self->reader);
  g_free (self);
}

static void
unref_watch (gpointer data)
{
  CwCardsWatch *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_main_context_unref (self->context);
  g_free (self);
}

static void
prepare (void)
{
  if (known)
    return;
  known = g_ptr_array_new_with_free_func (free_known);
  watches = g_ptr_array_new_with_free_func (unref_watch);
}

typedef struct {
  CwCardsWatch *watch; /* strong */
  CwCardsEvent event;
  CwCardReader *reader; /* strong */
  guint8 atr[CW_VSC_MAX_ATR];
  unsigned atr_size;
} News;

static void
free_news (gpointer data)
{
  News *self = data;

  vreader_free (self->reader);
  unref_watch (self->watch);
  g_free (self);
}

static gboolean
tell (gpointer data)
{
  News *self = data;

  if (!self->watch->ended)
    self->watch->func (self->watch->data, self->event, self->reader, (CwSlice){ self->atr, self->atr_size });
  return G_SOURCE_REMOVE;
}

/* In the order of the calls: the sources of a context have one priority. */
static void
post (CwCardsWatch *watch, CwCardsEvent event, const Known *about)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  News *news = g_new (News, 1);

  *news = (News){ .watch = watch, .event = event, .reader = vreader_reference (about->reader) };
  g_atomic_ref_count_inc (&watch->refs);
  memcpy (news->atr, about->atr, about->atr_size);
  news->atr_size = about->atr_size;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, tell, news, free_news);
  g_source_attach (source, watch->context);
}

static void
post_all (CwCardsEvent event, const Known *about)
{
  for (guint i = 0; i < watches->len; i++)
    post (watches->pdata[i], event, about);
}

static Known *
find_known (const CwCardReader *reader)
{
  for (guint i = 0; i < known->len; i++) {
    Known *found = known->pdata[i];

    if (found->reader == reader)
      return found;
  }
  return NULL;
}

static Known *
add_known (CwCardReader *reader)
{
  Known *found = find_known (reader);

  if (found)
    return found;
  found = g_new0 (Known, 1);
  found->reader = vreader_reference (reader);
  g_ptr_array_add (known, found);
  post_all (CW_CARDS_READER_ADDED, found);
  return found;
}

static void
remove_known (CwCardReader *reader)
{
  Known *found = find_known (reader);

  if (!found)
    return;
  post_all (CW_CARDS_READER_REMOVED, found);
  g_ptr_array_remove_fast (known, found);
}

static void
set_card (CwCardReader *reader, const guint8 *atr, int size)
{
  Known *found = add_known (reader);

  if (found->has_card)
    return;
  found->has_card = true;
  found->atr_size = (unsigned) CLAMP (size, 0, CW_VSC_MAX_ATR);
  memcpy (found->atr, atr, found->atr_size);
  post_all (CW_CARDS_CARD_INSERTED, found);
}

static void
clear_card (CwCardReader *reader)
{
  Known *found = find_known (reader);

  if (!found || !found->has_card)
    return;
  found->has_card = false;
  found->atr_size = 0;
  post_all (CW_CARDS_CARD_REMOVED, found);
}

/* On the thread of the readers. */
static void
take_event (const VEvent *event)
{
  guint8 atr[CW_VSC_MAX_ATR];
  int size = sizeof atr;

  /* Asking a card waits for it, so it is done without the lock. */
  if (event->type == VEVENT_CARD_INSERT && vreader_power_on (event->reader, atr, &size) != VREADER_OK)
    return;
  g_mutex_lock (&lock);
  switch (event->type) {
  case VEVENT_READER_INSERT:
    add_known (event->reader);
    break;
  case VEVENT_READER_REMOVE:
    remove_known (event->reader);
    break;
  case VEVENT_CARD_INSERT:
    set_card (event->reader, atr, size);
    break;
  case VEVENT_CARD_REMOVE:
    clear_card (event->reader);
    break;
  case VEVENT_LAST:
    break;
  }
  g_mutex_unlock (&lock);
}

/* options NULL: the readers of PC/SC. */
static gpointer
run (gpointer options)
{
  g_autoptr (GError) error = NULL;
  VCardEmulOptions *parsed;
  VEvent *event = NULL;

  if (!cw_cacard_load (&error)) {
    g_warning ("there are no smartcards: %s", error->message);
    g_free (options);
    return NULL;
  }
  parsed = options ? vcard_emul_options (options) : NULL;
  if ((options && !parsed) || vcard_emul_init (parsed) != VCARD_EMUL_OK) {
    g_warning ("there are no smartcards: neither can the certificates be used nor is there a service for readers");
    g_free (options);
    return NULL;
  }
  g_free (options);
  while ((event = vevent_wait_next_vevent ()) && event->type != VEVENT_LAST) {
    take_event (event);
    vevent_delete (event);
  }
  if (event)
    vevent_delete (event);
  return NULL;
}

/* The options are one text, in which these have a meaning. */
static bool
is_plain (const char *text)
{
  return !strpbrk (text, "\"(),");
}

static char *
options_of (const char *database, const char *const *certificates)
{
  g_autofree char *place = NULL;

  for (gsize i = 0; i < N_CERTIFICATES; i++) {
    if (!is_plain (certificates[i]))
      return NULL;
  }
  if (database && strchr (database, '"'))
    return NULL;
  place = database ? g_strdup_printf ("db=\"%s\" ", database) : g_strdup ("");
  return g_strdup_printf ("%suse_hw=no soft=(,%s,CAC,,%s,%s,%s)", place, SOFTWARE_READER, certificates[0],
                          certificates[1], certificates[2]);
}

void
cw_cards_start (const char *database, const char *const *certificates)
{
  static gsize started;
  g_autoptr (GThread) thread = NULL;
  g_autoptr (GError) error = NULL;
  guint n_certificates = certificates ? g_strv_length ((char **) certificates) : 0;
  bool software = n_certificates == N_CERTIFICATES;
  char *options;

  if (!g_once_init_enter (&started))
    return;
  if (n_certificates > 0 && !software)
    g_warning ("a smartcard is made of %d certificates, not of %u: those of readers are used", N_CERTIFICATES,
               n_certificates);
  options = software ? options_of (database, certificates) : NULL;
  if (software && !options)
    g_warning ("the names of the smartcard's certificates have characters that no name may have");
  else
    thread = g_thread_try_new ("smartcards", run, options, &error);
  if (error) {
    g_warning ("there are no smartcards: %s", error->message);
    g_free (options);
  }
  g_once_init_leave (&started, 1);
}

CwCardsWatch *
cw_cards_watch (GMainContext *context, CwCardsFunc func, gpointer data)
{
  CwCardsWatch *self = g_new0 (CwCardsWatch, 1);

  g_atomic_ref_count_init (&self->refs);
  g_atomic_ref_count_inc (&self->refs); /* the list's */
  self->context = context ? g_main_context_ref (context) : g_main_context_ref (g_main_context_default ());
  self->func = func;
  self->data = data;
  g_mutex_lock (&lock);
  prepare ();
  g_ptr_array_add (watches, self);
  for (guint i = 0; i < known->len; i++) {
    const Known *one = known->pdata[i];

    post (self, CW_CARDS_READER_ADDED, one);
    if (one->has_card)
      post (self, CW_CARDS_CARD_INSERTED, one);
  }
  g_mutex_unlock (&lock);
  return self;
}

void
cw_cards_unwatch (CwCardsWatch *self)
{
  if (!self)
    return;
  self->ended = true;
  g_mutex_lock (&lock);
  g_ptr_array_remove_fast (watches, self);
  g_mutex_unlock (&lock);
  unref_watch (self);
}

GList *
cw_cards_readers (void)
{
  GList *readers = NULL;

  g_mutex_lock (&lock);
  for (guint i = 0; known && i < known->len; i++)
    readers = g_list_append (readers, vreader_reference (((Known *) known->pdata[i])->reader));
  g_mutex_unlock (&lock);
  return readers;
}

CwCardReader *
cw_card_reader_ref (CwCardReader *self)
{
  return vreader_reference (self);
}

void
cw_card_reader_unref (CwCardReader *self)
{
  vreader_free (self);
}

const char *
cw_card_reader_name (CwCardReader *self)
{
  return vreader_get_name (self);
}

bool
cw_card_reader_is_software (CwCardReader *self)
{
  return g_strcmp0 (vreader_get_name (self), SOFTWARE_READER) == 0;
}

bool
cw_card_reader_insert (CwCardReader *self)
{
  return vcard_emul_force_card_insert (self) == VCARD_EMUL_OK;
}

bool
cw_card_reader_remove (CwCardReader *self)
{
  return vcard_emul_force_card_remove (self) == VCARD_EMUL_OK;
}

typedef struct {
  CwCardReader *reader; /* strong */
  GBytes *command;
} Transmission;

static void
free_transmission (gpointer data)
{
  Transmission *self = data;

  vreader_free (self->reader);
  g_bytes_unref (self->command);
  g_free (self);
}

static void
transmit (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Transmission *self = data;
  guint8 answer[MAX_ANSWER];
  int answer_size = sizeof answer;
  gsize size;
  /* The library writes into neither. */
  guint8 *command = (guint8 *) g_bytes_get_data (self->command, &size);
  VReaderStatus status = vreader_xfr_bytes (self->reader, command, (int) size, answer, &answer_size);

  g_task_return_pointer (task,
                         status == VREADER_OK && answer_size > 0 ? g_bytes_new (answer, (gsize) answer_size) : NULL,
                         (GDestroyNotify) g_bytes_unref);
}

void
cw_card_reader_transmit_async (CwCardReader *self, CwSlice command, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);
  Transmission *transmission = g_new (Transmission, 1);

  *transmission = (Transmission){ vreader_reference (self), g_bytes_new (command.data, command.size) };
  g_task_set_task_data (task, transmission, free_transmission);
  g_task_run_in_thread (task, transmit);
}

GBytes *
cw_card_reader_transmit_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
