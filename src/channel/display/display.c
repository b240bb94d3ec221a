/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceDisplayChannel: the type, its messages and its life cycle. */
#include "channel/display/display.h"

#include "base/pixels.h"

/* The ids name objects of the server that all display channels of a client share; only the numbers have to be equal. */
#define CACHE_ID 1
#define DICTIONARY_ID 1

enum {
  PROP_0,
  PROP_WIDTH,
  PROP_HEIGHT,
  PROP_MONITORS,
  PROP_MONITORS_MAX,
  PROP_GL_SCANOUT,
};

/**
 * SpiceDisplayChannel:
 *
 * What a display of the guest shows: surfaces of pixels, monitors on them, and signals for what changes.
 *
 * What is said of threads at #SpiceChannel holds here too: pictures are decoded in threads of the library, but pixels
 * of a surface change only while the session's main context runs, and never while a handler does.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceDisplayChannel, spice_display_channel, SPICE_TYPE_CHANNEL)

static void
handle_inval_all_pixmaps (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgDisplayInvalAllPixmaps *inval = message->data;

  cw_channel_handle_after (channel, inval->wait_list, inval->n_wait_list, message, cw_display_push);
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_DISPLAY_INVAL_ALL_PIXMAPS, handle_inval_all_pixmaps },
  { CW_MSG_DISPLAY_GL_SCANOUT_UNIX, cw_display_handle_scanout },
  { CW_MSG_DISPLAY_GL_SCANOUT2_UNIX, cw_display_handle_planes },
  { 0, NULL },
};

/* And those of the codecs that there are decoders for. */
static const CwChannelCap caps[] = {
  { CW_DISPLAY_CAP_SIZED_STREAM, "SPICE_DISPLAY_CAP_SIZED_STREAM" },
  { CW_DISPLAY_CAP_MONITORS_CONFIG, "SPICE_DISPLAY_CAP_MONITORS_CONFIG" },
  { CW_DISPLAY_CAP_COMPOSITE, "SPICE_DISPLAY_CAP_COMPOSITE" },
  { CW_DISPLAY_CAP_A8_SURFACE, "SPICE_DISPLAY_CAP_A8_SURFACE" },
  { CW_DISPLAY_CAP_LZ4_COMPRESSION, "SPICE_DISPLAY_CAP_LZ4_COMPRESSION" },
  { CW_DISPLAY_CAP_MULTI_CODEC, "SPICE_DISPLAY_CAP_MULTI_CODEC" },
  CW_CHANNEL_CAP_END,
};

/* A display shows, it does not alter the guest. */
static const uint16_t read_only_messages[] = {
  CW_MSGC_DISPLAY_INIT,
  CW_MSGC_DISPLAY_STREAM_REPORT,
  CW_MSGC_DISPLAY_PREFERRED_COMPRESSION,
  CW_MSGC_DISPLAY_GL_DRAW_DONE,
  CW_MSGC_DISPLAY_PREFERRED_VIDEO_CODEC_TYPE,
  0,
};

static CwMsgcDisplayInit
make_init (SpiceChannel *channel)
{
  uint32_t cache, window;

  cw_channel_display_host (channel)->budgets (cw_channel_session (channel), &cache, &window);
  return (CwMsgcDisplayInit){
    .pixmap_cache_id = CACHE_ID,
    .pixmap_cache_size = cache,
    .glz_dictionary_id = DICTIONARY_ID,
    .glz_dictionary_window_size = (int32_t) window,
  };
}

/* The picture comes a round trip earlier. From now on the server may send it, and have others draw it: they see the
 * connection among those that bring pictures, which may be linked later than they. */
static uint16_t
first_message (SpiceChannel *channel, CwBuffer *body)
{
  const CwMsgcDisplayInit init = make_init (channel);
  const CwMessageInfo *info = cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_CLIENT, CW_MSGC_DISPLAY_INIT);

  cw_display_screen_start (SPICE_DISPLAY_CHANNEL (channel));
  return cw_message_write (info, &init, body) ? CW_MSGC_DISPLAY_INIT : 0;
}

static SpiceChannelClassPrivate display_class = {
  .first_message = first_message,
  .links_first = true,
  .handlers = handlers,
  .handle_other = cw_display_push,
  .caps = caps,
  .read_only_messages = read_only_messages,
  .processed = cw_display_processed,
  .drain = cw_display_drain,
};

static void
channel_up (SpiceChannel *channel)
{
  SpiceDisplayChannel *self = SPICE_DISPLAY_CHANNEL (channel);
  unsigned attempt = cw_channel_attempt (channel);

  if (!cw_channel_session (channel))
    return;
  cw_display_screen_start (self);
  if (!cw_channel_sent_first (channel)) {
    const CwMsgcDisplayInit init = make_init (channel);

    cw_channel_send (channel, CW_MSGC_DISPLAY_INIT, &init);
  }
  /* Programs open their windows on this; the array is what it was at the last connection. */
  g_object_notify (G_OBJECT (self), "monitors");
  if (attempt == cw_channel_attempt (channel))
    cw_display_preferences_up (self);
}

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  cw_display_screen_reset (SPICE_DISPLAY_CHANNEL (channel), migrating);
  cw_display_scanout_reset (SPICE_DISPLAY_CHANNEL (channel));
}

static void
constructed (GObject *object)
{
  cw_display_video_announce (SPICE_DISPLAY_CHANNEL (object));
  cw_display_scanout_announce (SPICE_DISPLAY_CHANNEL (object));
  G_OBJECT_CLASS (spice_display_channel_parent_class)->constructed (object);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceDisplayChannelPrivate *priv = SPICE_DISPLAY_CHANNEL (object)->priv;

  switch (id) {
  case PROP_WIDTH:
    g_value_set_uint (value, priv->primary.width);
    break;
  case PROP_HEIGHT:
    g_value_set_uint (value, priv->primary.height);
    break;
  case PROP_MONITORS:
    g_value_set_boxed (value, priv->monitors);
    break;
  case PROP_MONITORS_MAX:
    g_value_set_uint (value, priv->monitors_max);
    break;
  case PROP_GL_SCANOUT:
    g_value_set_boxed (value, spice_display_channel_get_gl_scanout (SPICE_DISPLAY_CHANNEL (object)));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
dispose (GObject *object)
{
  cw_channel_disposed (SPICE_CHANNEL (object));
  cw_display_screen_dispose (SPICE_DISPLAY_CHANNEL (object));
  G_OBJECT_CLASS (spice_display_channel_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  g_clear_pointer (&SPICE_DISPLAY_CHANNEL (object)->priv->monitors, g_array_unref);
  cw_display_scanout_clear (SPICE_DISPLAY_CHANNEL (object));
  G_OBJECT_CLASS (spice_display_channel_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * SpiceDisplayChannel:width:
   *
   * Width of the primary surface in pixels, 0 without one.
   */
  g_object_class_install_property (class, PROP_WIDTH,
                                   g_param_spec_uint ("width", "Width", "Of the primary surface, 0 without one", 0,
                                                      G_MAXUINT, 0, readable));
  /**
   * SpiceDisplayChannel:height:
   *
   * Height of the primary surface in pixels, 0 without one.
   */
  g_object_class_install_property (class, PROP_HEIGHT,
                                   g_param_spec_uint ("height", "Height", "Of the primary surface, 0 without one", 0,
                                                      G_MAXUINT, 0, readable));
  /**
   * SpiceDisplayChannel:monitors: (type GArray(SpiceDisplayMonitorConfig))
   *
   * The monitors of the display.
   */
  g_object_class_install_property (class, PROP_MONITORS,
                                   g_param_spec_boxed ("monitors", "Monitors", "The monitors of the display",
                                                       G_TYPE_ARRAY, readable));
  /**
   * SpiceDisplayChannel:monitors-max:
   *
   * How many monitors the display may have.
   */
  g_object_class_install_property (class, PROP_MONITORS_MAX,
                                   g_param_spec_uint ("monitors-max", "Most monitors", "How many monitors there may be",
                                                      1, 256, 1, readable));
  /**
   * SpiceDisplayChannel:gl-scanout:
   *
   * The guest's picture in video memory. Reading it gives a copy with a file descriptor of its own, to be freed with
   * spice_gl_scanout_free().
   */
  g_object_class_install_property (class, PROP_GL_SCANOUT,
                                   g_param_spec_boxed ("gl-scanout", "GL scanout", "The content in video memory",
                                                       SPICE_TYPE_GL_SCANOUT, readable));
}

static void
install_surface_signals (SpiceDisplayChannelClass *class)
{
  GType type = G_OBJECT_CLASS_TYPE (class);

  /**
   * SpiceDisplayChannel::display-primary-create:
   * @display: the channel
   * @format: a #SpiceSurfaceFmt
   * @width: in pixels
   * @height: in pixels
   * @stride: bytes of a row
   * @shmid: always -1
   * @imgdata: (nullable): the pixels, valid until #SpiceDisplayChannel::display-primary-destroy
   *
   * There is a surface on the screen.
   */
  g_signal_new ("display-primary-create", type, G_SIGNAL_RUN_FIRST,
                G_STRUCT_OFFSET (SpiceDisplayChannelClass, display_primary_create), NULL, NULL, NULL, G_TYPE_NONE, 6,
                G_TYPE_INT, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT, G_TYPE_POINTER);
  /**
   * SpiceDisplayChannel::display-primary-destroy:
   * @display: the channel
   *
   * The surface on the screen goes.
   */
  g_signal_new ("display-primary-destroy", type, G_SIGNAL_RUN_FIRST,
                G_STRUCT_OFFSET (SpiceDisplayChannelClass, display_primary_destroy), NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * SpiceDisplayChannel::display-invalidate:
   * @display: the channel
   * @x: left edge
   * @y: upper edge
   * @width: in pixels
   * @height: in pixels
   *
   * A part of the surface has changed.
   */
  g_signal_new ("display-invalidate", type, G_SIGNAL_RUN_FIRST,
                G_STRUCT_OFFSET (SpiceDisplayChannelClass, display_invalidate), NULL, NULL, NULL, G_TYPE_NONE, 4,
                G_TYPE_INT, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT);
  /**
   * SpiceDisplayChannel::display-mark:
   * @display: the channel
   * @mark: whether the content is ready to be shown
   *
   * The surface may be shown, or no more.
   */
  g_signal_new ("display-mark", type, G_SIGNAL_RUN_FIRST, G_STRUCT_OFFSET (SpiceDisplayChannelClass, display_mark),
                NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
install_video_signals (SpiceDisplayChannelClass *class)
{
  GType type = G_OBJECT_CLASS_TYPE (class);

  /**
   * SpiceDisplayChannel::gl-draw:
   * @display: the channel
   * @x: left edge
   * @y: upper edge
   * @width: in pixels
   * @height: in pixels
   *
   * A part of the content in video memory has changed; answer by spice_display_channel_gl_draw_done().
   */
  g_signal_new ("gl-draw", type, 0, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_UINT,
                G_TYPE_UINT);
  cw_display_video_install_signals (type);
  /**
   * SpiceDisplayChannel::streaming-mode:
   * @display: the channel
   * @streaming_mode: whether the display is a video
   *
   * Never emitted.
   *
   * Returns: (transfer none) (nullable): a handle of a window
   * Deprecated: 0.38
   */
  g_signal_new ("streaming-mode", type, G_SIGNAL_DEPRECATED, 0, NULL, NULL, NULL, G_TYPE_POINTER, 1, G_TYPE_BOOLEAN);
}

static void
spice_display_channel_class_init (SpiceDisplayChannelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  SpiceChannelClass *channel_class = SPICE_CHANNEL_CLASS (class);

  object_class->constructed = constructed;
  object_class->get_property = get_property;
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  channel_class->channel_up = channel_up;
  channel_class->channel_reset = channel_reset;
  channel_class->priv = &display_class;
  install_properties (object_class);
  install_surface_signals (class);
  install_video_signals (class);
}

static void
spice_display_channel_init (SpiceDisplayChannel *self)
{
  self->priv = spice_display_channel_get_instance_private (self);
  cw_display_monitors_init (self);
  cw_display_scanout_init (self);
}
