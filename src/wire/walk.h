/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walkers over layout tables, and the memory of one parsed message. Private to the wire layer. */
#pragma once

#include "base/buffer.h"
#include "wire/reader.h"
#include "wire/tables.h"

/* Whether structs and arrays whose bytes in memory are those on the wire are copied whole. 0 gives the code of
 * big-endian machines, which tests run everywhere. */
#ifndef CW_WIRE_DIRECT
#  define CW_WIRE_DIRECT (G_BYTE_ORDER == G_LITTLE_ENDIAN)
#endif

/* Memory that is given back as a whole. The first block usually lies behind the message itself. */
typedef struct CwArenaBlock CwArenaBlock;

typedef struct {
  uint8_t *at;
  size_t left;
  CwArenaBlock *blocks;
} CwArena;

/* Zeroed and aligned for any struct; NULL when out of memory. size is at most a small multiple of a body's. */
void *cw_arena_alloc (CwArena *self, size_t size);
void cw_arena_clear (CwArena *self);

/* Fills out (type->size zeroed bytes) from the reader's position on. Failure is in the reader. */
void cw_walk_read (CwReader *reader, CwArena *arena, uint32_t context, const CwTypeInfo *type, void *out);

/* Appends the bytes of data and then what its pointers reach. On failure the buffer has failed. */
void cw_walk_write (const CwTypeInfo *type, uint32_t context, const void *data, CwBuffer *out);

/* Appends "  path = value" lines. */
void cw_walk_print (const CwTypeInfo *type, uint32_t context, const void *data, GString *out);
