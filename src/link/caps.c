/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link/caps.h"

#include <string.h>

void
cw_caps_clear (CwCaps *self)
{
  g_free (self->words);
  *self = CW_CAPS_INIT;
}

void
cw_caps_copy (CwCaps *dest, const CwCaps *src)
{
  cw_caps_set_words (dest, src->words, src->n_words);
}

bool
cw_caps_set (CwCaps *self, uint32_t bit)
{
  uint32_t word = bit / 32;

  if (word >= CW_CAPS_MAX_WORDS)
    return false;
  if (word >= self->n_words) {
    self->words = g_renew (uint32_t, self->words, word + 1);
    memset (self->words + self->n_words, 0, (word + 1 - self->n_words) * sizeof (uint32_t));
    self->n_words = word + 1;
  }
  self->words[word] |= UINT32_C (1) << (bit % 32);
  return true;
}

void
cw_caps_add (CwCaps *self, const CwCaps *other)
{
  for (uint32_t bit = 0; bit < 32 * other->n_words; bit++)
    if (cw_caps_test (other, bit))
      cw_caps_set (self, bit);
}

bool
cw_caps_test (const CwCaps *self, uint32_t bit)
{
  return bit / 32 < self->n_words && (self->words[bit / 32] >> (bit % 32) & 1) != 0;
}

void
cw_caps_set_words (CwCaps *self, const uint32_t *words, uint32_t n_words)
{
  CwCaps copy = CW_CAPS_INIT;

  g_assert (n_words <= CW_CAPS_MAX_WORDS);
  if (n_words > 0) {
    copy.words = g_memdup2 (words, n_words * sizeof (uint32_t));
    copy.n_words = n_words;
  }
  cw_caps_clear (self);
  *self = copy;
}
