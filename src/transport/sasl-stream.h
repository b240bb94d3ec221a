/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The security layer of SASL around a connection. */
#pragma once

#include "link/sasl-layer.h"
#include "transport/layer.h"

#define CW_TYPE_SASL_STREAM (cw_sasl_stream_get_type ())
G_DECLARE_FINAL_TYPE (CwSaslStream, cw_sasl_stream, CW, SASL_STREAM, CwLayer)

/* Takes layer; what waits in it is read first. */
GIOStream *cw_sasl_stream_new (GIOStream *base, CwSaslLayer *layer);
