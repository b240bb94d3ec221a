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

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Output, output_free)
