/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures in guest memory, in any bitmap format of the protocol, filled by generators: the same arguments always give
 * the same bytes. Immutable and reference counted across threads (the server's worker drops the last reference). */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
  gatomicrefcount refs;
  guint64 id; /* of the image, unique in the process */
  int width, height;
  int surface; /* ≥ 0: stands for this surface's content, nothing below counts */
  guint8 format;
  bool top_down, cache, high_bits;
  gsize stride;
  guint8 *data; /* first stored row: the lowest one unless top_down */
  guint n_palette;
  guint32 *palette;
} DemoPicture;

typedef struct {
  const char *kind;
  int width, height;
  guint8 format; /* SpiceBitmapFmt */
  guint32 seed;
  guint padding;   /* bytes after each row */
  guint n_palette; /* 0: as many as the format can index */
  bool bottom_up, cache, high_bits;
} DemoPictureSpec;

/* NULL with an error when the kind or format is unknown or the size is not 1…8192 each way. */
DemoPicture *demo_picture_new (const DemoPictureSpec *spec, GError **error);

/* One pixel of a generator, not premultiplied 0xAARRGGBB. */
typedef guint32 (*DemoPaint) (gconstpointer data, int x, int y);
DemoPicture *demo_picture_paint (const DemoPictureSpec *spec, DemoPaint paint, gconstpointer data);
DemoPicture *demo_picture_from_surface (guint32 surface, int width, int height);
DemoPicture *demo_picture_ref (DemoPicture *self);
void demo_picture_unref (DemoPicture *self);

/* Bits of one pixel, 0 for an unknown format. */
guint demo_bitmap_format_bits (guint8 format);
/* By the names of the protocol in lower case: "1bit-le" … "8bit-a"; 0 when unknown. */
guint8 demo_bitmap_format_from_name (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoPicture, demo_picture_unref)
