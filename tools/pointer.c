/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway move, caraway click: the guest's pointer. */
#include "commands.h"
#include "displays.h"

#include <string.h>

/* Guests count two clicks within about half a second at one place as a double click. */
#define DOUBLE_CLICK_GAP_MS 60
#define PRESS_MS 30

typedef struct {
  Client *client;
  SpiceInputsChannel *inputs;
  int x, y, display;
  gboolean relative;
} Pointer;

static bool
is_absolute (gpointer data)
{
  int mode;

  g_object_get (data, "mouse-mode", &mode, NULL);
  return mode == SPICE_MOUSE_MODE_CLIENT;
}

/* Absolute positions need the client mouse mode. The server grants it a moment after it is asked, or never. */
static bool
want_absolute (Pointer *self, GError **error)
{
  SpiceMainChannel *main_channel = client_main (self->client);

  for (guint i = 0; i < 20 && !is_absolute (main_channel); i++) {
    if (i == 0)
      spice_main_channel_request_mouse_mode (main_channel, SPICE_MOUSE_MODE_CLIENT);
    if (!client_sleep (self->client, 50, error))
      return false;
  }
  if (is_absolute (main_channel))
    return true;
  g_set_error (
      error, STATUS_ERROR, STATUS_UNSUPPORTED,
      "the server accepts relative motion only: give the guest a tablet device or an agent, or use --relative");
  return false;
}

static bool
parse (Pointer *self, char **argv, GError **error)
{
  gint64 min = self->relative ? -32767 : 0;

  if (self->display < 0 || self->display > 15) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--display is 0 to 15");
    return false;
  }
  return command_parse_int ("X", argv[2], min, 32767, &self->x, error)
         && command_parse_int ("Y", argv[3], min, 32767, &self->y, error);
}

/* Where the server wants it: to the agent, pixels of that display; to a tablet, pixels of the whole surface. */
static bool
place (Pointer *self, const char *uri, GError **error)
{
  gboolean agent;
  Display display;

  if (!client_connect_main (self->client, uri, error) || !displays_find (self->client, self->display, &display, error))
    return false;
  if (self->x >= display.width || self->y >= display.height) {
    g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED, "display %d is %dx%d; %d,%d lies beyond it", self->display,
                 display.width, display.height, self->x, self->y);
    return false;
  }
  self->inputs = client_connected_inputs (self->client, error);
  if (!self->inputs || !want_absolute (self, error))
    return false;
  g_object_get (client_main (self->client), "agent-connected", &agent, NULL);
  if (!agent) {
    self->x += display.x;
    self->y += display.y;
  }
  spice_inputs_channel_position (self->inputs, self->x, self->y,
                                 display.channel_id > 0 ? display.channel_id : MAX (display.monitor_id, 0), 0);
  return true;
}

static bool
is_relative (gpointer data)
{
  return !is_absolute (data);
}

static bool
push (Pointer *self, const char *uri, GError **error)
{
  self->inputs = client_connect_inputs (self->client, uri, error);
  if (!self->inputs)
    return false;
  if (is_absolute (client_main (self->client))) {
    spice_main_channel_request_mouse_mode (client_main (self->client), SPICE_MOUSE_MODE_SERVER);
    if (!client_wait (self->client, is_relative, client_main (self->client), "relative motion", error))
      return false;
  }
  spice_inputs_channel_motion (self->inputs, self->x, self->y, 0);
  return true;
}

static bool
move (Pointer *self, const char *uri, GError **error)
{
  return (self->relative ? push (self, uri, error) : place (self, uri, error))
         && client_sleep (self->client, PRESS_MS, error);
}

static bool
click (Pointer *self, int button, GError **error)
{
  spice_inputs_channel_button_press (self->inputs, button, 0);
  if (!client_sleep (self->client, PRESS_MS, error))
    return false;
  spice_inputs_channel_button_release (self->inputs, button,
                                       button <= SPICE_MOUSE_BUTTON_RIGHT ? 1 << (button - 1) : 0);
  return true;
}

static bool
parse_button (const char *name, int *button, GError **error)
{
  static const struct {
    const char *name;
    int button;
  } buttons[] = {
    { "left", SPICE_MOUSE_BUTTON_LEFT },       { "middle", SPICE_MOUSE_BUTTON_MIDDLE },
    { "right", SPICE_MOUSE_BUTTON_RIGHT },     { "wheel-up", SPICE_MOUSE_BUTTON_UP },
    { "wheel-down", SPICE_MOUSE_BUTTON_DOWN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (buttons); i++) {
    if (strcmp (buttons[i].name, name) == 0) {
      *button = buttons[i].button;
      return true;
    }
  }
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--button is left, middle, right, wheel-up or wheel-down, not \"%s\"",
               name);
  return false;
}

#define POINTER_ENTRIES(pointer)                                                                                       \
  { "display",                                                                                                         \
    'd',                                                                                                               \
    0,                                                                                                                 \
    G_OPTION_ARG_INT,                                                                                                  \
    &(pointer).display,                                                                                                \
    "Which display, by its number in \"caraway info\" (default 0)",                                                    \
    "N" },                                                                                                             \
  {                                                                                                                    \
    "relative", 'r', 0, G_OPTION_ARG_NONE, &(pointer).relative,                                                        \
        "X and Y are distances from where the pointer is (servers without absolute pointer)", NULL                     \
  }

static bool
run_move (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  Pointer self = { .client = client };
  const GOptionEntry entries[] = { POINTER_ENTRIES (self), { 0 } };

  return command_parse (&command_move, client, entries,
                        "X and Y are pixels from the display's top left corner. Negative distances come after \"--\".",
                        &argc, &argv, 3, 3, error)
         && parse (&self, argv, error) && move (&self, argv[1], error)
         && client_finish (client, SPICE_CHANNEL (self.inputs), error);
}

static bool
run_click (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autofree char *button_name = NULL;
  Pointer self = { .client = client };
  gboolean twice = FALSE;
  int button;
  const GOptionEntry entries[] = {
    { "button", 'b', 0, G_OPTION_ARG_STRING, &button_name, "left (default), middle, right, wheel-up or wheel-down",
      "BUTTON" },
    { "double", 0, 0, G_OPTION_ARG_NONE, &twice, "Click twice", NULL },
    POINTER_ENTRIES (self),
    { 0 },
  };

  if (!command_parse (&command_click, client, entries,
                      "Moves the pointer to X, Y (pixels from the display's top left corner) and clicks there.", &argc,
                      &argv, 3, 3, error)
      || !parse_button (button_name ? button_name : "left", &button, error) || !parse (&self, argv, error)
      || !move (&self, argv[1], error) || !click (&self, button, error))
    return false;
  if (twice && (!client_sleep (client, DOUBLE_CLICK_GAP_MS, error) || !click (&self, button, error)))
    return false;
  return client_finish (client, SPICE_CHANNEL (self.inputs), error);
}

const Command command_move = {
  .name = "move",
  .arguments = "URI X Y",
  .summary = "Move the guest's pointer",
  .example = "caraway move --relative spice://127.0.0.1:5930 -- -5 10",
  .run = run_move,
};

const Command command_click = {
  .name = "click",
  .arguments = "URI X Y",
  .summary = "Click at a place of the guest's display",
  .example = "caraway click --button=right spice://127.0.0.1:5930 400 300",
  .run = run_click,
};
