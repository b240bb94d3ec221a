/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one error domain of the layers below the public API. The public API maps it to SPICE_CLIENT_ERROR and to
 * channel events. */
#pragma once

#include <glib.h>

#define CW_ERROR (cw_error_quark ())

typedef enum {
  CW_ERROR_MALFORMED,   /* the peer's bytes break the format; the message names field, offset, value and limit */
  CW_ERROR_LIMIT,       /* well-formed, but beyond a limit of ours */
  CW_ERROR_UNSUPPORTED, /* well-formed, but a variant that cannot be used */
  CW_ERROR_MEMORY,      /* an allocation of a size the peer chose failed */
  CW_ERROR_STATE,       /* valid in itself, but not now (order of messages, unknown id) */
  CW_ERROR_AUTH,        /* the peer refused our credentials, or wants a password */
  CW_ERROR_SECURITY,    /* TLS or certificate verification failed */
  CW_ERROR_CLOSED,      /* the peer ended the stream */
  CW_ERROR_AUTH_USER,   /* as AUTH, where the peer asked for a user name */
  CW_ERROR_AUTH_USER_AND_PASSWORD, /* as AUTH, where the peer asked for both */
} CwErrorCode;

GQuark cw_error_quark (void);
