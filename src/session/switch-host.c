/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server sends its client to another one; nothing but the main channel's object survives. */
#include "session/session.h"

/* Servers that send their client around for ever. */
#define MAX_SWITCHES 16

struct CwSwitchHost {
  CwDestination destination;
  GSource *source;
};

void
cw_session_forget_switch (SpiceSession *self)
{
  struct CwSwitchHost *switching = g_steal_pointer (&self->priv->switching);

  if (!switching)
    return;
  cw_destination_clear (&switching->destination);
  g_source_destroy (switching->source);
  g_source_unref (switching->source);
  g_free (switching);
}

/* As if the program had set them, one notification each. */
static void
set_properties (SpiceSession *self, const CwDestination *to)
{
  g_object_freeze_notify (G_OBJECT (self));
  if (to->subject) {
    cw_session_demand_subject (self, to->subject);
    cw_session_notify (self, CW_SESSION_CERT_SUBJECT_CHANGED);
  }
  g_object_set (self, "host", to->host, "port", to->port, "tls-port", to->tls_port, NULL);
  g_object_thaw_notify (G_OBJECT (self));
}

static gboolean
switch_now (gpointer data)
{
  g_autoptr (SpiceSession) self = g_object_ref (data);
  SpiceSessionPrivate *priv = self->priv;
  g_auto (CwDestination) to = priv->switching->destination;
  g_autoptr (SpiceChannel) main = priv->main ? g_object_ref (priv->main) : NULL;
  unsigned generation = priv->connect_generation;

  priv->switching->destination = (CwDestination){ 0 };
  cw_session_forget_switch (self);
  if (!main || !cw_channel_is_ready (main))
    return G_SOURCE_REMOVE;
  cw_session_set_migration_state (self, SPICE_SESSION_MIGRATION_SWITCHING);
  set_properties (self, &to);
  if (generation == priv->connect_generation && main == priv->main && cw_channel_is_ready (main)) {
    cw_channel_switch (main);
    cw_session_drop_channels (self, false);
    cw_channel_switched (main);
  }
  cw_session_set_migration_state (self, SPICE_SESSION_MIGRATION_NONE);
  if (generation == priv->connect_generation && main == priv->main && !priv->disconnecting)
    spice_channel_connect (main);
  return G_SOURCE_REMOVE;
}

/* In a later turn; if the server says it again before that, what it says last counts. */
void
cw_session_switch_host (SpiceSession *self, const CwWireMigrationDst *dst)
{
  SpiceSessionPrivate *priv = self->priv;
  g_auto (CwDestination) to = { 0 };
  g_autoptr (GError) error = NULL;

  cw_session_abort_migration (self);
  if (priv->client_sockets || !priv->main || ++priv->n_switches > MAX_SWITCHES) {
    g_debug ("the server switches hosts, which is ignored");
    return;
  }
  if (!cw_destination_init (&to, self, dst, &error)) {
    g_debug ("the server switches hosts, which is ignored: %s", error->message);
    return;
  }
  cw_session_forget_switch (self);
  priv->switching = g_new0 (struct CwSwitchHost, 1);
  priv->switching->destination = to;
  to = (CwDestination){ 0 };
  priv->switching->source = g_idle_source_new ();
  g_source_set_priority (priv->switching->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (priv->switching->source, switch_now, self, NULL);
  g_source_attach (priv->switching->source, priv->context);
}
