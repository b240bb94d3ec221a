/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway events: what happens on a connection, as a line of JSON each. */
#include "commands.h"
#include "output.h"
#include "text.h"

#include <errno.h>
#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>

typedef struct {
  gint64 begun;
  gint64 left; /* events still to be printed; negative: no limit */
  gint64 until;
  gboolean draws;
  guint interrupt; /* a source; 0: not yet */
  bool interrupted;
  int problem; /* errno of a line that could not be written, or 0 */
} Events;

/* Who reads no more can still be left by Ctrl-C, and when the time is over. */
static void
write_line (Events *self, const char *line)
{
  const char *end = line + strlen (line);

  while (line < end && self->problem == 0) {
    ssize_t n;

    if (!output_takes_more () && !output_wait (self->until)) {
      self->interrupted = true;
      return;
    }
    n = output_write_some (line, (gsize) (end - line));
    if (n >= 0)
      line += n;
    else if (errno != EINTR && errno != EAGAIN)
      self->problem = errno;
  }
}

/* Takes object, which may be NULL. */
static void
print (Events *self, SpiceChannel *channel, const char *event, JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *raw = NULL, *text = NULL, *line = NULL;
  int type, id;

  if (!object)
    object = json_object_new ();
  if (self->left != 0 && !self->interrupted) {
    json_object_set_int_member (object, "ms", (g_get_monotonic_time () - self->begun) / G_TIME_SPAN_MILLISECOND);
    json_object_set_string_member (object, "event", event);
    if (channel) {
      g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
      json_object_set_string_member (object, "channel", spice_channel_type_to_string (type));
      json_object_set_int_member (object, "id", id);
    }
    json_node_set_object (node, object);
    raw = json_to_string (node, FALSE);
    text = text_escape_json (raw);
    line = g_strconcat (text, "\n", NULL);
    write_line (self, line);
  }
  if (self->left > 0)
    self->left--;
  json_node_unref (node);
  json_object_unref (object);
}

static gboolean
on_interrupt (gpointer data)
{
  ((Events *) data)->interrupted = true;
  return G_SOURCE_CONTINUE;
}

/* Until a server has let us in, Ctrl-C ends the program as usual. */
static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Events *self)
{
  GEnumClass *class = g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT);
  const GEnumValue *value = g_enum_get_value (class, event);
  const GError *error = spice_channel_get_error (channel);
  JsonObject *object = json_object_new ();

  if (event == SPICE_CHANNEL_OPENED && self->interrupt == 0)
    self->interrupt = g_unix_signal_add (SIGINT, on_interrupt, self);
  json_object_set_string_member (object, "state", value ? value->value_nick : "unknown");
  if (error)
    json_object_set_string_member (object, "error", error->message);
  print (self, channel, "channel", object);
  g_type_class_unref (class);
}

/* Without the password. As the library composes it, what is in a password is escaped, and no host has an "@". */
static void
set_proxy (JsonObject *object, const char *address)
{
  const char *at = address ? strrchr (address, '@') : NULL;
  const char *colon = at ? strchr (strstr (address, "://") + 1, ':') : NULL;
  g_autofree char *shown
      = colon && colon < at ? g_strdup_printf ("%.*s%s", (int) (colon - address), address, at) : NULL;

  json_object_set_string_member (object, "value", shown ? shown : address);
}

static void
set_property (JsonObject *object, GObject *from, GParamSpec *pspec)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, pspec->value_type);
  g_object_get_property (from, pspec->name, &value);
  if (G_VALUE_HOLDS_BOOLEAN (&value))
    json_object_set_boolean_member (object, "value", g_value_get_boolean (&value));
  else if (G_VALUE_HOLDS_INT (&value))
    json_object_set_int_member (object, "value", g_value_get_int (&value));
  else if (G_VALUE_HOLDS_UINT (&value))
    json_object_set_int_member (object, "value", g_value_get_uint (&value));
  else if (G_VALUE_HOLDS_STRING (&value) && strcmp (pspec->name, "proxy") == 0)
    set_proxy (object, g_value_get_string (&value));
  else if (G_VALUE_HOLDS_STRING (&value) && strcmp (pspec->name, "password") != 0)
    json_object_set_string_member (object, "value", g_value_get_string (&value));
}

static void
print_property (Events *self, SpiceChannel *channel, GObject *object, GParamSpec *pspec)
{
  JsonObject *json = json_object_new ();

  json_object_set_string_member (json, "property", pspec->name);
  if (pspec->flags & G_PARAM_READABLE)
    set_property (json, object, pspec);
  print (self, channel, "property", json);
}

static void
on_channel_property (GObject *channel, GParamSpec *pspec, Events *self)
{
  print_property (self, SPICE_CHANNEL (channel), channel, pspec);
}

static void
on_session_property (GObject *session, GParamSpec *pspec, Events *self)
{
  print_property (self, NULL, session, pspec);
}

static void
on_agent (SpiceMainChannel *channel, Events *self)
{
  JsonObject *object = json_object_new ();
  gboolean connected;
  int capabilities;

  g_object_get (channel, "agent-connected", &connected, "agent-caps-0", &capabilities, NULL);
  json_object_set_boolean_member (object, "connected", connected);
  json_object_set_int_member (object, "capabilities", capabilities);
  print (self, SPICE_CHANNEL (channel), "agent", object);
}

static gboolean
on_grab (SpiceMainChannel *channel, guint selection, gpointer types, guint n, Events *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < n; i++)
    json_array_add_int_element (array, ((const guint32 *) types)[i]);
  json_object_set_int_member (object, "selection", selection);
  json_object_set_array_member (object, "types", array);
  print (self, SPICE_CHANNEL (channel), "clipboard-grab", object);
  return FALSE;
}

static void
on_release (SpiceMainChannel *channel, guint selection, Events *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "selection", selection);
  print (self, SPICE_CHANNEL (channel), "clipboard-release", object);
}

static void
on_create (SpiceChannel *channel, int format, int width, int height, int stride, int shmid, gpointer data, Events *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "width", width);
  json_object_set_int_member (object, "height", height);
  print (self, channel, "display-create", object);
}

static void
on_destroy (SpiceChannel *channel, Events *self)
{
  print (self, channel, "display-destroy", NULL);
}

static void
on_mark (SpiceChannel *channel, int mark, Events *self)
{
  print (self, channel, "display-mark", NULL);
}

static void
on_invalidate (SpiceChannel *channel, int x, int y, int width, int height, Events *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "x", x);
  json_object_set_int_member (object, "y", y);
  json_object_set_int_member (object, "width", width);
  json_object_set_int_member (object, "height", height);
  print (self, channel, "display-draw", object);
}

static void
on_port_data (SpiceChannel *channel, gpointer bytes, int size, Events *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "size", size);
  print (self, channel, "port-data", object);
}

static void
listen (SpiceSession *session, SpiceChannel *channel, Events *self)
{
  print (self, channel, "channel-new", NULL);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  g_signal_connect (channel, "notify", G_CALLBACK (on_channel_property), self);
  if (SPICE_IS_MAIN_CHANNEL (channel)) {
    g_signal_connect (channel, "main-agent-update", G_CALLBACK (on_agent), self);
    g_signal_connect (channel, "main-clipboard-selection-grab", G_CALLBACK (on_grab), self);
    g_signal_connect (channel, "main-clipboard-selection-release", G_CALLBACK (on_release), self);
  } else if (SPICE_IS_DISPLAY_CHANNEL (channel)) {
    g_signal_connect (channel, "display-primary-create", G_CALLBACK (on_create), self);
    g_signal_connect (channel, "display-primary-destroy", G_CALLBACK (on_destroy), self);
    g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), self);
    if (self->draws)
      g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_invalidate), self);
  } else if (SPICE_IS_PORT_CHANNEL (channel)) {
    g_signal_connect (channel, "port-data", G_CALLBACK (on_port_data), self);
  }
  client_connect_new (session, channel);
}

static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, Events *self)
{
  print (self, channel, "channel-destroy", NULL);
  g_signal_handlers_disconnect_by_data (channel, self);
}

static bool
is_over (gpointer data)
{
  const Events *self = data;

  return self->left == 0 || self->problem != 0 || self->interrupted || g_get_monotonic_time () >= self->until;
}

/* The session is there before it is connected, so that nothing is missed. */
static bool
on_session (SpiceSession *session, gpointer data, GError **error)
{
  g_signal_connect (session, "channel-new", G_CALLBACK (listen), data);
  g_signal_connect (session, "channel-destroy", G_CALLBACK (on_channel_destroy), data);
  g_signal_connect (session, "notify", G_CALLBACK (on_session_property), data);
  return true;
}

static bool
watch (Events *self, Client *client, const char *uri, GError **error)
{
  bool ok;

  client_on_session (client, on_session, self);
  ok = client_connect (client, uri, error) && client_run (client, is_over, self, error);
  if (self->interrupt != 0)
    g_source_remove (self->interrupt);
  self->left = 0;
  if (client_session (client))
    g_signal_handlers_disconnect_by_data (client_session (client), self);
  if (!ok || self->problem == 0)
    return ok;
  g_set_error (error, STATUS_ERROR, STATUS_FILE, "cannot write to standard output: %s", g_strerror (self->problem));
  return false;
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  Events self = { .begun = g_get_monotonic_time (), .left = -1, .until = G_MAXINT64 };
  gint64 count = G_MININT64;
  double seconds = NO_SECONDS;
  const GOptionEntry entries[] = {
    { "count", 'n', 0, G_OPTION_ARG_INT64, &count, "End after this many events", "N" },
    { "seconds", 's', 0, G_OPTION_ARG_DOUBLE, &seconds, "End after this time, or when connected if that is later",
      "SECONDS" },
    { "draws", 0, 0, G_OPTION_ARG_NONE, &self.draws, "Also tell what is drawn", NULL },
    { 0 },
  };

  if (!command_parse (&command_events, client, entries,
                      "Connects all channels and prints what happens, a JSON object a line: ms (since the "
                      "start),\nevent, channel and id, and what belongs to the event. Ends with the connection.",
                      &argc, &argv, 1, 1, error)
      || !command_check_seconds ("--seconds", seconds, error))
    return false;
  if (count < 0 && count != G_MININT64) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--count must not be negative");
    return false;
  }
  if (count >= 0)
    self.left = count;
  if (seconds != NO_SECONDS)
    self.until = self.begun + (gint64) (seconds * G_USEC_PER_SEC);
  return watch (&self, client, argv[1], error) && client_finish (client, NULL, error);
}

const Command command_events = {
  .name = "events",
  .arguments = "URI",
  .summary = "Print what happens, as lines of JSON",
  .example = "caraway events --seconds=2 spice://127.0.0.1:5930",
  .run = run,
};
