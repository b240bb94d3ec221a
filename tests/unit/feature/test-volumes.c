/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's agent is told the volumes that a sound object knows, once for each direction. */
#include "../session/agent-server.h"

#include "feature/audio/volumes.h"

#define CAPS (1u << CW_AGENT_CAP_AUDIO_VOLUME_SYNC)

/* Knows the volume of playback, and none of recording. */
typedef SpiceAudio TestAudio;
typedef SpiceAudioClass TestAudioClass;

GType test_audio_get_type (void);
G_DEFINE_TYPE (TestAudio, test_audio, SPICE_TYPE_AUDIO)

static void
get_volume (SpiceAudio *audio, GCancellable *cancellable, SpiceMainChannel *channel, GAsyncReadyCallback callback,
            gpointer data)
{
  g_autoptr (GTask) task = g_task_new (audio, cancellable, callback, data);

  g_task_return_boolean (task, TRUE);
}

static gboolean
give_playback (SpiceAudio *audio, GAsyncResult *result, gboolean *mute, guint8 *n_channels, guint16 **volume,
               GError **error)
{
  *mute = TRUE;
  *n_channels = 2;
  *volume = g_new (guint16, 2);
  (*volume)[0] = 1000;
  (*volume)[1] = 65535;
  return TRUE;
}

static gboolean
give_record (SpiceAudio *audio, GAsyncResult *result, gboolean *mute, guint8 *n_channels, guint16 **volume,
             GError **error)
{
  g_set_error_literal (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "not known");
  return FALSE;
}

static void
test_audio_class_init (TestAudioClass *class)
{
  class->get_playback_volume_info_async = class->get_record_volume_info_async = get_volume;
  class->get_playback_volume_info_finish = give_playback;
  class->get_record_volume_info_finish = give_record;
}

static void
test_audio_init (TestAudio *self)
{
}

static void
test_told (void)
{
  g_autoptr (AgentServer) server = agent_server_new ();
  SpiceSession *session = agent_server_session (server, true);
  g_autoptr (GObject) audio = g_object_new (test_audio_get_type (), "session", session, NULL);
  const CwAgentAudioVolumeSync *sync;

  agent_server_skip_start (server);
  agent_server_skip_wishes (server);
  cw_audio_tell_volumes ((SpiceAudio *) audio, agent_server_main (session));
  agent_server_heard_all (server); /* which has not said that it wants to know */
  agent_server_announce (server, 0, CAPS);
  sync = agent_server_next_agent (server, CW_AGENT_TYPE_AUDIO_VOLUME_SYNC);
  g_assert_cmpuint (sync->is_playback, ==, 1);
  g_assert_cmpuint (sync->mute, ==, 1);
  g_assert_cmpuint (sync->n_volume, ==, 2);
  g_assert_cmpuint (sync->volume[0], ==, 1000);
  g_assert_cmpuint (sync->volume[1], ==, 65535);
  agent_server_announce (server, 0, CAPS);
  agent_server_heard_all (server);

  /* The next agent is told anew; without a sound object nobody is. */
  agent_server_send (server, CW_MSG_MAIN_AGENT_CONNECTED, NULL);
  agent_server_skip_wishes (server);
  agent_server_announce (server, 0, CAPS);
  agent_server_next_agent (server, CW_AGENT_TYPE_AUDIO_VOLUME_SYNC);
  g_clear_object (&audio);
  agent_server_announce (server, 0, CAPS);
  agent_server_heard_all (server);
  client_end (session);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/volumes/told", test_told);
  return g_test_run ();
}
