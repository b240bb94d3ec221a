/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/codec.h"

#include "codec/jpeg-alpha.h"
#include "codec/jpeg.h"
#include "codec/lz.h"
#include "codec/lz4.h"
#include "codec/mjpeg.h"
#include "codec/quic.h"

static const CwCodec codecs[CW_N_CODECS] = {
  [CW_CODEC_QUIC] = { "quic", cw_quic_decode },
  [CW_CODEC_LZ_RGB] = { "lz_rgb", cw_lz_rgb_decode },
  [CW_CODEC_LZ_PLT] = { "lz_plt", cw_lz_plt_decode },
  [CW_CODEC_GLZ_RGB] = { "glz_rgb", NULL },
  [CW_CODEC_ZLIB_GLZ_RGB] = { "zlib_glz_rgb", NULL },
  [CW_CODEC_JPEG] = { "jpeg", cw_jpeg_decode },
  [CW_CODEC_JPEG_ALPHA] = { "jpeg_alpha", cw_jpeg_alpha_decode },
  [CW_CODEC_LZ4] = { "lz4", cw_lz4_decode },
  [CW_CODEC_MJPEG] = { "mjpeg", cw_mjpeg_decode },
};

const CwCodec *
cw_codec_get (CwCodecId id)
{
  g_return_val_if_fail (id < CW_N_CODECS, NULL);
  return &codecs[id];
}
