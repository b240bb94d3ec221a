/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsed messages. All layouts are described in protocol/ and generated; see wire/messages.h for the structs.
 *
 * Slices point into the body, which the message keeps alive; the body is not copied unless the caller asks for that.
 * Memory for arrays and for structs behind offsets belongs to the message; it is at most eight times the body plus a
 * few hundred bytes. Trailing bytes are ignored. Integers are kept as they come, also where they should be one of an
 * enum, except where such a value selects a layout. */
#pragma once

#include "base/buffer.h"
#include "base/slab.h"
#include "wire/messages.h"

#include <glib.h>
#include <stdbool.h>

typedef enum {
  CW_FROM_SERVER,
  CW_FROM_CLIENT,
  CW_FROM_AGENT, /* guest-agent messages: one set for both directions */
} CwDirection;

typedef struct CwTypeInfo CwTypeInfo;

typedef struct {
  const char *channel; /* "display"; "base" for those of every channel */
  const char *name;    /* "draw-copy" */
  uint32_t type;
  CwDirection direction;
  const CwTypeInfo *layout;
  uint16_t descriptor_at; /* of a u32 that announces descriptors, unless it is 0; 0: there is none */
  uint32_t most;          /* bytes of a body; 0: CW_MAX_BODY_SIZE */
  bool tolerated;         /* a damaged one may be passed over: its loss spoils only itself */
} CwMessageInfo;

/* Immutable once parsed; references may be taken and dropped in any thread. */
typedef struct {
  uint16_t type;
  uint64_t serial;
  uint32_t context; /* CW_CONTEXT_ flags it was parsed with */
  const CwMessageInfo *info;
  const void *data; /* the struct of info, such as CwMsgDisplayDrawCopy; of no use for an empty message */
  CwSlice body;
  GBytes *bytes; /* the same; NULL: the message has its own copy */
} CwMessage;

/* "display"; NULL for numbers that are no channel type. */
const char *cw_channel_type_name (unsigned type);

/* NULL when there is no such message. Knows the base messages on every channel. */
const CwMessageInfo *cw_message_info (CwChannelType channel, CwDirection direction, uint16_t type);

/* Whether one more byte follows this body on a unix socket, and descriptors with it. */
bool cw_message_has_descriptors (const CwMessageInfo *info, CwSlice body);
/* The most bytes a body from the server may have, also of a type that is not known. */
uint32_t cw_message_most (CwChannelType channel, uint16_t type);

/* NULL and CW_ERROR_UNSUPPORTED for an unknown type or an unknown variant inside; CW_ERROR_MALFORMED as
 * "display: draw-copy.src_bitmap.quic.data at +79: 9000 > 812"; CW_ERROR_MEMORY. */
CwMessage *cw_message_parse (CwChannelType channel, CwDirection direction, uint16_t type, uint64_t serial, GBytes *body,
                             GError **error);

/* The same where info is known, of that channel. bytes: the same as body; NULL: body need not stay, and the message has
 * a copy. memory: where small messages are taken from, or NULL. */
CwMessage *cw_message_parse_slice (const CwMessageInfo *info, CwChannelType channel, uint64_t serial, CwSlice body,
                                   GBytes *bytes, CwSlab *memory, GError **error);

CwMessage *cw_message_ref (CwMessage *self);
void cw_message_unref (CwMessage *self);

/* The body as bytes, which keep the message alive if they have to. */
GBytes *cw_message_get_body (const CwMessage *self);

/* Appends the body (no header) of the struct that info describes. False when data cannot be expressed (a count beyond
 * its field, an unknown variant, a missing pointer) or when the buffer has failed; the buffer has then failed. */
bool cw_message_write (const CwMessageInfo *info, const void *data, CwBuffer *out);

/* Calls found for every struct of one type in the message, wherever it stands; a message has no more of them than its
 * body has bytes. */
void cw_message_visit (const CwMessage *self, const CwTypeInfo *wanted, void (*found) (const void *item, gpointer data),
                       gpointer data);

/* One field a line, for people. */
void cw_message_print (const CwMessage *self, GString *out);

/* Guest-agent messages, without their 20-byte header. context: CW_CONTEXT_ flags; type is the agent's. */
const CwMessageInfo *cw_agent_info (uint32_t type);
CwMessage *cw_agent_parse (uint32_t type, uint32_t context, GBytes *body, GError **error);
bool cw_agent_write (const CwMessageInfo *info, uint32_t context, const void *data, CwBuffer *out);

/* Structs that are no messages (link messages, agent headers), by the tables in wire/types.h. The result of read is
 * type's struct; slices in it point into bytes. Its memory is freed with cw_wire_free. what begins error messages. */
void *cw_wire_read (const CwTypeInfo *type, const char *what, CwSlice bytes, GError **error);
bool cw_wire_write (const CwTypeInfo *type, const void *data, CwBuffer *out);
void cw_wire_free (void *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwMessage, cw_message_unref)
