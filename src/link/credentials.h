/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who wants in. */
#pragma once

#include "base/wipe.h"

#include <glib.h>

typedef struct {
  const char *user;     /* NULL: nobody by name; tickets have none */
  const char *password; /* NULL: none, which for a ticket is the empty one */
  const char *realm;    /* of the user name; NULL: the first one the server offers */
} CwCredentials;

/* A copy of its own; what dest held is lost. */
void cw_credentials_copy (CwCredentials *dest, const CwCredentials *src);

/* Overwrites and frees a copy. */
void cw_credentials_wipe (CwCredentials *self);
