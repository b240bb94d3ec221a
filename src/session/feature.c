/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/feature.h"

#include "session/session.h"

/* Stands for the data while attach runs. */
static const char attaching;

static bool
is_attached (gpointer data)
{
  return data && data != &attaching;
}

/* -1: the library was built without it. */
static int
index_of (const CwFeature *feature)
{
  for (int i = 0; cw_registry.features[i]; i++)
    if (cw_registry.features[i] == feature)
      return i;
  return -1;
}

static bool
serves (const CwFeature *feature, SpiceChannel *channel)
{
  for (const int *type = feature->channel_types; type && *type; type++)
    if (*type == cw_channel_type (channel))
      return true;
  return false;
}

static gpointer
ref_object (gconstpointer object, gpointer data)
{
  return g_object_ref ((gpointer) object);
}

/* A callback may drop channels, and detach the feature. */
static void
tell_of_channels (SpiceSession *self, const CwFeature *feature)
{
  GList *channels = g_list_reverse (g_list_copy_deep (self->priv->channels, ref_object, NULL));

  for (GList *at = channels; at; at = at->next)
    if (serves (feature, at->data) && g_list_find (self->priv->channels, at->data) && cw_feature_peek (self, feature))
      feature->channel_added (cw_feature_peek (self, feature), at->data);
  g_list_free_full (channels, g_object_unref);
}

gpointer
cw_feature_peek (SpiceSession *session, const CwFeature *feature)
{
  int index = index_of (feature);
  gpointer data = session->priv->feature_data && index >= 0 ? session->priv->feature_data[index] : NULL;

  return is_attached (data) ? data : NULL;
}

static gpointer *
slot_of (SpiceSession *self, int index)
{
  if (!self->priv->feature_data) {
    unsigned n = 0;

    while (cw_registry.features[n])
      n++;
    self->priv->feature_data = g_new0 (gpointer, n);
  }
  return &self->priv->feature_data[index];
}

/* False: it was attached already, or it cannot be. */
static bool
attach (SpiceSession *self, const CwFeature *feature, int index)
{
  gpointer *slot = slot_of (self, index);

  /* Nothing acts on the guest from a session that prepares a migration. */
  if (*slot || self->priv->disposed || cw_session_is_for_migration (self))
    return false;
  *slot = (gpointer) &attaching;
  *slot = feature->attach (self);
  return *slot != NULL;
}

gpointer
cw_feature_get (SpiceSession *session, const CwFeature *feature)
{
  int index = index_of (feature);

  if (index >= 0 && attach (session, feature, index) && feature->channel_added)
    tell_of_channels (session, feature);
  return cw_feature_peek (session, feature);
}

void
cw_feature_detach (SpiceSession *session, const CwFeature *feature)
{
  gpointer data = cw_feature_peek (session, feature);

  if (!data)
    return;
  session->priv->feature_data[index_of (feature)] = NULL;
  if (feature->detach)
    feature->detach (data);
}

void
cw_session_features_channel_added (SpiceSession *self, SpiceChannel *channel)
{
  for (unsigned i = 0; cw_registry.features[i]; i++) {
    const CwFeature *feature = cw_registry.features[i];

    if (!serves (feature, channel) || !cw_channel_session (channel))
      continue;
    /* Who attaches it hears of all channels, this one included. */
    if (!cw_feature_peek (self, feature)) {
      if (!feature->on_request)
        cw_feature_get (self, feature);
    } else if (feature->channel_added) {
      feature->channel_added (cw_feature_peek (self, feature), channel);
    }
  }
}

void
cw_session_features_channel_removed (SpiceSession *self, SpiceChannel *channel)
{
  for (unsigned i = 0; self->priv->feature_data && cw_registry.features[i]; i++) {
    const CwFeature *feature = cw_registry.features[i];
    gpointer data = cw_feature_peek (self, feature);

    if (data && feature->channel_removed && serves (feature, channel))
      feature->channel_removed (data, channel);
  }
}

void
cw_session_features_property_changed (SpiceSession *self, const char *name)
{
  for (unsigned i = 0; self->priv->feature_data && cw_registry.features[i]; i++) {
    const CwFeature *feature = cw_registry.features[i];
    gpointer data = cw_feature_peek (self, feature);

    if (data && feature->property_changed)
      feature->property_changed (data, name);
  }
}

/* The last in the table first: it may stand on the others. */
void
cw_session_features_dispose (SpiceSession *self)
{
  unsigned n = 0;

  self->priv->disposed = true;
  while (self->priv->feature_data && cw_registry.features[n])
    n++;
  while (n-- > 0)
    cw_feature_detach (self, cw_registry.features[n]);
  g_clear_pointer (&self->priv->feature_data, g_free);
}
