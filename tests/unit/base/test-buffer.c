/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buffer.h"

static void
test_little_endian (void)
{
  static const guint8 expected[] = { 1, 3, 2, 7, 6, 5, 4, 15, 14, 13, 12, 11, 10, 9, 8 };
  g_auto (CwBuffer) buffer = { 0 };

  cw_buffer_init (&buffer, 64);
  cw_buffer_u8 (&buffer, 1);
  cw_buffer_u16 (&buffer, 0x0203);
  cw_buffer_u32 (&buffer, 0x04050607);
  cw_buffer_u64 (&buffer, 0x08090a0b0c0d0e0f);
  g_assert_cmpmem (buffer.data, buffer.size, expected, sizeof expected);
  cw_buffer_patch_u32 (&buffer, 3, 0);
  g_assert_cmpuint (buffer.data[2], ==, 2);
  g_assert_cmpuint (buffer.data[3], ==, 0);
  g_assert_cmpuint (buffer.data[7], ==, 15);
}

static void
test_limit_is_sticky (void)
{
  g_auto (CwBuffer) buffer = { 0 };

  cw_buffer_init (&buffer, 10);
  g_assert_nonnull (cw_buffer_grow (&buffer, 10));
  g_assert_false (cw_buffer_failed (&buffer));
  cw_buffer_u8 (&buffer, 1);
  g_assert_true (cw_buffer_failed (&buffer));
  cw_buffer_append (&buffer, NULL, 0);
  g_assert_true (cw_buffer_failed (&buffer));
  g_assert_null (cw_buffer_grow (&buffer, 0));
  g_assert_null (cw_buffer_steal (&buffer));
  g_assert_cmpuint (buffer.size, ==, 10);
}

static void
test_huge_append (void)
{
  g_auto (CwBuffer) buffer = { 0 };

  cw_buffer_init (&buffer, 100);
  cw_buffer_u8 (&buffer, 1);
  g_assert_null (cw_buffer_grow (&buffer, SIZE_MAX));
  g_assert_true (cw_buffer_failed (&buffer));
}

static void
test_steal (void)
{
  g_auto (CwBuffer) buffer = { 0 };
  g_autoptr (GBytes) bytes = NULL;

  cw_buffer_init (&buffer, 1 << 20);
  for (guint i = 0; i < 1000; i++)
    cw_buffer_u32 (&buffer, i);
  bytes = cw_buffer_steal (&buffer);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 4000);
  g_assert_cmpuint (buffer.size, ==, 0);
  cw_buffer_u8 (&buffer, 1);
  g_assert_cmpuint (buffer.size, ==, 1);
}

/* Room for what is expected: the content is not moved, and what cannot be is no failure. */
static void
test_reserve (void)
{
  g_auto (CwBuffer) buffer = { 0 };
  const uint8_t *data;

  cw_buffer_init (&buffer, 8 << 20);
  cw_buffer_u8 (&buffer, 1);
  g_assert_true (cw_buffer_reserve (&buffer, 5 << 20));
  data = buffer.data;
  for (unsigned i = 0; i < 5; i++)
    g_assert_nonnull (cw_buffer_grow (&buffer, 1 << 20));
  g_assert_true (buffer.data == data);
  g_assert_true (cw_buffer_reserve (&buffer, SIZE_MAX)); /* up to the maximum */
  g_assert_cmpuint (buffer.allocated, ==, 8 << 20);
  g_assert_cmpuint (buffer.data[0], ==, 1);
  g_assert_null (cw_buffer_grow (&buffer, 4 << 20));
  g_assert_false (cw_buffer_reserve (&buffer, 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/buffer/little-endian", test_little_endian);
  g_test_add_func ("/base/buffer/limit-is-sticky", test_limit_is_sticky);
  g_test_add_func ("/base/buffer/huge-append", test_huge_append);
  g_test_add_func ("/base/buffer/steal", test_steal);
  g_test_add_func ("/base/buffer/reserve", test_reserve);
  return g_test_run ();
}
