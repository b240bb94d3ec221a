/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a decoder of video is to the render: compressed frames in, pictures out, some time later and in the same order.
 * The library is given a table of them; the pure layers know none but what is in it. */
#pragma once

#include "base/pixels.h"
#include "base/worker-pool.h"
#include "render/waker.h"
#include "wire/message.h"

typedef struct {
  bool top_down;          /* the first row of a frame is the upper one of the picture */
  CwWorkerGroup *workers; /* these are referenced by whoever keeps them */
  CwPixelPool *pool;
  CwWaker *waker; /* to be woken when there is something to take */
  /* Asks whether somebody else shows what comes of a pipeline that has not been started yet: TRUE, then there will be
   * no pictures. NULL: nobody does. */
  bool (*overlay) (gpointer data, gpointer pipeline);
  gpointer overlay_data;
  /* What the decoders of a connection remember from stream to stream: theirs alone, 0 at first, outlives them. */
  uint32_t *remembered;
} CwVideoParams;

typedef struct {
  uint64_t number;  /* of the frame */
  CwPixels *pixels; /* BGRX, the taker's; NULL: the frame is lost */
} CwVideoPicture;

typedef enum {
  CW_VIDEO_NOTHING, /* yet */
  CW_VIDEO_PICTURE,
  CW_VIDEO_FAILED, /* the decoder is of no use any more */
} CwVideoTake;

/* All functions are called on the owner's thread and never wait. */
typedef struct CwVideoDecoder {
  uint8_t codec;     /* CW_VIDEO_CODEC_TYPE_… */
  bool independent;  /* no frame needs another */
  bool has_pipeline; /* asks params->overlay */

  /* Whether streams of this kind can be decoded at all, here and now. NULL: yes. */
  bool (*is_available) (void);

  gpointer (*open) (const CwVideoParams *params, GError **error);

  /* data is the message's, of which a reference may be kept. Numbers rise. */
  void (*push) (gpointer decoder, uint64_t number, CwMessage *message, CwSlice data);

  /* Of independent frames: those that nobody has begun with count as lost. */
  void (*skip) (gpointer decoder);

  CwVideoTake (*take) (gpointer decoder, CwVideoPicture *picture, GError **error);
  void (*close) (gpointer decoder);
} CwVideoDecoder;

/* Built in. */
extern const CwVideoDecoder cw_mjpeg_decoder;
