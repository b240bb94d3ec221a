/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "displays.h"

#include "shown.h"

/* A display without a surface (a guest that has not set a mode yet, or is off) is taken as it is after this, or after
 * so many times as long as its server took to open the channel: one that is slow in that is slow to show something. One
 * whose surface is there but has not been marked gets longest: its monitors are still to come. */
#define SURFACE_WAIT_US G_TIME_SPAN_SECOND
#define SURFACE_WAIT_TIMES 20
#define MARK_WAIT_US (10 * G_TIME_SPAN_SECOND)

typedef struct {
  SpiceChannel *channel;
  bool marked;
  gint64 marked_at, begun, opened;
} Surface;

/* Servers send surface, picture and monitors, and then mark the surface. */
static void
on_mark (SpiceChannel *channel, int mark, Surface *surface)
{
  surface->marked = mark != 0;
  surface->marked_at = g_get_monotonic_time ();
}

static gint64
wait_us (const Surface *surface)
{
  int width, height;

  if (shown_get_size (surface->channel, &width, &height))
    return MARK_WAIT_US;
  return CLAMP (SURFACE_WAIT_TIMES * (surface->opened - surface->begun), SURFACE_WAIT_US, MARK_WAIT_US);
}

static bool
is_settled (gpointer data)
{
  Surface *surface = data;

  return (surface->marked && shown_is_settled (surface->channel, surface->marked_at))
         || g_get_monotonic_time () - surface->opened > wait_us (surface);
}

static int
channel_id (SpiceChannel *channel)
{
  int id;

  g_object_get (channel, "channel-id", &id, NULL);
  return id;
}

bool
displays_open_channel (Client *client, SpiceChannel *channel, GError **error)
{
  Surface surface = { .channel = channel, .begun = g_get_monotonic_time () };
  int width, height;
  bool ok;

  if (shown_get_size (channel, &width, &height))
    return true;
  g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), &surface);
  ok = client_open_channel (client, SPICE_CHANNEL_DISPLAY, channel_id (channel), error) != NULL;
  surface.opened = g_get_monotonic_time ();
  ok = ok && client_wait (client, is_settled, &surface, "the display's surface", error);
  g_signal_handlers_disconnect_by_data (channel, &surface);
  return ok;
}

static int
compare_monitors (gconstpointer a, gconstpointer b)
{
  const SpiceDisplayMonitorConfig *one = a, *other = b;

  return one->id < other->id ? -1 : one->id > other->id;
}

GArray *
displays_of_channel (SpiceChannel *channel, int first)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Display));
  Display display = { .channel = channel, .number = first, .channel_id = channel_id (channel), .monitor_id = -1 };
  g_autoptr (GArray) monitors = NULL, shared = NULL;
  int width, height;

  if (!shown_get_size (channel, &width, &height))
    return list;
  g_object_get (channel, "monitors", &shared, NULL);
  if (shared) {
    monitors = g_array_copy (shared);
    g_array_sort (monitors, compare_monitors);
  }
  for (guint i = 0; monitors && i < monitors->len; i++) {
    const SpiceDisplayMonitorConfig *config = &g_array_index (monitors, SpiceDisplayMonitorConfig, i);

    if (config->x >= (guint) width || config->y >= (guint) height || !config->width || !config->height)
      continue;
    display.monitor_id = (int) config->id;
    display.x = (int) config->x, display.y = (int) config->y;
    display.width = (int) MIN (config->width, (guint) width - config->x);
    display.height = (int) MIN (config->height, (guint) height - config->y);
    g_array_append_val (list, display);
    display.number++;
  }
  if (list->len == 0) {
    display.width = width, display.height = height;
    g_array_append_val (list, display);
  }
  return list;
}

static int
compare_channels (gconstpointer a, gconstpointer b)
{
  return channel_id ((SpiceChannel *) a) - channel_id ((SpiceChannel *) b);
}

GList *
displays_list_channels (Client *client)
{
  g_autoptr (GList) channels = spice_session_get_channels (client_session (client));
  GList *displays = NULL;

  for (GList *l = channels; l; l = l->next)
    if (SPICE_IS_DISPLAY_CHANNEL (l->data))
      displays = g_list_insert_sorted (displays, l->data, compare_channels);
  return displays;
}

/* The one behind the channel of that id, NULL: none. Only where an id is left out, or at the end, does it take the
 * whole list to know. */
static bool
next_channel (Client *client, int id, SpiceChannel **next, GError **error)
{
  for (bool is_whole = client_has_channels (client);; is_whole = true) {
    g_autoptr (GList) channels = displays_list_channels (client);
    GList *l = channels;

    while (l && channel_id (l->data) <= id)
      l = l->next;
    *next = l ? l->data : NULL;
    if (is_whole || (l && channel_id (l->data) == id + 1))
      return true;
    if (!client_wait_channels (client, error))
      return false;
  }
}

bool
displays_find (Client *client, int number, Display *display, GError **error)
{
  SpiceChannel *channel = NULL;
  int first = 0;

  if (!client_wait_display (client, error))
    return false;
  for (int id = -1;; id = channel_id (channel)) {
    g_autoptr (GArray) list = NULL;

    if (!next_channel (client, id, &channel, error))
      return false;
    if (!channel)
      break;
    if (!displays_open_channel (client, channel, error))
      return false;
    list = displays_of_channel (channel, first);
    if (number < first + (int) list->len) {
      *display = g_array_index (list, Display, number - first);
      return true;
    }
    first += (int) list->len;
  }
  if (first == 0)
    g_set_error (error, STATUS_ERROR, STATUS_DISPLAY_OFF,
                 "the display is off: the guest shows nothing, or has not set a mode yet");
  else
    g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED,
                 "there is no display %d: the server shows %d, counted from 0 (see \"caraway info\")", number, first);
  return false;
}
