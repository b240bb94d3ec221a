/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server says during the link, in pieces of a size that the first byte gives, whose upper bits choose what the
 * client is: one with capabilities of its own and a message behind the ticket, or one whose password is too long and
 * whose connection breaks. */
#include "base/buffer.h"
#include "fuzz/fuzz.h"
#include "link/link.h"

#include <string.h>

#define PIECE 0x3f
#define EAGER 0x40
#define UNLUCKY 0x80

static CwLink *
new_link (uint8_t how)
{
  static const uint32_t words[]
      = { 1u << CW_COMMON_CAP_AUTH_SELECTION | 1u << CW_COMMON_CAP_AUTH_SPICE | 1u << CW_COMMON_CAP_MINI_HEADER,
          0xffff };
  g_autofree char *password = g_strnfill (how & UNLUCKY ? CW_MAX_PASSWORD_LENGTH + 1 : 8, 'p');
  g_autoptr (GBytes) body = g_bytes_new ("body", 4);
  CwLinkParams params = { .channel_type = 2, .credentials.password = password };
  g_auto (CwCaps) common = { 0 }, channel = { 0 };

  if (how & EAGER) {
    cw_caps_set_words (&common, words, G_N_ELEMENTS (words));
    cw_caps_copy (&channel, &common);
    params.common_caps = &common;
    params.channel_caps = &channel;
    params.first_type = 101;
    params.first_body = body;
  }
  return cw_link_new (&params, NULL);
}

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
    g_assert_cmpint (cw_link_failure (link), <=, CW_CONNECT_FAILURE_NEED_SECURED);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const uint8_t how = size > 0 ? data[0] : 0;
  const GError broken = { CW_ERROR, CW_ERROR_CLOSED, (char *) "reset" };
  g_autoptr (CwLink) link = new_link (how);
  size_t step = how & PIECE ? how & PIECE : SIZE_MAX;
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
  cw_link_feed_end (link, how & UNLUCKY ? &broken : NULL);
  g_assert_true ((how & EAGER) || !cw_link_sent_first (link));
  check_end (link);
  return 0;
}
