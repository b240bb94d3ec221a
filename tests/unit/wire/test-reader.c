/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/reader.h"

#include "base/error.h"

static const uint8_t bytes[] = { 1, 3, 2, 7, 6, 5, 4, 15, 14, 13, 12, 11, 10, 9, 8, 0xaa };

static void
test_little_endian (void)
{
  CwReader reader;
  CwSlice slice;

  cw_reader_init (&reader, "test", (CwSlice){ bytes, sizeof bytes });
  g_assert_cmphex (cw_reader_u8 (&reader, "a"), ==, 1);
  g_assert_cmphex (cw_reader_u16 (&reader, "b"), ==, 0x0203);
  g_assert_cmphex (cw_reader_u32 (&reader, "c"), ==, 0x04050607);
  g_assert_cmphex (cw_reader_u64 (&reader, "d"), ==, 0x08090a0b0c0d0e0f);
  g_assert_cmpuint (cw_reader_left (&reader), ==, 1);
  slice = cw_reader_slice (&reader, 1, "e");
  g_assert_true (slice.data == bytes + 15);
  g_assert_cmpuint (slice.size, ==, 1);
  g_assert_true (cw_reader_finish (&reader, NULL));
}

static void
test_first_error_stays (void)
{
  g_autoptr (GError) error = NULL;
  CwReader reader;

  cw_reader_init (&reader, "test", (CwSlice){ bytes, 6 });
  cw_reader_u32 (&reader, "first");
  g_assert_cmpuint (cw_reader_u32 (&reader, "second"), ==, 0);
  g_assert_true (cw_reader_failed (&reader));
  g_assert_cmpuint (cw_reader_u8 (&reader, "third"), ==, 0);
  g_assert_null (cw_reader_slice (&reader, 1, "fourth").data);
  g_assert_false (cw_reader_finish (&reader, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  g_assert_cmpstr (error->message, ==, "test: second at +4: 4 > 2");
}

static void
test_path_in_error (void)
{
  CwReaderPath message = { NULL, "draw-fill", -1 };
  CwReaderPath element = { &message, "rects", 3 };
  g_autoptr (GError) error = NULL;
  CwReader reader;

  cw_reader_init (&reader, "display", (CwSlice){ bytes, sizeof bytes });
  reader.path = &element;
  g_assert_null (cw_reader_slice (&reader, UINT64_MAX, "top").data);
  g_assert_false (cw_reader_finish (&reader, &error));
  g_assert_cmpstr (error->message, ==, "display: draw-fill.rects[3].top at +0: 18446744073709551615 > 16");
}

static void
test_failures_of_callers (void)
{
  g_autoptr (GError) error = NULL;
  CwReader reader;

  cw_reader_init (&reader, "test", (CwSlice){ NULL, 0 });
  g_assert_true (cw_reader_finish (&reader, &error));
  cw_reader_fail_value (&reader, CW_ERROR_UNSUPPORTED, "kind", 12, 5, "is not known");
  cw_reader_fail (&reader, CW_ERROR_LIMIT, "later", 0, 1, ">", 0);
  g_assert_false (cw_reader_finish (&reader, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED);
  g_assert_cmpstr (error->message, ==, "test: kind at +12: 5 is not known");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader/little-endian", test_little_endian);
  g_test_add_func ("/reader/first-error-stays", test_first_error_stays);
  g_test_add_func ("/reader/path-in-error", test_path_in_error);
  g_test_add_func ("/reader/failures-of-callers", test_failures_of_callers);
  return g_test_run ();
}
