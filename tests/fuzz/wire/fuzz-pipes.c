/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/wire/check.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const CwChannelType channels[] = { CW_CHANNEL_PLAYBACK, CW_CHANNEL_RECORD, CW_CHANNEL_SMARTCARD,
                                            CW_CHANNEL_USBREDIR, CW_CHANNEL_PORT,   CW_CHANNEL_WEBDAV };

  check_message (channels, G_N_ELEMENTS (channels), data, size);
  return 0;
}
