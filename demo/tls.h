/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A certificate authority for one run, and a server certificate signed by it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Writes ca-cert.pem, ca-key.pem, server-cert.pem and server-key.pem into the folder. The certificate's subject is
 * "O=Caraway demo, CN=host"; it is valid for `host` and, when that is an address or "localhost", for loopback too. */
bool demo_tls_write (const char *folder, const char *host, GError **error);
