/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceSession: the type and its life. Properties are in properties.c, channels in channels.c. */
#include "session/session.h"

#include "base/i18n.h"
#include "spice-util.h"

/**
 * SpiceSession:
 *
 * A client's session with a server: where it is, how to connect, and the channels.
 *
 * A session belongs to the thread-default main context of the thread that makes it. Its functions and those of all its
 * objects are to be called in the thread that runs this context, unless their text says otherwise; signals and
 * notifications are emitted there, and nothing happens unless the context runs. No function waits for the server.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceSession, spice_session, G_TYPE_OBJECT)

static void
spice_session_notify (GObject *object, GParamSpec *pspec)
{
  cw_session_features_property_changed (SPICE_SESSION (object), pspec->name);
}

static void
spice_session_dispose (GObject *object)
{
  SpiceSession *self = SPICE_SESSION (object);

  /* Channels hold references on the session, so there are none unless somebody disposes of it by force. */
  cw_session_drop_channels (self, true);
  cw_session_features_dispose (self);
  G_OBJECT_CLASS (spice_session_parent_class)->dispose (object);
}

static void
spice_session_finalize (GObject *object)
{
  SpiceSessionPrivate *priv = SPICE_SESSION (object)->priv;

  cw_session_clear_recording (SPICE_SESSION (object));
  cw_session_clear_properties (SPICE_SESSION (object));
  g_clear_pointer (&priv->departing, g_hash_table_unref);
  g_clear_pointer (&priv->sync, cw_sync_free);
  g_clear_pointer (&priv->pointer_bytes, g_rc_box_release);
  g_clear_pointer (&priv->body_bytes, g_rc_box_release);
  g_clear_pointer (&priv->link_order, cw_link_order_unref);
  g_clear_pointer (&priv->render_group, cw_render_group_unref);
  g_clear_pointer (&priv->context, g_main_context_unref);
  G_OBJECT_CLASS (spice_session_parent_class)->finalize (object);
}

static void
spice_session_class_init (SpiceSessionClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->notify = spice_session_notify;
  object_class->dispose = spice_session_dispose;
  object_class->finalize = spice_session_finalize;
  cw_session_install_properties (object_class);
  cw_session_install_signals (class);
  bindtextdomain (GETTEXT_PACKAGE, CW_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  /* Makes the environment variable work from the first message on. */
  spice_util_get_debug ();
}

static void
spice_session_init (SpiceSession *self)
{
  SpiceSessionPrivate *priv = spice_session_get_instance_private (self);

  self->priv = priv;
  priv->context = g_main_context_ref_thread_default ();
  priv->departing = g_hash_table_new (NULL, NULL);
  priv->sync = cw_sync_new ();
  priv->pointer_bytes = g_rc_box_new0 (size_t);
  priv->body_bytes = g_rc_box_new0 (size_t);
  priv->link_order = cw_link_order_new (CW_LINK_ORDER_WAIT_US);
  g_queue_init (&priv->channels_to_create);
  cw_session_init_properties (self);
  cw_channel_host_attach (self, &cw_session_host);
}

/**
 * spice_session_new:
 *
 * Makes a session that is not connected.
 *
 * Returns: (transfer full): a session without any connection
 */
SpiceSession *
spice_session_new (void)
{
  return g_object_new (SPICE_TYPE_SESSION, NULL);
}

/**
 * spice_session_get_read_only:
 * @session: a session
 *
 * Whether the session sends nothing that changes the guest.
 *
 * Returns: whether nothing is sent that alters the guest
 */
gboolean
spice_session_get_read_only (SpiceSession *session)
{
  g_return_val_if_fail (SPICE_IS_SESSION (session), FALSE);

  return session->priv->read_only;
}

/**
 * spice_session_get_proxy_uri:
 * @session: a session
 *
 * The proxy that connections go through.
 *
 * Returns: (transfer none): the proxy's address; changes to it count at the next connection
 */
SpiceURI *
spice_session_get_proxy_uri (SpiceSession *session)
{
  g_return_val_if_fail (SPICE_IS_SESSION (session), NULL);

  return session->priv->proxy;
}

/**
 * spice_session_is_for_migration:
 * @session: a session
 *
 * Whether the session is the target of a migration, made by the library for itself.
 *
 * Returns: whether the session is one that a migration uses for its destination
 */
gboolean
spice_session_is_for_migration (SpiceSession *session)
{
  g_return_val_if_fail (SPICE_IS_SESSION (session), FALSE);

  return cw_session_is_for_migration (session);
}
