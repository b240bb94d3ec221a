/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long the lists of a message may be, each and all together. */
#include "base/error.h"
#include "wire/message.h"

#include <string.h>

typedef struct {
  const char *name;
  uint32_t most;
  CwMessage *(*parse) (uint32_t n, GError **error);
} Case;

static CwMessage *
parse (uint16_t type, const void *data, GError **error)
{
  g_auto (CwBuffer) buffer = { 0 };
  g_autoptr (GBytes) bytes = NULL;

  cw_buffer_init (&buffer, (size_t) 1 << 30);
  g_assert_true (cw_message_write (cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type), data, &buffer));
  bytes = g_bytes_new (buffer.data, buffer.size);
  return cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type, 1, bytes, error);
}

static CwMessage *
parse_clips (uint32_t n, GError **error)
{
  g_autofree CwWireRect *rects = g_new0 (CwWireRect, n);
  CwMsgDisplayDrawFill fill = { .base.clip = { .type = CW_CLIP_TYPE_RECTS, .n_rects = n, .rects = rects } };

  return parse (CW_MSG_DISPLAY_DRAW_FILL, &fill, error);
}

static CwMessage *
parse_path (const CwWirePath *path, GError **error)
{
  return parse (CW_MSG_DISPLAY_DRAW_STROKE, &(CwMsgDisplayDrawStroke){ .path = path }, error);
}

static CwMessage *
parse_segments (uint32_t n, GError **error)
{
  g_autofree CwWirePathSegment *segments = g_new0 (CwWirePathSegment, n);

  return parse_path (&(CwWirePath){ n, segments }, error);
}

static CwMessage *
parse_glyphs (uint32_t n, GError **error)
{
  g_autofree CwWireGlyph *glyphs = g_new0 (CwWireGlyph, n);
  const CwWireString string = { .n_glyphs = n, .glyphs = glyphs };

  return parse (CW_MSG_DISPLAY_DRAW_TEXT, &(CwMsgDisplayDrawText){ .str = &string }, error);
}

/* Points of eight bytes in two segments of 16: 3 MiB. */
static CwMessage *
parse_points (uint32_t n, GError **error)
{
  g_autofree CwWirePointFix *points = g_new0 (CwWirePointFix, n);
  const CwWirePathSegment segments[] = { { 0, 200000, points }, { 0, n - 200000, points } };

  return parse_path (&(CwWirePath){ 2, segments }, error);
}

static const Case cases[] = {
  { "clips", 65536, parse_clips },
  { "segments", 16384, parse_segments },
  { "glyphs", 16384, parse_glyphs },
  { "points", (3145728 - 2 * 16) / 8, parse_points },
};

static void
test_limit (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (CwMessage) message = c->parse (c->most, &error), too_long = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (message);
  too_long = c->parse (c->most + 1, &error);
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "elements > "));
  g_assert_null (too_long);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strconcat ("/lists/", cases[i].name, NULL);

    g_test_add_data_func (path, &cases[i], test_limit);
  }
  return g_test_run ();
}
