/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session with sound channels of a scripted server, and what it tells of them as a text. */
#pragma once

#include "../session/server.h"

#include "spice-client.h"
#include "wire/messages.h"

/* What the script of a sound channel does, and what the client sent to it. */
typedef struct {
  void (*script) (PeerIo *io, gpointer data);
  uint8_t type, n_channels; /* how many of the type */
  uint32_t caps;
  GMutex lock;
  GString *received; /* "type:size " */
} SoundService;

typedef struct {
  SoundService service;
  Server *server;
  SpiceSession *session;
  GString *log;
  unsigned n_times; /* mm-time-reset */
  bool disconnected;
} SoundCase;

/* A server with one sound channel of the type, which that is the script of (data: the SoundService); not connected. */
void sound_begin (SoundCase *self, uint8_t type, void (*script) (PeerIo *io, gpointer data));
void sound_end (SoundCase *self);

/* Connects, and what there is too, by the application; to that end of the log. */
void sound_run (SoundCase *self, const char *end_of_log);
/* Runs the loop until the log ends so. */
void sound_wait_log (SoundCase *self, const char *end_of_log);
/* Likewise what the server has received. */
void sound_wait_received (SoundCase *self, const char *received);
SpiceChannel *sound_find (SoundCase *self, int type);

#define SOUND_PCM 1920 /* bytes: 10 ms of silence */
extern const uint8_t sound_pcm[SOUND_PCM];
void sound_send_data (PeerIo *io, uint32_t time, const void *data, size_t size);
void sound_send_start (PeerIo *io, uint32_t n_channels, uint16_t format, uint32_t rate);
/* A script: starts that cannot be played, and data between them. */
void sound_play_odd (PeerIo *io, gpointer data);
