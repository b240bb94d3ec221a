/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages by which client and server talk SASL during the link (protocol/base.msg), one whole message at a time.
 */
#pragma once

#include "base/buffer.h"
#include "link/sasl-layer.h"

typedef struct CwSaslExchange CwSaslExchange;

CwSaslExchange *cw_sasl_exchange_new (const CwSaslPeer *peer, const CwCredentials *credentials, GError **error);
void cw_sasl_exchange_free (CwSaslExchange *self);

/* The server's list; appends the choice and the first piece. */
bool cw_sasl_exchange_take_list (CwSaslExchange *self, CwSlice message, CwBuffer *out, GError **error);

/* The server's answer to a piece. *complete: the mechanism is through on both sides, the server has proved itself, and
 * the connection is as strong as it has to be. Else the next piece was appended. */
bool cw_sasl_exchange_take_reply (CwSaslExchange *self, CwSlice message, bool *complete, CwBuffer *out, GError **error);

/* As cw_sasl_refusal (). */
CwErrorCode cw_sasl_exchange_refusal (const CwSaslExchange *self);

/* After a complete exchange, once; NULL: what follows is not encoded. */
CwSaslLayer *cw_sasl_exchange_take_layer (CwSaslExchange *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwSaslExchange, cw_sasl_exchange_free)
