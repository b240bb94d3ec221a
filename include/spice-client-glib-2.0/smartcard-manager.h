/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The smartcard readers of this machine, and the one made of certificates. */
#pragma once

#include <glib-object.h>
#include "spice-types.h"

G_BEGIN_DECLS

#define SPICE_TYPE_SMARTCARD_MANAGER (spice_smartcard_manager_get_type ())
#define SPICE_SMARTCARD_MANAGER(obj)                                                                                   \
  (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_SMARTCARD_MANAGER, SpiceSmartcardManager))
#define SPICE_SMARTCARD_MANAGER_CLASS(klass)                                                                           \
  (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_SMARTCARD_MANAGER, SpiceSmartcardManagerClass))
#define SPICE_IS_SMARTCARD_MANAGER(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_SMARTCARD_MANAGER))
#define SPICE_IS_SMARTCARD_MANAGER_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_SMARTCARD_MANAGER))
#define SPICE_SMARTCARD_MANAGER_GET_CLASS(obj)                                                                         \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_SMARTCARD_MANAGER, SpiceSmartcardManagerClass))

#define SPICE_TYPE_SMARTCARD_READER (spice_smartcard_reader_get_type ())

typedef struct _SpiceSmartcardManager SpiceSmartcardManager;
typedef struct _SpiceSmartcardManagerClass SpiceSmartcardManagerClass;
typedef struct _SpiceSmartcardManagerPrivate SpiceSmartcardManagerPrivate;

/**
 * SpiceSmartcardReader:
 *
 * A reader. It is libcacard's VReader, boxed under that name.
 */
typedef struct _SpiceSmartcardReader SpiceSmartcardReader;

/**
 * SpiceSmartcardManager:
 *
 * There is one in each process. It finds readers once the first smartcard channel has come up.
 *
 * Its functions are to be called, and its signals come, in the thread of the default main context.
 */
struct _SpiceSmartcardManager {
  GObject parent;

  /*< private >*/
  SpiceSmartcardManagerPrivate *priv;
};

struct _SpiceSmartcardManagerClass {
  GObjectClass parent_class;

  /*< public >*/
  void (*reader_added) (SpiceSmartcardManager *manager, SpiceSmartcardReader *reader);
  void (*reader_removed) (SpiceSmartcardManager *manager, SpiceSmartcardReader *reader);
  void (*card_inserted) (SpiceSmartcardManager *manager, SpiceSmartcardReader *reader);
  void (*card_removed) (SpiceSmartcardManager *manager, SpiceSmartcardReader *reader);

  /*< private >*/
  gpointer _spice_reserved[10];
};

GType spice_smartcard_manager_get_type (void);
#ifndef __GI_SCANNER__ /* a name that is not of this namespace */
GType spice_smartcard_reader_get_type (void);
#endif

SpiceSmartcardManager *spice_smartcard_manager_get (void);
gboolean spice_smartcard_manager_insert_card (SpiceSmartcardManager *manager);
gboolean spice_smartcard_manager_remove_card (SpiceSmartcardManager *manager);
GList *spice_smartcard_manager_get_readers (SpiceSmartcardManager *manager);

gboolean spice_smartcard_reader_is_software (SpiceSmartcardReader *reader);
gboolean spice_smartcard_reader_insert_card (SpiceSmartcardReader *reader);
gboolean spice_smartcard_reader_remove_card (SpiceSmartcardReader *reader);

G_END_DECLS
