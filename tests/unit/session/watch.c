/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch.h"

#include "channel-inputs.h"
#include "channel-main.h"
#include "channel/channel.h"
#include "channel/host.h"
#include "session/registry.h"

#include <string.h>

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_INPUTS, spice_inputs_channel_get_type, NULL },
  { CW_CHANNEL_PLAYBACK, spice_inputs_channel_get_type, "enable-audio" },
  { CW_CHANNEL_SMARTCARD, spice_inputs_channel_get_type, "enable-smartcard" },
  { CW_CHANNEL_USBREDIR, spice_inputs_channel_get_type, "enable-usbredir" },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = NULL;

Watch *watch_current;

void
watch_note (Watch *self, const char *text)
{
  g_string_append_printf (self->log, "%s%s", self->log->len ? " " : "", text);
  if (self->watched && strcmp (self->watched, text) == 0)
    self->stop = true;
}

static const char *
event_name (SpiceChannelEvent event)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT);

  return g_enum_get_value (class, (int) event)->value_nick;
}

static char *
name_of (SpiceChannel *channel)
{
  int type, id;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  return g_strdup_printf ("%s:%d", spice_channel_type_to_string (type), id);
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Watch *self)
{
  g_autofree char *name = name_of (channel), *text = g_strdup_printf ("%s=%s", name, event_name (event));
  g_autoptr (GSocket) socket = NULL;

  g_object_get (channel, "socket", &socket, NULL);
  g_assert_true ((socket != NULL) == (event == SPICE_CHANNEL_OPENED));
  if (event >= SPICE_CHANNEL_ERROR_CONNECT)
    g_assert_nonnull (spice_channel_get_error (channel));
  if (event == SPICE_CHANNEL_OPENED)
    g_assert_null (spice_channel_get_error (channel));
  watch_note (self, text);
  if (self->on_event)
    self->on_event (channel, event);
}

static void
on_channel_notify (GObject *object, GParamSpec *pspec, Watch *self)
{
  watch_note (self, pspec->name);
}

static void
on_update (SpiceChannel *channel, Watch *self)
{
  watch_note (self, "agent-update");
}

static void
on_mouse (SpiceChannel *channel, Watch *self)
{
  watch_note (self, "mouse-update");
}

static void
on_modifiers (SpiceChannel *channel, Watch *self)
{
  watch_note (self, "modifiers");
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Watch *self)
{
  g_autofree char *name = name_of (channel), *text = g_strdup_printf ("new:%s", name);

  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), self);
  if (SPICE_IS_MAIN_CHANNEL (channel)) {
    g_signal_connect (channel, "main-agent-update", G_CALLBACK (on_update), self);
    g_signal_connect (channel, "main-mouse-update", G_CALLBACK (on_mouse), self);
    g_signal_connect (channel, "notify::mouse-mode", G_CALLBACK (on_channel_notify), self);
  }
  watch_note (self, text);
  if (SPICE_IS_INPUTS_CHANNEL (channel)) {
    g_signal_connect (channel, "inputs-modifiers", G_CALLBACK (on_modifiers), self);
    g_assert_true (spice_channel_connect (channel));
  }
}

static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, Watch *self)
{
  g_autofree char *name = name_of (channel), *text = g_strdup_printf ("destroy:%s", name);
  g_autoptr (GList) channels = spice_session_get_channels (session);

  g_assert_null (g_list_find (channels, channel));
  watch_note (self, text);
}

static void
on_disconnected (SpiceSession *session, Watch *self)
{
  watch_note (self, "disconnected");
}

void
watch_init (Watch *self, uint16_t port)
{
  g_autofree char *text = g_strdup_printf ("%u", port);

  *self = (Watch){ .session = spice_session_new (), .log = g_string_new (NULL) };
  g_object_set (self->session, "host", "127.0.0.1", "port", text, NULL);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_signal_connect (self->session, "channel-destroy", G_CALLBACK (on_channel_destroy), self);
  g_signal_connect (self->session, "disconnected", G_CALLBACK (on_disconnected), self);
  g_signal_connect (self->session, "notify::uuid", G_CALLBACK (on_channel_notify), self);
  g_signal_connect (self->session, "notify::name", G_CALLBACK (on_channel_notify), self);
  watch_current = self;
}

static gboolean
too_late (gpointer data)
{
  g_error ("nothing more happens after: %s", ((Watch *) data)->log->str);
  return G_SOURCE_REMOVE;
}

void
watch_until (Watch *self, const char *text)
{
  guint timer = g_timeout_add_seconds (120, too_late, self);

  self->watched = text;
  self->stop = false;
  while (!self->stop)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
}

static gboolean
set_flag (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

void
watch_for (unsigned ms)
{
  bool over = false;

  g_timeout_add (ms, set_flag, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

void
watch_expect (Watch *self, const char *log)
{
  g_assert_cmpstr (self->log->str, ==, log);
  g_string_truncate (self->log, 0);
}

void
watch_clear (Watch *self)
{
  gpointer weak = self->session;

  g_object_add_weak_pointer (G_OBJECT (self->session), &weak);
  g_object_unref (self->session);
  watch_for (20);
  g_assert_null (weak);
  g_string_free (self->log, TRUE);
}
