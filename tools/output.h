/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file that a command writes: looked at before any work is done, and complete or untouched at the end. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct Output Output;

/* "-" is standard output, which may not be a terminal. A regular file is replaced when it is complete, and keeps its
 * mode, a new one gets this one; links are followed; into anything else (a device, a FIFO) is written as it is. */
Output *output_open (const char *path, mode_t mode, GError **error);

/* Where to write to; the path is for who opens files himself, before output_commit(). */
FILE *output_file (Output *self);
const char *output_path (Output *self);

/* When writing has failed for this reason: the error says so, in the place of what it said. Returns false. */
bool output_explain (Output *self, int reason, GError **error);

/* Makes what was written appear. */
bool output_commit (Output *self, GError **error);

/* What is not committed leaves no trace. */
void output_free (Output *self);

/* Whether standard output is for what is no text; @remedy is what else would do, or "". */
bool output_check_stdout (const char *remedy, GError **error);

/* Whether everything that went to standard output has arrived there. */
bool output_flush_stdout (GError **error);

/* For who goes on beside an output that takes nothing. Whether standard output takes something now, or has failed: */
bool output_takes_more (void);

/* Waits for it, in no main loop. false: not before this monotonic time, or Ctrl-C. */
bool output_wait (gint64 until);

/* Then this does not wait; as write(), but maybe only a part of what could be written. */
ssize_t output_write_some (const char *bytes, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Output, output_free)
