/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A proxy's answer; the first byte chooses the size of the pieces that come. */
#include "fuzz/fuzz.h"
#include "transport/proxy-reply.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  CwProxyReply reply = { 0 };
  size_t at = 1, wanted;

  if (size < 1)
    return 0;
  while ((wanted = cw_proxy_reply_wanted (&reply)) > 0 && at < size) {
    size_t n = MIN (MIN (wanted, size - at), (size_t) 1 + data[0] % 2);

    g_assert_cmpuint (wanted, <=, 2);
    if (!cw_proxy_reply_feed (&reply, (const char *) data + at, n, &error)) {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_FAILED);
      return 0;
    }
    at += n;
    g_assert_cmpuint (at, <=, CW_PROXY_MAX_REPLY + 1);
  }
  if (!reply.has_end)
    return 0;
  /* Not a byte more than the headers was taken. */
  g_assert_true (at >= 3 && data[at - 1] == '\n');
  g_assert_true (reply.status >= 100 && reply.status < 600);
  g_assert_cmpint (cw_proxy_reply_check (&reply, data[0] & 2, &error), ==, reply.status / 100 == 2);
  return 0;
}
