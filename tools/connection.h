/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where and how to connect: the address or connection file, and the options that all commands share. */
#pragma once

#include <spice-client.h>
#include <stdbool.h>

typedef struct {
  double timeout; /* seconds without progress, or NO_SECONDS */
  char *password_file;
  char *ca_file;
  char *cert_subject;
  char *pubkey_file;
  char *proxy;
  char **secure_channels;
  char *compression;
  gboolean insecure;
} Connection;

/* The options of the command line that fill it in; ends with an empty entry. Free the array. */
GOptionEntry *connection_entries (Connection *self);
void connection_clear (Connection *self);

/* Whether the options are valid, before anything is read or asked. */
bool connection_check (const Connection *self, GError **error);

/* Sets the session's properties. address is a URI, HOST:PORT, or a file that ends in .vv; "-" reads such a file from
 * standard input. */
bool connection_apply (const Connection *self, SpiceSession *session, const char *address, GError **error);

/* A password that cannot be right is refused; NULL is none. */
bool connection_set_password (SpiceSession *session, const char *password, GError **error);

/* What a certificate has to say, "O=Example,CN=host"; refused when it is not of that form. */
bool connection_set_subject (SpiceSession *session, const char *subject, GError **error);

/* One that is not valid is refused: going without it is not what was asked for. */
bool connection_set_proxy (SpiceSession *session, const char *address, GError **error);

/* connection-file.c: what remote-viewer and its like are given, .vv. Deletes the file when it says so. */
bool connection_file_apply (SpiceSession *session, const char *path, GError **error);

/* Whether the file wants channels of that type left out, where all are connected. */
bool connection_disables (SpiceSession *session, int type);
