/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Captured messages in text files:
 *
 *   # comment
 *   == frame CHANNEL server|client [read-only|trailing]     mini header and body
 *   == body CHANNEL server|client NUMBER [read-only|trailing]
 *   == agent NUMBER CONTEXT [read-only|trailing]
 *   == type NAME [read-only|trailing]                       a struct that is no message
 *   hex bytes, "text", 00*N for N times the byte
 *   ->
 *   what it prints as
 *
 * read-only: writing what was read gives other bytes; trailing: it gives fewer, the same otherwise. */
#pragma once

#include <glib.h>

typedef struct {
  char *place;  /* file:line of the == */
  char **words; /* of the == line */
  GByteArray *bytes;
  GString *expected;
} CwVector;

/* Elements: CwVector. Errors of the file end the program. */
GPtrArray *cw_vectors_read (const char *path);
