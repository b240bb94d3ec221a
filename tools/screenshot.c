/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway screenshot: saves what a display shows. */
#include "commands.h"
#include "png-file.h"
#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
  SpiceChannel *channel;
  bool marked;
  bool drawn;
  gint64 last_change;
  gint64 created; /* when the surface came; 0 = there is none */
  gint64 quiet;   /* µs without a change that are asked for */
} Watch;

/* Servers mark a new surface once it is complete. One that has drawn but never marks is taken as complete when it has
 * been quiet for this long. */
#define UNMARKED_QUIET_US (2 * G_TIME_SPAN_SECOND)

static void
on_create (SpiceChannel *channel, int format, int width, int height, int stride, int shmid, gpointer data, Watch *watch)
{
  watch->marked = watch->drawn = false;
  watch->created = watch->last_change = g_get_monotonic_time ();
}

static void
on_destroy (SpiceChannel *channel, Watch *watch)
{
  watch->created = 0;
}

static void
on_invalidate (SpiceChannel *channel, int x, int y, int width, int height, Watch *watch)
{
  watch->drawn = true;
  watch->last_change = g_get_monotonic_time ();
}

static void
on_mark (SpiceChannel *channel, int mark, Watch *watch)
{
  watch->marked = mark != 0;
}

static bool
is_complete (gpointer data)
{
  Watch *watch = data;
  gint64 quiet = g_get_monotonic_time () - watch->last_change;

  if (watch->created == 0)
    return false;
  if (!watch->marked && !(watch->drawn && quiet >= UNMARKED_QUIET_US))
    return false;
  return quiet >= watch->quiet;
}

typedef struct {
  int x, y, width, height;
} Area;

/* The rectangle of a monitor inside its channel's surface, cut to the surface. */
static bool
find_monitor (SpiceChannel *channel, int monitor, const SpiceDisplayPrimary *primary, Area *area, GError **error)
{
  GArray *monitors = NULL;
  bool found = false;

  g_object_get (channel, "monitors", &monitors, NULL);
  for (guint i = 0; monitors && i < monitors->len && !found; i++) {
    const SpiceDisplayMonitorConfig *config = &g_array_index (monitors, SpiceDisplayMonitorConfig, i);

    if (config->id == (guint) monitor && config->x < (guint) primary->width && config->y < (guint) primary->height) {
      *area = (Area){ config->x, config->y, MIN (config->width, primary->width - config->x),
                      MIN (config->height, primary->height - config->y) };
      found = area->width > 0 && area->height > 0;
    }
  }
  if (!found)
    g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED,
                 "the server shows no display %d (it shows %u on this channel)", monitor, monitors ? monitors->len : 0);
  g_clear_pointer (&monitors, g_array_unref);
  return found;
}

/* A display's number is its channel's id, or, on the first channel, its monitor's id. */
static int
channel_of_display (SpiceSession *session, int display)
{
  g_autoptr (GList) channels = spice_session_get_channels (session);

  for (GList *l = channels; l; l = l->next) {
    int id;

    if (!SPICE_IS_DISPLAY_CHANNEL (l->data))
      continue;
    g_object_get (l->data, "channel-id", &id, NULL);
    if (id == display)
      return id;
  }
  return 0;
}

static SpiceChannel *
watch_display (Client *client, int id, Watch *watch, GError **error)
{
  g_autoptr (GList) channels = spice_session_get_channels (client_session (client));

  for (GList *l = channels; l; l = l->next) {
    int channel_id;

    if (!SPICE_IS_DISPLAY_CHANNEL (l->data))
      continue;
    g_object_get (l->data, "channel-id", &channel_id, NULL);
    if (channel_id != id)
      continue;
    g_signal_connect (l->data, "display-primary-create", G_CALLBACK (on_create), watch);
    g_signal_connect (l->data, "display-primary-destroy", G_CALLBACK (on_destroy), watch);
    g_signal_connect (l->data, "display-invalidate", G_CALLBACK (on_invalidate), watch);
    g_signal_connect (l->data, "display-mark", G_CALLBACK (on_mark), watch);
  }
  return client_open_channel (client, SPICE_CHANNEL_DISPLAY, id, error);
}

static bool
save (Client *client, const Watch *watch, int display, const char *path, GError **error)
{
  SpiceDisplayPrimary primary;
  Area area;

  if (!spice_display_channel_get_primary (watch->channel, 0, &primary)) {
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the picture vanished");
    return false;
  }
  area = (Area){ 0, 0, primary.width, primary.height };
  if (display >= 0 && channel_of_display (client_session (client), display) == 0
      && !find_monitor (watch->channel, display, &primary, &area, error))
    return false;
  return png_file_write (path, &primary, area.x, area.y, area.width, area.height, error);
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autofree char *what = NULL;
  Watch watch = { 0 };
  int display = -1, stable = 0;
  const GOptionEntry entries[] = {
    { "stable", 's', 0, G_OPTION_ARG_INT, &stable, "Wait until nothing has changed for this long", "MS" },
    { "display", 'd', 0, G_OPTION_ARG_INT, &display,
      "Which display, counted from 0 (default: all of the first channel)", "N" },
    { 0 },
  };

  if (!command_parse (&command_screenshot, client, entries,
                      "Waits for the first complete picture and writes it as a PNG file; \"-\" is standard output.",
                      &argc, &argv, 2, 2, error))
    return false;
  if (stable < 0 || display < -1 || display > 255) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--stable must not be negative, --display is 0 to 255");
    return false;
  }
  watch.quiet = stable * G_TIME_SPAN_MILLISECOND;
  if (!client_connect (client, argv[1], error))
    return false;
  watch.channel
      = watch_display (client, display < 0 ? 0 : channel_of_display (client_session (client), display), &watch, error);
  if (!watch.channel)
    return false;
  what = stable > 0 ? g_strdup_printf ("the picture to stay as it is for %d ms", stable) : g_strdup ("a picture");
  if (!client_wait (client, is_complete, &watch, what, error))
    return false;
  if (!save (client, &watch, display, argv[2], error))
    return false;
  g_signal_handlers_disconnect_by_data (watch.channel, &watch);
  return client_finish (client, NULL, error);
}

const Command command_screenshot = {
  .name = "screenshot",
  .arguments = "URI FILE.png",
  .summary = "Save what a display shows as a PNG file",
  .run = run,
};
