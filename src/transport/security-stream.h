/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer whose bytes travel in packets, each behind a u32 big-endian length, as SASL mechanisms protect them. Like all
 * layers it never blocks. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

#include <gio/gio.h>

/* What protects the packets. */
typedef struct {
  size_t max_packet; /* bytes behind a length; larger ones of the peer are refused */
  size_t max_plain;  /* what wrap takes at once */

  /* A whole packet, its length included, to what is in it, and back. Both append to out. */
  bool (*unwrap) (gpointer data, CwSlice packet, CwBuffer *out, GError **error);
  bool (*wrap) (gpointer data, CwSlice plain, CwBuffer *out, GError **error);
  void (*free) (gpointer data);
} CwSecurityLayer;

#define CW_TYPE_SECURITY_STREAM (cw_security_stream_get_type ())
G_DECLARE_FINAL_TYPE (CwSecurityStream, cw_security_stream, CW, SECURITY_STREAM, GIOStream)

/* Takes data; layer must outlive the stream. */
CwSecurityStream *cw_security_stream_new (GIOStream *base, const CwSecurityLayer *layer, gpointer data);
