/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server says during the link, in pieces of a size that the first byte gives. */
#include "base/buffer.h"
#include "fuzz/fuzz.h"
#include "link/link.h"

#include <string.h>

static void
check_end (const CwLink *link)
{
  const GError *error = cw_link_error (link);

  if (cw_link_status (link) == CW_LINK_DONE) {
    const CwCaps *caps = cw_link_peer_channel_caps (link);

    g_assert_null (error);
    g_assert_true (cw_link_peer_common_caps (link)->n_words <= CW_LINK_MAX_REPLY / 4);
    for (uint32_t bit = 0; bit < caps->n_words * 32 + 64; bit += 31)
      cw_caps_test (caps, bit);
  } else {
    g_assert_cmpint (cw_link_status (link), ==, CW_LINK_FAILED);
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  CwLinkParams params = { .channel_type = 2, .credentials.password = "password" };
  g_autoptr (CwLink) link = cw_link_new (&params, NULL);
  size_t step = size > 0 && data[0] != 0 ? data[0] : SIZE_MAX;
  size_t at = 1;

  while (at < size && cw_link_status (link) == CW_LINK_RUNNING) {
    GBytes *out = cw_link_take_output (link);
    size_t n = MIN (step, size - at);
    size_t wanted = cw_link_wanted (link);
    size_t taken = cw_link_feed (link, data + at, n);

    g_assert_true (wanted > 0 && wanted <= CW_LINK_MAX_REPLY && taken > 0 && taken <= n);
    at += taken;
    g_clear_pointer (&out, g_bytes_unref);
  }
  cw_link_feed_end (link, NULL);
  check_end (link);
  return 0;
}
