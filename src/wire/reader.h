/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounded little-endian reading. The first thing that goes wrong is kept with the name of the field, its offset, the
 * value and the limit; from then on every read gives zero, so callers check once, with cw_reader_finish(). */
#pragma once

#include "base/slice.h"

#include <glib.h>
#include <stdbool.h>

/* Where in nested structures the reader stands; lives on the stack of whoever walks. */
typedef struct CwReaderPath {
  const struct CwReaderPath *parent;
  const char *name;
  gint64 index; /* -1: no element of an array */
} CwReaderPath;

typedef struct {
  const uint8_t *data;
  size_t size;
  size_t pos;
  const char *what; /* begins error messages: "display" */
  const CwReaderPath *path;
  GError *error;
} CwReader;

/* bytes and what are borrowed. */
void cw_reader_init (CwReader *self, const char *what, CwSlice bytes);
void cw_reader_clear (CwReader *self);

/* False, with the first error, when anything failed. Clears the error kept inside. */
bool cw_reader_finish (CwReader *self, GError **error);

/* Little-endian, width 1, 2, 4 or 8 bytes; sign not extended. */
uint64_t cw_reader_scalar (CwReader *self, unsigned width, const char *field);
/* A view of the next bytes; {NULL, 0} on failure. */
CwSlice cw_reader_slice (CwReader *self, uint64_t size, const char *field);

static inline uint8_t
cw_reader_u8 (CwReader *self, const char *field)
{
  return (uint8_t) cw_reader_scalar (self, 1, field);
}

static inline uint16_t
cw_reader_u16 (CwReader *self, const char *field)
{
  return (uint16_t) cw_reader_scalar (self, 2, field);
}

static inline uint32_t
cw_reader_u32 (CwReader *self, const char *field)
{
  return (uint32_t) cw_reader_scalar (self, 4, field);
}

static inline uint64_t
cw_reader_u64 (CwReader *self, const char *field)
{
  return cw_reader_scalar (self, 8, field);
}

static inline size_t
cw_reader_left (const CwReader *self)
{
  return self->size - self->pos;
}

static inline bool
cw_reader_failed (const CwReader *self)
{
  return self->error != NULL;
}

/* Records "what: path.field at +offset: value relation limit" unless something failed before. code: CwErrorCode. */
void cw_reader_fail (CwReader *self, int code, const char *field, size_t offset, uint64_t value, const char *relation,
                     uint64_t limit);
/* The same without a limit: "… at +offset: value text". */
void cw_reader_fail_value (CwReader *self, int code, const char *field, size_t offset, uint64_t value,
                           const char *text);
