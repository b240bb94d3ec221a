/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which parts of the surface are monitors. */
#include "channel/display/display.h"

#define MAX_MONITORS 256

static GArray *
new_monitors (void)
{
  return g_array_new (FALSE, TRUE, sizeof (SpiceDisplayMonitorConfig));
}

static void
replace (SpiceDisplayChannel *self, GArray *monitors)
{
  g_array_unref (self->priv->monitors);
  self->priv->monitors = monitors;
  g_object_notify (G_OBJECT (self), "monitors");
}

void
cw_display_monitors_init (SpiceDisplayChannel *self)
{
  self->priv->monitors = new_monitors ();
  self->priv->monitors_max = 1;
}

void
cw_display_monitors_set (SpiceDisplayChannel *self, const CwMsgDisplayMonitorsConfig *config)
{
  SpiceDisplayChannelPrivate *priv = self->priv;
  GArray *monitors;

  if (config->n_heads == 0)
    return;
  priv->monitors_max = CLAMP (config->max_allowed, 1, MAX_MONITORS);
  if (config->n_heads > priv->monitors_max)
    g_debug ("the server has %u monitors, but allows %u", config->n_heads, priv->monitors_max);
  monitors = new_monitors ();
  for (unsigned i = 0; i < MIN (config->n_heads, priv->monitors_max); i++) {
    const CwWireHead *head = &config->heads[i];
    SpiceDisplayMonitorConfig monitor
        = { head->monitor_id, head->surface_id, head->x, head->y, head->width, head->height };

    /* Programs index arrays of monitors-max elements by the id. */
    if (monitor.id < priv->monitors_max)
      g_array_append_val (monitors, monitor);
  }
  replace (self, monitors);
}

void
cw_display_monitors_synthesise (SpiceDisplayChannel *self)
{
  GArray *monitors = new_monitors ();
  SpiceDisplayMonitorConfig monitor = { .width = self->priv->primary.width, .height = self->priv->primary.height };

  g_array_append_val (monitors, monitor);
  replace (self, monitors);
}
