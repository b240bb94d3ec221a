/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway screenshot: saves what a display shows. */
#include "commands.h"
#include "displays.h"
#include "output.h"
#include "shown.h"
#include "png-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The picture is looked at in tiles, each with the two pictures that it had last. */
#define TILE 32
#define MAX_ENDING 5 /* letters, of a file's name */

typedef struct {
  guint64 now, before;
} Tile;

typedef struct {
  SpiceChannel *channel; /* borrowed */
  int id;
  bool marked, drawn, dirty;
  gint64 marked_at, last_change;
  gint64 created; /* when the surface came; 0 = there is none */
  gint64 opened;
  bool seen;    /* there was a picture at some time */
  gint64 quiet; /* µs without a change that are asked for */
  Tile *tiles;
  int width, height; /* that the tiles cover */
  Shown gl;          /* what video memory showed when it was last looked at */
  guint n_gl_draws;  /* the server waits until they have been looked at */
  GError *error;     /* video memory cannot be read */
} Watch;

/* Servers mark a new surface once it is complete. One that has drawn but never marks is taken as complete when it has
 * been quiet for this long. */
#define UNMARKED_QUIET_US (2 * G_TIME_SPAN_SECOND)

/* A display without a surface is taken to be off after this: a picture is worth more patience than a click. */
#define OFF_US (3 * G_TIME_SPAN_SECOND)

#define A_PICTURE "a picture (the display may be off)"

#define MODIFIER_UNKNOWN G_GUINT64_CONSTANT (0x00ffffffffffffff) /* of DRM */

static void
start_over (Watch *watch)
{
  watch->created = watch->last_change = g_get_monotonic_time ();
  watch->dirty = watch->seen = true;
  g_clear_pointer (&watch->tiles, g_free);
}

static void
on_create (SpiceChannel *channel, int format, int width, int height, int stride, int shmid, gpointer data, Watch *watch)
{
  shown_turn_to (channel, false);
  watch->marked = watch->drawn = false;
  start_over (watch);
}

static void
on_destroy (SpiceChannel *channel, Watch *watch)
{
  watch->created = 0;
}

static void
on_invalidate (SpiceChannel *channel, int x, int y, int width, int height, Watch *watch)
{
  shown_turn_to (channel, false);
  watch->drawn = watch->dirty = true;
}

static void
on_mark (SpiceChannel *channel, int mark, Watch *watch)
{
  watch->marked = mark != 0;
  watch->marked_at = g_get_monotonic_time ();
}

static void
on_gl_scanout (SpiceChannel *channel, GParamSpec *pspec, Watch *watch)
{
  SpiceDisplayPrimary primary;

  shown_turn_to (channel, true);
  watch->dirty = true;
  if (shown_in_video_memory (channel)) {
    watch->drawn = watch->seen = true;
    if (watch->created == 0)
      watch->created = watch->last_change = g_get_monotonic_time ();
  } else {
    shown_clear (&watch->gl);
    if (!spice_display_channel_get_primary (channel, 0, &primary))
      watch->created = 0;
  }
}

static void
on_gl_draw (SpiceChannel *channel, guint x, guint y, guint width, guint height, Watch *watch)
{
  shown_turn_to (channel, true);
  watch->drawn = watch->marked = watch->dirty = true;
  watch->n_gl_draws++;
}

/* The guest goes on drawing as soon as it has its answers. */
static void
look_at_video_memory (Watch *watch)
{
  if (!shown_in_video_memory (watch->channel))
    shown_clear (&watch->gl);
  else if (!watch->error)
    shown_take (&watch->gl, watch->channel, &watch->error);
  for (; watch->n_gl_draws > 0; watch->n_gl_draws--)
    spice_display_channel_gl_draw_done (SPICE_DISPLAY_CHANNEL (watch->channel));
}

/* open: its surface is there already. */
static void
watch_display (Watch *watch, SpiceChannel *channel, bool open)
{
  watch->channel = channel;
  g_object_get (channel, "channel-id", &watch->id, NULL);
  g_signal_connect (channel, "display-primary-create", G_CALLBACK (on_create), watch);
  g_signal_connect (channel, "display-primary-destroy", G_CALLBACK (on_destroy), watch);
  g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_invalidate), watch);
  g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), watch);
  g_signal_connect (channel, "notify::gl-scanout", G_CALLBACK (on_gl_scanout), watch);
  g_signal_connect (channel, "gl-draw", G_CALLBACK (on_gl_draw), watch);
  if (open) {
    watch->marked = watch->drawn = true;
    start_over (watch);
  }
}

static void
unwatch (Watch *watch)
{
  if (watch->channel)
    g_signal_handlers_disconnect_by_data (watch->channel, watch);
  watch->channel = NULL;
}

static void
watch_clear (Watch *watch)
{
  unwatch (watch);
  g_free (watch->tiles);
  shown_clear (&watch->gl);
  g_clear_error (&watch->error);
}

static bool
is_on_or_off (gpointer data)
{
  const Watch *watch = data;

  return watch->seen || g_get_monotonic_time () - watch->opened > OFF_US;
}

static guint64
hash_tile (const SpiceDisplayPrimary *primary, int x, int y)
{
  int bytes = primary->format == SPICE_SURFACE_FMT_32_xRGB || primary->format == SPICE_SURFACE_FMT_32_ARGB ? 4 : 2;
  int width = MIN (TILE, primary->width - x), height = MIN (TILE, primary->height - y);
  guint64 hash = 0xcbf29ce484222325;

  for (int row = 0; row < height; row++) {
    const guint8 *at = primary->data + (gsize) (y + row) * primary->stride + (gsize) x * bytes;

    for (int i = 0; i < width * bytes; i += 2) {
      hash = (hash ^ (at[i] | (guint64) at[i + 1] << 8)) * 0x100000001b3;
      hash ^= hash >> 29;
    }
  }
  return hash;
}

/* false: nothing is shown. */
static bool
get_surface (const Watch *watch, SpiceDisplayPrimary *surface)
{
  if (!watch->gl.pixels)
    return spice_display_channel_get_primary (watch->channel, 0, surface);
  *surface = watch->gl.surface;
  return true;
}

/* Whether any part shows what it has shown neither now nor before. */
static bool
has_changed (Watch *watch)
{
  SpiceDisplayPrimary primary;
  bool first, changed = false;
  gsize n = 0;

  if (!get_surface (watch, &primary))
    return true;
  if (watch->width != primary.width || watch->height != primary.height)
    g_clear_pointer (&watch->tiles, g_free);
  watch->width = primary.width, watch->height = primary.height;
  first = !watch->tiles;
  if (first)
    watch->tiles = g_new0 (Tile, (gsize) ((primary.width + TILE - 1) / TILE) * ((primary.height + TILE - 1) / TILE));
  for (int y = 0; y < primary.height; y += TILE) {
    for (int x = 0; x < primary.width; x += TILE) {
      Tile *tile = &watch->tiles[n++];
      guint64 hash = hash_tile (&primary, x, y);

      if (hash == tile->now)
        continue;
      changed |= hash != tile->before || first;
      tile->before = tile->now;
      tile->now = hash;
    }
  }
  return changed;
}

static bool
is_complete (gpointer data)
{
  Watch *watch = data;
  gint64 quiet;

  if (watch->dirty)
    look_at_video_memory (watch);
  if (watch->error)
    return true;
  if (watch->created == 0)
    return false;
  if (watch->dirty && (watch->quiet == 0 || has_changed (watch)))
    watch->last_change = g_get_monotonic_time ();
  watch->dirty = false;
  quiet = g_get_monotonic_time () - watch->last_change;
  if (!watch->marked && !(watch->drawn && quiet >= UNMARKED_QUIET_US))
    return false;
  return quiet >= watch->quiet && shown_is_settled (watch->channel, watch->marked_at);
}

/* Every channel of pointers begins with what the pointer is, even when there is none to see. */
static void
on_pointer_told (SpiceChannel *channel)
{
  g_object_set_data (G_OBJECT (channel), "caraway-told", channel);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel)
{
  if (!SPICE_IS_CURSOR_CHANNEL (channel))
    return;
  g_signal_connect (channel, "notify::cursor", G_CALLBACK (on_pointer_told), NULL);
  g_signal_connect (channel, "cursor-hide", G_CALLBACK (on_pointer_told), NULL);
}

static bool
watch_pointers (SpiceSession *session, gpointer data, GError **error)
{
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), NULL);
  return true;
}

static bool
is_pointer_told (gpointer data)
{
  return g_object_get_data (data, "caraway-told") != NULL;
}

/* The channel of a display's pointer, once the pointer is known. */
static SpiceCursorChannel *
open_pointer (Client *client, int id, GError **error)
{
  SpiceChannel *channel = client_open_channel (client, SPICE_CHANNEL_CURSOR, id, error);

  return channel && client_wait (client, is_pointer_told, channel, "the pointer", error)
             ? SPICE_CURSOR_CHANNEL (channel)
             : NULL;
}

/* The picture begins at left, top of the surface. */
static void
draw_pointer (Picture *picture, SpiceCursorChannel *channel, int left, int top)
{
  SpiceCursorShape *shape = NULL;
  int x, y;

  if (!spice_cursor_channel_get_position (channel, &x, &y))
    return;
  g_object_get (channel, "cursor", &shape, NULL);
  if (!shape)
    return;
  picture_draw_cursor (picture, shape, x - left, y - top);
  g_boxed_free (SPICE_TYPE_CURSOR_SHAPE, shape);
}

/* Pixels of the display. Width 0: all of it. */
typedef struct {
  int x, y, width, height;
} Region;

/* WIDTHxHEIGHT+X+Y, as X programs write it. */
static bool
parse_region (const char *text, Region *region, GError **error)
{
  int n = 0;

  if (sscanf (text, "%5dx%5d+%5d+%5d%n", &region->width, &region->height, &region->x, &region->y, &n) == 4
      && text[n] == 0 && region->width > 0 && region->height > 0 && region->x >= 0 && region->y >= 0)
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--region is WIDTHxHEIGHT+X+Y, such as 640x480+0+0, not \"%s\"",
               text);
  return false;
}

static bool
save (const Watch *watch, const Display *display, const Region *region, SpiceCursorChannel *pointer, Output *output,
      GError **error)
{
  g_auto (Picture) picture = { 0 };
  SpiceDisplayPrimary primary;
  Region area = { 0, 0, display->width, display->height };

  if (region->width > 0) {
    area = *region;
    if (area.x + area.width > display->width || area.y + area.height > display->height) {
      g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED,
                   "display %d is %dx%d; the region %dx%d+%d+%d lies beyond it", display->number, display->width,
                   display->height, area.width, area.height, area.x, area.y);
      return false;
    }
  }
  area.x += display->x;
  area.y += display->y;
  if (!get_surface (watch, &primary) || area.x + area.width > primary.width || area.y + area.height > primary.height) {
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the picture vanished");
    return false;
  }
  if (!picture_init (&picture, &primary, area.x, area.y, area.width, area.height, error))
    return false;
  if (pointer)
    draw_pointer (&picture, pointer, area.x, area.y);
  return png_file_write (output_file (output), &picture, error) || output_explain (output, errno, error);
}

typedef struct {
  int number; /* NO_NUMBER: the whole surface of the first channel that shows something */
  int stable;
  bool save_late; /* what is there when the time has come */
  gboolean cursor;
  Region region;
} Request;

static bool
open_numbered (Client *client, int number, Watch *watch, Display *display, GError **error)
{
  if (!displays_find (client, number, display, error))
    return false;
  watch_display (watch, display->channel, true);
  return true;
}

/* The wanted display's channel, open, and what is known of the display. The first one does not wait for the rest of
 * the channels, unless it is off. */
static bool
open_display (Client *client, const char *uri, const Request *request, Watch *watch, Display *display, GError **error)
{
  g_autoptr (GList) channels = NULL;

  if (request->number > 0)
    return client_connect_main (client, uri, error) && open_numbered (client, request->number, watch, display, error);
  if (!client_connect_main (client, uri, error) || !client_wait_display (client, error))
    return false;
  channels = displays_list_channels (client);
  watch_display (watch, channels->data, false);
  display->channel = channels->data;
  if (!client_open_channel (client, SPICE_CHANNEL_DISPLAY, watch->id, error))
    return false;
  watch->opened = g_get_monotonic_time ();
  if (!client_wait (client, is_on_or_off, watch, A_PICTURE, error))
    return false;
  if (watch->seen)
    return true;
  unwatch (watch);
  return open_numbered (client, 0, watch, display, error);
}

/* A picture that lies otherwise looks torn to pieces: whoever sees that should know why. */
static void
tell_doubt (const Watch *watch)
{
  const SpiceGlPlanes *planes = spice_display_channel_get_gl_planes (SPICE_DISPLAY_CHANNEL (watch->channel));

  if (watch->gl.pixels && planes && planes->modifier == MODIFIER_UNKNOWN)
    g_printerr ("caraway screenshot: the server does not tell how the picture lies in video memory; taken as rows\n");
}

/* Once there is a picture: where it is. */
static bool
place_display (const Request *request, Display *display, GError **error)
{
  g_autoptr (GArray) list = displays_of_channel (display->channel, 0);

  if (request->number > 0)
    return true;
  if (list->len == 0) {
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the picture vanished");
    return false;
  }
  *display = g_array_index (list, Display, 0);
  if (request->number == NO_NUMBER) {
    display->x = display->y = 0;
    shown_get_size (display->channel, &display->width, &display->height);
  }
  return true;
}

static bool
take (Client *client, const char *uri, const Request *request, Output *output, GError **error)
{
  g_autofree char *what = NULL;
  g_autoptr (GError) late = NULL;
  Watch watch = { .quiet = request->stable * G_TIME_SPAN_MILLISECOND };
  Display display = { .number = 0 };
  SpiceCursorChannel *pointer = NULL;
  bool ok = open_display (client, uri, request, &watch, &display, error)
            && (!request->cursor || (pointer = open_pointer (client, watch.id, error)) != NULL);

  what = request->stable > 0
             ? g_strdup_printf ("the picture to stay as it is for %d ms%s", request->stable,
                                request->save_late ? "" : " (--on-timeout=save saves one that does not)")
             : g_strdup (A_PICTURE);
  if (ok && !client_wait (client, is_complete, &watch, what, &late)) {
    ok = request->save_late && watch.created != 0 && watch.drawn
         && g_error_matches (late, STATUS_ERROR, STATUS_TIMEOUT);
    if (ok)
      g_printerr ("caraway screenshot: %s; saving what is there\n", late->message);
    else
      g_propagate_error (error, g_steal_pointer (&late));
  }
  if (ok && watch.error) {
    g_propagate_error (error, g_steal_pointer (&watch.error));
    ok = false;
  }
  ok = ok && place_display (request, &display, error)
       && save (&watch, &display, &request->region, pointer, output, error);
  if (ok)
    tell_doubt (&watch);
  watch_clear (&watch);
  return ok && client_finish (client, NULL, error);
}

/* The name's ending; NULL: it has none. What is longer than endings are makes a name unique, as mktemp does. */
static const char *
ending_of (const char *path)
{
  const char *name = strrchr (path, '/') ? strrchr (path, '/') + 1 : path;
  const char *dot = strrchr (name, '.');
  size_t size = dot && dot > name ? strspn (dot + 1, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS) : 0;

  return size > 0 && size <= MAX_ENDING && dot[1 + size] == 0 ? dot + 1 : NULL;
}

static bool
check_name (const char *path, GError **error)
{
  const char *ending = ending_of (path);

  if (!ending || g_ascii_strcasecmp (ending, "png") == 0)
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "screenshots are PNG files, not .%s; name it %.*s.png", ending,
               (int) (ending - 1 - path), path);
  return false;
}

static bool
check_request (Request *request, Client *client, const char *on_timeout, GError **error)
{
  if (request->stable < 0 || (request->number != NO_NUMBER && (request->number < 0 || request->number > 255))) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--stable must not be negative, --display is 0 to 255");
    return false;
  }
  request->save_late = g_strcmp0 (on_timeout, "save") == 0;
  if (on_timeout && !request->save_late && strcmp (on_timeout, "fail") != 0) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--on-timeout is fail or save, not \"%s\"", on_timeout);
    return false;
  }
  if (client_leave_time (client, request->stable / 1000.0) || request->save_late)
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_USAGE,
               "nothing can stay as it is for %d ms within the time limit: make --timeout longer, or --stable shorter",
               request->stable);
  return false;
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (Output) output = NULL;
  g_autofree char *region = NULL, *on_timeout = NULL;
  Request request = { .number = NO_NUMBER };
  const GOptionEntry entries[] = {
    { "stable", 's', 0, G_OPTION_ARG_INT, &request.stable,
      "Wait until nothing has changed for this long; what alternates between two pictures, as a cursor does, is no "
      "change",
      "MS" },
    { "on-timeout", 0, 0, G_OPTION_ARG_STRING, &on_timeout,
      "When the time limit passes: fail (default), or save what is there", "fail|save" },
    { "display", 'd', 0, G_OPTION_ARG_INT, &request.number,
      "Which display, by its number in \"caraway info\" (default: all of the first channel that shows one)", "N" },
    { "cursor", 'c', 0, G_OPTION_ARG_NONE, &request.cursor, "With the guest's pointer, where the guest has it", NULL },
    { "region", 0, 0, G_OPTION_ARG_STRING, &region, "Only this part of the display", "WIDTHxHEIGHT+X+Y" },
    { 0 },
  };

  if (!command_parse (&command_screenshot, client, entries,
                      "Waits for the first complete picture and writes it as a PNG file; \"-\" is standard output.",
                      &argc, &argv, 2, 2, error))
    return false;
  if (!check_request (&request, client, on_timeout, error) || (region && !parse_region (region, &request.region, error))
      || !check_name (argv[2], error))
    return false;
  if (request.cursor)
    client_on_session (client, watch_pointers, NULL);
  /* Before anything is asked of the server. */
  output = output_open (argv[2], 0666, error);
  return output && take (client, argv[1], &request, output, error) && output_commit (output, error);
}

const Command command_screenshot = {
  .name = "screenshot",
  .arguments = "URI FILE.png",
  .summary = "Save what a display shows as a PNG file",
  .example = "caraway screenshot --stable=500 spice://127.0.0.1:5930 vm.png",
  .run = run,
};
