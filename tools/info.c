/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway info: what a server offers. The facts are gathered into one JSON object, which is printed as it is or as
 * text. */
#include "commands.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

/* A display without a marked surface (a guest that has not set a mode yet) is reported as it is after this long. */
#define SURFACE_WAIT_US G_TIME_SPAN_SECOND

typedef struct {
  int type; /* -1: common to all channels */
  int bit;
  const char *name;
} Capability;

static const Capability capabilities[] = {
  { -1, SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION, "auth-selection" },
  { -1, SPICE_COMMON_CAP_AUTH_SPICE, "auth-spice" },
  { -1, SPICE_COMMON_CAP_AUTH_SASL, "auth-sasl" },
  { -1, SPICE_COMMON_CAP_MINI_HEADER, "mini-header" },
  { SPICE_CHANNEL_MAIN, SPICE_MAIN_CAP_SEMI_SEAMLESS_MIGRATE, "semi-seamless-migrate" },
  { SPICE_CHANNEL_MAIN, SPICE_MAIN_CAP_NAME_AND_UUID, "name-and-uuid" },
  { SPICE_CHANNEL_MAIN, SPICE_MAIN_CAP_AGENT_CONNECTED_TOKENS, "agent-connected-tokens" },
  { SPICE_CHANNEL_MAIN, SPICE_MAIN_CAP_SEAMLESS_MIGRATE, "seamless-migrate" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_SIZED_STREAM, "sized-stream" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_MONITORS_CONFIG, "monitors-config" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_COMPOSITE, "composite" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_A8_SURFACE, "a8-surface" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_STREAM_REPORT, "stream-report" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_LZ4_COMPRESSION, "lz4-compression" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_PREF_COMPRESSION, "preferred-compression" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_GL_SCANOUT, "gl-scanout" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_MULTI_CODEC, "multi-codec" },
  { SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_CAP_PREF_VIDEO_CODEC_TYPE, "preferred-video-codec" },
  { SPICE_CHANNEL_INPUTS, SPICE_INPUTS_CAP_KEY_SCANCODE, "key-scancode" },
};

typedef struct {
  bool marked;
  gint64 since;
} Surface;

/* Servers send surface, picture and monitors, and then mark the surface. */
static void
on_mark (SpiceChannel *channel, int mark, Surface *surface)
{
  surface->marked = mark != 0;
}

static bool
surface_settled (gpointer data)
{
  Surface *surface = data;

  return surface->marked || g_get_monotonic_time () - surface->since > SURFACE_WAIT_US;
}

static void
add_capabilities (JsonObject *object, SpiceChannel *channel, int type)
{
  JsonArray *names = json_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (capabilities); i++) {
    const Capability *capability = &capabilities[i];

    if (capability->type == -1 ? spice_channel_test_common_capability (channel, capability->bit)
                               : capability->type == type && spice_channel_test_capability (channel, capability->bit))
      json_array_add_string_element (names, capability->name);
  }
  json_object_set_array_member (object, "capabilities", names);
}

static const char *
surface_format_name (int format)
{
  switch (format) {
  case SPICE_SURFACE_FMT_32_xRGB:
    return "xRGB8888";
  case SPICE_SURFACE_FMT_32_ARGB:
    return "ARGB8888";
  case SPICE_SURFACE_FMT_16_555:
    return "xRGB1555";
  case SPICE_SURFACE_FMT_16_565:
    return "RGB565";
  default:
    return "unknown";
  }
}

static void
add_display (JsonObject *object, SpiceChannel *channel)
{
  JsonArray *list = json_array_new ();
  GArray *monitors = NULL;
  SpiceDisplayPrimary primary;

  if (spice_display_channel_get_primary (channel, 0, &primary)) {
    JsonObject *surface = json_object_new ();

    json_object_set_int_member (surface, "width", primary.width);
    json_object_set_int_member (surface, "height", primary.height);
    json_object_set_string_member (surface, "format", surface_format_name (primary.format));
    json_object_set_object_member (object, "surface", surface);
  } else {
    json_object_set_null_member (object, "surface");
  }
  g_object_get (channel, "monitors", &monitors, NULL);
  for (guint i = 0; monitors && i < monitors->len; i++) {
    const SpiceDisplayMonitorConfig *config = &g_array_index (monitors, SpiceDisplayMonitorConfig, i);
    JsonObject *monitor = json_object_new ();

    json_object_set_int_member (monitor, "id", config->id);
    json_object_set_int_member (monitor, "x", config->x);
    json_object_set_int_member (monitor, "y", config->y);
    json_object_set_int_member (monitor, "width", config->width);
    json_object_set_int_member (monitor, "height", config->height);
    json_array_add_object_element (list, monitor);
  }
  g_clear_pointer (&monitors, g_array_unref);
  json_object_set_array_member (object, "monitors", list);
}

static JsonObject *
describe_channel (Client *client, SpiceChannel *offered, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  Surface surface = { .since = g_get_monotonic_time () };
  SpiceChannel *channel;
  int type, id;

  g_object_get (offered, "channel-type", &type, "channel-id", &id, NULL);
  json_object_set_string_member (object, "type", spice_channel_type_to_string (type));
  json_object_set_int_member (object, "id", id);
  if (type != SPICE_CHANNEL_MAIN && type != SPICE_CHANNEL_DISPLAY && type != SPICE_CHANNEL_INPUTS
      && type != SPICE_CHANNEL_CURSOR)
    return g_steal_pointer (&object);

  if (type == SPICE_CHANNEL_DISPLAY)
    g_signal_connect (offered, "display-mark", G_CALLBACK (on_mark), &surface);
  channel = client_open_channel (client, type, id, error);
  if (channel && type == SPICE_CHANNEL_DISPLAY
      && !client_wait (client, surface_settled, &surface, "the display's surface", error))
    channel = NULL;
  g_signal_handlers_disconnect_by_data (offered, &surface);
  if (!channel)
    return NULL;
  add_capabilities (object, channel, type);
  if (type == SPICE_CHANNEL_DISPLAY)
    add_display (object, channel);
  return g_steal_pointer (&object);
}

static void
add_server (JsonObject *object, Client *client)
{
  g_autofree char *name = NULL;
  g_autofree char *uri = NULL;
  guint8 *uuid = NULL;
  int mode;
  gboolean agent;

  g_object_get (client_session (client), "name", &name, "uuid", &uuid, "uri", &uri, NULL);
  g_object_get (client_main (client), "mouse-mode", &mode, "agent-connected", &agent, NULL);
  json_object_set_string_member (object, "uri", uri);
  if (name)
    json_object_set_string_member (object, "name", name);
  else
    json_object_set_null_member (object, "name");
  if (uuid && memcmp (uuid, (const guint8[16]){ 0 }, 16) != 0) {
    g_autofree char *text = spice_uuid_to_string (uuid);

    json_object_set_string_member (object, "uuid", text);
  } else {
    json_object_set_null_member (object, "uuid");
  }
  json_object_set_string_member (object, "mouse-mode", mode == SPICE_MOUSE_MODE_CLIENT ? "client" : "server");
  json_object_set_boolean_member (object, "agent-connected", agent);
}

static JsonObject *
gather (Client *client, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GList) channels = g_list_reverse (spice_session_get_channels (client_session (client)));
  g_autoptr (JsonArray) list = json_array_new ();

  for (GList *l = channels; l; l = l->next) {
    JsonObject *channel = describe_channel (client, l->data, error);

    if (!channel)
      return NULL;
    json_array_add_object_element (list, channel);
  }
  add_server (object, client);
  json_object_set_array_member (object, "channels", g_steal_pointer (&list));
  return g_steal_pointer (&object);
}

static void
print_display (JsonObject *channel)
{
  JsonArray *monitors = json_object_get_array_member (channel, "monitors");

  if (json_object_get_null_member (channel, "surface")) {
    puts ("    surface    none");
  } else {
    JsonObject *surface = json_object_get_object_member (channel, "surface");

    printf ("    surface    %dx%d %s\n", (int) json_object_get_int_member (surface, "width"),
            (int) json_object_get_int_member (surface, "height"), json_object_get_string_member (surface, "format"));
  }
  for (guint i = 0; i < json_array_get_length (monitors); i++) {
    JsonObject *monitor = json_array_get_object_element (monitors, i);

    printf ("    monitor %d  %dx%d at %d,%d\n", (int) json_object_get_int_member (monitor, "id"),
            (int) json_object_get_int_member (monitor, "width"), (int) json_object_get_int_member (monitor, "height"),
            (int) json_object_get_int_member (monitor, "x"), (int) json_object_get_int_member (monitor, "y"));
  }
}

/* The name is the server's text: nothing in it may operate the terminal. */
static void
print_name (const char *name)
{
  g_autofree char *text = g_utf8_make_valid (name, -1);

  fputs ("name         ", stdout);
  for (const char *p = text; *p != 0; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      printf ("\\x%02x", g_utf8_get_char (p));
    else
      printf ("%.*s", (int) (g_utf8_next_char (p) - p), p);
  putchar ('\n');
}

static void
print_text (JsonObject *object)
{
  JsonArray *channels = json_object_get_array_member (object, "channels");

  printf ("server       %s\n", json_object_get_string_member (object, "uri"));
  if (!json_object_get_null_member (object, "name"))
    print_name (json_object_get_string_member (object, "name"));
  if (!json_object_get_null_member (object, "uuid"))
    printf ("uuid         %s\n", json_object_get_string_member (object, "uuid"));
  printf ("mouse mode   %s\n", json_object_get_string_member (object, "mouse-mode"));
  printf ("guest agent  %s\n", json_object_get_boolean_member (object, "agent-connected") ? "connected" : "none");
  puts ("channels");
  for (guint i = 0; i < json_array_get_length (channels); i++) {
    JsonObject *channel = json_array_get_object_element (channels, i);

    printf ("  %s %d\n", json_object_get_string_member (channel, "type"),
            (int) json_object_get_int_member (channel, "id"));
    if (json_object_has_member (channel, "capabilities")) {
      JsonArray *names = json_object_get_array_member (channel, "capabilities");

      fputs ("    can       ", stdout);
      for (guint j = 0; j < json_array_get_length (names); j++)
        printf (" %s", json_array_get_string_element (names, j));
      putchar ('\n');
    }
    if (json_object_has_member (channel, "monitors"))
      print_display (channel);
  }
}

static void
print_json (JsonObject *object)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_node_alloc ();
  g_autofree char *text = NULL;

  json_node_init_object (root, object);
  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  text = json_generator_to_data (generator, NULL);
  puts (text);
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (JsonObject) object = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON object", NULL },
    { 0 },
  };

  if (!command_parse (&command_info, client, entries, NULL, &argc, &argv, 1, 1, error)
      || !client_connect (client, argv[1], error))
    return false;
  object = gather (client, error);
  if (!object || !client_finish (client, NULL, error))
    return false;
  (json ? print_json : print_text) (object);
  return true;
}

const Command command_info = {
  .name = "info",
  .arguments = "URI",
  .summary = "Tell what a server offers: channels, capabilities, displays",
  .run = run,
};
