/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Token streams of LZ and GLZ and the kernels that decode them; internal to the two codecs and their tests.
 * Format: LZ and GLZ as used by SPICE (derived from FastLZ level 2). */
#pragma once

#include "base/slice.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kernels write up to this many bytes behind what they decode, and read as many behind a referenced image. */
#define CW_LZ_OVERSHOOT 64

/* SIMD kernels may read this many bytes before the first literal; both headers are longer. */
#define CW_LZ_LOOK_BEHIND 4

/* No byte of a stream stands for more units than this: an extension byte of a length. */
#define CW_LZ_MAX_UNITS_PER_BYTE 255

typedef enum {
  CW_LZ_UNIT_BYTE,  /* palette bytes, A8, alpha: 1 byte, matches of 3 and more */
  CW_LZ_UNIT_RGB16, /* 2 bytes big endian, matches of 2 and more */
  CW_LZ_UNIT_RGB24, /* 3 bytes B, G, R, decoded to 4, matches of 1 and more */
  CW_LZ_N_UNITS
} CwLzUnit;

typedef enum {
  CW_LZ_TRUNCATED,      /* the input ends; value, limit: 0 */
  CW_LZ_LITERALS,       /* value: units in the run, limit: units left */
  CW_LZ_LENGTH,         /* value: units in the match so far, limit: units left */
  CW_LZ_DISTANCE,       /* value: distance in units, limit: units decoded */
  CW_LZ_IMAGE_DISTANCE, /* value: distance in images, limit: win_head_dist */
  CW_LZ_OFFSET,         /* value: end of the match in the referenced image, limit: its pixels */
} CwLzFaultKind;

/* What is wrong with the token that begins at `at`. */
typedef struct {
  CwLzFaultKind kind;
  const uint8_t *at;
  uint64_t value, limit;
} CwLzFault;

typedef struct {
  const uint8_t *p, *end; /* input not decoded yet */
  CwLzFault fault;
} CwLzStream;

/* Power of two. */
#define CW_GLZ_N_REFERENCES 16

typedef struct {
  uint32_t distance; /* to the image's id; 0: none */
  uint32_t n_pixels;
  const uint32_t *pixels; /* in encoding order */
} CwGlzReference;

/* A GLZ stream in progress; the slot of an image is its distance modulo the number of slots. */
typedef struct {
  CwLzStream input;
  uint8_t *out, *op, *limit; /* first unit, next unit, end */
  uint32_t max_distance;     /* win_head_dist */
  uint32_t needed;           /* distance of the image that a token refers to and that no slot has */
  CwGlzReference references[CW_GLZ_N_REFERENCES];
} CwGlzStream;

typedef enum { CW_GLZ_STREAM_END, CW_GLZ_STREAM_NEEDS_IMAGE, CW_GLZ_STREAM_FAULT } CwGlzStreamStatus;

/* Decodes n_units to out, which has slack writable bytes behind them; advances stream->p. False: stream->fault says
 * why. */
typedef bool (*CwLzDecodeFunc) (CwLzStream *stream, uint8_t *out, size_t n_units, size_t slack);

/* Decodes until the stream's end or until it needs an image; can be called again when that has been put into its
 * slot. There must be CW_LZ_OVERSHOOT writable bytes behind limit. */
typedef CwGlzStreamStatus (*CwGlzDecodeFunc) (CwGlzStream *stream);

typedef struct {
  const char *name;
  CwLzDecodeFunc lz[CW_LZ_N_UNITS];   /* output units of 1, 2 and 4 bytes */
  CwLzDecodeFunc lz_opaque;           /* RGB24 with 255 for the fourth byte, where the others have 0 */
  CwGlzDecodeFunc glz[CW_LZ_N_UNITS]; /* alpha to 1 byte, RGB16 and RGB24 to 4 bytes */
  /* Puts n bytes of alpha into pixels. Both may be overread and pixels overwritten by CW_LZ_OVERSHOOT bytes. */
  void (*set_alpha) (uint32_t *pixels, const uint8_t *alpha, size_t n);
} CwLzKernels;

/* TRUE if the stream's next n bytes are one and the same, as encoders write it: literals and matches with the byte
 * before. FALSE may only mean that they are written in another way. Takes nothing from the stream. */
bool cw_lz_is_constant (const CwLzStream *stream, size_t n, uint8_t *value);

/* The same alpha for n pixels; as set_alpha. */
void cw_lz_fill_alpha (const CwLzKernels *kernels, uint32_t *pixels, uint8_t value, size_t n);

/* The best kernels for these CwCpuFlags; cpu_flags of 0 gives the portable ones. */
const CwLzKernels *cw_lz_kernels (uint32_t cpu_flags);

/* Sets error for a fault; codec is the name it begins with, data what offsets count from. */
void cw_lz_set_fault (GError **error, const char *codec, const CwLzFault *fault, const uint8_t *data);

/* An error unless so many units can possibly come from this much input: checked before memory is allocated. */
bool cw_lz_check_expansion (const char *codec, CwSlice input, uint64_t n_units, GError **error);

extern const CwLzKernels cw_lz_kernels_c;
#if defined(__x86_64__) || defined(__i386__)
extern const CwLzKernels cw_lz_kernels_ssse3;
extern const CwLzKernels cw_lz_kernels_avx2;
#endif
