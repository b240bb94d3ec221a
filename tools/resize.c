/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway resize: the size of a display, as the guest's agent or the display device sets it. */
#include "commands.h"
#include "displays.h"
#include "guest.h"

#include <stdio.h>

#define MAX_DISPLAYS 16
#define MAX_SIZE 16384

typedef struct {
  int x, y, width, height; /* width 0: not there */
} Monitor;

typedef struct {
  SpiceSession *session;
  int display;
  int width, height;
} Resize;

/* As agents count: by the channel's id, or, on the first channel, by the monitor's id. */
static void
look (SpiceSession *session, Monitor monitors[MAX_DISPLAYS])
{
  g_autoptr (GList) channels = spice_session_get_channels (session);

  for (GList *l = channels; l; l = l->next) {
    GArray *array = NULL;
    int id;

    if (!SPICE_IS_DISPLAY_CHANNEL (l->data))
      continue;
    g_object_get (l->data, "channel-id", &id, "monitors", &array, NULL);
    for (guint i = 0; array && i < array->len; i++) {
      const SpiceDisplayMonitorConfig *config = &g_array_index (array, SpiceDisplayMonitorConfig, i);
      guint number = id > 0 ? (guint) id : config->id;

      if (number < MAX_DISPLAYS)
        monitors[number] = (Monitor){ (int) config->x, (int) config->y, (int) config->width, (int) config->height };
    }
    g_clear_pointer (&array, g_array_unref);
  }
}

static bool
has_any (gpointer data)
{
  Monitor monitors[MAX_DISPLAYS] = { 0 };

  look (((Resize *) data)->session, monitors);
  for (unsigned i = 0; i < MAX_DISPLAYS; i++)
    if (monitors[i].width > 0)
      return true;
  return false;
}

static bool
has_size (gpointer data)
{
  const Resize *self = data;
  Monitor monitors[MAX_DISPLAYS] = { 0 };

  look (self->session, monitors);
  return monitors[self->display].width == self->width && monitors[self->display].height == self->height;
}

/* Each of them until it has told its monitors: those that nobody knows of yet would be switched off. */
static bool
open_displays (Client *client, GError **error)
{
  g_autoptr (GList) channels = displays_list_channels (client);

  for (GList *l = channels; l; l = l->next)
    if (!displays_open_channel (client, l->data, error))
      return false;
  if (!channels)
    g_propagate_error (error, client_lacks (client, "display"));
  return channels != NULL;
}

/* All that are there stay, but for the one that changes. */
static void
wish (const Resize *self, SpiceMainChannel *channel)
{
  Monitor monitors[MAX_DISPLAYS] = { 0 };

  look (self->session, monitors);
  monitors[self->display].width = self->width;
  monitors[self->display].height = self->height;
  for (int i = 0; i < MAX_DISPLAYS; i++) {
    spice_main_channel_update_display (channel, i, monitors[i].x, monitors[i].y, monitors[i].width, monitors[i].height,
                                       FALSE);
    spice_main_channel_update_display_enabled (channel, i, monitors[i].width > 0, FALSE);
  }
  spice_main_channel_send_monitor_config (channel);
}

/* The agent's number of a display that is there; one that is off has the number it would get. */
static int
agent_number (Client *client, int number)
{
  Display display;

  if (!displays_find (client, number, &display, NULL))
    return number;
  return display.channel_id > 0 ? display.channel_id : MAX (display.monitor_id, 0);
}

static bool
parse_size (const char *text, Resize *self, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "x", -1);

  if (g_strv_length (parts) == 2)
    return command_parse_int ("the width", parts[0], 1, MAX_SIZE, &self->width, error)
           && command_parse_int ("the height", parts[1], 1, MAX_SIZE, &self->height, error);
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "\"%s\" is no size, as 1280x800 is", text);
  return false;
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  Resize self = { 0 };
  const GOptionEntry entries[] = {
    { "display", 'd', 0, G_OPTION_ARG_INT, &self.display, "Which display, counted from 0 (default 0)", "N" },
    { 0 },
  };

  if (!command_parse (&command_resize, client, entries,
                      "Asks the guest for another size of a display, and waits until it has it. Some guests take the "
                      "next size\nthat they can show: then the time limit passes.",
                      &argc, &argv, 2, 2, error)
      || !parse_size (argv[2], &self, error))
    return false;
  if (self.display < 0 || self.display >= MAX_DISPLAYS) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--display is 0 to %d", MAX_DISPLAYS - 1);
    return false;
  }
  if (!client_connect (client, argv[1], error))
    return false;
  self.session = client_session (client);
  if (!open_displays (client, error) || !client_wait (client, has_any, &self, "a display", error)
      || !guest_wait (client, VD_AGENT_CAP_MONITORS_CONFIG, "monitor configuration", error))
    return false;
  self.display = agent_number (client, self.display);
  if (self.display >= MAX_DISPLAYS) {
    g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED, "agents know %d displays only", MAX_DISPLAYS);
    return false;
  }
  wish (&self, client_main (client));
  return client_wait (client, has_size, &self, "the display to have that size", error)
         && client_finish (client, NULL, error);
}

const Command command_resize = {
  .name = "resize",
  .arguments = "URI WIDTHxHEIGHT",
  .summary = "Set the size of a display",
  .example = "caraway resize spice://127.0.0.1:5930 1024x768",
  .run = run,
};
