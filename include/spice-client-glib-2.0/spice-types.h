/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of types that several headers need. */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _SpiceSession SpiceSession;
typedef struct _SpiceSessionClass SpiceSessionClass;
typedef struct _SpiceSessionPrivate SpiceSessionPrivate;

typedef struct _SpiceChannel SpiceChannel;
typedef struct _SpiceChannelClass SpiceChannelClass;
typedef struct _SpiceChannelPrivate SpiceChannelPrivate;
typedef struct _SpiceChannelClassPrivate SpiceChannelClassPrivate;

typedef struct _SpiceMsgIn SpiceMsgIn;
typedef struct _SpiceMsgOut SpiceMsgOut;

G_END_DECLS
