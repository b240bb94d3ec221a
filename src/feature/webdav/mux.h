/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stream of a webdav channel ↔ the connections it carries. Each frame has the id of its connection, chosen by the
 * guest, and a size; a size of 0 is the end of the connection. Bytes come in pieces of any size; nothing is kept but
 * the beginning of a frame's header. */
#pragma once

#include "base/slice.h"

#include <glib.h>

#define CW_WEBDAV_HEADER 10

typedef struct {
  /* A piece of what came on a connection, at least one byte. */
  void (*data) (gpointer data, gint64 id, CwSlice bytes);
  void (*ended) (gpointer data, gint64 id);
} CwWebdavEvents;

typedef struct {
  const CwWebdavEvents *events;
  gpointer data;
  uint8_t header[CW_WEBDAV_HEADER];
  unsigned n_header;
  gint64 id;           /* of the frame under way */
  unsigned rest;       /* bytes of it still to come */
  unsigned generation; /* counts resets */
} CwWebdavMux;

void cw_webdav_mux_init (CwWebdavMux *self, const CwWebdavEvents *events, gpointer data);

/* A callback may reset; what was left of these bytes is then dropped. */
void cw_webdav_mux_push (CwWebdavMux *self, CwSlice bytes);

/* The next byte is the first of a header. */
void cw_webdav_mux_reset (CwWebdavMux *self);

/* Writes the header of a frame of this many bytes; 0 ends the connection. */
void cw_webdav_header (uint8_t header[CW_WEBDAV_HEADER], gint64 id, unsigned size);
