/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SASL of the far end. Under the address sanitizer it makes everything slow (see sasl-server.c), so it has a program of
 * its own, and the other one has none. */
#pragma once

#ifdef WITH_SASL

#  include "../../unit/link/sasl-server.h"

#else

#  include <glib.h>
#  include <stdbool.h>

typedef struct {
  void *conn; /* NULL */
  unsigned bits;
  bool started, complete;
} SaslServer;

#  define sasl_servers_begin() ((void) 0)
#  define sasl_server_begin(self, bits) g_strdup ("")
#  define sasl_server_answer(self, said) g_bytes_ref (said)
#  define sasl_server_seal(self, data, size) g_bytes_new (data, size)
#  define sasl_server_close(self) ((void) 0)

static inline void
sasl_servers_end (void)
{
}

#endif
