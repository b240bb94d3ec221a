/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exchange that opens every channel connection, as a state machine on bytes: link message, reply, choice of the
 * authentication mechanism, RSA ticket or SASL, final result. It does no I/O and keeps no time.
 *
 *   while (status is CW_LINK_RUNNING)
 *     send what cw_link_take_output () gives; read at most cw_link_wanted () bytes; cw_link_feed () them.
 *
 * cw_link_wanted () never asks for a byte of the data phase, so nothing is left over when the link is done. */
#pragma once

#include "base/error.h"
#include "link/caps.h"
#include "link/credentials.h"
#include "link/sasl-layer.h"
#include "wire/messages.h"

#define CW_LINK_MAX_REPLY (16 * 1024) /* bytes after the header of the server's reply */
#define CW_LINK_MAX_MESSAGE 4096      /* bytes after the header of ours: servers refuse more */

typedef struct {
  uint32_t connection_id; /* 0 on the first main link, then the session id of the server's INIT */
  uint8_t channel_type;
  uint8_t channel_id;
  const CwCaps *channel_caps; /* may be NULL; copied */
  const CwCaps *common_caps;  /* NULL: AUTH_SELECTION, AUTH_SPICE, MINI_HEADER, AUTH_SASL if built; copied */
  CwCredentials credentials;  /* copied; wiped when the link is freed */
  /* A message that follows the ticket at once, without awaiting what the server says of it; not used when anything else
   * than a ticket is asked for. Type 0: none. */
  uint16_t first_type;
  GBytes *first_body; /* NULL is an empty one */
} CwLinkParams;

typedef enum {
  CW_LINK_RUNNING,
  CW_LINK_DONE,
  CW_LINK_FAILED,
} CwLinkStatus;

/* What failed when a channel could not be opened: one set of reasons from here to the channel's event. */
typedef enum {
  CW_CONNECT_FAILURE_CONNECT,      /* error of G_IO_ERROR or G_RESOLVER_ERROR; timeout is G_IO_ERROR_TIMED_OUT */
  CW_CONNECT_FAILURE_TLS,          /* CW_ERROR_SECURITY or G_IO_ERROR */
  CW_CONNECT_FAILURE_LINK,         /* broken or refused; CW_ERROR or G_IO_ERROR, the error says which */
  CW_CONNECT_FAILURE_AUTH,         /* CW_ERROR_AUTH and its like: refused, missing, or longer than any server accepts */
  CW_CONNECT_FAILURE_NEED_SECURED, /* the server wants this channel on its TLS port: connect again with TLS */
  CW_CONNECT_FAILURE_CANCELLED,    /* G_IO_ERROR_CANCELLED */
} CwConnectFailure;

typedef struct CwLink CwLink;

/* Fails with CW_ERROR_LIMIT when the capabilities do not fit a link message. */
CwLink *cw_link_new (const CwLinkParams *params, GError **error);
void cw_link_free (CwLink *self);

/* What SASL has to know of the connection; to be told before the server's reply is fed. Copied. */
void cw_link_set_peer (CwLink *self, const CwSaslPeer *peer);

CwLinkStatus cw_link_status (const CwLink *self);

/* The bytes to send now; NULL when there are none. */
GBytes *cw_link_take_output (CwLink *self);

/* How many bytes the present step still lacks; 0 when done or failed. */
size_t cw_link_wanted (const CwLink *self);

/* Takes up to cw_link_wanted () bytes in pieces of any size, and returns how many it took. Bytes beyond that are left
 * to the caller. */
size_t cw_link_feed (CwLink *self, const void *data, size_t size);

/* The stream ended: a running link fails, with CW_ERROR_CLOSED when error is NULL, because the peer closed it, and
 * else with a copy of error; both name the step. */
void cw_link_feed_end (CwLink *self, const GError *error);

/* What the link is waiting for, in words fit for an error message. */
const char *cw_link_step_name (const CwLink *self);

/* After CW_LINK_FAILED. Borrowed. Codes: MALFORMED (reply breaks the format), LIMIT, UNSUPPORTED (no mechanism in
 * common, other protocol major), AUTH, CLOSED, STATE (refused by a result code, which the text names), SECURITY
 * (NEED_SECURED, NEED_UNSECURED, unusable ticket key). */
const GError *cw_link_error (const CwLink *self);
CwConnectFailure cw_link_failure (const CwLink *self);

/* After CW_LINK_DONE: the server's sets, borrowed, and the kind of data headers both sides use from now on. */
const CwCaps *cw_link_peer_common_caps (const CwLink *self);
const CwCaps *cw_link_peer_channel_caps (const CwLink *self);
bool cw_link_mini_header (const CwLink *self);
/* The first message has been sent. */
bool cw_link_sent_first (const CwLink *self);

/* After CW_LINK_DONE, once: what everything goes through from now on, in both directions; bytes that came with the last
 * packet wait in it. NULL: the connection stays as it is. The caller's. */
CwSaslLayer *cw_link_take_layer (CwLink *self);

/* "permission denied" and the like for the result codes of the protocol, never NULL. */
const char *cw_link_result_name (uint32_t result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwLink, cw_link_free)
