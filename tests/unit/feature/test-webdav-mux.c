/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of the webdav stream, cut anywhere. */
#include "feature/webdav/mux.h"

#include <stdbool.h>
#include <string.h>

typedef struct {
  CwWebdavMux mux;
  GString *said;
  bool resets; /* at the next end */
} Fixture;

static void
on_data (gpointer data, gint64 id, CwSlice bytes)
{
  Fixture *self = data;

  for (size_t i = 0; i < bytes.size; i++)
    g_string_append_printf (self->said, "%" G_GINT64_FORMAT "%c ", id, bytes.data[i]);
}

static void
on_ended (gpointer data, gint64 id)
{
  Fixture *self = data;

  g_string_append_printf (self->said, "%" G_GINT64_FORMAT "! ", id);
  if (self->resets)
    cw_webdav_mux_reset (&self->mux);
}

static void
set_up (Fixture *self)
{
  static const CwWebdavEvents events = { on_data, on_ended };

  cw_webdav_mux_init (&self->mux, &events, self);
  self->said = g_string_new (NULL);
  self->resets = false;
}

static const uint8_t stream[] = "\1\0\0\0\0\0\0\0\3\0abc"
                                "\xff\xff\xff\xff\xff\xff\xff\xff\1\0z"
                                "\0\0\0\0\0\0\0\x80\0\0"
                                "\1\0\0\0\0\0\0\0\0\0";
#define STREAM_SIZE (sizeof stream - 1)
#define STREAM_SAID "1a 1b 1c -1z -9223372036854775808! 1! "

static void
test_cut (void)
{
  for (size_t first = 0; first <= STREAM_SIZE; first++) {
    for (size_t second = first; second <= STREAM_SIZE; second++) {
      Fixture self;

      set_up (&self);
      cw_webdav_mux_push (&self.mux, (CwSlice){ stream, first });
      cw_webdav_mux_push (&self.mux, (CwSlice){ stream + first, second - first });
      cw_webdav_mux_push (&self.mux, (CwSlice){ stream + second, STREAM_SIZE - second });
      g_assert_cmpstr (self.said->str, ==, STREAM_SAID);
      g_string_free (self.said, TRUE);
    }
  }
}

static void
test_reset (void)
{
  Fixture self;

  set_up (&self);
  cw_webdav_mux_push (&self.mux, (CwSlice){ stream, 7 });
  cw_webdav_mux_reset (&self.mux);
  cw_webdav_mux_push (&self.mux, (CwSlice){ stream, 11 });
  cw_webdav_mux_reset (&self.mux);
  self.resets = true;
  cw_webdav_mux_push (&self.mux, (CwSlice){ stream, STREAM_SIZE });
  g_assert_cmpstr (self.said->str, ==, "1a 1a 1b 1c -1z -9223372036854775808! ");
  g_string_free (self.said, TRUE);
}

static void
test_header (void)
{
  uint8_t header[CW_WEBDAV_HEADER];

  cw_webdav_header (header, -2, 65535);
  g_assert_cmpmem (header, sizeof header, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff", CW_WEBDAV_HEADER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webdav/mux/W7 cut anywhere", test_cut);
  g_test_add_func ("/webdav/mux/reset", test_reset);
  g_test_add_func ("/webdav/mux/W8 header", test_header);
  return g_test_run ();
}
