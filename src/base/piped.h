/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a message that goes from a pipe to the socket without being seen. */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct {
  int fd;      /* of the pipe; nobody else reads from it */
  size_t size; /* bytes that are in it, behind those of earlier messages; 0: there is no such end */
  GDestroyNotify done;
  gpointer data; /* of done, which is called once, when they have left the pipe or never will */
} CwPiped;
