/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceSmartcardManager and SpiceSmartcardReader: the readers as applications see them, in the default context. */
#include "smartcard-manager.h"
#include "feature/smartcard/cards.h"

struct _SpiceSmartcardManagerPrivate {
  CwCardsWatch *watch;
};

enum {
  SIGNAL_READER_ADDED,
  SIGNAL_READER_REMOVED,
  SIGNAL_CARD_INSERTED,
  SIGNAL_CARD_REMOVED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE_WITH_PRIVATE (SpiceSmartcardManager, spice_smartcard_manager, G_TYPE_OBJECT)

static gpointer
copy_reader (gpointer reader)
{
  return cw_card_reader_ref (reader);
}

static void
free_reader (gpointer reader)
{
  cw_card_reader_unref (reader);
}

/* The name is libcacard's, and part of the interface. */
#ifndef __GI_SCANNER__
GType
spice_smartcard_reader_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_boxed_type_register_static ("VReader", copy_reader, free_reader));
  return type;
}
#endif

static void
on_event (gpointer data, CwCardsEvent event, CwCardReader *reader, CwSlice atr)
{
  static const guint order[] = {
    [CW_CARDS_READER_ADDED] = SIGNAL_READER_ADDED,
    [CW_CARDS_READER_REMOVED] = SIGNAL_READER_REMOVED,
    [CW_CARDS_CARD_INSERTED] = SIGNAL_CARD_INSERTED,
    [CW_CARDS_CARD_REMOVED] = SIGNAL_CARD_REMOVED,
  };

  g_signal_emit (data, signals[order[event]], 0, reader);
}

static void
finalize (GObject *object)
{
  cw_cards_unwatch (SPICE_SMARTCARD_MANAGER (object)->priv->watch);
  G_OBJECT_CLASS (spice_smartcard_manager_parent_class)->finalize (object);
}

static guint
new_signal (SpiceSmartcardManagerClass *class, const char *name, guint offset)
{
  return g_signal_new (name, G_OBJECT_CLASS_TYPE (class), G_SIGNAL_RUN_FIRST, offset, NULL, NULL, NULL, G_TYPE_NONE, 1,
                       SPICE_TYPE_SMARTCARD_READER);
}

static void
spice_smartcard_manager_class_init (SpiceSmartcardManagerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = finalize;

  /**
   * SpiceSmartcardManager::reader-added:
   * @manager: the manager
   * @reader: (type SpiceSmartcardReader): the reader
   *
   * A reader has appeared. Emitted in the default context, as all signals of the manager are.
   */
  signals[SIGNAL_READER_ADDED]
      = new_signal (class, "reader-added", G_STRUCT_OFFSET (SpiceSmartcardManagerClass, reader_added));
  /**
   * SpiceSmartcardManager::reader-removed:
   * @manager: the manager
   * @reader: (type SpiceSmartcardReader): the reader
   *
   * A reader has gone.
   */
  signals[SIGNAL_READER_REMOVED]
      = new_signal (class, "reader-removed", G_STRUCT_OFFSET (SpiceSmartcardManagerClass, reader_removed));
  /**
   * SpiceSmartcardManager::card-inserted:
   * @manager: the manager
   * @reader: (type SpiceSmartcardReader): the reader
   *
   * A card has been put into a reader.
   */
  signals[SIGNAL_CARD_INSERTED]
      = new_signal (class, "card-inserted", G_STRUCT_OFFSET (SpiceSmartcardManagerClass, card_inserted));
  /**
   * SpiceSmartcardManager::card-removed:
   * @manager: the manager
   * @reader: (type SpiceSmartcardReader): the reader
   *
   * A card has been taken out of a reader.
   */
  signals[SIGNAL_CARD_REMOVED]
      = new_signal (class, "card-removed", G_STRUCT_OFFSET (SpiceSmartcardManagerClass, card_removed));
}

static void
spice_smartcard_manager_init (SpiceSmartcardManager *self)
{
  self->priv = spice_smartcard_manager_get_instance_private (self);
  self->priv->watch = cw_cards_watch (NULL, on_event, self);
}

/**
 * spice_smartcard_manager_get:
 *
 * The one manager of the process. In a library built without smartcards it never has a reader.
 *
 * Returns: (transfer none): the manager
 */
SpiceSmartcardManager *
spice_smartcard_manager_get (void)
{
  static gsize manager;

  if (g_once_init_enter (&manager))
    g_once_init_leave (&manager, (gsize) g_object_new (SPICE_TYPE_SMARTCARD_MANAGER, NULL));
  return (SpiceSmartcardManager *) manager;
}

/**
 * spice_smartcard_manager_get_readers:
 * @manager: the manager
 *
 * The readers as they are now; signals tell of those that come and go.
 *
 * Returns: (element-type SpiceSmartcardReader) (transfer full): the readers that are there; free each with
 *   g_boxed_free() of %SPICE_TYPE_SMARTCARD_READER and the list with g_list_free()
 */
GList *
spice_smartcard_manager_get_readers (SpiceSmartcardManager *manager)
{
  g_return_val_if_fail (SPICE_IS_SMARTCARD_MANAGER (manager), NULL);

  return cw_cards_readers ();
}

/**
 * spice_smartcard_reader_is_software:
 * @reader: a reader
 *
 * Tells the reader of spice_session's certificates from real ones.
 *
 * Returns: whether it is the one made of certificates
 */
gboolean
spice_smartcard_reader_is_software (SpiceSmartcardReader *reader)
{
  g_return_val_if_fail (reader != NULL, FALSE);

  return cw_card_reader_is_software ((CwCardReader *) reader);
}

/**
 * spice_smartcard_reader_insert_card:
 * @reader: the reader made of certificates
 *
 * Puts its card in.
 *
 * Returns: whether that changed anything
 */
gboolean
spice_smartcard_reader_insert_card (SpiceSmartcardReader *reader)
{
  g_return_val_if_fail (reader != NULL, FALSE);
  g_return_val_if_fail (spice_smartcard_reader_is_software (reader), FALSE);

  return cw_card_reader_insert ((CwCardReader *) reader);
}

/**
 * spice_smartcard_reader_remove_card:
 * @reader: the reader made of certificates
 *
 * Takes its card out.
 *
 * Returns: whether that changed anything
 */
gboolean
spice_smartcard_reader_remove_card (SpiceSmartcardReader *reader)
{
  g_return_val_if_fail (reader != NULL, FALSE);
  g_return_val_if_fail (spice_smartcard_reader_is_software (reader), FALSE);

  return cw_card_reader_remove ((CwCardReader *) reader);
}

/* A reference, or NULL. */
static CwCardReader *
find_software_reader (void)
{
  GList *readers = cw_cards_readers ();
  CwCardReader *found = NULL;

  for (GList *l = readers; l && !found; l = l->next) {
    if (cw_card_reader_is_software (l->data))
      found = cw_card_reader_ref (l->data);
  }
  g_list_free_full (readers, free_reader);
  return found;
}

/**
 * spice_smartcard_manager_insert_card:
 * @manager: the manager
 *
 * Puts the card made of certificates in. There has to be its reader.
 *
 * Returns: whether that changed anything
 */
gboolean
spice_smartcard_manager_insert_card (SpiceSmartcardManager *manager)
{
  g_autoptr (CwCardReader) reader = NULL;

  g_return_val_if_fail (SPICE_IS_SMARTCARD_MANAGER (manager), FALSE);

  reader = find_software_reader ();
  g_return_val_if_fail (reader != NULL, FALSE);
  return cw_card_reader_insert (reader);
}

/**
 * spice_smartcard_manager_remove_card:
 * @manager: the manager
 *
 * Takes the card made of certificates out. There has to be its reader.
 *
 * Returns: whether that changed anything
 */
gboolean
spice_smartcard_manager_remove_card (SpiceSmartcardManager *manager)
{
  g_autoptr (CwCardReader) reader = NULL;

  g_return_val_if_fail (SPICE_IS_SMARTCARD_MANAGER (manager), FALSE);

  reader = find_software_reader ();
  g_return_val_if_fail (reader != NULL, FALSE);
  return cw_card_reader_remove (reader);
}
