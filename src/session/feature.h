/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Optional parts of a session: sound, USB, shared folders … A feature is a constant row of the registry. It is attached
 * to a session when somebody asks for it or when the session gets a channel that it serves, and costs other sessions
 * nothing. What it needs of the environment it reads when it is attached. Everything belongs to the owner's thread. */
#pragma once

#include "spice-channel.h"
#include "spice-session.h"

#include <stdbool.h>

/* Each function may be NULL; data is what attach returned. */
typedef struct {
  const char *name;
  const int *channel_types; /* the channels it serves; ends with 0. NULL: none */
  bool on_request;          /* such a channel alone does not attach it */

  /* NULL: it cannot be attached, or not now; whoever asks next tries again. Borrows the session, which outlives it. */
  gpointer (*attach) (SpiceSession *session);
  void (*detach) (gpointer data);

  /* A channel that it serves has come or is going, after the application's own handlers of channel-new and
   * channel-destroy. One that is attached late is told of the channels that are there, the oldest first. */
  void (*channel_added) (gpointer data, SpiceChannel *channel);
  void (*channel_removed) (gpointer data, SpiceChannel *channel);

  /* A property of the session was set; before the application's own handlers. */
  void (*property_changed) (gpointer data, const char *name);

  /* More command-line options, NULL-terminated, and their way into a session that is to heed them. For the options of
   * the public interface see session/options.h. Both work whether or not the feature is attached. */
  const GOptionEntry *options;
  void (*apply_options) (SpiceSession *session);
} CwFeature;

/* The feature's data; attaches it if need be. NULL: the library was built without it, or it cannot be attached. */
gpointer cw_feature_get (SpiceSession *session, const CwFeature *feature);

/* Likewise, but attaches nothing. */
gpointer cw_feature_peek (SpiceSession *session, const CwFeature *feature);

/* Detaches it, if it is attached. It may be attached again. */
void cw_feature_detach (SpiceSession *session, const CwFeature *feature);
