/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image of a message: pending until a worker has decoded it, then immutable pixels or an error. */
#pragma once

#include "base/pixels.h"
#include "base/worker-pool.h"
#include "codec/codec.h"
#include "codec/glz-window.h"
#include "render/palette.h"
#include "render/waker.h"
#include "wire/message.h"

typedef enum {
  CW_IMAGE_PENDING,
  CW_IMAGE_READY,
  CW_IMAGE_FAILED,
} CwImageState;

typedef struct CwDecodeJob CwDecodeJob;

typedef struct {
  gatomicrefcount ref_count;
  GMutex lock;           /* guards state's change and waiters */
  gint state;            /* CwImageState, atomic; pixels and error are written before it leaves PENDING */
  CwDecodeJob *deferred; /* the owner's thread: to be run when the image is looked at */
  GSList *waiters;       /* CwWaker */
  CwPixels *pixels;
  GError *error;
  CwMessage *message; /* kept alive because pixels are its own bytes */
  /* The owner's thread, for cached images that are kept as their source bytes while nobody draws them. */
  CwDecodeJob *recipe; /* NULL: pixels stay */
  unsigned n_users, n_hits;
  bool evicted; /* PENDING, and nobody is going to change that */
} CwImage;

CwImage *cw_image_new_ready (CwPixels *pixels, CwMessage *message); /* takes pixels, refs message */

/* The image that the job is going to finish. */
CwImage *cw_image_new_for (CwDecodeJob *job);

/* An image decoded only when it is looked at, on the owner's thread; takes the job. */
CwImage *cw_image_new_deferred (CwDecodeJob *job);
CwImage *cw_image_ref (CwImage *self);
void cw_image_unref (CwImage *self); /* any thread */

/* A new reference of somebody who is going to draw it, and back. The owner's thread. */
CwImage *cw_image_use (CwImage *self);
void cw_image_unuse (CwImage *self);

/* From now on its pixels go when nobody uses it any more, unless it is found in the cache time and again. */
void cw_image_set_recipe (CwImage *self, const CwDecodeJob *job);

/* A job that gives an evicted image its pixels back; NULL if it needs none. */
CwDecodeJob *cw_image_restore (CwImage *self);

/* Any thread, once. Takes pixels, or if they are NULL, error. */
void cw_image_finish (CwImage *self, CwPixels *pixels, GError *error);

/* Once this has returned something else than PENDING, pixels and error may be read. While PENDING, waker (if not
 * NULL) will be woken at the change. The owner's thread. */
CwImageState cw_image_poll (CwImage *self, CwWaker *waker);

/* What it takes to decode one image. */
struct CwDecodeJob {
  CwImage *image;     /* NULL: none yet, or a deferred one, which has the job */
  CwMessage *message; /* keeps wire alive */
  const CwWireImage *wire;
  CwPalette *palette; /* or NULL */
  CwPixelFormat palette_as;
  bool mask;           /* a 1-bit bitmap to be used as one */
  CwGlzWindow *window; /* GLZ types */
  CwPixelPool *pool;   /* for the pixels */
  uint64_t bytes;      /* what the pixels are going to take, about */
  gconstpointer owner; /* only to be compared */
};

/* Checks what can be checked at once; target is the format of the surface drawn on, for palettes. window may be NULL
 * for types other than GLZ. */
CwDecodeJob *cw_decode_job_new (CwMessage *message, const CwWireImage *wire, CwPalette *palette, CwPixelFormat target,
                                bool mask, CwGlzWindow *window, CwPixelPool *pool, GError **error);
void cw_decode_job_free (CwDecodeJob *self);

/* Another one for the same pixels, without an image. */
CwDecodeJob *cw_decode_job_copy (const CwDecodeJob *self);

/* Pixels that need no decoding: bitmaps whose bytes can be used where they are. NULL otherwise. */
CwPixels *cw_decode_job_view (const CwDecodeJob *self);

/* As the decoders want it; borrowed from the job. FALSE for types that are no compressed images. */
bool cw_decode_job_input (const CwDecodeJob *self, CwCodecInput *in);

/* What keeps a worker busy with it. */
CwJobKind cw_decode_job_kind (const CwDecodeJob *self);

/* Decodes, finishes the image and frees the job; on a worker. Not for GLZ types, see glz-queue.h. */
void cw_decode_job_run (gpointer job);

/* Finishes the image with decoded pixels (or an error) and frees the job. shared: the pixels are somebody else's too
 * and must not be changed. */
void cw_decode_job_finish (CwDecodeJob *self, CwPixels *pixels, bool shared, GError *error);

bool cw_wire_image_is_glz (const CwWireImage *wire);
bool cw_wire_image_is_lossy (const CwWireImage *wire);
bool cw_wire_image_is_from_cache (const CwWireImage *wire);

/* In pixels; of the bitmap itself where there is one. */
uint64_t cw_wire_image_area (const CwWireImage *wire);
