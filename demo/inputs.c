/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inputs.h"

#include <stdarg.h>

#define LOG_LIMIT 65536

struct DemoInputs {
  SpiceServer *server;
  SpiceKbdInstance keyboard;
  SpiceMouseInstance mouse;
  SpiceTabletInstance tablet;
  bool has_tablet;
  int leds;
  GPtrArray *log;
  guint64 lost;
};

static void G_GNUC_PRINTF (2, 3) note (DemoInputs *self, const char *format, ...)
{
  va_list args;

  if (self->log->len >= LOG_LIMIT) {
    self->lost++;
    return;
  }
  va_start (args, format);
  g_ptr_array_add (self->log, g_strdup_vprintf (format, args));
  va_end (args);
}

static void
push_scan_freg (SpiceKbdInstance *instance, uint8_t byte)
{
  note (SPICE_CONTAINEROF (instance, DemoInputs, keyboard), "key %02x", byte);
}

static uint8_t
get_leds (SpiceKbdInstance *instance)
{
  return SPICE_CONTAINEROF (instance, DemoInputs, keyboard)->leds;
}

static void
mouse_motion (SpiceMouseInstance *instance, int dx, int dy, int dz, uint32_t buttons)
{
  note (SPICE_CONTAINEROF (instance, DemoInputs, mouse), "motion %d %d %d %u", dx, dy, dz, buttons);
}

static void
mouse_buttons (SpiceMouseInstance *instance, uint32_t buttons)
{
  note (SPICE_CONTAINEROF (instance, DemoInputs, mouse), "buttons %u", buttons);
}

static void
set_logical_size (SpiceTabletInstance *instance, int width, int height)
{
}

static void
tablet_position (SpiceTabletInstance *instance, int x, int y, uint32_t buttons)
{
  note (SPICE_CONTAINEROF (instance, DemoInputs, tablet), "position %d %d %u", x, y, buttons);
}

static void
tablet_wheel (SpiceTabletInstance *instance, int dz, uint32_t buttons)
{
  note (SPICE_CONTAINEROF (instance, DemoInputs, tablet), "wheel %d %u", dz, buttons);
}

static void
tablet_buttons (SpiceTabletInstance *instance, uint32_t buttons)
{
  note (SPICE_CONTAINEROF (instance, DemoInputs, tablet), "buttons %u", buttons);
}

static const SpiceKbdInterface keyboard_interface = {
  .base = { SPICE_INTERFACE_KEYBOARD, "caraway demo", SPICE_INTERFACE_KEYBOARD_MAJOR, SPICE_INTERFACE_KEYBOARD_MINOR },
  .push_scan_freg = push_scan_freg,
  .get_leds = get_leds,
};

static const SpiceMouseInterface mouse_interface = {
  .base = { SPICE_INTERFACE_MOUSE, "caraway demo", SPICE_INTERFACE_MOUSE_MAJOR, SPICE_INTERFACE_MOUSE_MINOR },
  .motion = mouse_motion,
  .buttons = mouse_buttons,
};

static const SpiceTabletInterface tablet_interface = {
  .base = { SPICE_INTERFACE_TABLET, "caraway demo", SPICE_INTERFACE_TABLET_MAJOR, SPICE_INTERFACE_TABLET_MINOR },
  .set_logical_size = set_logical_size,
  .position = tablet_position,
  .wheel = tablet_wheel,
  .buttons = tablet_buttons,
};

DemoInputs *
demo_inputs_new (SpiceServer *server, bool tablet)
{
  DemoInputs *self = g_new0 (DemoInputs, 1);

  self->server = server;
  self->log = g_ptr_array_new_with_free_func (g_free);
  self->keyboard.base.sif = &keyboard_interface.base;
  self->mouse.base.sif = &mouse_interface.base;
  self->tablet.base.sif = &tablet_interface.base;
  spice_server_add_interface (server, &self->keyboard.base);
  spice_server_add_interface (server, &self->mouse.base);
  demo_inputs_set_tablet (self, tablet);
  return self;
}

void
demo_inputs_free (DemoInputs *self)
{
  g_ptr_array_unref (self->log);
  g_free (self);
}

void
demo_inputs_set_tablet (DemoInputs *self, bool tablet)
{
  if (tablet == self->has_tablet)
    return;
  self->has_tablet = tablet;
  if (tablet)
    spice_server_add_interface (self->server, &self->tablet.base);
  else
    spice_server_remove_interface (&self->tablet.base);
}

void
demo_inputs_set_leds (DemoInputs *self, int leds)
{
  self->leds = leds;
  spice_server_kbd_leds (&self->keyboard, leds);
}

const GPtrArray *
demo_inputs_log (DemoInputs *self, guint64 *lost)
{
  *lost = self->lost;
  return self->log;
}

void
demo_inputs_clear (DemoInputs *self)
{
  g_ptr_array_set_size (self->log, 0);
  self->lost = 0;
}
