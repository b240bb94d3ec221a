/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Display messages for tests and benchmarks, made through the real writers and parsers, and a display that records
 * what a render tells it. */
#pragma once

#include "render/render.h"

/* Bytes and arrays that messages point to while they are being built. */
typedef struct {
  GPtrArray *blocks;
  GRand *rand;
} Arena;

void arena_init (Arena *self, guint32 seed);
void arena_clear (Arena *self);
gpointer arena_alloc (Arena *self, gsize size);

/* A message with the content of the struct; serial counts from 1. */
CwMessage *stream_message (uint16_t type, const void *data);
CwMessage *stream_message_raw (uint16_t type, gconstpointer body, gsize size);

/* Noise, or runs of noise so that compression finds something. */
guint8 *stream_random_bytes (Arena *arena, gsize size);

/* Images; flags are CW_IMAGE_FLAG_…. Contents are random but smooth in places. */
CwWireImage *image_bitmap (Arena *arena, uint64_t id, unsigned flags, unsigned format, uint32_t w, uint32_t h);
CwWireImage *image_words (Arena *arena, uint32_t w, uint32_t h, const uint32_t *words);
CwWireImage *image_lz4 (Arena *arena, uint64_t id, unsigned flags, unsigned format, uint32_t w, uint32_t h);
CwWireImage *image_jpeg (Arena *arena, uint64_t id, unsigned flags, uint32_t w, uint32_t h);

/* A GLZ image: its first half is literal, the second half copies the first pixels of the image dist before it (of
 * itself if dist is 0); head is how far back references may go. */
CwWireImage *image_glz (Arena *arena, uint64_t id, unsigned flags, uint64_t glz_id, uint32_t head, uint32_t dist,
                        uint32_t w, uint32_t h);
CwWireImage *image_from_cache (Arena *arena, uint64_t id, bool lossless);
CwWireImage *image_surface (Arena *arena, uint32_t surface_id);

/* Whole operations on a surface. */
CwMessage *draw_fill (uint32_t surface, int left, int top, int right, int bottom, uint32_t color);
CwMessage *draw_copy (uint32_t surface, int left, int top, const CwWireImage *image, uint32_t w, uint32_t h);
CwMessage *surface_create (uint32_t id, uint32_t w, uint32_t h, uint32_t format, uint32_t flags);
CwMessage *surface_destroy (uint32_t id);
CwMessage *inval_image (uint64_t id);
CwMessage *empty_message (uint16_t type);

/* A deterministic stream of all kinds of operations for n_channels display channels that share their caches:
 * result[channel] is an array of messages. All of it is valid if channels are fed in turn, message by message. Small
 * images make small messages. */
GPtrArray **stream_random (guint32 seed, unsigned n_channels, unsigned n_messages, bool small);
void stream_free (GPtrArray **stream, unsigned n_channels);

/* Records events as words in log, and keeps a copy of the primary made only from what damage said. */
typedef struct {
  GString *log;
  CwSurfaceInfo primary;
  guint8 *shadow;
  bool blind; /* keeps no copy: for measurements */
  unsigned n_invalidates, n_wakes;
  GError *failure;
  CwMediaTime media;
  bool takes_video;
  GArray *reports;                   /* CwMsgcDisplayStreamReport */
  void (*hook) (gpointer hook_data); /* called from every event but invalidate */
  gpointer hook_data;
} Recorder;

extern const CwRenderObserver recorder_observer;
void recorder_init (Recorder *self);
void recorder_clear (Recorder *self);
void recorder_wake (gpointer recorder);

/* Whether damage has reported all that changed. */
bool recorder_shadow_is_current (const Recorder *self);

/* SHA-256 of a surface's pixels; "none" if there is no such surface. */
char *surface_hash (CwRender *render, uint32_t id);

/* Steps until nothing is left to do, running jobs of a manual pool in an order that rand chooses (NULL: oldest first).
 * pool may be NULL for threads; then it waits for wakes. */
void drain (CwRender **renders, unsigned n, CwWorkerPool *manual, GRand *rand, int64_t budget_us);
