/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes of data that follow from other fields, and finding structs in a message whatever they stand in. */
#include "wire/message.h"
#include "wire/tables.h"
#include "wire/types.h"

static const unsigned bitmap_bits[] = {
  [CW_BITMAP_FMT_1BIT_LE] = 1, [CW_BITMAP_FMT_1BIT_BE] = 1, [CW_BITMAP_FMT_4BIT_LE] = 4, [CW_BITMAP_FMT_4BIT_BE] = 4,
  [CW_BITMAP_FMT_8BIT] = 8,    [CW_BITMAP_FMT_16BIT] = 16,  [CW_BITMAP_FMT_24BIT] = 24,  [CW_BITMAP_FMT_32BIT] = 32,
  [CW_BITMAP_FMT_RGBA] = 32,   [CW_BITMAP_FMT_8BIT_A] = 8
};

static void
test_bitmap_rows (void)
{
  for (unsigned format = 0; format < 256; format++) {
    unsigned bits = format < G_N_ELEMENTS (bitmap_bits) ? bitmap_bits[format] : 0;
    CwWireBitmap bitmap = { .format = format, .x = 9, .y = 5, .stride = (9 * bits + 7) / 8 };
    CwRuleFault fault = { 0 };
    uint64_t size = 0;

    g_assert_true (cw_size_rule_bitmap_rows (&bitmap, NULL, &size, &fault) == (bits > 0));
    if (bits == 0) {
      g_assert_cmpstr (fault.field, ==, "format");
      g_assert_cmpuint (fault.value, ==, format);
      g_assert_false (fault.has_limit);
      continue;
    }
    g_assert_cmpuint (size, ==, bitmap.stride * 5);
    bitmap.stride--;
    g_assert_false (cw_size_rule_bitmap_rows (&bitmap, NULL, &size, &fault));
    g_assert_cmpstr (fault.field, ==, "stride");
    g_assert_cmpuint (fault.value, ==, bitmap.stride);
    g_assert_true (fault.has_limit);
    g_assert_cmpuint (fault.limit, ==, bitmap.stride + 1);
  }
}

/* The largest numbers there are do not wrap around. */
static void
test_large_bitmap (void)
{
  const CwWireBitmap bitmap = { CW_BITMAP_FMT_8BIT, .x = UINT32_MAX, .y = UINT32_MAX, .stride = UINT32_MAX };
  const CwWireBitmap narrow = { CW_BITMAP_FMT_32BIT, .x = UINT32_MAX, .y = 1, .stride = UINT32_MAX };
  CwRuleFault fault = { 0 };
  uint64_t size;

  g_assert_true (cw_size_rule_bitmap_rows (&bitmap, NULL, &size, &fault));
  g_assert_cmpuint (size, ==, (uint64_t) UINT32_MAX * UINT32_MAX);
  g_assert_false (cw_size_rule_bitmap_rows (&narrow, NULL, &size, &fault));
  g_assert_cmpuint (fault.limit, ==, (uint64_t) UINT32_MAX * 4);
}

/* The first flag that is set decides. */
static void
test_glyph_rows (void)
{
  static const uint64_t bits[] = { 0, 1, 4, 1, 8, 1, 4, 1 };

  for (unsigned flags = 0; flags < 16; flags++) {
    const CwWireString string = { .flags = flags };
    const CwWireGlyph glyph = { .width = 9, .height = 7 }, large = { .width = 65535, .height = 65535 };
    uint64_t size;

    g_assert_true (cw_size_rule_glyph_rows (&glyph, &string, &size, NULL));
    g_assert_cmpuint (size, ==, (9 * bits[flags & 7] + 7) / 8 * 7);
    g_assert_true (cw_size_rule_glyph_rows (&large, &string, &size, NULL));
    g_assert_cmpuint (size, ==, (65535 * bits[flags & 7] + 7) / 8 * 65535);
  }
}

typedef struct {
  unsigned n;
  uint64_t sum; /* of their ids */
} Found;

static void
find_image (const void *item, gpointer data)
{
  Found *found = data;

  found->n++;
  found->sum += ((const CwWireImage *) item)->id;
}

static void
find_resource (const void *item, gpointer data)
{
  Found *found = data;

  found->n++;
  found->sum += ((const CwWireResourceId *) item)->id;
}

static void
find_rect (const void *item, gpointer data)
{
  Found *found = data;

  found->n++;
  found->sum += ((const CwWireRect *) item)->left;
}

static Found
visit (uint16_t type, const void *data, const CwTypeInfo *wanted, void (*found) (const void *item, gpointer data))
{
  g_auto (CwBuffer) buffer = { 0 };
  g_autoptr (GBytes) body = NULL;
  g_autoptr (CwMessage) message = NULL;
  Found result = { 0 };

  cw_buffer_init (&buffer, 10000);
  g_assert_true (cw_message_write (cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type), data, &buffer));
  body = g_bytes_new (buffer.data, buffer.size);
  message = cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type, 1, body, NULL);
  g_assert_nonnull (message);
  cw_message_visit (message, wanted, found, &result);
  return result;
}

/* Through pointers, unions and arrays, and only what is there. */
static void
test_visit (void)
{
  const CwWireImage images[] = { { .id = 1, .type = CW_IMAGE_TYPE_FROM_CACHE },
                                 { .id = 10, .type = CW_IMAGE_TYPE_FROM_CACHE },
                                 { .id = 100, .type = CW_IMAGE_TYPE_FROM_CACHE } };
  CwMsgDisplayDrawOpaque opaque = { .src_bitmap = &images[0],
                                    .brush = { .type = CW_BRUSH_TYPE_PATTERN, .pattern = { .image = &images[1] } },
                                    .mask = { .bitmap = &images[2] } };
  CwWireResourceId resources[] = { { CW_RESOURCE_TYPE_PIXMAP, 5 }, { CW_RESOURCE_TYPE_PIXMAP, 7 } };
  CwMsgDisplayInvalList list = { 2, resources };
  const CwWireRect clips[] = { { .left = 1 }, { .left = 10 }, { .left = 100 } };
  CwMsgDisplayDrawFill fill = { .base = { .box = { .left = 1000 } } };
  Found found = visit (CW_MSG_DISPLAY_DRAW_OPAQUE, &opaque, &cw_type_image, find_image);

  g_assert_cmpuint (found.n, ==, 3);
  g_assert_cmpuint (found.sum, ==, 111);
  opaque.brush = (CwWireBrush){ .type = CW_BRUSH_TYPE_SOLID, .color = 0xffffffff };
  opaque.mask.bitmap = NULL;
  found = visit (CW_MSG_DISPLAY_DRAW_OPAQUE, &opaque, &cw_type_image, find_image);
  g_assert_cmpuint (found.n, ==, 1);
  g_assert_cmpuint (found.sum, ==, 1);
  found = visit (CW_MSG_DISPLAY_INVAL_LIST, &list, &cw_type_resource_id, find_resource);
  g_assert_cmpuint (found.n, ==, 2);
  g_assert_cmpuint (found.sum, ==, 12);
  found = visit (CW_MSG_DISPLAY_INVAL_LIST, &list, &cw_type_image, find_image);
  g_assert_cmpuint (found.n, ==, 0);
  fill.base.clip = (CwWireClip){ .type = CW_CLIP_TYPE_RECTS, .n_rects = 3, .rects = clips };
  found = visit (CW_MSG_DISPLAY_DRAW_FILL, &fill, &cw_type_rect, find_rect);
  g_assert_cmpuint (found.n, ==, 4);
  g_assert_cmpuint (found.sum, ==, 1111);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rules/bitmap-rows", test_bitmap_rows);
  g_test_add_func ("/rules/large-bitmap", test_large_bitmap);
  g_test_add_func ("/rules/glyph-rows", test_glyph_rows);
  g_test_add_func ("/rules/visit", test_visit);
  return g_test_run ();
}
