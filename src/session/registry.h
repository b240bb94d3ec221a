/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session can be made of. The table is constant and comes from above (builtin.c), so the session knows kinds of
 * channels and features only as rows. */
#pragma once

#include "session/feature.h"

/* A kind of channel. */
typedef struct {
  int type; /* 0 ends the table */
  GType (*get_type) (void);
  const char *enabled_by; /* boolean property of the session, or NULL: always */
} CwChannelKind;

typedef struct {
  const CwChannelKind *channels;
  const CwFeature *const *features;             /* ends with NULL */
  const struct CwVideoDecoder *const *decoders; /* beside those of the render; ends with NULL, or is it */

  /* The property webdav-server, whose type the session does not know: that, and the object (borrowed, or NULL). NULL:
   * there is no such property. */
  GType (*webdav_server_type) (void);
  GObject *(*webdav_server) (SpiceSession *session);
} CwRegistry;

/* Whoever links the session defines it. */
extern const CwRegistry cw_registry;

/* NULL: no such kind. */
const CwChannelKind *cw_registry_find_channel (int type);
