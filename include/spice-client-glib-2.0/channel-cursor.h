/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pointer of the guest. */
#pragma once

#include "spice-channel.h"
#include <spice/enums.h>

G_BEGIN_DECLS

#define SPICE_TYPE_CURSOR_CHANNEL (spice_cursor_channel_get_type ())
#define SPICE_CURSOR_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_CURSOR_CHANNEL, SpiceCursorChannel))
#define SPICE_CURSOR_CHANNEL_CLASS(klass)                                                                              \
  (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_CURSOR_CHANNEL, SpiceCursorChannelClass))
#define SPICE_IS_CURSOR_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_CURSOR_CHANNEL))
#define SPICE_IS_CURSOR_CHANNEL_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_CURSOR_CHANNEL))
#define SPICE_CURSOR_CHANNEL_GET_CLASS(obj)                                                                            \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_CURSOR_CHANNEL, SpiceCursorChannelClass))

typedef struct _SpiceCursorChannel SpiceCursorChannel;
typedef struct _SpiceCursorChannelClass SpiceCursorChannelClass;
typedef struct _SpiceCursorChannelPrivate SpiceCursorChannelPrivate;

typedef struct _SpiceCursorShape SpiceCursorShape;

#define SPICE_TYPE_CURSOR_SHAPE (spice_cursor_shape_get_type ())

/**
 * SpiceCursorShape:
 * @type: the form in which the server sent it
 * @width: in pixels
 * @height: in pixels
 * @hot_spot_x: the point that is moved, from the left edge
 * @hot_spot_y: the point that is moved, from the upper edge
 * @data: width * height pixels of the bytes red, green, blue, alpha
 *
 * The picture of the pointer.
 */
struct _SpiceCursorShape {
  SpiceCursorType type;
  guint16 width;
  guint16 height;
  guint16 hot_spot_x;
  guint16 hot_spot_y;
  gpointer data;
};

struct _SpiceCursorChannel {
  SpiceChannel parent;

  /*< private >*/
  SpiceCursorChannelPrivate *priv;
};

struct _SpiceCursorChannelClass {
  SpiceChannelClass parent_class;

  /* signals */
  void (*cursor_set) (SpiceCursorChannel *channel, gint width, gint height, gint hot_x, gint hot_y, gpointer rgba);
  void (*cursor_move) (SpiceCursorChannel *channel, gint x, gint y);
  void (*cursor_hide) (SpiceCursorChannel *channel);
  void (*cursor_reset) (SpiceCursorChannel *channel);
};

GType spice_cursor_channel_get_type (void);

GType spice_cursor_shape_get_type (void);

gboolean spice_cursor_channel_get_position (SpiceCursorChannel *channel, gint *x, gint *y);

G_END_DECLS
