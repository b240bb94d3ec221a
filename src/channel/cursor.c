/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceCursorChannel: the pointer's shape, place and visibility. */
#include "channel-cursor.h"
#include "channel/channel.h"
#include "base/id-map.h"
#include "codec/cursor.h"

#include <string.h>

/* The reference server keeps at most 256 shapes; these bounds hold for any server. */
#define CACHE_MAX_SHAPES 1024
#define CACHE_MAX_BYTES (64 * 1024 * 1024) /* of all pointers of the session */

struct _SpiceCursorChannelPrivate {
  SpiceCursorShape *shape; /* boxed; NULL: none so far */
  bool displayable;        /* shape holds a picture */
  bool shown;              /* the server wants the pointer to be seen */
  int x, y;                /* where the server has said that its hot spot is */
  CwIdMap *cache;          /* CachedShape by id */
  size_t cache_bytes;
  size_t *session_bytes; /* of all pointers, cache_bytes among them; NULL until there are any */
};

typedef struct {
  bool displayable;
  SpiceCursorShape *shape;
} CachedShape;

enum {
  PROP_0,
  PROP_CURSOR,
};

enum {
  CURSOR_HIDE,
  CURSOR_MOVE,
  CURSOR_RESET,
  CURSOR_SET,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];
static GParamSpec *cursor_property;

/**
 * SpiceCursorChannel:
 *
 * The shape of the guest's pointer and, in the server's mouse mode, its place.
 *
 * What is said of threads at #SpiceChannel holds here too.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceCursorChannel, spice_cursor_channel, SPICE_TYPE_CHANNEL)

static size_t
shape_bytes (const SpiceCursorShape *shape)
{
  return (size_t) shape->width * shape->height * 4;
}

/* Of no size if there is no memory for the picture. */
static gpointer
shape_copy (gpointer boxed)
{
  const SpiceCursorShape *self = boxed;
  SpiceCursorShape *copy = g_memdup2 (self, sizeof *copy);

  copy->data = g_try_malloc (shape_bytes (self));
  if (copy->data)
    memcpy (copy->data, self->data, shape_bytes (self));
  else
    copy->width = copy->height = 0;
  return copy;
}

static void
shape_free (gpointer boxed)
{
  g_free (((SpiceCursorShape *) boxed)->data);
  g_free (boxed);
}

G_DEFINE_BOXED_TYPE (SpiceCursorShape, spice_cursor_shape, shape_copy, shape_free)

/* NULL if there is no memory. */
static SpiceCursorShape *
shape_try_copy (SpiceCursorShape *shape)
{
  SpiceCursorShape *copy = shape_copy (shape);

  if (shape_bytes (copy) == shape_bytes (shape))
    return copy;
  shape_free (copy);
  return NULL;
}

static void
cached_free (gpointer data)
{
  CachedShape *self = data;

  shape_free (self->shape);
  g_free (self);
}

static void
count_kept (SpiceCursorChannelPrivate *priv, gssize bytes)
{
  priv->cache_bytes += (size_t) bytes;
  if (priv->session_bytes)
    *priv->session_bytes += (size_t) bytes;
}

static void
cache_remove (SpiceCursorChannelPrivate *priv, uint64_t id)
{
  CachedShape *cached = cw_id_map_get (priv->cache, id);

  if (!cached)
    return;
  count_kept (priv, -(gssize) shape_bytes (cached->shape));
  cw_id_map_remove (priv->cache, id);
}

static void
cache_clear (SpiceCursorChannelPrivate *priv)
{
  cw_id_map_clear (priv->cache);
  count_kept (priv, -(gssize) priv->cache_bytes);
}

static void
cache_add (SpiceCursorChannel *self, uint64_t id)
{
  SpiceCursorChannelPrivate *priv = self->priv;
  SpiceCursorShape *shape;
  CachedShape *cached;

  cache_remove (priv, id);
  if (!priv->session_bytes)
    priv->session_bytes = g_rc_box_acquire (cw_channel_pointer_bytes (SPICE_CHANNEL (self)));
  if (cw_id_map_size (priv->cache) >= CACHE_MAX_SHAPES
      || *priv->session_bytes + shape_bytes (priv->shape) > CACHE_MAX_BYTES)
    return;
  shape = shape_try_copy (priv->shape);
  if (!shape)
    return;
  cached = g_new (CachedShape, 1);
  *cached = (CachedShape){ priv->displayable, shape };
  cw_id_map_put (priv->cache, id, cached);
  count_kept (priv, (gssize) shape_bytes (shape));
}

/* Fails for shapes whose size is absurd; one that cannot be shown is kept with zeros, as programs expect. */
static bool
decode_shape (SpiceCursorChannelPrivate *priv, const CwWireCursor *cursor)
{
  g_autoptr (GError) error = NULL;
  uint8_t *rgba = cw_cursor_decode (cursor->type, cursor->width, cursor->height, cursor->data, &error);
  SpiceCursorShape *shape;
  bool displayable = rgba != NULL;

  if (!rgba) {
    g_debug ("cursor shape not shown: %s", error->message);
    if (!g_error_matches (error, CW_ERROR, CW_ERROR_UNSUPPORTED))
      return false;
    rgba = g_try_malloc0 ((size_t) cursor->width * cursor->height * 4);
    if (!rgba)
      return false;
  }
  shape = g_new0 (SpiceCursorShape, 1);
  *shape = (SpiceCursorShape){
    .type = cursor->type,
    .width = cursor->width,
    .height = cursor->height,
    .hot_spot_x = MIN (cursor->hot_spot_x, cursor->width),
    .hot_spot_y = MIN (cursor->hot_spot_y, cursor->height),
    .data = rgba,
  };
  g_clear_pointer (&priv->shape, shape_free);
  priv->shape = shape;
  priv->displayable = displayable;
  return true;
}

static bool
recall_shape (SpiceCursorChannelPrivate *priv, uint64_t id)
{
  const CachedShape *cached = cw_id_map_get (priv->cache, id);
  SpiceCursorShape *shape = cached ? shape_try_copy (cached->shape) : NULL;

  if (!shape)
    return false;
  g_clear_pointer (&priv->shape, shape_free);
  priv->shape = shape;
  priv->displayable = cached->displayable;
  return true;
}

/* False: no shape came, or none that could be used. */
static bool
take_shape (SpiceCursorChannel *self, const CwWireCursor *cursor)
{
  SpiceCursorChannelPrivate *priv = self->priv;
  SpiceCursorShape *shape;
  bool displayable;

  if (cursor->flags & CW_CURSOR_FLAG_NONE)
    return false;
  if (cursor->flags & CW_CURSOR_FLAG_FROM_CACHE) {
    if (!recall_shape (priv, cursor->unique))
      return false;
  } else {
    if (!decode_shape (priv, cursor))
      return false;
    if ((cursor->flags & CW_CURSOR_FLAG_CACHE_ME) && cursor->unique != 0)
      cache_add (self, cursor->unique);
  }
  /* A handler may connect again and wait for another shape. */
  shape = shape_try_copy (priv->shape);
  if (!shape)
    return false;
  displayable = priv->displayable;
  g_object_notify_by_pspec (G_OBJECT (self), cursor_property);
  g_signal_emit (self, signals[CURSOR_SET], 0, (gint) shape->width, (gint) shape->height, (gint) shape->hot_spot_x,
                 (gint) shape->hot_spot_y, displayable ? shape->data : NULL);
  shape_free (shape);
  return true;
}

/* Before programs hear of it. */
static void
place (SpiceChannel *channel, int x, int y, bool shown)
{
  SpiceCursorChannelPrivate *priv = SPICE_CURSOR_CHANNEL (channel)->priv;

  priv->x = x;
  priv->y = y;
  priv->shown = shown;
}

static void
hide (SpiceChannel *channel)
{
  SPICE_CURSOR_CHANNEL (channel)->priv->shown = false;
  g_signal_emit (channel, signals[CURSOR_HIDE], 0);
}

static void
handle_init (SpiceChannel *channel, const CwMessage *message)
{
  SpiceCursorChannel *self = SPICE_CURSOR_CHANNEL (channel);
  const CwMsgCursorInit *init = message->data;
  bool shown;

  cache_clear (self->priv);
  place (channel, init->x, init->y, init->visible);
  shown = take_shape (self, &init->cursor);
  if (!shown || !init->visible)
    hide (channel);
}

static void
handle_reset (SpiceChannel *channel, const CwMessage *message)
{
  SpiceCursorChannelPrivate *priv = SPICE_CURSOR_CHANNEL (channel)->priv;

  cache_clear (priv);
  priv->shown = false;
  g_signal_emit (channel, signals[CURSOR_RESET], 0);
}

static void
handle_set (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgCursorSet *set = message->data;

  place (channel, set->x, set->y, set->visible);
  if (!take_shape (SPICE_CURSOR_CHANNEL (channel), &set->cursor))
    hide (channel);
}

static void
handle_move (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgCursorMove *move = message->data;

  place (channel, move->x, move->y, true);
  g_signal_emit (channel, signals[CURSOR_MOVE], 0, (gint) move->x, (gint) move->y);
}

static void
handle_hide (SpiceChannel *channel, const CwMessage *message)
{
  hide (channel);
}

static void
handle_trail (SpiceChannel *channel, const CwMessage *message)
{
  /* Cosmetic: no program shows trails. */
}

static void
handle_inval_one (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgCursorInvalOne *inval = message->data;

  cache_remove (SPICE_CURSOR_CHANNEL (channel)->priv, inval->id);
}

static void
handle_inval_all (SpiceChannel *channel, const CwMessage *message)
{
  cache_clear (SPICE_CURSOR_CHANNEL (channel)->priv);
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_CURSOR_INIT, handle_init },
  { CW_MSG_CURSOR_RESET, handle_reset },
  { CW_MSG_CURSOR_SET, handle_set },
  { CW_MSG_CURSOR_MOVE, handle_move },
  { CW_MSG_CURSOR_HIDE, handle_hide },
  { CW_MSG_CURSOR_TRAIL, handle_trail },
  { CW_MSG_CURSOR_INVAL_ONE, handle_inval_one },
  { CW_MSG_CURSOR_INVAL_ALL, handle_inval_all },
  { 0, NULL },
};

static SpiceChannelClassPrivate cursor_class = {
  .handlers = handlers,
};

/**
 * spice_cursor_channel_get_position:
 * @channel: a cursor channel
 * @x: (out) (optional): pixels from the left edge of the display channel's surface; may lie outside
 * @y: (out) (optional): pixels from its upper edge
 *
 * Where the server has last said that the pointer's hot spot is, with a shape or by #SpiceCursorChannel::cursor-move.
 * In the client's mouse mode it says so only when the channel opens and with a new shape: the client moves the pointer.
 *
 * Call it from the thread of the session's main context.
 *
 * Returns: %TRUE if the server wants the pointer to be seen
 */
gboolean
spice_cursor_channel_get_position (SpiceCursorChannel *channel, gint *x, gint *y)
{
  g_return_val_if_fail (SPICE_IS_CURSOR_CHANNEL (channel), FALSE);

  if (x)
    *x = channel->priv->x;
  if (y)
    *y = channel->priv->y;
  return channel->priv->shown;
}

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  SpiceCursorChannelPrivate *priv = SPICE_CURSOR_CHANNEL (channel)->priv;

  cache_clear (priv);
  /* The host that it has moved to says nothing about the pointer that stays where it is. */
  if (!migrating)
    priv->shown = false;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CURSOR)
    g_value_set_boxed (value, SPICE_CURSOR_CHANNEL (object)->priv->shape);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
finalize (GObject *object)
{
  SpiceCursorChannelPrivate *priv = SPICE_CURSOR_CHANNEL (object)->priv;

  g_clear_pointer (&priv->shape, shape_free);
  cache_clear (priv);
  g_clear_pointer (&priv->cache, cw_id_map_free);
  g_clear_pointer (&priv->session_bytes, g_rc_box_release);
  G_OBJECT_CLASS (spice_cursor_channel_parent_class)->finalize (object);
}

static void
install_signals (SpiceCursorChannelClass *class)
{
  GType type = G_OBJECT_CLASS_TYPE (class);

  /**
   * SpiceCursorChannel::cursor-set:
   * @cursor: the channel
   * @width: in pixels
   * @height: in pixels
   * @hot_x: the point that is moved
   * @hot_y: the point that is moved
   * @rgba: (nullable): the pixels, %NULL for a shape that cannot be shown
   *
   * Deprecated: 0.38: use the property #SpiceCursorChannel:cursor
   */
  signals[CURSOR_SET] = g_signal_new ("cursor-set", type, G_SIGNAL_RUN_FIRST | G_SIGNAL_DEPRECATED,
                                      G_STRUCT_OFFSET (SpiceCursorChannelClass, cursor_set), NULL, NULL, NULL,
                                      G_TYPE_NONE, 5, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT, G_TYPE_POINTER);
  /**
   * SpiceCursorChannel::cursor-move:
   * @cursor: the channel
   * @x: from the left edge of the display
   * @y: from its upper edge
   *
   * The guest has moved the pointer.
   */
  signals[CURSOR_MOVE]
      = g_signal_new ("cursor-move", type, G_SIGNAL_RUN_FIRST, G_STRUCT_OFFSET (SpiceCursorChannelClass, cursor_move),
                      NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_INT);
  /**
   * SpiceCursorChannel::cursor-hide:
   * @cursor: the channel
   *
   * The pointer is to be hidden.
   */
  signals[CURSOR_HIDE]
      = g_signal_new ("cursor-hide", type, G_SIGNAL_RUN_FIRST, G_STRUCT_OFFSET (SpiceCursorChannelClass, cursor_hide),
                      NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * SpiceCursorChannel::cursor-reset:
   * @cursor: the channel
   *
   * The pointer is to be the client's own again.
   */
  signals[CURSOR_RESET]
      = g_signal_new ("cursor-reset", type, G_SIGNAL_RUN_FIRST, G_STRUCT_OFFSET (SpiceCursorChannelClass, cursor_reset),
                      NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spice_cursor_channel_class_init (SpiceCursorChannelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->get_property = get_property;
  object_class->finalize = finalize;
  SPICE_CHANNEL_CLASS (class)->channel_reset = channel_reset;
  SPICE_CHANNEL_CLASS (class)->priv = &cursor_class;
  /**
   * SpiceCursorChannel:cursor:
   *
   * The last shape of the pointer, %NULL before the first. Reading it gives a copy, to be freed with g_boxed_free(). It
   * is notified before #SpiceCursorChannel::cursor-set is emitted.
   */
  cursor_property = g_param_spec_boxed ("cursor", "Cursor", "The last shape of the pointer", SPICE_TYPE_CURSOR_SHAPE,
                                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property (object_class, PROP_CURSOR, cursor_property);
  install_signals (class);
}

static void
spice_cursor_channel_init (SpiceCursorChannel *self)
{
  self->priv = spice_cursor_channel_get_instance_private (self);
  self->priv->cache = cw_id_map_new (cached_free);
}
