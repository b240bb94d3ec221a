/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The old names of the functions of SpiceInputsChannel. */
#include "channel-inputs.h"

/**
 * spice_inputs_motion:
 * @channel: the channel
 * @dx: to the right
 * @dy: down
 * @button_state: mask of the buttons held
 *
 * The older name of spice_inputs_channel_motion().
 *
 * Deprecated: 0.38: use spice_inputs_channel_motion()
 */
void
spice_inputs_motion (SpiceInputsChannel *channel, gint dx, gint dy, gint button_state)
{
  spice_inputs_channel_motion (channel, dx, dy, button_state);
}

/**
 * spice_inputs_position:
 * @channel: the channel
 * @x: horizontally
 * @y: vertically
 * @display: the monitor
 * @button_state: mask of the buttons held
 *
 * The older name of spice_inputs_channel_position().
 *
 * Deprecated: 0.38: use spice_inputs_channel_position()
 */
void
spice_inputs_position (SpiceInputsChannel *channel, gint x, gint y, gint display, gint button_state)
{
  spice_inputs_channel_position (channel, x, y, display, button_state);
}

/**
 * spice_inputs_button_press:
 * @channel: the channel
 * @button: the button
 * @button_state: mask of the buttons held before
 *
 * The older name of spice_inputs_channel_button_press().
 *
 * Deprecated: 0.38: use spice_inputs_channel_button_press()
 */
void
spice_inputs_button_press (SpiceInputsChannel *channel, gint button, gint button_state)
{
  spice_inputs_channel_button_press (channel, button, button_state);
}

/**
 * spice_inputs_button_release:
 * @channel: the channel
 * @button: the button
 * @button_state: mask of the buttons held before
 *
 * The older name of spice_inputs_channel_button_release().
 *
 * Deprecated: 0.38: use spice_inputs_channel_button_release()
 */
void
spice_inputs_button_release (SpiceInputsChannel *channel, gint button, gint button_state)
{
  spice_inputs_channel_button_release (channel, button, button_state);
}

/**
 * spice_inputs_key_press:
 * @channel: the channel
 * @scancode: the key
 *
 * The older name of spice_inputs_channel_key_press().
 *
 * Deprecated: 0.38: use spice_inputs_channel_key_press()
 */
void
spice_inputs_key_press (SpiceInputsChannel *channel, guint scancode)
{
  spice_inputs_channel_key_press (channel, scancode);
}

/**
 * spice_inputs_key_release:
 * @channel: the channel
 * @scancode: the key
 *
 * The older name of spice_inputs_channel_key_release().
 *
 * Deprecated: 0.38: use spice_inputs_channel_key_release()
 */
void
spice_inputs_key_release (SpiceInputsChannel *channel, guint scancode)
{
  spice_inputs_channel_key_release (channel, scancode);
}

/**
 * spice_inputs_key_press_and_release:
 * @channel: the channel
 * @scancode: the key
 *
 * The older name of spice_inputs_channel_key_press_and_release().
 *
 * Deprecated: 0.38: use spice_inputs_channel_key_press_and_release()
 */
void
spice_inputs_key_press_and_release (SpiceInputsChannel *channel, guint scancode)
{
  spice_inputs_channel_key_press_and_release (channel, scancode);
}

/**
 * spice_inputs_set_key_locks:
 * @channel: the channel
 * @locks: #SpiceInputsLock bits
 *
 * The older name of spice_inputs_channel_set_key_locks().
 *
 * Deprecated: 0.38: use spice_inputs_channel_set_key_locks()
 */
void
spice_inputs_set_key_locks (SpiceInputsChannel *channel, guint locks)
{
  spice_inputs_channel_set_key_locks (channel, locks);
}
