/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link/credentials.h"

#include <openssl/crypto.h>
#include <string.h>

void
cw_credentials_copy (CwCredentials *dest, const CwCredentials *src)
{
  *dest = (CwCredentials){ g_strdup (src->user), g_strdup (src->password), g_strdup (src->realm) };
}

void
cw_credentials_wipe (CwCredentials *self)
{
  cw_wipe_string ((char *) self->user);
  cw_wipe_string ((char *) self->password);
  cw_wipe_string ((char *) self->realm);
  *self = (CwCredentials){ 0 };
}
