/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ticket: the password, encrypted with the key the server made for this connection. */
#pragma once

#include "base/error.h"
#include "base/protocol.h"
#include "base/slice.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

/* Encrypts password and its NUL by RSA-OAEP (SHA-1). The key, a DER SubjectPublicKeyInfo, is the peer's choice: all
 * but RSA of 1024 bits is refused with CW_ERROR_SECURITY. */
bool cw_ticket_encrypt (CwSlice key, const char *password, uint8_t ticket[CW_TICKET_BYTES], GError **error);

/* What the process's first encryption would spend several milliseconds on: the library sets itself up. It is done in
 * pieces, 0 first, for the time in which the server's answer is awaited. FALSE: nothing is left to do. Any thread. */
bool cw_ticket_prepare (unsigned piece);

/* The key as an object. Every server's has the same form, which needs no decoder and is so read ten times as fast; NULL
 * for any other, which cw_ticket_any_key () reads or refuses. */
EVP_PKEY *cw_ticket_usual_key (CwSlice der);
EVP_PKEY *cw_ticket_any_key (CwSlice der, GError **error);
