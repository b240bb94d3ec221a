/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A view of bytes that somebody else owns; whoever hands it out says for how long it is valid. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
  const uint8_t *data;
  size_t size;
} CwSlice;
