/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that has something for every signal of every channel. */
#pragma once

#include "client.h"
#include "stream.h"

typedef enum {
  SERVER_STAYS,
  SERVER_CLOSES,
  SERVER_REFUSES,      /* all but the main channel */
  SERVER_TELLS_SLOWLY, /* of its channels, one by one */
} ServerMood;

/* data: a ServerMood. */
void handlers_serve (PeerIo *io, gpointer data);
/* All but the main channel are closed as soon as they are linked. */
void handlers_refuse (PeerIo *io, gpointer data);

void handlers_make_drawing (Arena *arena);
void handlers_free_drawing (void);
