/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session can be made of. The table is constant and comes from above (builtin.c), so the session knows kinds of
 * channels and features only as rows. */
#pragma once

#include "spice-channel.h"
#include "spice-session.h"

/* A kind of channel. */
typedef struct {
  int type; /* 0 ends the table */
  GType (*get_type) (void);
  const char *enabled_by; /* boolean property of the session, or NULL: always */
} CwChannelKind;

/* An optional part of a session (sound, USB, folders …). Each function may be NULL; data is what attach returned. */
typedef struct {
  const char *name; /* NULL ends the table */
  gpointer (*attach) (SpiceSession *session);
  void (*detach) (gpointer data);
  /* After the application's own handlers of channel-new and channel-destroy. */
  void (*channel_added) (gpointer data, SpiceChannel *channel);
  void (*channel_removed) (gpointer data, SpiceChannel *channel);
} CwFeature;

typedef struct {
  const CwChannelKind *channels;
  const CwFeature *features;
} CwRegistry;

/* Whoever links the session defines it. */
extern const CwRegistry cw_registry;
