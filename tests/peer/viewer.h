/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live client of the tests: what its parts share, and the commands that each brings. */
#pragma once

#include <spice-client.h>
#include <stdbool.h>

typedef struct {
  GMainLoop *loop;
  SpiceSession *session;
  GPtrArray *channels; /* SpiceChannel, referenced */
  GString *input;
  bool only_ports;
} Viewer;

typedef struct {
  const char *name;
  const char *arguments; /* for the reader */
  /* words: the line, words[0] is the name; n: the words as numbers, 0 where they are none. NULL, or why it was refused.
   */
  const char *(*run) (Viewer *self, char **words, const gint64 *n);
} ViewerCommand;

/* A line on standard output. */
void viewer_say (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* viewer-ports.c. They end with a row without a name. */
extern const ViewerCommand viewer_port_commands[];
void viewer_ports_add (SpicePortChannel *channel, int id);
void viewer_ports_end (void);
