/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One QXL device: the queue of commands between the demo (main thread) and the server's worker, its surfaces, heads
 * and cursor. Every drawing call reaches the server's queue and the oracle, in the same order. All calls are made on
 * the main thread. */
#pragma once

#include "oracle.h"
#include "qxl-command.h"

typedef struct DemoDevice DemoDevice;

typedef struct {
  int x, y, width, height;
} DemoHead;

/* Adds the device to the server; `heads` is the most it will ever have. */
DemoDevice *demo_device_new (SpiceServer *server, int index, guint heads);
void demo_device_free (DemoDevice *self);

/* (Re-)creates surface 0. Waits for the queue to drain first. */
bool demo_device_set_mode (DemoDevice *self, guint32 format, int width, int height, GError **error);
bool demo_device_create_surface (DemoDevice *self, guint32 id, guint32 format, int width, int height, GError **error);
bool demo_device_destroy_surface (DemoDevice *self, guint32 id, GError **error);
/* Fails when a surface it names does not exist. */
bool demo_device_draw (DemoDevice *self, const DemoOp *op, GError **error);
void demo_device_set_heads (DemoDevice *self, const DemoHead *heads, guint n, guint max_allowed);
void demo_device_push_cursor (DemoDevice *self, DemoCommand *command);

/* A picture in shared memory that stands for video memory. What is told of it need not be true. */
typedef struct {
  int width, height, stride;
  guint32 format; /* DRM fourcc */
  bool y0top;
  gsize size; /* of the memory */
  guint seed;
} DemoScanout;

/* Waits until clients have answered for the last one; then shows this one and lets them draw it. Pixel x, y is
 * (x ^ y) + seed, 3 · y, 5 · x + seed: red, green, blue, as XRGB8888. */
bool demo_device_scanout (DemoDevice *self, const DemoScanout *scanout, GError **error);
/* Nothing in video memory any more; clients are not told. */
bool demo_device_scanout_off (DemoDevice *self, GError **error);

/* However busy the machine is, a worker that has not taken its commands by then never will. */
#define DEMO_DRAIN_MS 100000

/* True when the worker has taken every command within the time. */
bool demo_device_drain (DemoDevice *self, int timeout_ms);
guint demo_device_queued (DemoDevice *self);
guint64 demo_device_sent (DemoDevice *self);
DemoOracle *demo_device_oracle (DemoDevice *self);
/* Makes the server draw everything with its own canvas and counts the pixels of the primary that differ from the
 * oracle; first_x, first_y: one of them. */
guint demo_device_check (DemoDevice *self, int *first_x, int *first_y, guint32 *server, guint32 *oracle);
