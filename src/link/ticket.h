/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ticket: the password, encrypted with the key the server made for this connection. */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define CW_TICKET_KEY_SIZE 162 /* DER SubjectPublicKeyInfo of an RSA-1024 key with exponent 65537 */
#define CW_TICKET_SIZE 128

/* Encrypts password and its NUL by RSA-OAEP (SHA-1). The key is the peer's choice: all but RSA of 1024 bits is
 * refused with CW_ERROR_SECURITY. */
bool cw_ticket_encrypt (CwSlice key, const char *password, uint8_t ticket[CW_TICKET_SIZE], GError **error);
