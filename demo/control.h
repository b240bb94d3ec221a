/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test's side of the demo server: one command a line on standard input, "COMMAND KEY=VALUE …", one line of reply
 * on standard output, "ok KEY=VALUE …" or "error REASON". The end of the input ends the program. */
#pragma once

#include "server.h"

typedef struct DemoControl DemoControl;

DemoControl *demo_control_new (DemoServer *server, GMainLoop *loop);
void demo_control_free (DemoControl *self);
