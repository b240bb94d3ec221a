/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Framing without I/O: data headers, message numbers, lists of sub-messages, acknowledgement windows. */
#pragma once

#include "base/slice.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CW_FRAME_HEADER_MAX 18

/* The mode is that of one connection; the counters go on when a migrating channel exchanges its connection. */
typedef struct {
  bool mini;                /* both sides announced MINI_HEADER */
  uint64_t received_serial; /* of the newest header decoded; 0 before the first */
  uint64_t sent_serial;     /* of the newest header encoded */
} CwFraming;

typedef struct {
  uint16_t type;
  uint32_t size;     /* of the body */
  uint32_t sub_list; /* offset in the body; 0: none (always with mini headers) */
  uint64_t serial;
} CwFrameHeader;

/* 6 or 18 bytes. */
size_t cw_framing_header_size (const CwFraming *self);
/* bytes: as many as the header size says. The caller limits size before it allocates. */
void cw_framing_decode (CwFraming *self, const uint8_t *bytes, CwFrameHeader *out);
/* Writes a header with the next serial and no sub-messages; returns its size. */
size_t cw_framing_encode (CwFraming *self, uint16_t type, uint32_t size, uint8_t out[CW_FRAME_HEADER_MAX]);

/* Sub-messages of one body, in the order they have to be processed. For a LIST message list_offset is 0; with full
 * headers it is the header's sub_list, and these come before the message itself.
 * The reference server declares sizes that reach behind the enclosing body, so a size is cut to the body's end rather
 * than refused. Refused: lists outside the body, LIST or MIGRATE inside, more than CW_SUB_LIST_MAX entries, entries
 * that together claim more than four times the body. */
#define CW_SUB_LIST_MAX 1024

typedef struct {
  CwSlice body; /* borrowed */
  size_t at;    /* of the next offset in the list */
  unsigned left;
  uint64_t budget;
} CwSubList;

typedef struct {
  uint16_t type;
  size_t offset; /* of its body in the enclosing body */
  CwSlice body;  /* points into the enclosing body */
} CwSubMessage;

bool cw_sub_list_init (CwSubList *self, CwSlice body, uint32_t list_offset, GError **error);
/* False at the end of the list, and with error set when an entry is refused. */
bool cw_sub_list_next (CwSubList *self, CwSubMessage *out, GError **error);

/* Acknowledgements the receiver owes. Zero-initialised = off. */
typedef struct {
  uint32_t window;
  uint32_t count;
} CwAckWindow;

/* To be called for every message received (LIST is one, its sub-messages none), before it is processed. True: send
 * one ACK. */
bool cw_ack_window_received (CwAckWindow *self);
/* SET_ACK; the caller answers with ACK_SYNC. 0 switches acknowledging off. */
void cw_ack_window_set (CwAckWindow *self, uint32_t window);
