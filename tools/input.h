/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that a command reads whole. */
#pragma once

#include "recording/reader.h"

#include <glib.h>
#include <stdbool.h>

/* Before standard input is read to its end: false when another part of the command has done so, or will. */
bool input_claim_stdin (GError **error);

/* What is in the file, and a NUL behind it; "-" is standard input, which it claims. A file without an end, such as a
 * device, is refused at max bytes. No copy of it is left anywhere. */
char *input_read (const char *path, size_t max, size_t *size, GError **error);

/* A recording: not read, but mapped. */
CwRecording *input_recording (const char *path, GError **error);
