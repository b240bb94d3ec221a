/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer around a connection (TLS …): a GIOStream over another whose two directions are pollable. Its own are too;
 * they never block, so synchronous reads and writes are refused. What a kind of layer does is in its class. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#define CW_TYPE_LAYER (cw_layer_get_type ())
G_DECLARE_DERIVABLE_TYPE (CwLayer, cw_layer, CW, LAYER, GIOStream)

struct _CwLayerClass {
  GIOStreamClass parent_class;

  /* As those of the pollable streams. */
  gssize (*read) (CwLayer *self, void *data, gsize size, GError **error);
  gssize (*write) (CwLayer *self, const void *data, gsize size, GError **error);

  /* After reading (writing) would have blocked: what the socket must have before it is worth another try; 0: nothing.
   * Otherwise 0 while bytes may wait inside. */
  GIOCondition (*awaits) (CwLayer *self, bool writing);

  /* Before the stream below is closed; or NULL. */
  void (*end) (CwLayer *self);
};

/* A layer of the type, over base. */
gpointer cw_layer_new (GType type, GIOStream *base);

/* The stream below, and its directions. Borrowed. */
GIOStream *cw_layer_get_base (CwLayer *self);
GPollableInputStream *cw_layer_base_input (CwLayer *self);
GPollableOutputStream *cw_layer_base_output (CwLayer *self);
