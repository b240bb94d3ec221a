/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/audio/audio.h"

#include "base/protocol.h"
#include "channel/identity.h"
#include "feature/audio/volumes.h"

#include "spice-client.h"

enum {
  PROP_0,
  PROP_SESSION,
  PROP_MAIN_CONTEXT,
};

/**
 * SpiceAudio:
 *
 * Plays the guest's sound and records for it, for all sound channels of a session (spice_audio_get()).
 *
 * To be used in the thread of the session's main context.
 */
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (SpiceAudio, spice_audio, G_TYPE_OBJECT)

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceAudioPrivate *priv = SPICE_AUDIO (object)->priv;

  switch (id) {
  case PROP_SESSION:
    g_value_set_object (value, priv->session);
    break;
  case PROP_MAIN_CONTEXT:
    g_value_set_boxed (value, priv->context);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpiceAudioPrivate *priv = SPICE_AUDIO (object)->priv;

  switch (id) {
  case PROP_SESSION:
    g_set_weak_pointer (&priv->session, g_value_get_object (value));
    break;
  case PROP_MAIN_CONTEXT:
    priv->context = g_value_dup_boxed (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
finalize (GObject *object)
{
  SpiceAudioPrivate *priv = SPICE_AUDIO (object)->priv;

  g_clear_weak_pointer (&priv->session);
  g_clear_pointer (&priv->context, g_main_context_unref);
  G_OBJECT_CLASS (spice_audio_parent_class)->finalize (object);
}

static void
spice_audio_class_init (SpiceAudioClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->finalize = finalize;
  /**
   * SpiceAudio:session:
   *
   * The session whose sound it is. It is not kept alive.
   */
  g_object_class_install_property (object_class, PROP_SESSION,
                                   g_param_spec_object ("session", "Session", "The session whose sound it is",
                                                        SPICE_TYPE_SESSION, flags));
  /**
   * SpiceAudio:main-context:
   *
   * The context that was given to spice_audio_get(). The sound itself belongs to the session's.
   */
  g_object_class_install_property (object_class, PROP_MAIN_CONTEXT,
                                   g_param_spec_boxed ("main-context", "Main context", "The context it was made for",
                                                       G_TYPE_MAIN_CONTEXT, flags));
}

static void
spice_audio_init (SpiceAudio *self)
{
  self->priv = spice_audio_get_instance_private (self);
}

static SpiceAudio *
make (SpiceSession *session, GMainContext *context)
{
  GType backend = cw_audio_backend ();

  return backend == G_TYPE_INVALID ? NULL : g_object_new (backend, "session", session, "main-context", context, NULL);
}

/* Where spice_audio_get () leaves the context for attach (), within the same call. */
static GQuark
context_quark (void)
{
  return g_quark_from_static_string ("cw-audio-context");
}

static gpointer
attach (SpiceSession *session)
{
  return make (session, g_object_get_qdata (G_OBJECT (session), context_quark ()));
}

static void
detach (gpointer data)
{
  g_object_run_dispose (data);
  g_object_unref (data);
}

static void
channel_added (gpointer data, SpiceChannel *channel)
{
  gboolean enabled = FALSE;

  if (SPICE_IS_MAIN_CHANNEL (channel)) {
    cw_audio_tell_volumes (data, SPICE_MAIN_CHANNEL (channel));
    return;
  }
  g_object_get (cw_channel_session (channel), "enable-audio", &enabled, NULL);
  if (enabled && SPICE_AUDIO_GET_CLASS (data)->connect_channel (data, channel))
    spice_channel_connect (channel);
}

static void
property_changed (gpointer data, const char *name)
{
  SpiceAudio *self = data;
  g_autoptr (GList) channels = NULL;

  if (g_strcmp0 (name, "enable-audio") != 0 || !self->priv->session)
    return;
  channels = spice_session_get_channels (self->priv->session);
  for (GList *at = channels; at; at = at->next)
    if (cw_channel_type (at->data) == CW_CHANNEL_PLAYBACK || cw_channel_type (at->data) == CW_CHANNEL_RECORD)
      channel_added (data, at->data);
}

static const int channel_types[] = { CW_CHANNEL_MAIN, CW_CHANNEL_PLAYBACK, CW_CHANNEL_RECORD, 0 };

const CwFeature cw_audio_feature = {
  .name = "audio",
  .channel_types = channel_types,
  .on_request = true, /* nobody hears anything before the application wants it */
  .attach = attach,
  .detach = detach,
  .channel_added = channel_added,
  .property_changed = property_changed,
};

/**
 * spice_audio_get:
 * @session: a session
 * @context: (nullable): for #SpiceAudio:main-context; only the first call's counts
 *
 * Gets the sound of a session, which is made by the first call. From then on it connects the session's playback and
 * record channels, plays what the first bring, and records for the second.
 *
 * Returns: (transfer none): the sound; %NULL when this machine has no GStreamer, or the library was built without it
 */
SpiceAudio *
spice_audio_get (SpiceSession *session, GMainContext *context)
{
  SpiceAudio *audio;

  g_return_val_if_fail (SPICE_IS_SESSION (session), NULL);

  g_object_set_qdata (G_OBJECT (session), context_quark (), context);
  audio = cw_feature_get (session, &cw_audio_feature);
  g_object_set_qdata (G_OBJECT (session), context_quark (), NULL);
  return audio;
}

/**
 * spice_audio_new:
 * @session: a session
 * @context: (nullable): for #SpiceAudio:main-context
 * @name: (nullable): ignored
 *
 * Makes another sound object, which connects nothing by itself.
 *
 * Returns: (transfer full): the sound; %NULL as of spice_audio_get()
 *
 * Deprecated: 0.8: use spice_audio_get()
 */
SpiceAudio *
spice_audio_new (SpiceSession *session, GMainContext *context, const char *name)
{
  g_return_val_if_fail (SPICE_IS_SESSION (session), NULL);

  return make (session, context);
}
