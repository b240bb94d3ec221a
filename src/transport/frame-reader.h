/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes → frames without I/O. Bytes are read straight into refcounted blocks, and bodies are slices of them; a message
 * larger than a block gets one of its own, once its size has passed the limit. */
#pragma once

#include "transport/pump.h"
#include "wire/frame.h"

typedef struct CwBlock CwBlock;

typedef struct {
  CwFraming framing;
  uint32_t (*limit) (gpointer data, uint16_t type); /* may be NULL: CW_PUMP_FRAME_LIMIT */
  gpointer limit_data;

  CwBlock *block; /* holds unparsed bytes from start to end */
  size_t start, end;
  bool has_header; /* header is that of the message whose body is being read */
  CwFrameHeader header;
  GBytes *message; /* complete, but not all of its frames have been given out */
  bool in_subs;
  CwSubList subs;
} CwFrameReader;

typedef enum {
  CW_FRAME_READER_FRAME,
  CW_FRAME_READER_NEEDS_BYTES,
  CW_FRAME_READER_FAILED,
} CwFrameReaderStatus;

void cw_frame_reader_init (CwFrameReader *self, bool mini_header, uint32_t (*limit) (gpointer, uint16_t),
                           gpointer limit_data);
void cw_frame_reader_clear (CwFrameReader *self);

/* After NEEDS_BYTES: where the next bytes go, at least one. Fails with CW_ERROR_MEMORY. */
bool cw_frame_reader_space (CwFrameReader *self, uint8_t **at, size_t *size, GError **error);
void cw_frame_reader_commit (CwFrameReader *self, size_t size);

/* The next frame in order; its body is the caller's. Errors are final. */
CwFrameReaderStatus cw_frame_reader_next (CwFrameReader *self, CwPumpFrame *frame, GError **error);

/* Bytes of an unfinished message wait; *missing says how many more it needs at least. */
bool cw_frame_reader_is_partial (const CwFrameReader *self, size_t *missing);
