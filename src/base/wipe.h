/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets that are no longer needed. */
#pragma once

#include <glib.h>
#include <string.h>

/* Overwrites and frees the text, which may be NULL. */
static inline void
cw_wipe_string (char *string)
{
  if (!string)
    return;
  explicit_bzero (string, strlen (string));
  g_free (string);
}

/* g_autofree for secrets. */
static inline void
cw_wipe_variable (char **string)
{
  cw_wipe_string (*string);
}

#define cw_autowipe __attribute__ ((cleanup (cw_wipe_variable)))
