/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The security layer that some mechanisms of SASL put around everything after the exchange: packets of a big-endian
 * size and as many bytes. Without I/O. */
#pragma once

#include "base/buffer.h"
#include "link/sasl.h"

typedef struct CwSaslLayer CwSaslLayer;

/* Takes sasl, whose exchange is complete. */
CwSaslLayer *cw_sasl_layer_new (CwSasl *sasl);
void cw_sasl_layer_free (CwSaslLayer *self);

/* How many bytes the packet that is under way lacks, or its size. */
size_t cw_sasl_layer_wanted (const CwSaslLayer *self);

/* Any number of bytes from the server. False: they break the layer, and it can only be freed. */
bool cw_sasl_layer_feed (CwSaslLayer *self, CwSlice coded, GError **error);

/* What was decoded: how many bytes wait, and up to size of them. */
size_t cw_sasl_layer_waiting (const CwSaslLayer *self);
size_t cw_sasl_layer_read (CwSaslLayer *self, void *out, size_t size);

/* Appends packets for the server; false also when coded has reached its maximum. */
bool cw_sasl_layer_encode (CwSaslLayer *self, CwSlice plain, CwBuffer *coded, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwSaslLayer, cw_sasl_layer_free)
