/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capability set: bit n lives in word n / 32; missing words are zero. An all-zero CwCaps is an empty set. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* No set of ours or of a peer has more words: a link reply is at most 16 KiB. */
#define CW_CAPS_MAX_WORDS 4096

typedef struct {
  uint32_t *words;
  uint32_t n_words;
} CwCaps;

#define CW_CAPS_INIT ((CwCaps){ 0 })

void cw_caps_clear (CwCaps *self);

/* dest must be initialised; its old content goes. */
void cw_caps_copy (CwCaps *dest, const CwCaps *src);

/* Appends words until the bit exists; returns false, changing nothing, when bit is beyond CW_CAPS_MAX_WORDS. */
bool cw_caps_set (CwCaps *self, uint32_t bit);

/* Adds what other has. */
void cw_caps_add (CwCaps *self, const CwCaps *other);
bool cw_caps_test (const CwCaps *self, uint32_t bit);

/* Sets exactly the bits of n_words words; n_words must be within CW_CAPS_MAX_WORDS. */
void cw_caps_set_words (CwCaps *self, const uint32_t *words, uint32_t n_words);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CwCaps, cw_caps_clear)
