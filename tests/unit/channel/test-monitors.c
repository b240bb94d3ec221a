/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/monitors.h"

#include "channel/main/display-config.h"
#include "channel/main/volume-sync.h"
#include "guest.h"

#define SPARSE (1u << CW_AGENT_CAP_SPARSE_MONITORS_CONFIG)
#define REPLY (1u << CW_AGENT_CAP_REPLY)

/* The next thing the guest heard, as "flags: WxH+X+Y …", with mm when they are there. */
static char *
next_config (Guest *guest)
{
  const CwAgentMonitorsConfig *config = guest_next (guest, CW_AGENT_TYPE_MONITORS_CONFIG);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u:", config->flags);
  for (uint32_t i = 0; i < config->n_monitors; i++) {
    const CwWireMonitor *monitor = &config->monitors[i];

    if (monitor->width == 0 && monitor->height == 0 && monitor->depth == 0) {
      g_assert_cmpint (monitor->x, ==, 0);
      g_assert_cmpint (monitor->y, ==, 0);
      g_string_append (text, " -");
      continue;
    }
    g_assert_cmpuint (monitor->depth, ==, 32);
    g_string_append_printf (text, " %ux%u+%d+%d", monitor->width, monitor->height, monitor->x, monitor->y);
    if (config->n_sizes > 0)
      g_string_append_printf (text, "(%ux%u)", config->sizes[i].width_mm, config->sizes[i].height_mm);
  }
  return g_string_free (text, FALSE);
}

static void
expect_config (Guest *guest, const char *expected)
{
  g_autofree char *config = next_config (guest);

  g_assert_cmpstr (config, ==, expected);
}

static Guest *
guest_with (uint32_t caps)
{
  Guest *guest = guest_new ();

  guest_announce (guest, caps);
  return guest;
}

static void
test_sparse (void)
{
  g_autoptr (Guest) guest = guest_with (SPARSE);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  g_assert_true (cw_monitors_set_enabled (monitors, 1, true));
  g_assert_false (cw_monitors_set_enabled (monitors, 1, true));
  g_assert_true (cw_monitors_set_geometry (monitors, 1, 0, 0, 640, 480));
  g_assert_false (cw_monitors_set_geometry (monitors, 1, 0, 0, 640, 480));
  g_assert_true (cw_monitors_send (monitors, 0));
  expect_config (guest, "1: - 640x480+0+0 - - - - - - - - - - - - - -");
}

static void
test_packed (void)
{
  g_autoptr (Guest) guest = guest_with (0);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  cw_monitors_set_enabled (monitors, 0, false);
  cw_monitors_set_enabled (monitors, 3, true);
  cw_monitors_set_geometry (monitors, 3, 5, 6, 640, 480);
  g_assert_true (cw_monitors_send (monitors, 0));
  expect_config (guest, "1: 640x480+0+0");
}

static void
test_alignment (void)
{
  g_autoptr (Guest) guest = guest_with (0);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  for (unsigned i = 0; i < 3; i++)
    cw_monitors_set_enabled (monitors, i, true);
  cw_monitors_set_geometry (monitors, 0, 2000, 1, 100, 50);
  cw_monitors_set_geometry (monitors, 1, 0, 700, 640, 480);
  cw_monitors_set_geometry (monitors, 2, 700, 0, 800, 600); /* as far as 1 */
  cw_monitors_send (monitors, 0);
  expect_config (guest, "1: 100x50+1440+0 640x480+0+0 800x600+640+0");
  cw_monitors_set_align (monitors, false);
  cw_monitors_send (monitors, 0);
  expect_config (guest, "0: 100x50+2000+1 640x480+0+700 800x600+700+0");
  cw_monitors_set_position (monitors, true);
  cw_monitors_send (monitors, 0);
  expect_config (guest, "1: 100x50+2000+1 640x480+0+700 800x600+700+0");
}

static void
test_extremes (void)
{
  g_autoptr (Guest) guest = guest_with (SPARSE);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);
  const CwAgentMonitorsConfig *config;

  for (unsigned i = 0; i < 16; i++) {
    cw_monitors_set_enabled (monitors, i, true);
    cw_monitors_set_geometry (monitors, i, G_MAXINT, G_MAXINT, G_MAXINT, G_MAXINT);
    cw_monitors_set_size_mm (monitors, i, G_MAXINT, G_MAXINT);
  }
  g_assert_true (cw_monitors_send (monitors, 0));
  config = guest_next (guest, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpuint (config->n_monitors, ==, 16);
  g_assert_cmpint (config->monitors[15].x, ==, G_MAXINT32);
  g_assert_cmpuint (config->sizes[15].width_mm, ==, 65535);
}

/* Sizes only when somebody knows them; agents that do not reply lost them, others keep getting them. */
static void
test_sizes (void)
{
  g_autoptr (Guest) guest = guest_with (REPLY);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  cw_monitors_set_enabled (monitors, 0, true);
  cw_monitors_set_geometry (monitors, 0, 0, 0, 640, 480);
  cw_monitors_send (monitors, 0);
  expect_config (guest, "1: 640x480+0+0");
  g_assert_cmpint (cw_monitors_due (monitors), ==, INT64_MAX);

  cw_monitors_set_size_mm (monitors, 0, 300, 200);
  cw_monitors_send (monitors, 1000);
  expect_config (guest, "3: 640x480+0+0(300x200)");
  g_assert_cmpint (cw_monitors_due (monitors), ==, 1000 + CW_MONITORS_REPLY_TIME);
  cw_monitors_replied (monitors);
  cw_monitors_expire (monitors, 1000 + CW_MONITORS_REPLY_TIME);
  guest_heard_all (guest);

  cw_monitors_send (monitors, 5000);
  expect_config (guest, "3: 640x480+0+0(300x200)");
  cw_monitors_expire (monitors, 5000 + CW_MONITORS_REPLY_TIME);
  expect_config (guest, "1: 640x480+0+0");
  g_assert_cmpint (cw_monitors_due (monitors), ==, INT64_MAX);
  cw_monitors_send (monitors, 9000);
  expect_config (guest, "1: 640x480+0+0");

  /* Another agent may take them. */
  cw_monitors_reset (monitors);
  cw_monitors_send (monitors, 9000);
  expect_config (guest, "3: 640x480+0+0(300x200)");
  /* One of those that do not reply at all is believed. */
  guest_announce (guest, 0);
  cw_monitors_send (monitors, 9000);
  expect_config (guest, "3: 640x480+0+0(300x200)");
  g_assert_cmpint (cw_monitors_due (monitors), ==, INT64_MAX);
}

static void
test_plan (void)
{
  g_autoptr (Guest) guest = guest_with (SPARSE);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  cw_monitors_set_enabled (monitors, 0, true);
  cw_monitors_set_geometry (monitors, 0, 0, 0, 640, 480);
  cw_monitors_plan (monitors, 1000);
  cw_monitors_plan (monitors, 2000);
  g_assert_cmpint (cw_monitors_due (monitors), ==, 2000);
  cw_monitors_expire (monitors, 1999);
  guest_heard_all (guest);
  cw_monitors_expire (monitors, 2000);
  guest_next (guest, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpint (cw_monitors_due (monitors), ==, INT64_MAX);
  /* What is sent otherwise makes a plan needless. */
  cw_monitors_plan (monitors, 3000);
  g_assert_true (cw_monitors_send (monitors, 2500));
  guest_next (guest, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpint (cw_monitors_due (monitors), ==, INT64_MAX);
  guest_heard_all (guest);
}

/* What an agent is told when it comes is what is wanted then, not a size in the middle of others. */
static void
test_announced (void)
{
  g_autoptr (Guest) guest = guest_with (SPARSE);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  cw_monitors_set_enabled (monitors, 0, true);
  cw_monitors_set_geometry (monitors, 0, 0, 0, 640, 480);
  cw_monitors_announced (monitors);
  cw_monitors_expire (monitors, 0);
  guest_next (guest, CW_AGENT_TYPE_MONITORS_CONFIG);
  cw_monitors_set_geometry (monitors, 0, 0, 0, 320, 200);
  cw_monitors_plan (monitors, 1000);
  cw_monitors_announced (monitors);
  g_assert_cmpint (cw_monitors_due (monitors), ==, 1000);
  cw_monitors_expire (monitors, 999);
  guest_heard_all (guest);
  cw_monitors_expire (monitors, 1000);
  guest_next (guest, CW_AGENT_TYPE_MONITORS_CONFIG);
}

/* A window that is yet to be laid out. */
static void
test_not_laid_out (void)
{
  static const struct {
    int width, height;
  } sizes[] = { { 0, 0 }, { 0, 1 }, { 1, 1 }, { CW_MONITORS_LEAST - 1, 600 }, { 800, CW_MONITORS_LEAST - 1 } };
  g_autoptr (Guest) guest = guest_with (SPARSE);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  cw_monitors_set_enabled (monitors, 0, true);
  cw_monitors_set_enabled (monitors, 1, true);
  cw_monitors_set_geometry (monitors, 1, 0, 0, 800, 600);
  for (unsigned i = 0; i < G_N_ELEMENTS (sizes); i++) {
    cw_monitors_set_geometry (monitors, 0, 0, 0, sizes[i].width, sizes[i].height);
    cw_monitors_plan (monitors, 0);
    cw_monitors_expire (monitors, 0);
    cw_monitors_announced (monitors);
    cw_monitors_expire (monitors, 0);
    guest_heard_all (guest);
  }
  cw_monitors_set_geometry (monitors, 0, 0, 0, CW_MONITORS_LEAST, CW_MONITORS_LEAST);
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0);
  guest_next (guest, CW_AGENT_TYPE_MONITORS_CONFIG);
  /* Who insists gets it. */
  cw_monitors_set_geometry (monitors, 0, 0, 0, 1, 1);
  g_assert_true (cw_monitors_send (monitors, 0));
  guest_next (guest, CW_AGENT_TYPE_MONITORS_CONFIG);
}

/* Programs that want all monitors speak of the sizes of those that they have: nobody waits for the others. */
static void
test_all_enabled (void)
{
  g_autoptr (Guest) guest = guest_with (SPARSE);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  cw_monitors_set_all_enabled (monitors, true);
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0);
  guest_heard_all (guest);
  cw_monitors_set_geometry (monitors, 1, 0, 0, 800, 600);
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0);
  expect_config (guest, "1: - 800x600+0+0 - - - - - - - - - - - - - -");
  g_assert_true (cw_monitors_send (monitors, 0));
  expect_config (guest, "1: - 800x600+0+0 - - - - - - - - - - - - - -");
  guest_announce (guest, 0);
  g_assert_true (cw_monitors_send (monitors, 0));
  expect_config (guest, "1: 800x600+0+0");

  /* Who enables one by its number is yet to say how large it is. */
  cw_monitors_set_enabled (monitors, 3, true);
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0);
  guest_heard_all (guest);
}

/* Nothing is switched off that nobody has spoken of. */
static void
test_undecided (void)
{
  g_autoptr (Guest) guest = guest_with (SPARSE);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  g_assert_false (cw_monitors_send (monitors, 0));
  cw_monitors_set_geometry (monitors, 0, 0, 0, 640, 480);
  g_assert_false (cw_monitors_send (monitors, 0));
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0);
  cw_monitors_set_enabled (monitors, 1, false);
  g_assert_false (cw_monitors_send (monitors, 0));
  guest_heard_all (guest);
  cw_monitors_set_enabled (monitors, 0, false);
  g_assert_true (cw_monitors_send (monitors, 0));
  expect_config (guest, "1: - - - - - - - - - - - - - - - -");
  cw_monitors_set_enabled (monitors, 0, true);
  g_assert_true (cw_monitors_send (monitors, 0));
  cw_agent_disconnect (guest->agent);
  g_assert_false (cw_monitors_send (monitors, 0));
}

/* Agents that know no gaps are told when every display has been spoken of. */
static void
test_incomplete (void)
{
  g_autoptr (Guest) guest = guest_with (0);
  g_autoptr (CwMonitors) monitors = cw_monitors_new (guest->agent);

  cw_monitors_set_n_displays (monitors, 2);
  cw_monitors_set_enabled (monitors, 0, true);
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0); /* no size */
  cw_monitors_set_geometry (monitors, 0, 0, 0, 640, 480);
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0);
  guest_heard_all (guest);
  cw_monitors_set_enabled (monitors, 1, false);
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0);
  expect_config (guest, "1: 640x480+0+0");
  cw_monitors_set_n_displays (monitors, UINT32_MAX);
  cw_monitors_plan (monitors, 0);
  cw_monitors_expire (monitors, 0);
  guest_heard_all (guest);
}

static void
test_display_config (void)
{
  g_autoptr (Guest) guest = guest_with (0);
  CwDisplayConfig config = { .disable_wallpaper = true, .disable_animation = true };
  const CwAgentDisplayConfig *heard;

  cw_display_config_ask (&config, guest->agent);
  guest_heard_all (guest);
  guest_announce (guest, 1u << CW_AGENT_CAP_DISPLAY_CONFIG);
  cw_display_config_ask (&config, guest->agent);
  heard = guest_next (guest, CW_AGENT_TYPE_DISPLAY_CONFIG);
  g_assert_cmpuint (heard->flags, ==, 5);
  g_assert_cmpuint (heard->depth, ==, 0);
  cw_display_config_ask (&config, guest->agent);
  guest_heard_all (guest);
  cw_display_config_reset (&config);
  config = (CwDisplayConfig){ .disable_font_smooth = true };
  cw_display_config_ask (&config, guest->agent);
  heard = guest_next (guest, CW_AGENT_TYPE_DISPLAY_CONFIG);
  g_assert_cmpuint (heard->flags, ==, 2);
}

static void
test_volume (void)
{
  g_autoptr (Guest) guest = guest_with (0);
  const uint16_t stereo[] = { 1, 65535 }, many[20] = { 7 };
  CwVolumeSync sync = { 0 };
  const CwAgentAudioVolumeSync *heard;

  cw_volume_sync_set (&sync, true, false, stereo, 2);
  cw_volume_sync_tell (&sync, guest->agent);
  guest_announce (guest, 1u << CW_AGENT_CAP_AUDIO_VOLUME_SYNC);
  guest_heard_all (guest);
  cw_volume_sync_tell (&sync, guest->agent);
  heard = guest_next (guest, CW_AGENT_TYPE_AUDIO_VOLUME_SYNC);
  g_assert_cmpuint (heard->is_playback, ==, 1);
  g_assert_cmpuint (heard->mute, ==, 0);
  g_assert_cmpmem (heard->volume, heard->n_volume * 2, stereo, sizeof stereo);
  cw_volume_sync_set (&sync, false, true, many, G_N_ELEMENTS (many));
  cw_volume_sync_tell (&sync, guest->agent);
  heard = guest_next (guest, CW_AGENT_TYPE_AUDIO_VOLUME_SYNC);
  g_assert_cmpuint (heard->is_playback, ==, 0);
  g_assert_cmpuint (heard->mute, ==, 1);
  g_assert_cmpuint (heard->n_volume, ==, 8);
  cw_volume_sync_tell (&sync, guest->agent);
  guest_heard_all (guest);
  cw_volume_sync_reset (&sync);
  cw_volume_sync_tell (&sync, guest->agent);
  guest_next (guest, CW_AGENT_TYPE_AUDIO_VOLUME_SYNC);
  guest_next (guest, CW_AGENT_TYPE_AUDIO_VOLUME_SYNC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/monitors/sparse", test_sparse);
  g_test_add_func ("/monitors/packed", test_packed);
  g_test_add_func ("/monitors/alignment", test_alignment);
  g_test_add_func ("/monitors/extremes", test_extremes);
  g_test_add_func ("/monitors/sizes", test_sizes);
  g_test_add_func ("/monitors/plan", test_plan);
  g_test_add_func ("/monitors/announced", test_announced);
  g_test_add_func ("/monitors/not-laid-out", test_not_laid_out);
  g_test_add_func ("/monitors/all-enabled", test_all_enabled);
  g_test_add_func ("/monitors/undecided", test_undecided);
  g_test_add_func ("/monitors/incomplete", test_incomplete);
  g_test_add_func ("/display-config", test_display_config);
  g_test_add_func ("/volume", test_volume);
  return g_test_run ();
}
