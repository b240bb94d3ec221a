/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a channel needs from the session it belongs to. The session implements it; channels know no more of it than
 * this table. All functions belong to the owner's thread. */
#pragma once

#include "channel/sync.h"
#include "channel/target.h"
#include "recording/recorder.h"
#include "spice-channel.h"

typedef struct {
  /* Where all sources of the session go. Borrowed. */
  GMainContext *(*context) (SpiceSession *session);
  CwSync *(*sync) (SpiceSession *session);

  /* A channel was constructed: the session takes its first reference and announces it. */
  void (*channel_added) (SpiceSession *session, SpiceChannel *channel);
  /* The connection of a channel that had been detached while it was connected has sent its last event. The channel may
   * be gone: only its address counts. */
  void (*connection_ended) (SpiceSession *session, gpointer channel);

  CwTarget (*target) (SpiceSession *session);
  bool (*read_only) (SpiceSession *session);

  /* Bytes that the shapes kept by all pointers of the session take; reference-counted (g_rc_box_acquire()). */
  size_t *(*pointer_bytes) (SpiceSession *session);
  /* Likewise, of the bodies of messages that are being read. */
  size_t *(*body_bytes) (SpiceSession *session);
  /* Which of its channels link first. Borrowed. */
  CwLinkOrder *(*link_order) (SpiceSession *session);

  /* Takes down what servers say; NULL: nobody does. */
  CwRecorder *(*recorder) (SpiceSession *session);

  /* Whether the session was made for the target of a migration. */
  bool (*is_for_migration) (SpiceSession *session);
  /* The channel that is prepared on the target in place of this one; NULL: none. */
  SpiceChannel *(*migration_peer) (SpiceSession *session, SpiceChannel *channel);
  /* It has the connection of its peer, seamlessly. */
  void (*channel_migrated) (SpiceSession *session, SpiceChannel *channel);

  /* For some kinds of channels only. */
  const struct CwMainHost *main;
  const struct CwDisplayHost *display;
  const struct CwSoundHost *sound;
} CwChannelHost;

/* The table is attached to the session by this, once, when it is made. */
void cw_channel_host_attach (SpiceSession *session, const CwChannelHost *host);

/* The type of sessions, which are above this layer. Whoever links the channels defines it. */
extern GType (*const cw_channel_session_type) (void);

/* GstPipeline; NULL where the library is built without GStreamer. Likewise. */
extern GType (*const cw_channel_pipeline_type) (void);
