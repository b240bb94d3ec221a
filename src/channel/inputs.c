/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceInputsChannel: keys, buttons and motion. What motion may be sent when is in inputs-motion.c. */
#include "channel-inputs.h"
#include "channel/channel.h"
#include "channel/inputs-motion.h"

struct _SpiceInputsChannelPrivate {
  CwMotion motion;
  int modifiers;
  int wanted_locks; /* -1: never set */
};

enum {
  PROP_0,
  PROP_KEY_MODIFIERS,
};

static guint inputs_modifiers;

/**
 * SpiceInputsChannel:
 *
 * The guest's keyboard and mouse.
 *
 * What is said of threads at #SpiceChannel holds here too.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceInputsChannel, spice_inputs_channel, SPICE_TYPE_CHANNEL)

static void
set_modifiers (SpiceChannel *channel, uint16_t modifiers)
{
  SPICE_INPUTS_CHANNEL (channel)->priv->modifiers = modifiers;
  g_signal_emit (channel, inputs_modifiers, 0);
}

static void
handle_init (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgInputsInit *init = message->data;

  set_modifiers (channel, init->keyboard_modifiers);
}

static void
handle_key_modifiers (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgInputsKeyModifiers *modifiers = message->data;

  set_modifiers (channel, modifiers->modifiers);
}

static void
send_motion (SpiceInputsChannel *self, bool force)
{
  CwMsgcInputsMouseMotion motion;
  CwMsgcInputsMousePosition position;

  if (cw_motion_take_relative (&self->priv->motion, force, &motion)
      && !cw_channel_send (SPICE_CHANNEL (self), CW_MSGC_INPUTS_MOUSE_MOTION, &motion))
    cw_motion_not_sent (&self->priv->motion);
  if (cw_motion_take_position (&self->priv->motion, force, &position)
      && !cw_channel_send (SPICE_CHANNEL (self), CW_MSGC_INPUTS_MOUSE_POSITION, &position))
    cw_motion_not_sent (&self->priv->motion);
}

static void
handle_motion_ack (SpiceChannel *channel, const CwMessage *message)
{
  SpiceInputsChannel *self = SPICE_INPUTS_CHANNEL (channel);

  cw_motion_acknowledge (&self->priv->motion);
  send_motion (self, false);
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_INPUTS_INIT, handle_init },
  { CW_MSG_INPUTS_KEY_MODIFIERS, handle_key_modifiers },
  { CW_MSG_INPUTS_MOUSE_MOTION_ACK, handle_motion_ack },
  { 0, NULL },
};

static SpiceChannelClassPrivate inputs_class = {
  .handlers = handlers,
};

static void
send_locks (SpiceInputsChannel *self)
{
  if (self->priv->wanted_locks >= 0)
    cw_channel_send (SPICE_CHANNEL (self), CW_MSGC_INPUTS_KEY_MODIFIERS,
                     &(CwMsgcInputsKeyModifiers){ .modifiers = (uint16_t) self->priv->wanted_locks });
}

static void
channel_up (SpiceChannel *channel)
{
  send_locks (SPICE_INPUTS_CHANNEL (channel));
}

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  SPICE_INPUTS_CHANNEL (channel)->priv->motion = (CwMotion){ 0 };
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_KEY_MODIFIERS)
    g_value_set_int (value, SPICE_INPUTS_CHANNEL (object)->priv->modifiers);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
spice_inputs_channel_class_init (SpiceInputsChannelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  SpiceChannelClass *channel_class = SPICE_CHANNEL_CLASS (class);

  object_class->get_property = get_property;
  channel_class->channel_up = channel_up;
  channel_class->channel_reset = channel_reset;
  channel_class->priv = &inputs_class;

  /**
   * SpiceInputsChannel:key-modifiers:
   *
   * The guest's lock keys that are on: 1 scroll, 2 num, 4 caps (#SpiceInputsLock).
   * #SpiceInputsChannel::inputs-modifiers tells of changes.
   */
  g_object_class_install_property (object_class, PROP_KEY_MODIFIERS,
                                   g_param_spec_int ("key-modifiers", "Key modifiers",
                                                     "The guest's lock keys: 1 scroll, 2 num, 4 caps", 0, G_MAXINT, 0,
                                                     G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * SpiceInputsChannel::inputs-modifiers:
   * @channel: the channel
   *
   * The guest's lock keys have changed, or the guest has repeated them.
   */
  inputs_modifiers
      = g_signal_new ("inputs-modifiers", G_OBJECT_CLASS_TYPE (class), G_SIGNAL_RUN_FIRST,
                      G_STRUCT_OFFSET (SpiceInputsChannelClass, inputs_modifiers), NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spice_inputs_channel_init (SpiceInputsChannel *self)
{
  self->priv = spice_inputs_channel_get_instance_private (self);
  self->priv->wanted_locks = -1;
}

/**
 * spice_inputs_channel_motion:
 * @channel: the channel
 * @dx: to the right
 * @dy: down
 * @button_state: mask of the buttons held
 *
 * Moves the mouse, in the server's mouse mode.
 */
void
spice_inputs_channel_motion (SpiceInputsChannel *channel, gint dx, gint dy, gint button_state)
{
  g_return_if_fail (SPICE_IS_INPUTS_CHANNEL (channel));
  g_return_if_fail (cw_channel_is_running (SPICE_CHANNEL (channel)));

  if (!cw_channel_is_ready (SPICE_CHANNEL (channel)))
    return;
  cw_motion_add (&channel->priv->motion, dx, dy, (uint16_t) button_state);
  send_motion (channel, false);
}

/**
 * spice_inputs_channel_position:
 * @channel: the channel
 * @x: from the left edge of the monitor
 * @y: from its upper edge
 * @display: the monitor
 * @button_state: mask of the buttons held
 *
 * Puts the pointer somewhere, in the client's mouse mode.
 */
void
spice_inputs_channel_position (SpiceInputsChannel *channel, gint x, gint y, gint display, gint button_state)
{
  g_return_if_fail (SPICE_IS_INPUTS_CHANNEL (channel));

  if (!cw_channel_is_ready (SPICE_CHANNEL (channel)) || display < 0)
    return;
  cw_motion_set_position (&channel->priv->motion, (uint32_t) x, (uint32_t) y, (uint8_t) display,
                          (uint16_t) button_state);
  send_motion (channel, false);
}

/* The bit of a button in the mask of buttons held; the wheel has none. */
static uint16_t
button_bit (gint button)
{
  switch (button) {
  case CW_MOUSE_BUTTON_LEFT:
    return CW_MOUSE_BUTTON_MASK_LEFT;
  case CW_MOUSE_BUTTON_MIDDLE:
    return CW_MOUSE_BUTTON_MASK_MIDDLE;
  case CW_MOUSE_BUTTON_RIGHT:
    return CW_MOUSE_BUTTON_MASK_RIGHT;
  case CW_MOUSE_BUTTON_SIDE:
    return CW_MOUSE_BUTTON_MASK_SIDE;
  case CW_MOUSE_BUTTON_EXTRA:
    return CW_MOUSE_BUTTON_MASK_EXTRA;
  default:
    return 0;
  }
}

/**
 * spice_inputs_channel_button_press:
 * @channel: the channel
 * @button: 1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down, 6 side, 7 extra
 * @button_state: mask of the buttons held before
 *
 * Presses a button of the mouse.
 */
void
spice_inputs_channel_button_press (SpiceInputsChannel *channel, gint button, gint button_state)
{
  g_return_if_fail (SPICE_IS_INPUTS_CHANNEL (channel));

  if (!cw_channel_is_ready (SPICE_CHANNEL (channel)))
    return;
  send_motion (channel, true);
  cw_channel_send (SPICE_CHANNEL (channel), CW_MSGC_INPUTS_MOUSE_PRESS,
                   &(CwMsgcInputsMousePress){ .button = (uint8_t) button,
                                              .buttons_state = (uint16_t) (button_state | button_bit (button)) });
}

/**
 * spice_inputs_channel_button_release:
 * @channel: the channel
 * @button: as for spice_inputs_channel_button_press()
 * @button_state: mask of the buttons held before
 *
 * Releases a button of the mouse.
 */
void
spice_inputs_channel_button_release (SpiceInputsChannel *channel, gint button, gint button_state)
{
  g_return_if_fail (SPICE_IS_INPUTS_CHANNEL (channel));

  if (!cw_channel_is_ready (SPICE_CHANNEL (channel)))
    return;
  send_motion (channel, true);
  cw_channel_send (SPICE_CHANNEL (channel), CW_MSGC_INPUTS_MOUSE_RELEASE,
                   &(CwMsgcInputsMouseRelease){ .button = (uint8_t) button,
                                                .buttons_state = (uint16_t) (button_state & ~button_bit (button)) });
}

/* Set 1: codes from 0x100 on have the prefix E0, from 0x200 on E1. Returns the number of bytes. */
static unsigned
scancode_bytes (guint scancode, bool release, uint8_t out[2])
{
  unsigned code = (scancode & 0x37f) | (release ? 0x80 : 0);

  if (code < 0x100) {
    out[0] = (uint8_t) code;
    return 1;
  }
  out[0] = (uint8_t) (0xe0 + (code >> 8) - 1);
  out[1] = (uint8_t) code;
  return 2;
}

static void
send_key (SpiceInputsChannel *self, guint scancode, bool release)
{
  uint8_t bytes[2] = { 0, 0 };
  uint32_t code;

  if (!cw_channel_is_ready (SPICE_CHANNEL (self)))
    return;
  scancode_bytes (scancode, release, bytes);
  code = bytes[0] | (uint32_t) bytes[1] << 8;
  if (release)
    cw_channel_send (SPICE_CHANNEL (self), CW_MSGC_INPUTS_KEY_UP, &(CwMsgcInputsKeyUp){ .code = code });
  else
    cw_channel_send (SPICE_CHANNEL (self), CW_MSGC_INPUTS_KEY_DOWN, &(CwMsgcInputsKeyDown){ .code = code });
}

/**
 * spice_inputs_channel_key_press:
 * @channel: the channel
 * @scancode: a code of PC set 1; 0x100 added for keys with the prefix E0
 *
 * Presses a key.
 */
void
spice_inputs_channel_key_press (SpiceInputsChannel *channel, guint scancode)
{
  g_return_if_fail (SPICE_IS_INPUTS_CHANNEL (channel));
  g_return_if_fail (cw_channel_is_running (SPICE_CHANNEL (channel)));

  send_key (channel, scancode, false);
}

/**
 * spice_inputs_channel_key_release:
 * @channel: the channel
 * @scancode: as for spice_inputs_channel_key_press()
 *
 * Releases a key.
 */
void
spice_inputs_channel_key_release (SpiceInputsChannel *channel, guint scancode)
{
  g_return_if_fail (SPICE_IS_INPUTS_CHANNEL (channel));
  g_return_if_fail (cw_channel_is_running (SPICE_CHANNEL (channel)));

  send_key (channel, scancode, true);
}

/**
 * spice_inputs_channel_key_press_and_release:
 * @channel: the channel
 * @scancode: as for spice_inputs_channel_key_press()
 *
 * Presses and releases a key, in one message if the server can take that: the guest then repeats no key because of a
 * slow network.
 */
void
spice_inputs_channel_key_press_and_release (SpiceInputsChannel *channel, guint scancode)
{
  uint8_t bytes[4];
  unsigned size;

  g_return_if_fail (SPICE_IS_INPUTS_CHANNEL (channel));
  g_return_if_fail (cw_channel_is_running (SPICE_CHANNEL (channel)));

  if (!cw_channel_is_ready (SPICE_CHANNEL (channel)))
    return;
  if (!spice_channel_test_capability (SPICE_CHANNEL (channel), CW_INPUTS_CAP_KEY_SCANCODE)) {
    send_key (channel, scancode, false);
    send_key (channel, scancode, true);
    return;
  }
  size = scancode_bytes (scancode, false, bytes);
  size += scancode_bytes (scancode, true, bytes + size);
  cw_channel_send (SPICE_CHANNEL (channel), CW_MSGC_INPUTS_KEY_SCANCODE,
                   &(CwMsgcInputsKeyScancode){ .codes = { bytes, size } });
}

/**
 * spice_inputs_channel_set_key_locks:
 * @channel: the channel
 * @locks: #SpiceInputsLock bits
 *
 * Sets the guest's lock keys, now and at later connections.
 */
void
spice_inputs_channel_set_key_locks (SpiceInputsChannel *channel, guint locks)
{
  g_return_if_fail (SPICE_IS_INPUTS_CHANNEL (channel));

  channel->priv->wanted_locks = (uint16_t) locks;
  if (cw_channel_is_started (SPICE_CHANNEL (channel)))
    send_locks (channel);
}
