/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The constants of the QUIC format. */
#include "codec/quic-state.h"

const uint8_t cw_quic_random[256] = {
  2,  23, 19, 21, 7,  18, 40, 14, 12, 32, 47, 44, 36, 6,  18, 11, 4,  19, 42, 29, 16, 63, 57, 51, 16, 3,  5,  14, 15,
  30, 20, 9,  36, 45, 3,  57, 61, 0,  8,  5,  41, 14, 43, 27, 43, 59, 31, 35, 39, 60, 42, 38, 13, 54, 62, 1,  26, 3,
  11, 61, 52, 34, 7,  48, 4,  59, 22, 12, 22, 8,  50, 4,  10, 6,  44, 8,  11, 46, 31, 51, 53, 17, 1,  43, 46, 60, 36,
  54, 10, 27, 39, 44, 22, 41, 23, 2,  44, 0,  40, 53, 40, 48, 16, 43, 32, 28, 33, 12, 20, 2,  56, 62, 55, 58, 18, 20,
  13, 55, 38, 29, 57, 19, 49, 33, 47, 63, 59, 0,  35, 61, 19, 25, 46, 38, 60, 4,  35, 1,  26, 40, 28, 10, 5,  14, 25,
  18, 48, 49, 20, 59, 62, 34, 46, 7,  33, 52, 34, 58, 9,  29, 8,  55, 62, 60, 37, 36, 37, 50, 6,  3,  10, 28, 48, 24,
  26, 61, 57, 30, 11, 54, 2,  6,  50, 47, 7,  17, 35, 53, 32, 12, 23, 17, 5,  21, 49, 55, 51, 45, 52, 27, 39, 25, 39,
  63, 22, 24, 42, 52, 56, 38, 41, 41, 56, 32, 13, 24, 26, 51, 27, 56, 58, 37, 24, 42, 15, 28, 17, 30, 31, 15, 16, 23,
  25, 54, 33, 34, 1,  29, 31, 50, 53, 21, 49, 15, 47, 9,  0,  58, 37, 45, 30, 13, 9,  45, 63, 21,
};

const uint8_t cw_quic_run_bits[32] = {
  0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
};

/* No code word is longer. */
#define LONGEST 26

static void
fill_family (CwQuicFamily *family, unsigned bpc)
{
  const unsigned n_values = 1u << bpc;

  for (unsigned code = 0; code < bpc; code++) {
    unsigned prefix = MIN (LONGEST - bpc, (1u << (bpc - code)) - 1);
    unsigned limit = prefix << code;
    unsigned suffix = 0;

    while (1u << suffix < n_values - limit)
      suffix++;
    for (unsigned value = 0; value < n_values; value++)
      family->length[value][7 - code] = value < limit ? (value >> code) + 1 + code : prefix + suffix;
    /* Where the escape form has the suffix length of the code itself, the two forms differ only in whether a 1 ends
     * the prefix: the count stops one zero earlier and that bit is looked at as a part of the suffix. */
    if (suffix == code)
      prefix--;
    family->code[code] = (uint64_t) 1 << (63 - prefix) | (code + 1);
  }
}

const CwQuicTables *
cw_quic_tables (void)
{
  static gsize once;
  static CwQuicTables tables;

  if (g_once_init_enter (&once)) {
    fill_family (&tables.bpc8, 8);
    fill_family (&tables.bpc5, 5);
    for (unsigned i = 0; i < 31; i++)
      tables.run_sum[i + 1] = tables.run_sum[i] + (1u << cw_quic_run_bits[i]);
    g_once_init_leave (&once, 1);
  }
  return &tables;
}
