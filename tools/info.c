/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway info: what a server offers. The facts are gathered into one JSON object, which is printed as it is or as
 * text. */
#include "commands.h"
#include "displays.h"
#include "text.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

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

/* One after the other over all channels, as all commands number them. */
static void
add_displays (JsonArray *list, SpiceChannel *channel)
{
  g_autoptr (GArray) displays = displays_of_channel (channel, (int) json_array_get_length (list));

  for (guint i = 0; i < displays->len; i++) {
    const Display *display = &g_array_index (displays, Display, i);
    JsonObject *object = json_object_new ();

    json_object_set_int_member (object, "number", display->number);
    json_object_set_int_member (object, "width", display->width);
    json_object_set_int_member (object, "height", display->height);
    json_object_set_int_member (object, "channel", display->channel_id);
    json_array_add_object_element (list, object);
  }
}

static JsonObject *
describe_channel (Client *client, SpiceChannel *offered, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  int type, id;

  g_object_get (offered, "channel-type", &type, "channel-id", &id, NULL);
  json_object_set_string_member (object, "type", spice_channel_type_to_string (type));
  json_object_set_int_member (object, "id", id);
  if (type != SPICE_CHANNEL_MAIN && type != SPICE_CHANNEL_DISPLAY && type != SPICE_CHANNEL_INPUTS
      && type != SPICE_CHANNEL_CURSOR)
    return g_steal_pointer (&object);
  if (type == SPICE_CHANNEL_DISPLAY ? !displays_open_channel (client, offered, error)
                                    : !client_open_channel (client, type, id, error))
    return NULL;
  add_capabilities (object, offered, type);
  if (type == SPICE_CHANNEL_DISPLAY)
    add_display (object, offered);
  return g_steal_pointer (&object);
}

/* What the guest's keyboard shows; nothing when there is no keyboard. */
static bool
add_locks (JsonObject *object, Client *client, GError **error)
{
  static const struct {
    int bit;
    const char *name;
  } locks[] = { { SPICE_INPUTS_SCROLL_LOCK, "scroll" },
                { SPICE_INPUTS_NUM_LOCK, "num" },
                { SPICE_INPUTS_CAPS_LOCK, "caps" } };
  g_autoptr (GList) channels = spice_session_get_channels (client_session (client));
  JsonArray *names = json_array_new ();
  int modifiers = 0;

  json_object_set_array_member (object, "locks", names);
  for (GList *l = channels; l; l = l->next)
    if (SPICE_IS_INPUTS_CHANNEL (l->data) && !client_read_locks (client, l->data, &modifiers, error))
      return false;
  for (gsize i = 0; i < G_N_ELEMENTS (locks); i++)
    if (modifiers & locks[i].bit)
      json_array_add_string_element (names, locks[i].name);
  return true;
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
  g_autoptr (GList) screens = displays_list_channels (client);
  g_autoptr (JsonArray) list = json_array_new (), displays = json_array_new ();

  for (GList *l = channels; l; l = l->next) {
    JsonObject *channel = describe_channel (client, l->data, error);

    if (!channel)
      return NULL;
    json_array_add_object_element (list, channel);
  }
  for (GList *l = screens; l; l = l->next)
    add_displays (displays, l->data);
  add_server (object, client);
  if (!add_locks (object, client, error))
    return NULL;
  json_object_set_array_member (object, "displays", g_steal_pointer (&displays));
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

static void
print_names (const char *label, JsonArray *names, const char *none)
{
  fputs (label, stdout);
  for (guint i = 0; i < json_array_get_length (names); i++)
    printf ("%s%s", i > 0 ? ", " : "", json_array_get_string_element (names, i));
  puts (json_array_get_length (names) > 0 ? "" : none);
}

/* What a person wants to know. */
static void
print_summary (JsonObject *object)
{
  JsonArray *displays = json_object_get_array_member (object, "displays");
  g_autofree char *uri = text_escape (json_object_get_string_member (object, "uri"));

  printf ("server       %s\n", uri);
  if (!json_object_get_null_member (object, "name")) {
    g_autofree char *name = text_escape (json_object_get_string_member (object, "name"));

    printf ("name         %s\n", name);
  }
  if (!json_object_get_null_member (object, "uuid"))
    printf ("uuid         %s\n", json_object_get_string_member (object, "uuid"));
  for (guint i = 0; i < json_array_get_length (displays); i++) {
    JsonObject *display = json_array_get_object_element (displays, i);

    printf ("display %-4d %dx%d\n", (int) json_object_get_int_member (display, "number"),
            (int) json_object_get_int_member (display, "width"), (int) json_object_get_int_member (display, "height"));
  }
  if (json_array_get_length (displays) == 0)
    puts ("displays     none, or all are off");
  printf ("pointer      %s\n", strcmp (json_object_get_string_member (object, "mouse-mode"), "client") == 0
                                   ? "absolute: click and move go to a place"
                                   : "relative: only move and click --relative, until the guest has a tablet or agent");
  print_names ("locks on     ", json_object_get_array_member (object, "locks"), "none");
  printf ("guest agent  %s\n", json_object_get_boolean_member (object, "agent-connected") ? "connected" : "none");
}

static void
print_text (JsonObject *object)
{
  JsonArray *channels = json_object_get_array_member (object, "channels");

  print_summary (object);
  puts (json_array_get_length (channels) > 1 ? "channels" : "channels     none but main");
  for (guint i = 0; i < json_array_get_length (channels); i++) {
    JsonObject *channel = json_array_get_object_element (channels, i);

    printf ("  %s %d\n", json_object_get_string_member (channel, "type"),
            (int) json_object_get_int_member (channel, "id"));
    if (json_object_has_member (channel, "capabilities"))
      print_names ("    can        ", json_object_get_array_member (channel, "capabilities"), "nothing special");
    if (json_object_has_member (channel, "monitors"))
      print_display (channel);
  }
}

static void
print_json (JsonObject *object)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_node_alloc ();
  g_autofree char *text = NULL, *escaped = NULL;

  json_node_init_object (root, object);
  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  text = json_generator_to_data (generator, NULL);
  escaped = text_escape_json (text);
  puts (escaped);
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (JsonObject) object = NULL;
  gboolean json = FALSE;
  bool offers;
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
  offers = json_array_get_length (json_object_get_array_member (object, "channels")) > 1;
  (json ? print_json : print_text) (object);
  if (!offers)
    g_set_error (error, STATUS_ERROR, STATUS_NO_CHANNELS,
                 "the server offers no channel but main, nothing to see or operate (does the machine have a display?)");
  return offers;
}

const Command command_info = {
  .name = "info",
  .arguments = "URI",
  .summary = "Tell what a server offers: channels, capabilities, displays",
  .example = "caraway info spice://127.0.0.1:5930",
  .run = run,
};
