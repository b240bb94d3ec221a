/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text of the QEMU Machine Protocol → replies and events. Bytes come in pieces of any size; nothing is sent here. */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>

/* json-glib's; whoever looks inside includes its header. */
typedef struct _JsonNode JsonNode;

/* Whether the library was built with json-glib. Otherwise nothing is made of the bytes. */
extern const bool cw_qmp_built;

/* Limits of a line: bytes, levels of nesting, and values (each costs a hundred bytes of memory). */
#define CW_QMP_MAX_LINE (10 * 1024 * 1024)
#define CW_QMP_MAX_DEPTH 32
#define CW_QMP_MAX_VALUES 100000

typedef struct {
  /* An answer to the command of this id; NULL: the answer names none. One of value and error is NULL. */
  void (*reply) (gpointer data, const gint64 *id, JsonNode *value, const char *error);
  /* value is NULL when the event carries no data. */
  void (*event) (gpointer data, const char *name, JsonNode *value);
  /* A line was passed over. */
  void (*junk) (gpointer data, const char *why);
} CwQmpEvents;

typedef struct {
  const CwQmpEvents *events;
  gpointer data;
  CwBuffer line;       /* the beginning of one whose end has not come */
  bool skipping;       /* it was too long: the rest is passed over */
  unsigned generation; /* counts resets */
} CwQmp;

void cw_qmp_init (CwQmp *self, const CwQmpEvents *events, gpointer data);
void cw_qmp_clear (CwQmp *self);

/* A callback may reset, but neither push nor clear: what was left of these bytes is then dropped. */
void cw_qmp_push (CwQmp *self, CwSlice bytes);

/* Forgets the beginning of a line. */
void cw_qmp_reset (CwQmp *self);

typedef struct {
  bool running, singlestep;
  const char *status; /* borrowed from the answer */
} CwQmpMachine;

/* Reads the answer to query-status; false when it does not say what it has to. */
bool cw_qmp_read_status (JsonNode *value, CwQmpMachine *machine);
