/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/wire/check.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const CwChannelType channels[] = { CW_CHANNEL_MAIN };

  check_message (channels, G_N_ELEMENTS (channels), data, size);
  return 0;
}
