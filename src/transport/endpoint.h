/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives the connected socket below everything else: TCP, unix socket, or a descriptor of the application. */
#pragma once

#include "transport/connect.h"

/* Uses fd, unix_path, host, port and tls of params, which is needed during the call only. The caller pushes the
 * thread-default context it wants the callback on, and sets the time limit by its cancellable. */
void cw_endpoint_open_async (const CwConnectParams *params, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
GSocketConnection *cw_endpoint_open_finish (GAsyncResult *result, GError **error);

/* "::1" for "[::1]"; everything else as it is. */
char *cw_host_without_brackets (const char *host);
