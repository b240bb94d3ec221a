/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file format of recordings; docs/recording.md describes it. All numbers are little-endian. */
#pragma once

#include "base/slice.h"

#include <glib.h>
#include <stdbool.h>

#define CW_RECORDING_MAGIC "CWRECORD"
#define CW_RECORDING_VERSION 1
#define CW_RECORDING_HEADER 24 /* magic, u16 version, u16 0, u32 0, u64 microseconds since 1970 */
#define CW_RECORDING_BLOCK 12  /* u32 coded size, u32 plain size, u32 CRC-32 of the coded bytes */
#define CW_RECORDING_RECORD 24 /* u8 kind, u8 channel type, u8 channel id, u8 flags, u32 size, u64 µs, u64 serial */

/* Of one block, plain: the largest message and what is around it. */
#define CW_RECORDING_MAX_BLOCK (260u * 1024 * 1024)

typedef enum {
  CW_RECORD_OPENED = 1,  /* u32 n common words, u32 n channel words, the words: the server's capabilities */
  CW_RECORD_MESSAGE = 2, /* u16 type, the body */
  CW_RECORD_CLOSED = 3,  /* nothing */
} CwRecordKind;

enum { CW_RECORD_MINI_HEADER = 1 }; /* flag of OPENED */

typedef struct {
  uint8_t kind; /* CwRecordKind, or one that a later version knows */
  uint8_t channel_type, channel_id;
  uint8_t flags;
  uint64_t time_us; /* since the recording began */
  uint64_t serial;  /* MESSAGE */
  uint16_t type;    /* MESSAGE */
  CwSlice payload;  /* MESSAGE: the body */
} CwRecord;
