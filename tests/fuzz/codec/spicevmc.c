/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/spicevmc.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

/* What is packed is shorter, and gives the same bytes. */
static void
check_round_trip (CwSlice plain)
{
  g_autoptr (GBytes) packed = cw_spicevmc_body_compress (plain);
  g_autoptr (GBytes) again = NULL, wanted = NULL;
  CwSlice body;

  if (!packed)
    return;
  body.data = g_bytes_get_data (packed, &body.size);
  again = cw_spicevmc_body_decompress (body, NULL);
  wanted = g_bytes_new_static (plain.data, plain.size);
  if (body.size >= plain.size || !again || !g_bytes_equal (again, wanted))
    abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = cw_spicevmc_body_decompress ((CwSlice){ data, size }, &error);
  CwSlice plain;

  if ((bytes == NULL) != (error != NULL))
    abort ();
  check_round_trip ((CwSlice){ data, size });
  if (!bytes)
    return 0;
  plain.data = g_bytes_get_data (bytes, &plain.size);
  if (plain.size == 0 || plain.size > CW_SPICEVMC_BODY_MAX_SIZE)
    abort ();
  check_round_trip (plain);
  return 0;
}
