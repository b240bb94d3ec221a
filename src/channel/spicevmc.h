/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of bytes both ways over the messages that ports, webdav and usbredir share. How the stream is cut into
 * messages means nothing. Everything belongs to the owner's thread. */
#pragma once

#include "channel/channel.h"

/* What the reference server takes in one message is 32 bytes more. */
#define CW_SPICEVMC_MAX_PIECE 65536

/* What may wait to be sent, with CW_SPICEVMC_WRITE_COST for each write that is to be answered. A single write may be
 * larger: it is accepted when next to nothing else waits. */
#define CW_SPICEVMC_MAX_WAITING (64 * 1024 * 1024)
#define CW_SPICEVMC_WRITE_COST 1024

/* A writer that is not answered write by write is full with this, and is told when it has gone. */
#define CW_SPICEVMC_FULL (256 * 1024)

typedef struct {
  /* Bytes came, at least one, valid during the call. Whoever cannot take more pauses the pipe. */
  void (*received) (SpiceChannel *channel, CwSlice bytes);
  /* There is room again after cw_spicevmc_is_full () was true. May be NULL. */
  void (*room) (SpiceChannel *channel);
} CwSpicevmcEvents;

typedef struct CwSpicevmc CwSpicevmc;

/* events must outlive the pipe, and the channel too: the last reference of it goes with the channel. */
CwSpicevmc *cw_spicevmc_new (SpiceChannel *channel, const CwSpicevmcEvents *events);
void cw_spicevmc_unref (CwSpicevmc *self);

/* A connection is up; compress: pieces may be sent as LZ4, as the server announces that it takes them. */
void cw_spicevmc_start (CwSpicevmc *self, bool compress);

/* Handles DATA and COMPRESSED_DATA; the channel ends when the content is bad. */
void cw_spicevmc_take (CwSpicevmc *self, const CwMessage *message);

/* Reading stops until it is resumed, or the connection ends. */
void cw_spicevmc_pause (CwSpicevmc *self);
void cw_spicevmc_resume (CwSpicevmc *self);

/* Queues bytes, which are not copied. False, and nothing has been queued: for a reason that may be shown to people;
 * G_IO_ERROR_BUSY when too much waits. written may be NULL; otherwise it is called once, later, when all of it has been
 * handed to the system (error NULL) or never will be. */
bool cw_spicevmc_write (CwSpicevmc *self, GBytes *bytes, CwChannelFlushFunc written, gpointer data, GError **error);

/* Likewise, of bytes that are followed by piped ones (cw_channel_send_piped ()), within one piece together. */
bool cw_spicevmc_can_pipe (const CwSpicevmc *self);
bool cw_spicevmc_write_piped (CwSpicevmc *self, GBytes *begin, const CwPiped *piped, GError **error);

/* Whether a message of this many bytes beside the stream would still fit the limit. */
bool cw_spicevmc_has_room (const CwSpicevmc *self, size_t size);

/* True: enough waits; room () of the events is called when half of that has gone. */
bool cw_spicevmc_is_full (CwSpicevmc *self);
