/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a folder of seeds for the render's fuzz target: the beginnings of random, valid streams, and a short video. */
#include "pair.h"

#define MAX_SIZE 4000
#define N_SEEDS 8

#define STEP 2
#define JOB 4

static void
append (GByteArray *out, unsigned what, const CwMessage *message)
{
  gsize size;
  const guint8 *body = g_bytes_get_data (message->body, &size);
  const guint8 head[] = { what, message->type, message->type >> 8, size, size >> 8 };

  if (size > 0xffff || out->len + size > MAX_SIZE)
    return;
  g_byte_array_append (out, head, sizeof head);
  g_byte_array_append (out, body, size);
}

static void
save (const char *folder, const char *name, const GByteArray *out)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  if (!g_file_set_contents (path, (const char *) out->data, out->len, &error))
    g_error ("%s", error->message);
}

static void
save_random (const char *folder, unsigned seed)
{
  GPtrArray **stream = stream_random (100 + seed, 2, 25 * seed, true);
  g_autofree char *name = g_strdup_printf ("stream-%u", seed);
  g_autoptr (GByteArray) out = g_byte_array_new ();

  for (guint i = 0; i < stream[0]->len; i++) {
    for (unsigned c = 0; c < 2; c++)
      append (out, c | (i % 3 == 0 ? STEP : 0) | (i % 2 == 0 ? JOB : 0), stream[c]->pdata[i]);
  }
  save (folder, name, out);
  stream_free (stream, 2);
}

static void
append_new (GByteArray *out, unsigned what, CwMessage *message)
{
  append (out, what, message);
  cw_message_unref (message);
}

/* surface_flags: STREAMING_MODE has a way of its own. */
static void
save_video (const char *folder, const char *name, uint32_t surface_flags)
{
  const CwWireRect dest = { .left = 4, .top = 4, .right = 28, .bottom = 20 };
  const CwMsgDisplayStreamCreate create = { .id = 3,
                                            .flags = CW_STREAM_TOP_DOWN,
                                            .codec_type = CW_VIDEO_CODEC_TYPE_MJPEG,
                                            .stream_width = 16,
                                            .stream_height = 16,
                                            .dest = dest };
  const CwMsgDisplayStreamActivateReport report = { 3, 9, 2, 1000 };
  const CwMsgDisplayStreamClip clip = { .id = 3, .clip = { .type = CW_CLIP_TYPE_RECTS, .n_rects = 1, .rects = &dest } };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const uint32_t id = GUINT32_TO_LE (3);
  Arena arena;

  arena_init (&arena, 1);
  append_new (out, 0, surface_create (0, 32, 24, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY | surface_flags));
  append_new (out, STEP, stream_message (CW_MSG_DISPLAY_STREAM_CREATE, &create));
  append_new (out, 0, stream_message (CW_MSG_DISPLAY_STREAM_ACTIVATE_REPORT, &report));
  for (uint32_t i = 0; i < 4; i++) {
    CwMsgDisplayStreamData data = { 3, 990 + 10 * i, pair_jpeg (&arena, 16, 16, 50 * i, 200) };

    append_new (out, JOB | (i % 2 ? STEP : 0), stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
    append_new (out, STEP | JOB, stream_message (CW_MSG_DISPLAY_STREAM_CLIP, &clip));
  }
  append_new (out, STEP, stream_message_raw (CW_MSG_DISPLAY_STREAM_DESTROY, &id, sizeof id));
  save (folder, name, out);
  arena_clear (&arena);
}

int
main (int argc, char **argv)
{
  if (argc != 2 || g_mkdir_with_parents (argv[1], 0777) != 0)
    g_error ("usage: make-render-seeds FOLDER");
  for (unsigned seed = 1; seed <= N_SEEDS; seed++)
    save_random (argv[1], seed);
  save_video (argv[1], "video", 0);
  save_video (argv[1], "video-alone", CW_SURFACE_FLAG_STREAMING_MODE);
  return 0;
}
