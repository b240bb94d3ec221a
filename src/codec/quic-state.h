/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What QUIC's row kernels share: the bit reader, the adaptive state of a plane set, the kernel table.
 * Format: QUIC as used by SPICE (derived from SFALIC). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CW_QUIC_MAX_PLANES 3
#define CW_QUIC_BUCKETS 8

/* A big-endian bit string. acc holds the next bits left-aligned; the first n of them are accounted for, p is where
 * the bits after those n lie. The memory behind p may be read for CW_QUIC_ROW_BYTES (width) bytes. */
typedef struct {
  const uint8_t *p;
  uint64_t acc;
  int n;
} CwQuicBits;

/* The most bytes a row of one plane set can consume: 3 code words of 26 bits and a run code of 47 in every column. */
#define CW_QUIC_ROW_BYTES(width) ((size_t) (width) *16 + 64)

/* How many columns change the pace of adaptation, and when it is settled. */
#define CW_QUIC_SEGMENT 2048
#define CW_QUIC_SETTLED (6 * CW_QUIC_SEGMENT)

/* One plane set: three colours, or alpha, or gray. */
typedef struct {
  /* The code in use for a context: bits 0 to 31 its suffix length + 1, above them one bit that ends the count of
   * leading zeros at its longest prefix. Indexed by clz32 (2 * u + 2), u being the context: 30 for u = 0, 22 for
   * u = 255. */
  uint64_t code[CW_QUIC_MAX_PLANES][32];
  /* Bits each code would have spent; [7 - code], so that the first minimum is the one with the largest number. */
  _Alignas(16) uint16_t cost[CW_QUIC_MAX_PLANES][CW_QUIC_BUCKETS][8];
  uint32_t columns; /* done so far, not counted beyond CW_QUIC_SETTLED */
  uint32_t wait;    /* coded columns to go until the statistics learn, at least 1 */
  uint8_t seed;
  uint8_t mel;
  uint32_t *last; /* per column the values coded last there, one byte a plane, 0x00RRGGBB */
} CwQuicSet;

/* Decodes one row of 0x00RRGGBB (or 0x000000VV) pixels; above is NULL for the first row. May write up to
 * CW_QUIC_OVERSHOOT pixels behind the row. False: a value or a run is out of range. */
typedef bool (*CwQuicRowFunc) (CwQuicBits *bits, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t width);
#define CW_QUIC_OVERSHOOT 8

typedef struct CwQuicKernels {
  CwQuicRowFunc rgb8, rgb5, single8;
  void (*merge_alpha) (uint32_t *out, const uint32_t *colour, const uint32_t *alpha, uint32_t width);
  void (*narrow_16) (uint16_t *out, const uint32_t *colour, uint32_t width);
} CwQuicKernels;

extern const CwQuicKernels cw_quic_kernels_c;
#if defined(__x86_64__)
extern const CwQuicKernels cw_quic_kernels_avx2;
#endif

/* The kernels for a processor with these CwCpuFlags. */
const CwQuicKernels *cw_quic_kernels (uint32_t cpu_flags);

/* Constants of the format. */
typedef struct {
  uint64_t code[8];                     /* as in CwQuicSet, by code number */
  _Alignas(16) uint16_t length[256][8]; /* bits of a value in each code, [value][7 - code]; 0 for absent codes */
} CwQuicFamily;

typedef struct {
  CwQuicFamily bpc8, bpc5;
  uint32_t run_sum[32]; /* columns covered by run hits from state 0 up to a state */
} CwQuicTables;

extern const uint8_t cw_quic_random[256]; /* the low 6 bits of the format's pseudo-random numbers */
extern const uint8_t cw_quic_run_bits[32];

/* Longest prefixes: code words with at least as many zeros (8 bits: in codes 0 to 3, 5 bits: in code 0) hold the
 * value in an escape form of their own. */
#define CW_QUIC_ESCAPE_8 18
#define CW_QUIC_ESCAPE_5 21

const CwQuicTables *cw_quic_tables (void);
