/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time to parse and to write one message, in nanoseconds, and bytes per second. -quick: few rounds, for tests. */
#include "wire/message.h"

#include <stdio.h>
#include <string.h>

static CwWireRect *
make_rects (uint32_t n)
{
  CwWireRect *rects = g_new0 (CwWireRect, n);

  for (uint32_t i = 0; i < n; i++)
    rects[i] = (CwWireRect){ (int32_t) i, 0, (int32_t) i + 1, 100 };
  return rects;
}

static GBytes *
write_body (const CwMessageInfo *info, const void *data)
{
  g_auto (CwBuffer) buffer = { 0 };

  cw_buffer_init (&buffer, 1 << 24);
  g_assert_true (cw_message_write (info, data, &buffer));
  return cw_buffer_steal (&buffer);
}

static void
measure (const char *name, uint16_t type, const void *data, guint64 rounds)
{
  const CwMessageInfo *info = cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type);
  g_autoptr (GBytes) body = write_body (info, data);
  g_auto (CwBuffer) buffer = { 0 };
  gint64 begin, parsed, written;

  begin = g_get_monotonic_time ();
  for (guint64 i = 0; i < rounds; i++)
    cw_message_unref (cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type, i, body, NULL));
  parsed = g_get_monotonic_time ();
  cw_buffer_init (&buffer, 1 << 24);
  for (guint64 i = 0; i < rounds; i++) {
    buffer.size = 0;
    cw_message_write (info, data, &buffer);
  }
  written = g_get_monotonic_time ();
  printf ("%-24s %8" G_GSIZE_FORMAT " bytes  parse %8.0f ns  write %8.0f ns\n", name, g_bytes_get_size (body),
          (double) (parsed - begin) * 1000 / (double) rounds, (double) (written - parsed) * 1000 / (double) rounds);
}

int
main (int argc, char **argv)
{
  guint64 rounds = argc > 1 && strcmp (argv[1], "-quick") == 0 ? 1000 : 1000000;
  g_autofree uint8_t *pixels = g_malloc0 (1 << 16);
  g_autofree CwWireRect *rects = make_rects (1000);
  CwWireImage image = { .type = CW_IMAGE_TYPE_QUIC, .width = 128, .height = 128, .quic = { { pixels, 1 << 16 } } };
  CwMsgDisplayDrawCopy copy = { .src_bitmap = &image, .rop_descriptor = CW_ROPD_OP_PUT };
  CwMsgDisplayDrawFill fill = { .brush = { .type = CW_BRUSH_TYPE_SOLID }, .rop_descriptor = CW_ROPD_OP_PUT };
  CwMsgDisplayStreamData stream = { .id = 1, .data = { pixels, 20000 } };

  measure ("draw-fill", CW_MSG_DISPLAY_DRAW_FILL, &fill, rounds);
  measure ("draw-copy quic", CW_MSG_DISPLAY_DRAW_COPY, &copy, rounds);
  measure ("stream-data", CW_MSG_DISPLAY_STREAM_DATA, &stream, rounds);
  copy.base.clip = (CwWireClip){ .type = CW_CLIP_TYPE_RECTS, .n_rects = 1000, .rects = rects };
  measure ("draw-copy 1000 rects", CW_MSG_DISPLAY_DRAW_COPY, &copy, rounds / 20);
  return 0;
}
