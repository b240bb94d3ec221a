/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One row per command of the program. */
#pragma once

#include "client.h"

typedef struct {
  const char *name;
  const char *arguments; /* as shown in the usage line */
  const char *summary;
  const char *example; /* a line for a shell */
  /* argv[0] is the command's name. Returns false with an error of STATUS_ERROR. */
  bool (*run) (int argc, char **argv, GError **error);
} Command;

extern const Command command_info, command_screenshot, command_type, command_key, command_click, command_move;
extern const Command command_port, command_vm;
extern const Command command_clipboard, command_send, command_resize, command_events;
extern const Command command_record, command_replay, command_inspect;

/* Parses the options of a command, checks those of the connection and the number of its positional arguments (max -1:
 * any), and sets usage errors with STATUS_USAGE. client and entries may be NULL. */
bool command_parse (const Command *self, Client *client, const GOptionEntry *entries, const char *description,
                    int *argc, char ***argv, int min_arguments, int max_arguments, GError **error);

/* What an option for a number is before it is given; for seconds: NO_SECONDS. */
#define NO_NUMBER G_MININT

/* Whether they were not given, or are a time that one can wait for. */
bool command_check_seconds (const char *option, double seconds, GError **error);

/* Reads a whole argument as a number within the limits. */
bool command_parse_int (const char *what, const char *text, gint64 min, gint64 max, int *value, GError **error);
