/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/smartcard/cacard.h"

#include <dlfcn.h>
#include <gio/gio.h>
#include <string.h>

/* By this name programs find the version that its headers describe. */
#define LIBRARY "libcacard.so.0"

static const char *const names[] = {
#define X(name) #name,
  CW_CACARD_FUNCTIONS (X)
#undef X
};

CwCacard cw_cacard;

bool
cw_cacard_load (GError **error)
{
  void *library = dlopen (LIBRARY, RTLD_NOW | RTLD_LOCAL), *found[G_N_ELEMENTS (names)];

  G_STATIC_ASSERT (sizeof cw_cacard == sizeof found);
  for (gsize i = 0; library && i < G_N_ELEMENTS (names); i++) {
    found[i] = dlsym (library, names[i]);
    if (!found[i])
      g_clear_pointer (&library, dlclose);
  }
  if (!library) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, dlerror ());
    dlerror (); /* forgets the text */
    return false;
  }
  memcpy (&cw_cacard, found, sizeof found);
  return true;
}
