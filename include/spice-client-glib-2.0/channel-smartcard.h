/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Smartcards of this machine, as the guest sees them. */
#pragma once

#include "spice-channel.h"

G_BEGIN_DECLS

#define SPICE_TYPE_SMARTCARD_CHANNEL (spice_smartcard_channel_get_type ())
#define SPICE_SMARTCARD_CHANNEL(obj)                                                                                   \
  (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_SMARTCARD_CHANNEL, SpiceSmartcardChannel))
#define SPICE_SMARTCARD_CHANNEL_CLASS(klass)                                                                           \
  (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_SMARTCARD_CHANNEL, SpiceSmartcardChannelClass))
#define SPICE_IS_SMARTCARD_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_SMARTCARD_CHANNEL))
#define SPICE_IS_SMARTCARD_CHANNEL_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_SMARTCARD_CHANNEL))
#define SPICE_SMARTCARD_CHANNEL_GET_CLASS(obj)                                                                         \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_SMARTCARD_CHANNEL, SpiceSmartcardChannelClass))

typedef struct _SpiceSmartcardChannel SpiceSmartcardChannel;
typedef struct _SpiceSmartcardChannelClass SpiceSmartcardChannelClass;
typedef struct _SpiceSmartcardChannelPrivate SpiceSmartcardChannelPrivate;

/**
 * SpiceSmartcardChannel:
 *
 * Offers the readers of #SpiceSmartcardManager to the guest, and lets it speak with their cards. It exists in sessions
 * with #SpiceSession:enable-smartcard.
 *
 * What is said of threads at #SpiceChannel holds here too.
 */
struct _SpiceSmartcardChannel {
  SpiceChannel parent;

  /*< private >*/
  SpiceSmartcardChannelPrivate *priv;
};

struct _SpiceSmartcardChannelClass {
  SpiceChannelClass parent_class;
};

GType spice_smartcard_channel_get_type (void);

G_END_DECLS
