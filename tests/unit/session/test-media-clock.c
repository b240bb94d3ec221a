/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose time counts: the server's, or what is heard while sound plays; and of several sounds the oldest. */
#include "channel/host.h"
#include "session/registry.h"
#include "session/session.h"
#include "spice-client.h"

static const CwChannelKind kinds[] = { { 0, NULL, NULL } };
static const CwFeature *const features[] = { NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = NULL;

/* Only compared. */
#define FIRST ((SpiceChannel *) GINT_TO_POINTER (1))
#define SECOND ((SpiceChannel *) GINT_TO_POINTER (2))

#define SLOW_MS 600000 /* what a test may take */

typedef struct {
  SpiceSession *session;
  unsigned n_resets;
} Case;

static void
on_reset (SpiceSession *session, Case *self)
{
  self->n_resets++;
}

static void
begin (Case *self)
{
  *self = (Case){ spice_session_new () };
  g_signal_connect (self->session, "mm-time-reset", G_CALLBACK (on_reset), self);
}

static void
end (Case *self)
{
  g_object_unref (self->session);
}

static CwMediaTime
media_time (Case *self)
{
  return cw_session_host.display->media_time (self->session);
}

static void
check_time (Case *self, uint32_t time, bool sound, uint32_t delay)
{
  CwMediaTime media = media_time (self);

  g_assert_cmpuint (media.time - time, <, SLOW_MS);
  g_assert_cmpint (media.sound, ==, sound);
  g_assert_cmpuint (media.audio_delay, ==, delay);
}

static void
test_server (void)
{
  Case c;

  begin (&c);
  cw_session_server_time (c.session, 5000000);
  check_time (&c, 5000000, false, 0);
  g_assert_cmpuint (c.n_resets, ==, 1);
  cw_session_server_time (c.session, media_time (&c).time + 1); /* as good as the same */
  g_assert_cmpuint (c.n_resets, ==, 1);
  cw_session_server_time (c.session, 2000000); /* back */
  g_assert_cmpuint (c.n_resets, ==, 2);
  check_time (&c, 2000000, false, 0);
  end (&c);
}

static void
test_sound (void)
{
  Case c;

  begin (&c);
  cw_session_server_time (c.session, 5000000);
  cw_session_set_playing (c.session, FIRST, true);
  cw_session_set_playing (c.session, FIRST, true);
  cw_session_heard (c.session, FIRST, 9000000, 300);
  check_time (&c, 8999700, true, 300);
  /* What the server says now counts when the sound is over, and not before. */
  cw_session_server_time (c.session, 20000000);
  check_time (&c, 8999700, true, 300);
  cw_session_set_playing (c.session, FIRST, false);
  check_time (&c, 20000000, false, 0);
  /* Only once. */
  cw_session_set_playing (c.session, FIRST, true);
  cw_session_heard (c.session, FIRST, 30000000, 0);
  cw_session_set_playing (c.session, FIRST, false);
  check_time (&c, 30000000, false, 0);
  end (&c);
}

static void
test_two_sounds (void)
{
  Case c;

  begin (&c);
  cw_session_set_playing (c.session, FIRST, true);
  cw_session_set_playing (c.session, SECOND, true);
  cw_session_heard (c.session, FIRST, 9000000, 100);
  cw_session_heard (c.session, SECOND, 50000000, 700);
  check_time (&c, 8999900, true, 100);
  /* The end of the second changes nothing, that of the first makes the other the clock. */
  cw_session_set_playing (c.session, SECOND, false);
  check_time (&c, 8999900, true, 100);
  cw_session_set_playing (c.session, SECOND, true);
  cw_session_set_playing (c.session, FIRST, false);
  check_time (&c, 8999900, true, 0);
  cw_session_heard (c.session, SECOND, 50000000, 700);
  check_time (&c, 49999300, true, 700);
  cw_session_set_playing (c.session, SECOND, false);
  check_time (&c, 49999300, false, 0);
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/media-clock/server", test_server);
  g_test_add_func ("/media-clock/sound", test_sound);
  g_test_add_func ("/media-clock/two-sounds", test_two_sounds);
  return g_test_run ();
}
