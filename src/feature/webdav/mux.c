/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/webdav/mux.h"

#include <string.h>

void
cw_webdav_mux_init (CwWebdavMux *self, const CwWebdavEvents *events, gpointer data)
{
  *self = (CwWebdavMux){ .events = events, .data = data };
}

void
cw_webdav_mux_reset (CwWebdavMux *self)
{
  self->n_header = self->rest = 0;
  self->generation++;
}

static void
take_header (CwWebdavMux *self)
{
  guint64 id;
  guint16 size;

  memcpy (&id, self->header, sizeof id);
  memcpy (&size, self->header + sizeof id, sizeof size);
  self->n_header = 0;
  self->id = (gint64) GUINT64_FROM_LE (id);
  self->rest = GUINT16_FROM_LE (size);
  if (self->rest == 0)
    self->events->ended (self->data, self->id);
}

void
cw_webdav_mux_push (CwWebdavMux *self, CwSlice bytes)
{
  unsigned generation = self->generation;

  while (bytes.size > 0 && generation == self->generation) {
    CwSlice piece = { bytes.data, self->rest };

    if (self->rest == 0)
      piece.size = CW_WEBDAV_HEADER - self->n_header;
    piece.size = MIN (piece.size, bytes.size);
    bytes = (CwSlice){ bytes.data + piece.size, bytes.size - piece.size };
    if (self->rest > 0) {
      self->rest -= (unsigned) piece.size;
      self->events->data (self->data, self->id, piece);
      continue;
    }
    memcpy (self->header + self->n_header, piece.data, piece.size);
    self->n_header += (unsigned) piece.size;
    if (self->n_header == CW_WEBDAV_HEADER)
      take_header (self);
  }
}

void
cw_webdav_header (uint8_t header[CW_WEBDAV_HEADER], gint64 id, unsigned size)
{
  guint64 le_id = GUINT64_TO_LE ((guint64) id);
  guint16 le_size = GUINT16_TO_LE ((guint16) size);

  memcpy (header, &le_id, sizeof le_id);
  memcpy (header + sizeof le_id, &le_size, sizeof le_size);
}
