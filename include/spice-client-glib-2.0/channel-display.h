/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A display: the picture of the guest. */
#pragma once

#include "spice-channel.h"
#include <spice/enums.h>

G_BEGIN_DECLS

#define SPICE_TYPE_DISPLAY_CHANNEL (spice_display_channel_get_type ())
#define SPICE_DISPLAY_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_DISPLAY_CHANNEL, SpiceDisplayChannel))
#define SPICE_DISPLAY_CHANNEL_CLASS(klass)                                                                             \
  (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_DISPLAY_CHANNEL, SpiceDisplayChannelClass))
#define SPICE_IS_DISPLAY_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_DISPLAY_CHANNEL))
#define SPICE_IS_DISPLAY_CHANNEL_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_DISPLAY_CHANNEL))
#define SPICE_DISPLAY_CHANNEL_GET_CLASS(obj)                                                                           \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_DISPLAY_CHANNEL, SpiceDisplayChannelClass))

typedef struct _SpiceDisplayChannel SpiceDisplayChannel;
typedef struct _SpiceDisplayChannelClass SpiceDisplayChannelClass;
typedef struct _SpiceDisplayChannelPrivate SpiceDisplayChannelPrivate;

typedef struct _SpiceDisplayMonitorConfig SpiceDisplayMonitorConfig;
typedef struct _SpiceDisplayPrimary SpiceDisplayPrimary;
typedef struct _SpiceGlScanout SpiceGlScanout;
typedef struct _SpiceGlPlanes SpiceGlPlanes;

/**
 * SpiceDisplayMonitorConfig:
 * @id: number of the monitor
 * @surface_id: the surface it shows
 * @x: left edge on the surface
 * @y: upper edge on the surface
 * @width: in pixels; 0 for a monitor that is switched off
 * @height: in pixels
 *
 * A monitor: a rectangle of a surface.
 */
struct _SpiceDisplayMonitorConfig {
  guint id;
  guint surface_id;
  guint x;
  guint y;
  guint width;
  guint height;
};

/**
 * SpiceDisplayPrimary:
 * @format: format of the pixels
 * @width: in pixels
 * @height: in pixels
 * @stride: bytes of a row
 * @shmid: always -1
 * @data: the pixels
 * @marked: whether the content is ready to be shown
 *
 * The surface on the screen.
 */
struct _SpiceDisplayPrimary {
  enum SpiceSurfaceFmt format;
  gint width;
  gint height;
  gint stride;
  gint shmid;
  guint8 *data;
  gboolean marked;
};

#define SPICE_TYPE_GL_SCANOUT (spice_gl_scanout_get_type ())

/**
 * SpiceGlScanout:
 * @fd: a dmabuf, or -1
 * @width: in pixels
 * @height: in pixels
 * @stride: bytes of a row
 * @format: DRM fourcc
 * @y0top: whether the first row is the upper one
 *
 * A screen content that lives in video memory.
 */
struct _SpiceGlScanout {
  gint fd;
  guint32 width;
  guint32 height;
  guint32 stride;
  guint32 format;
  gboolean y0top;
};

/**
 * SpiceGlPlanes:
 * @fd: a dmabuf for each plane, -1 behind the last; planes may share one, as descriptors of their own
 * @offset: where each plane begins, in bytes
 * @stride: bytes of a row of each plane
 * @n_planes: 1 to 4
 * @width: in pixels
 * @height: in pixels
 * @format: DRM fourcc
 * @y0top: whether the first row is the upper one
 * @modifier: the DRM modifier; 0: rows lie one after the other; 0x00ffffffffffffff: the server does not tell
 *
 * A screen content that lives in video memory, in one or several planes.
 */
struct _SpiceGlPlanes {
  gint fd[4];
  guint32 offset[4];
  guint32 stride[4];
  guint32 n_planes;
  guint32 width;
  guint32 height;
  guint32 format;
  gboolean y0top;
  guint64 modifier;
};

struct _SpiceDisplayChannel {
  SpiceChannel parent;

  /*< private >*/
  SpiceDisplayChannelPrivate *priv;
};

struct _SpiceDisplayChannelClass {
  SpiceChannelClass parent_class;

  /* signals */
  void (*display_primary_create) (SpiceChannel *channel, gint format, gint width, gint height, gint stride, gint shmid,
                                  gpointer data);
  void (*display_primary_destroy) (SpiceChannel *channel);
  void (*display_invalidate) (SpiceChannel *channel, gint x, gint y, gint w, gint h);
  void (*display_mark) (SpiceChannel *channel, gboolean mark);
};

GType spice_display_channel_get_type (void);

GType spice_gl_scanout_get_type (void);
void spice_gl_scanout_free (SpiceGlScanout *scanout);

const SpiceGlScanout *spice_display_channel_get_gl_scanout (SpiceDisplayChannel *channel);
const SpiceGlPlanes *spice_display_channel_get_gl_planes (SpiceDisplayChannel *channel);
GBytes *spice_display_channel_read_gl_scanout (SpiceDisplayChannel *channel, guint *width, guint *height,
                                               GError **error);
void spice_display_channel_gl_draw_done (SpiceDisplayChannel *channel);

gboolean spice_display_channel_get_primary (SpiceChannel *channel, guint32 surface_id, SpiceDisplayPrimary *primary);
void spice_display_channel_change_preferred_compression (SpiceChannel *channel, gint compression);
void spice_display_channel_change_preferred_video_codec_type (SpiceChannel *channel, gint codec_type);
gboolean spice_display_channel_change_preferred_video_codec_types (SpiceChannel *channel, const gint *codecs,
                                                                   gsize ncodecs, GError **err);

#ifndef SPICE_DISABLE_DEPRECATED
G_DEPRECATED_FOR (spice_display_channel_get_primary)
gboolean spice_display_get_primary (SpiceChannel *channel, guint32 surface_id, SpiceDisplayPrimary *primary);
G_DEPRECATED_FOR (spice_display_channel_change_preferred_compression)
void spice_display_change_preferred_compression (SpiceChannel *channel, gint compression);
G_DEPRECATED_FOR (spice_display_channel_change_preferred_video_codec_types)
void spice_display_change_preferred_video_codec_type (SpiceChannel *channel, gint codec_type);
G_DEPRECATED_FOR (spice_display_channel_get_gl_scanout)
const SpiceGlScanout *spice_display_get_gl_scanout (SpiceDisplayChannel *channel);
G_DEPRECATED_FOR (spice_display_channel_gl_draw_done)
void spice_display_gl_draw_done (SpiceDisplayChannel *channel);
#endif

G_END_DECLS
