/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's side of a shared folder: a TCP port of this machine from which programs speak HTTP to the client of the
 * server, as the guest's WebDAV daemon lets them. */
#pragma once

#include "server.h"

typedef struct DemoFolder DemoFolder;

DemoFolder *demo_folder_new (DemoServer *server, GError **error);
void demo_folder_free (DemoFolder *self);
int demo_folder_port (const DemoFolder *self);
