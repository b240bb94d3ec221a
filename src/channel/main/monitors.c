/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/monitors.h"

#define DEPTH 32

typedef enum {
  UNDEFINED, /* nobody has said */
  DISABLED,
  ENABLED,
} State;

typedef struct {
  State state;
  bool is_placed; /* somebody has said where it is, and how large */
  bool is_meant;  /* by who enabled it, for itself and not as one of all */
  int x, y, width, height;
  int width_mm, height_mm;
} Monitor;

struct CwMonitors {
  CwAgent *agent;
  uint32_t n_displays;
  bool align, position;
  Monitor monitors[CW_MONITORS_MAX];
  int64_t planned;       /* INT64_MAX: not */
  int64_t without_sizes; /* when it is sent again without physical sizes, or INT64_MAX */
  bool refuses_sizes;    /* this agent lost a message with physical sizes */
};

CwMonitors *
cw_monitors_new (CwAgent *agent)
{
  CwMonitors *self = g_new0 (CwMonitors, 1);

  self->agent = agent;
  self->align = true;
  self->planned = self->without_sizes = INT64_MAX;
  return self;
}

void
cw_monitors_free (CwMonitors *self)
{
  g_free (self);
}

void
cw_monitors_set_n_displays (CwMonitors *self, uint32_t n)
{
  self->n_displays = n;
}

void
cw_monitors_set_align (CwMonitors *self, bool align)
{
  self->align = align;
}

void
cw_monitors_set_position (CwMonitors *self, bool position)
{
  self->position = position;
}

bool
cw_monitors_set_geometry (CwMonitors *self, unsigned id, int x, int y, int width, int height)
{
  Monitor *monitor = &self->monitors[id];
  bool same = monitor->x == x && monitor->y == y && monitor->width == width && monitor->height == height;

  monitor->is_placed = true;
  monitor->x = x;
  monitor->y = y;
  monitor->width = width;
  monitor->height = height;
  return !same;
}

bool
cw_monitors_set_size_mm (CwMonitors *self, unsigned id, int width, int height)
{
  Monitor *monitor = &self->monitors[id];
  bool same = monitor->width_mm == width && monitor->height_mm == height;

  monitor->width_mm = width;
  monitor->height_mm = height;
  return !same;
}

bool
cw_monitors_set_enabled (CwMonitors *self, unsigned id, bool enabled)
{
  State state = enabled ? ENABLED : DISABLED;
  bool same = self->monitors[id].state == state;

  self->monitors[id].state = state;
  self->monitors[id].is_meant = true;
  return !same;
}

void
cw_monitors_set_all_enabled (CwMonitors *self, bool enabled)
{
  for (unsigned i = 0; i < CW_MONITORS_MAX; i++) {
    cw_monitors_set_enabled (self, i, enabled);
    self->monitors[i].is_meant = false;
  }
}

void
cw_monitors_plan (CwMonitors *self, int64_t time)
{
  self->planned = time;
}

void
cw_monitors_announced (CwMonitors *self)
{
  if (self->planned == INT64_MAX)
    self->planned = 0;
}

static bool
has_area (const Monitor *monitor)
{
  return monitor->width > 0 && monitor->height > 0;
}

/* Some programs enable all there can be, and speak of the sizes only of those that they have. */
static bool
is_wanted (const Monitor *monitor)
{
  return monitor->state == ENABLED && (monitor->is_placed || monitor->is_meant);
}

/* GTK gives a window one pixel at first, and may take long to give it more. */
static bool
is_laid_out (const Monitor *monitor)
{
  return monitor->width >= CW_MONITORS_LEAST && monitor->height >= CW_MONITORS_LEAST;
}

/* What nobody has spoken of is not switched off: either some monitor is wanted, or all that are known are unwanted. */
static bool
is_decided (const CwMonitors *self)
{
  bool any_enabled = false, any_disabled = false, any_open = false;

  for (unsigned i = 0; i < CW_MONITORS_MAX; i++) {
    const Monitor *monitor = &self->monitors[i];

    any_enabled |= monitor->state == ENABLED;
    any_disabled |= monitor->state == DISABLED;
    any_open |= monitor->state == UNDEFINED && has_area (monitor);
  }
  return any_enabled || (any_disabled && !any_open);
}

/* Agents that take only what is enabled would take a display for switched off that is yet to be spoken of; one whose
 * window is yet to be laid out they would make as small as they can. */
static bool
is_complete (const CwMonitors *self)
{
  bool any_area = false;

  for (unsigned i = 0; i < CW_MONITORS_MAX; i++) {
    any_area |= has_area (&self->monitors[i]);
    if (is_wanted (&self->monitors[i]) && !is_laid_out (&self->monitors[i]))
      return false;
    if (i < self->n_displays && self->monitors[i].state == UNDEFINED
        && !cw_agent_can (self->agent, CW_AGENT_CAP_SPARSE_MONITORS_CONFIG))
      return false;
  }
  return any_area;
}

static double
squared_distance (const CwWireMonitor *monitor)
{
  return (double) monitor->x * monitor->x + (double) monitor->y * monitor->y;
}

/* Stable, and there are few. */
static void
put_side_by_side (CwWireMonitor *monitors, unsigned n)
{
  unsigned order[CW_MONITORS_MAX];
  int64_t x = 0;

  for (unsigned i = 0; i < n; i++) {
    unsigned at = i;

    for (; at > 0 && squared_distance (&monitors[order[at - 1]]) > squared_distance (&monitors[i]); at--)
      order[at] = order[at - 1];
    order[at] = i;
  }
  for (unsigned i = 0; i < n; i++) {
    monitors[order[i]].x = (int32_t) MIN (x, G_MAXINT32);
    monitors[order[i]].y = 0;
    x += monitors[order[i]].width;
  }
}

static bool
any_is_wanted (const CwMonitors *self)
{
  for (unsigned i = 0; i < CW_MONITORS_MAX; i++)
    if (is_wanted (&self->monitors[i]))
      return true;
  return false;
}

static void
send_config (CwMonitors *self, bool with_sizes)
{
  bool sparse = cw_agent_can (self->agent, CW_AGENT_CAP_SPARSE_MONITORS_CONFIG);
  CwWireMonitor monitors[CW_MONITORS_MAX] = { 0 }, enabled[CW_MONITORS_MAX];
  CwWireMonitorSize sizes[CW_MONITORS_MAX] = { 0 };
  CwAgentMonitorsConfig config = { .monitors = monitors, .sizes = sizes };
  unsigned at[CW_MONITORS_MAX], n_enabled = 0;
  bool only_wanted = any_is_wanted (self);

  for (unsigned i = 0; i < CW_MONITORS_MAX; i++) {
    const Monitor *from = &self->monitors[i];

    if (from->state != ENABLED || (only_wanted && !is_wanted (from)))
      continue;
    at[n_enabled] = sparse ? i : n_enabled;
    sizes[at[n_enabled]] = (CwWireMonitorSize){ (uint16_t) MIN (from->height_mm, G_MAXUINT16),
                                                (uint16_t) MIN (from->width_mm, G_MAXUINT16) };
    enabled[n_enabled++] = (CwWireMonitor){ (uint32_t) from->height, (uint32_t) from->width, DEPTH, from->x, from->y };
  }
  if (self->align)
    put_side_by_side (enabled, n_enabled);
  for (unsigned i = 0; i < n_enabled; i++)
    monitors[at[i]] = enabled[i];
  config.n_monitors = sparse ? CW_MONITORS_MAX : n_enabled;
  config.flags = self->align || self->position ? CW_MONITORS_CONFIG_USE_POS : 0;
  if (with_sizes) {
    config.flags |= CW_MONITORS_CONFIG_PHYSICAL_SIZE;
    config.n_sizes = config.n_monitors;
  }
  cw_agent_send (self->agent, CW_AGENT_TYPE_MONITORS_CONFIG, &config, 0);
}

static bool
knows_sizes (const CwMonitors *self)
{
  for (unsigned i = 0; i < CW_MONITORS_MAX; i++)
    if (self->monitors[i].state == ENABLED && self->monitors[i].width_mm > 0 && self->monitors[i].height_mm > 0)
      return true;
  return false;
}

/* Some agents lose a message that has physical sizes, others one that should have them: those that do not reply get
 * another without. */
bool
cw_monitors_send (CwMonitors *self, int64_t now)
{
  bool with_sizes = knows_sizes (self) && !self->refuses_sizes;

  self->planned = self->without_sizes = INT64_MAX;
  if (!cw_agent_is_connected (self->agent) || !is_decided (self))
    return false;
  if (with_sizes && cw_agent_can (self->agent, CW_AGENT_CAP_REPLY))
    self->without_sizes = now + CW_MONITORS_REPLY_TIME;
  send_config (self, with_sizes);
  return true;
}

void
cw_monitors_reset (CwMonitors *self)
{
  self->without_sizes = INT64_MAX;
  self->refuses_sizes = false;
}

void
cw_monitors_replied (CwMonitors *self)
{
  self->without_sizes = INT64_MAX;
}

int64_t
cw_monitors_due (const CwMonitors *self)
{
  return MIN (self->planned, self->without_sizes);
}

void
cw_monitors_expire (CwMonitors *self, int64_t now)
{
  if (now >= self->planned) {
    self->planned = INT64_MAX;
    if (is_complete (self))
      cw_monitors_send (self, now);
  }
  if (now >= self->without_sizes) {
    self->without_sizes = INT64_MAX;
    self->refuses_sizes = true;
    send_config (self, false);
  }
}
