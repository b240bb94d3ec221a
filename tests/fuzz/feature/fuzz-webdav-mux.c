/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of the webdav stream. The first byte says how they are cut; however that is, the same comes out. */
#include "feature/webdav/mux.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  gint64 id;
  size_t size; /* bytes of this connection since the last event of another */
  GString *said;
} Log;

static void
flush (Log *self)
{
  if (self->size > 0)
    g_string_append_printf (self->said, "%" G_GINT64_FORMAT ":%zu ", self->id, self->size);
  self->size = 0;
}

static void
on_data (gpointer data, gint64 id, CwSlice bytes)
{
  Log *self = data;

  if (bytes.size == 0 || bytes.size > UINT16_MAX)
    abort ();
  if (id != self->id)
    flush (self);
  self->id = id;
  self->size += bytes.size;
}

static void
on_ended (gpointer data, gint64 id)
{
  Log *self = data;

  flush (self);
  g_string_append_printf (self->said, "%" G_GINT64_FORMAT "| ", id);
}

static GString *
understand (const uint8_t *data, size_t size, size_t piece)
{
  static const CwWebdavEvents events = { on_data, on_ended };
  Log log = { .said = g_string_new (NULL) };
  CwWebdavMux mux;

  cw_webdav_mux_init (&mux, &events, &log);
  for (size_t at = 0; at < size; at += piece)
    cw_webdav_mux_push (&mux, (CwSlice){ data + at, MIN (piece, size - at) });
  flush (&log);
  return log.said;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GString *whole, *cut;
  uint8_t header[CW_WEBDAV_HEADER];
  guint64 id;
  guint16 length;

  if (size < 1 + CW_WEBDAV_HEADER)
    return 0;
  whole = understand (data + 1, size - 1, size);
  cut = understand (data + 1, size - 1, 1 + data[0]);
  if (!g_string_equal (whole, cut))
    abort ();
  g_string_free (whole, TRUE);
  g_string_free (cut, TRUE);
  memcpy (&id, data + 1, sizeof id);
  memcpy (&length, data + 9, sizeof length);
  cw_webdav_header (header, (gint64) GUINT64_FROM_LE (id), GUINT16_FROM_LE (length));
  if (memcmp (header, data + 1, sizeof header) != 0)
    abort ();
  return 0;
}
