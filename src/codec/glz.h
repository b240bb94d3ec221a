/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GLZ images: LZ whose dictionary also spans the images in a window shared by the display channels of a session. An
 * image may refer to one that another channel has yet to deliver; its decoder then stops and is resumed later, so no
 * thread ever waits. */
#pragma once

#include "base/pixels.h"
#include "codec/codec.h"
#include "codec/glz-window.h"

#include <glib.h>
#include <stdint.h>

typedef struct CwGlzDecoder CwGlzDecoder;

typedef enum {
  CW_GLZ_DONE,        /* the image is decoded and in the window */
  CW_GLZ_NEEDS_IMAGE, /* it refers to an image that is not there: cw_glz_window_wait_for(), then step again */
  CW_GLZ_FAILED,      /* corrupt, or refers to an image that will never come */
} CwGlzStatus;

/* For CW_CODEC_GLZ_RGB and CW_CODEC_ZLIB_GLZ_RGB. Checks the header and allocates; a ZLIB_GLZ_RGB image is inflated
 * here, so call it on a worker. in->data (not in itself) must stay valid while the decoder lives. One thread at a
 * time uses a decoder. */
CwGlzDecoder *cw_glz_decoder_new (CwGlzWindow *window, const CwCodecInput *in, GError **error);

/* Decodes as far as the window allows. With CW_GLZ_NEEDS_IMAGE *needed_id is set, with CW_GLZ_FAILED *error. After
 * CW_GLZ_DONE or CW_GLZ_FAILED the decoder must not be stepped again. */
CwGlzStatus cw_glz_decoder_step (CwGlzDecoder *self, uint64_t *needed_id, GError **error);

/* The image after CW_GLZ_DONE, BGRX or BGRA for every type; the caller owns the reference. The pixels are shared with
 * the window: they must never be written again. */
CwPixels *cw_glz_decoder_steal_pixels (CwGlzDecoder *self);

/* Freeing a decoder that is not done counts as a failure of its image: those who wait for the image are notified and
 * fail. So a channel that goes away just frees its decoders. */
void cw_glz_decoder_free (CwGlzDecoder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwGlzDecoder, cw_glz_decoder_free)
