/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and buttons as the server hears them, with what it can and what has been set before. */
#include "steps.h"

#include <string.h>

static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpiceInputsChannel *inputs;
} Case;

static bool
works (gpointer inputs)
{
  return cw_channel_is_started (inputs);
}

static void
begin (Case *self, uint32_t caps)
{
  self->steps = steps_new (channels, 1, caps);
  self->session = steps_session (self->steps, NULL);
  self->inputs = SPICE_INPUTS_CHANNEL (client_channel (self->session, CW_CHANNEL_INPUTS, 0));
  client_await (works, self->inputs);
}

static void
end (Case *self)
{
  client_end (self->session);
  steps_free (self->steps);
}

static void
expect_bytes (Case *self, uint16_t type, const char *bytes, size_t size)
{
  CwSlice body = steps_next (self->steps, CW_CHANNEL_INPUTS, type)->body;

  g_assert_cmpmem (body.data, body.size, bytes, size);
}

typedef struct {
  guint code;
  size_t n;
  const char *down, *up;
} Key;

static const Key keys[] = {
  { 0x1e, 1, "\x1e", "\x9e" },          { 0x39, 1, "\x39", "\xb9" },          { 0x7f, 1, "\x7f", "\xff" },
  { 0x80, 1, "\x00", "\x80" },          { 0x11d, 2, "\xe0\x1d", "\xe0\x9d" }, { 0x137, 2, "\xe0\x37", "\xe0\xb7" },
  { 0x145, 2, "\xe0\x45", "\xe0\xc5" }, { 0x17f, 2, "\xe0\x7f", "\xe0\xff" }, { 0x1ff, 2, "\xe0\x7f", "\xe0\xff" },
  { 0x21d, 2, "\xe1\x1d", "\xe1\x9d" },
};

/* I1: set 1: the prefix E0 is 0x100, E1 is 0x200. */
static void
test_keys (gconstpointer data)
{
  bool at_once = data != NULL;
  Case c;

  begin (&c, at_once ? 1u << CW_INPUTS_CAP_KEY_SCANCODE : 0);
  for (unsigned i = 0; i < G_N_ELEMENTS (keys); i++) {
    size_t n = keys[i].n;
    char down[4] = { 0 }, up[4] = { 0 }, both[4];

    memcpy (down, keys[i].down, n);
    memcpy (up, keys[i].up, n);
    memcpy (both, down, n);
    memcpy (both + n, up, n);
    spice_inputs_channel_key_press (c.inputs, keys[i].code);
    expect_bytes (&c, CW_MSGC_INPUTS_KEY_DOWN, down, 4);
    spice_inputs_channel_key_release (c.inputs, keys[i].code);
    expect_bytes (&c, CW_MSGC_INPUTS_KEY_UP, up, 4);
    spice_inputs_channel_key_press_and_release (c.inputs, keys[i].code);
    if (at_once) {
      expect_bytes (&c, CW_MSGC_INPUTS_KEY_SCANCODE, both, 2 * n);
    } else {
      expect_bytes (&c, CW_MSGC_INPUTS_KEY_DOWN, down, 4);
      expect_bytes (&c, CW_MSGC_INPUTS_KEY_UP, up, 4);
    }
  }
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  end (&c);
}

/* I4: each button has its bit in the mask of those held; the wheel has none. */
static void
test_buttons (void)
{
  static const uint8_t masks[] = { 0, 1, 2, 4, 0, 0, 32, 64, 0, 0 };
  Case c;

  begin (&c, 0);
  for (uint8_t button = 1; button < G_N_ELEMENTS (masks); button++) {
    char pressed[3] = { (char) button, (char) (masks[button] | 16), 0 }, released[3] = { (char) button, 16, 0 };

    spice_inputs_channel_button_press (c.inputs, button, 16);
    expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_PRESS, pressed, 3);
    spice_inputs_channel_button_release (c.inputs, button, masks[button] | 16);
    expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_RELEASE, released, 3);
  }
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  end (&c);
}

/* I2, I3: what waits for the server's acknowledgement goes before a button, and is forgotten with the connection. */
static void
test_motion (void)
{
  Case c;

  begin (&c, 0);
  for (unsigned i = 0; i < 20; i++)
    spice_inputs_channel_motion (c.inputs, 1, 2, 0);
  for (unsigned i = 0; i < 8; i++)
    expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_MOTION, "\1\0\0\0\2\0\0\0\0\0", 10);
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  steps_send (c.steps, CW_CHANNEL_INPUTS, CW_MSG_INPUTS_MOUSE_MOTION_ACK, NULL);
  expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_MOTION, "\14\0\0\0\30\0\0\0\0\0", 10);
  for (unsigned i = 0; i < 9; i++)
    spice_inputs_channel_motion (c.inputs, 1, 0, 0);
  for (unsigned i = 0; i < 3; i++)
    expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_MOTION, "\1\0\0\0\0\0\0\0\0\0", 10);
  spice_inputs_channel_button_press (c.inputs, 1, 0);
  expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_MOTION, "\6\0\0\0\0\0\0\0\0\0", 10);
  expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_PRESS, "\1\1\0", 3);
  spice_inputs_channel_motion (c.inputs, 5, 0, 1);
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  spice_inputs_channel_button_release (c.inputs, 1, 1);
  expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_MOTION, "\5\0\0\0\0\0\0\0\1\0", 10);
  expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_RELEASE, "\1\0\0", 3);
  for (unsigned i = 0; i < 9; i++)
    spice_inputs_channel_position (c.inputs, 3, 4, 0, 0);
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  spice_channel_disconnect (SPICE_CHANNEL (c.inputs), SPICE_CHANNEL_NONE);
  spice_channel_connect (SPICE_CHANNEL (c.inputs));
  client_await (works, c.inputs);
  spice_inputs_channel_motion (c.inputs, 7, 0, 0);
  expect_bytes (&c, CW_MSGC_INPUTS_MOUSE_MOTION, "\7\0\0\0\0\0\0\0\0\0", 10);
  steps_await_link (c.steps, CW_CHANNEL_INPUTS, 2);
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  end (&c);
}

/* Set once, they are set at each later beginning. */
static void
count (SpiceInputsChannel *inputs, unsigned *counter)
{
  (*counter)++;
}

static bool
is_counted (gpointer counter)
{
  return *(unsigned *) counter > 0;
}

/* I5: the first message tells which are on, as later ones do. */
static void
test_told_locks (void)
{
  unsigned n_told = 0;
  int locks;
  Case c;

  begin (&c, 0);
  g_signal_connect (c.inputs, "inputs-modifiers", G_CALLBACK (count), &n_told);
  steps_send (c.steps, CW_CHANNEL_INPUTS, CW_MSG_INPUTS_INIT, &(CwMsgInputsInit){ 5 });
  client_await (is_counted, &n_told);
  g_object_get (c.inputs, "key-modifiers", &locks, NULL);
  g_assert_cmpint (locks, ==, 5);
  n_told = 0;
  steps_send (c.steps, CW_CHANNEL_INPUTS, CW_MSG_INPUTS_KEY_MODIFIERS, &(CwMsgInputsKeyModifiers){ 2 });
  client_await (is_counted, &n_told);
  g_object_get (c.inputs, "key-modifiers", &locks, NULL);
  g_assert_cmpint (locks, ==, 2);
  end (&c);
}

static void
test_locks (void)
{
  Case c;

  begin (&c, 0);
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  spice_inputs_channel_set_key_locks (c.inputs, 5);
  expect_bytes (&c, CW_MSGC_INPUTS_KEY_MODIFIERS, "\5\0", 2);
  spice_channel_disconnect (SPICE_CHANNEL (c.inputs), SPICE_CHANNEL_NONE);
  spice_inputs_channel_set_key_locks (c.inputs, 0);
  spice_channel_connect (SPICE_CHANNEL (c.inputs));
  expect_bytes (&c, CW_MSGC_INPUTS_KEY_MODIFIERS, "\0\0", 2);
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_data_func ("/inputs/I1-keys/one-by-one", NULL, test_keys);
  g_test_add_data_func ("/inputs/I1-keys/at-once", "", test_keys);
  g_test_add_func ("/inputs/I4-buttons", test_buttons);
  g_test_add_func ("/inputs/I2-I3-motion", test_motion);
  g_test_add_func ("/inputs/locks", test_locks);
  g_test_add_func ("/inputs/I5-told-locks", test_told_locks);
  return g_test_run ();
}
