/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes → frames without I/O. Bytes are read straight into refcounted blocks, and bodies are slices of them: small ones
 * until the next frame, large ones for as long as they are wanted. A message larger than a block gets one of its own,
 * once its size has passed the limit. */
#pragma once

#include "transport/block.h"
#include "transport/descriptors.h"
#include "wire/frame.h"

#define CW_FRAME_LIMIT (1024 * 1024) /* body size where rules give none, and of a LIST always */

/* Bodies that are being read at a time by all who share a sum of them. A display's largest picture is a quarter of it.
 */
#define CW_BODIES_MAX ((size_t) 1 << 30)

typedef struct {
  uint16_t type;
  bool is_sub;     /* came inside a LIST or sub_list; counts for neither serials nor acknowledgements */
  uint64_t serial; /* of the message, or of the one around a sub-message */
  CwSlice body;
  GBytes *bytes;              /* the same, to be kept; NULL: body is there for now only, and not worth a block */
  CwDescriptors *descriptors; /* that came with it; NULL: none, which the message may make wrong */
} CwPumpFrame;

/* The body, to be kept. */
GBytes *cw_pump_frame_keep (const CwPumpFrame *frame);

/* What only the layer above knows of messages. */
typedef struct {
  /* The largest body of a message of this type, in bytes, asked before anything is allocated for it. NULL:
   * CW_FRAME_LIMIT. */
  uint32_t (*limit) (gpointer data, uint16_t type);
  /* Whether one more byte follows this body, and descriptors come with it. NULL: never. */
  bool (*has_descriptors) (gpointer data, uint16_t type, CwSlice body);
  gpointer data;
} CwFrameRules;

typedef struct {
  CwFraming framing;
  CwFrameRules rules;
  CwBlockPool *pool;
  size_t *bodies;  /* sum of the sizes of bodies that are being read, shared; or NULL */
  size_t reserved; /* of it, for the body that is being read here */

  CwBlock *block; /* holds unparsed bytes from start to end, and the body given out last; NULL while there are none */
  size_t start, end;
  size_t populated;  /* so much of a block for a large message has its pages */
  uint64_t position; /* of end, in the stream */
  bool has_header;   /* header is that of the message whose body is being read */
  bool knows_tail;   /* its body is there, and it is known whether one more byte follows */
  bool has_tail;
  CwFrameHeader header;
  bool has_message; /* a message is complete, but not all of its frames have been given out */
  CwSlice body;     /* its */
  GBytes *bytes;    /* the same; NULL: in the block only */
  size_t pinned;    /* what they keep alive */
  bool in_subs;
  CwSubList subs;
  CwDescriptorQueue waiting;
  CwDescriptors descriptors; /* of message */
} CwFrameReader;

typedef enum {
  CW_FRAME_READER_FRAME,
  CW_FRAME_READER_NEEDS_BYTES,
  CW_FRAME_READER_FAILED,
} CwFrameReaderStatus;

/* pool: where blocks come from, or NULL; it must outlive the reader. */
void cw_frame_reader_init (CwFrameReader *self, bool mini_header, const CwFrameRules *rules, CwBlockPool *pool);
void cw_frame_reader_clear (CwFrameReader *self);

/* After NEEDS_BYTES: where the next bytes go, at least one. Fails with CW_ERROR_MEMORY. */
bool cw_frame_reader_space (CwFrameReader *self, uint8_t **at, size_t *size, GError **error);

/* size may be 0: nothing came. Takes the descriptors, which came with the last of the bytes. */
void cw_frame_reader_commit (CwFrameReader *self, size_t size, const int *fds, unsigned n_fds);

/* The next frame in order; its bytes are the caller's, its body alone is there until the next call or the end, its
 * descriptors are to be closed or stolen before the next call. Errors are final. */
CwFrameReaderStatus cw_frame_reader_next (CwFrameReader *self, CwPumpFrame *frame, GError **error);

/* Bytes of an unfinished message wait; *missing says how many more it needs at least. */
bool cw_frame_reader_is_partial (const CwFrameReader *self, size_t *missing);
