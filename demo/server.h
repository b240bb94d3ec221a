/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A SPICE server with its devices, from options. One per process: the server library's channel events carry no user
 * data. */
#pragma once

#include "agent.h"
#include "device.h"
#include "inputs.h"
#include "migration.h"
#include "port.h"

#define DEMO_MAX_DISPLAYS 4
#define DEMO_MAX_HEADS 8

typedef struct {
  char *addr, *unix_path, *tls_dir, *tls_host, *password, *name, *uuid;
  char *compression, *jpeg, *zlib_glz, *streaming, *video_codecs;
  char **ports;       /* names of ports that echo; may be NULL */
  int port, tls_port; /* -1: none, 0: any free one */
  int displays, heads, width, height;
  bool client_mouse, agent, seamless;
} DemoOptions;

typedef struct {
  SpiceServer *server;
  SpiceCoreInterface core;
  DemoInputs *inputs;
  guint n_devices;
  DemoDevice *devices[DEMO_MAX_DISPLAYS];
  GPtrArray *ports; /* DemoPort */
  DemoAgent *agent; /* or NULL */
  DemoMigration *migration;
  int port, tls_port; /* as listened on, or -1 */
  bool own_tls_dir;   /* made here, removed at the end */
  char *tls_dir;
  guint channels[32];  /* connected now, by channel type */
  guint64 connections; /* of main channels, since the start */
  char *password;      /* NULL: none needed */
} DemoServer;

DemoServer *demo_server_new (const DemoOptions *options, GError **error);
void demo_server_free (DemoServer *self);
/* NULL: there is no port of this name. */
DemoPort *demo_server_port (DemoServer *self, const char *name);
/* Clients that connect later see it. */
DemoPort *demo_server_add_port (DemoServer *self, const char *name);
/* Drops every client. */
void demo_server_disconnect (DemoServer *self);
/* NULL or "": no password. */
void demo_server_set_password (DemoServer *self, const char *password);
bool demo_server_set_compression (DemoServer *self, const char *name, GError **error);
