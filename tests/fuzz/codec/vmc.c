/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/vmc.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = cw_vmc_decompress ((CwSlice){ data, size }, &error);

  if ((bytes == NULL) != (error != NULL))
    abort ();
  if (bytes && (g_bytes_get_size (bytes) == 0 || g_bytes_get_size (bytes) > CW_VMC_MAX_SIZE))
    abort ();
  return 0;
}
