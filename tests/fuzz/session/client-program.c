/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client-program.h"

#include <string.h>

#define MAX_DEPTH 2

/* What is done, by the low four bits; the others are a number that goes with it. */
enum {
  ACT_NEST,
  ACT_END_SESSION,
  ACT_DISCONNECT,
  ACT_DISCONNECT_CLOSED,
  ACT_CONNECT,
  ACT_FLUSH,
  ACT_SHUTDOWN,
  ACT_HANG_UP,
  ACT_USE,
  ACT_USE_MORE,
  ACT_SET,
  ACT_DISCONNECT_ERROR,
  ACT_READ_PROPERTIES,
  ACT_WAIT,
  ACT_CANCEL,
  ACT_DEAF,
  N_ACTS,
};

/* --- signals --------------------------------------------------------------------------------------------------- */

static void
use_task (SpiceFileTransferTask *task, uint8_t what)
{
  g_autofree char *name = spice_file_transfer_task_get_filename (task);

  g_assert_nonnull (name);
  g_assert_cmpuint (spice_file_transfer_task_get_transferred_bytes (task), <=,
                    spice_file_transfer_task_get_total_bytes (task));
  g_assert_true (spice_file_transfer_task_get_progress (task) <= 1);
  if (what % N_ACTS == ACT_CANCEL)
    spice_file_transfer_task_cancel (task);
}

static void
use_argument (Client *self, GObject *object, uint8_t what)
{
  if (SPICE_IS_FILE_TRANSFER_TASK (object)) {
    client_listen (self, object);
    use_task (SPICE_FILE_TRANSFER_TASK (object), what);
  } else if (SPICE_IS_SESSION (object)) {
    client_listen (self, object); /* of a migration */
  }
}

static void
on_signal (GClosure *closure, GValue *result, guint n_values, const GValue *values, gpointer hint, gpointer data)
{
  Client *self = closure->data;
  uint8_t what = self->next_act;
  GObject *object = g_value_get_object (values);

  self->next_act = 0;
  if (n_values > 1 && G_VALUE_HOLDS_OBJECT (values + 1))
    use_argument (self, g_value_get_object (values + 1), what);
  if (what == 0 || self->depth >= MAX_DEPTH)
    return;
  self->depth++;
  client_act (self, SPICE_IS_CHANNEL (object) ? SPICE_CHANNEL (object) : NULL, what);
  self->depth--;
}

static void
on_gone (gpointer data, GObject *object)
{
  ((Client *) data)->n_objects--;
}

void
client_listen (Client *self, GObject *object)
{
  self->n_objects++;
  g_object_weak_ref (object, on_gone, self);
  for (GType type = G_OBJECT_TYPE (object); type != G_TYPE_OBJECT; type = g_type_parent (type)) {
    unsigned n;
    g_autofree unsigned *ids = g_signal_list_ids (type, &n);

    for (unsigned i = 0; i < n; i++) {
      GClosure *closure = g_closure_new_simple (sizeof (GClosure), self);

      g_closure_set_marshal (closure, on_signal);
      g_signal_connect_closure_by_id (object, ids[i], 0, closure, FALSE);
    }
  }
}

/* --- what channels are for ------------------------------------------------------------------------------------- */

static void
use_inputs (SpiceInputsChannel *inputs, uint8_t what)
{
  unsigned number = what / N_ACTS, code = what % 3 == 0 ? 0x100 | what : what;

  spice_inputs_channel_key_press (inputs, code);
  spice_inputs_channel_motion (inputs, what, -what, 1);
  spice_inputs_channel_position (inputs, what, what, what % 3, 0);
  spice_inputs_channel_button_press (inputs, 1 + (int) number % 7, 1);
  spice_inputs_channel_button_release (inputs, 1 + (int) number % 7, 1);
  spice_inputs_channel_key_release (inputs, code);
  spice_inputs_channel_set_key_locks (inputs, what % 8);
  if (spice_channel_get_error (SPICE_CHANNEL (inputs)) == NULL)
    spice_inputs_channel_key_press_and_release (inputs, code);
}

static void
share_clipboard (SpiceMainChannel *main_channel, unsigned selection)
{
  static uint32_t types[] = { VD_AGENT_CLIPBOARD_UTF8_TEXT };

  spice_main_channel_clipboard_selection_grab (main_channel, selection, types, 1);
  spice_main_channel_clipboard_selection_notify (main_channel, selection, types[0], (const uint8_t *) "text", 4);
  spice_main_channel_clipboard_selection_request (main_channel, selection, types[0]);
  spice_main_channel_clipboard_selection_release (main_channel, selection);
}

static void
use_main (SpiceMainChannel *main_channel, uint8_t what)
{
  spice_main_channel_update_display (main_channel, what % 4, 0, 0, 640 + what, 480, TRUE);
  spice_main_channel_update_display_mm (main_channel, what % 4, 300, what, TRUE);
  spice_main_channel_update_display_enabled (main_channel, what % 4, what & 1, TRUE);
  spice_main_channel_request_mouse_mode (main_channel, 1 + what % 2);
  share_clipboard (main_channel, what % 3);
  spice_main_channel_send_monitor_config (main_channel);
  spice_main_channel_agent_test_capability (main_channel, what % 20);
}

static void
on_progress (goffset done, goffset all, gpointer data)
{
  g_assert_cmpint (done, <=, all);
}

static void
on_copied (GObject *channel, GAsyncResult *result, gpointer data)
{
  spice_main_channel_file_copy_finish (SPICE_MAIN_CHANNEL (channel), result, NULL);
  ((Client *) data)->n_asked--;
}

/* Files, a folder, and what is not there. */
static void
copy_files (Client *self, SpiceMainChannel *main_channel, unsigned which)
{
  static const char *const names[] = { "file", "empty", ".", "none" };
  GFile *files[3] = { NULL };
  unsigned n = which % 2 == 0 ? 2 : 1;

  for (unsigned i = 0; i < n; i++)
    files[i] = g_file_new_build_filename (servers_folder (), names[(which / 2 + i) % G_N_ELEMENTS (names)], NULL);
  self->n_asked++;
  spice_main_channel_file_copy_async (main_channel, files, 0, which & 8 ? self->cancellable : NULL, on_progress, NULL,
                                      on_copied, self);
  for (unsigned i = 0; i < n; i++)
    g_object_unref (files[i]);
}

/* Every byte that is shown can be read. */
static void
look_at_primary (SpiceChannel *display)
{
  SpiceDisplayPrimary primary;
  volatile uint8_t sum = 0;

  if (!spice_display_channel_get_primary (display, 0, &primary))
    return;
  for (int y = 0; y < primary.height; y++)
    sum = (uint8_t) (sum + primary.data[(gssize) y * primary.stride]);
}

static void
look_at_scanout (SpiceDisplayChannel *display)
{
  const SpiceGlScanout *scanout = spice_display_channel_get_gl_scanout (display);
  const SpiceGlPlanes *planes = spice_display_channel_get_gl_planes (display);
  unsigned width, height;
  g_autoptr (GBytes) pixels = spice_display_channel_read_gl_scanout (display, &width, &height, NULL);

  if (pixels)
    g_assert_cmpuint (g_bytes_get_size (pixels), ==, (size_t) 4 * width * height);
  if (planes)
    g_assert_cmpuint (planes->n_planes, <=, G_N_ELEMENTS (planes->fd));
  if (scanout)
    spice_gl_scanout_free (g_boxed_copy (SPICE_TYPE_GL_SCANOUT, scanout));
}

static void
use_display (SpiceChannel *display, uint8_t what)
{
  unsigned number = what / N_ACTS;
  const int codecs[] = { 1 + (int) number % 5, number > 12 ? 99 : 1 };

  look_at_primary (display);
  look_at_scanout (SPICE_DISPLAY_CHANNEL (display));
  spice_display_channel_gl_draw_done (SPICE_DISPLAY_CHANNEL (display));
  spice_display_channel_change_preferred_compression (display, 1 + (int) number % 7);
  spice_display_channel_change_preferred_video_codec_types (display, codecs, G_N_ELEMENTS (codecs), NULL);
}

static void
on_written (GObject *port, GAsyncResult *result, gpointer data)
{
  spice_port_channel_write_finish (SPICE_PORT_CHANNEL (port), result, NULL);
  ((Client *) data)->n_asked--;
}

static void
use_port (Client *self, SpicePortChannel *port, uint8_t what)
{
  static const char bytes[100000];
  unsigned number = what / N_ACTS;

  self->n_asked++;
  spice_port_channel_write_async (port, bytes, number < 15 ? number * 10 : sizeof bytes,
                                  number % 4 == 3 ? self->cancellable : NULL, on_written, self);
  spice_port_channel_event (port, what);
}

static void
use_sound (SpiceChannel *channel, uint8_t what)
{
  static int16_t samples[3000];

  if (SPICE_IS_RECORD_CHANNEL (channel))
    spice_record_channel_send_data (SPICE_RECORD_CHANNEL (channel), samples, sizeof samples - what % 4, what);
  else
    spice_playback_channel_set_delay (SPICE_PLAYBACK_CHANNEL (channel), what);
}

static void
use (Client *self, SpiceChannel *channel, uint8_t what)
{
  if (SPICE_IS_INPUTS_CHANNEL (channel))
    use_inputs (SPICE_INPUTS_CHANNEL (channel), what);
  else if (SPICE_IS_MAIN_CHANNEL (channel) && what % N_ACTS == ACT_USE_MORE)
    copy_files (self, SPICE_MAIN_CHANNEL (channel), what / N_ACTS);
  else if (SPICE_IS_MAIN_CHANNEL (channel))
    use_main (SPICE_MAIN_CHANNEL (channel), what);
  else if (SPICE_IS_DISPLAY_CHANNEL (channel))
    use_display (channel, what);
  else if (SPICE_IS_PORT_CHANNEL (channel))
    use_port (self, SPICE_PORT_CHANNEL (channel), what);
  else if (SPICE_IS_RECORD_CHANNEL (channel) || SPICE_IS_PLAYBACK_CHANNEL (channel))
    use_sound (channel, what);
}

/* --- what all channels do -------------------------------------------------------------------------------------- */

static void
on_flushed (GObject *channel, GAsyncResult *result, gpointer data)
{
  spice_channel_flush_finish (SPICE_CHANNEL (channel), result, NULL);
  ((Client *) data)->n_asked--;
}

static void
on_shut_down (GObject *channel, GAsyncResult *result, gpointer data)
{
  spice_channel_shutdown_finish (SPICE_CHANNEL (channel), result, NULL);
  ((Client *) data)->n_asked--;
}

static void
ask (Client *self, SpiceChannel *channel, uint8_t what)
{
  GCancellable *cancellable = what / N_ACTS % 2 ? self->cancellable : NULL;

  self->n_asked++;
  if (what % N_ACTS == ACT_FLUSH)
    spice_channel_flush_async (channel, cancellable, on_flushed, self);
  else
    spice_channel_shutdown_async (channel, cancellable, on_shut_down, self);
}

static void
read_properties (GObject *object)
{
  unsigned n;
  g_autofree GParamSpec **all = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  for (unsigned i = 0; i < n; i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    if (all[i]->flags & G_PARAM_READABLE)
      g_object_get_property (object, all[i]->name, g_value_init (&value, all[i]->value_type) ? &value : NULL);
  }
}

static void
set (SpiceSession *session, unsigned number)
{
  g_object_set (session, "read-only", number & 1, "password", number & 2 ? "secret" : NULL, "username",
                number & 4 ? "fred" : NULL, "enable-audio", !(number & 8), NULL);
}

static void
hang_up (Client *self, SpiceChannel *channel)
{
  int type, id;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  servers_hang_up (&self->servers, type, id);
}

/* What others do in threads of their own has some time, up to the moment when servers hear of it. The longest wait is
 * for what happens when all is quiet. */
static void
wait_a_little (Client *self, unsigned number)
{
  uint64_t n_heard = self->servers.n_heard;

  for (unsigned i = 0; i < 10; i++) {
    client_turn (self, 10);
    g_usleep (number < 15 ? 50 : 110000);
  }
  for (unsigned i = 0; i < 1000 && self->n_asked > 0 && self->servers.n_heard == n_heard; i++) {
    client_turn (self, 10);
    g_usleep (100);
  }
}

/* false: it is something that a channel does. */
static bool
act_without_channel (Client *self, uint8_t what)
{
  switch (what % N_ACTS) {
  case ACT_NEST:
    client_turn (self, 5);
    return true;
  case ACT_END_SESSION:
    spice_session_disconnect (self->session);
    return true;
  case ACT_SET:
    set (self->session, what / N_ACTS);
    return true;
  case ACT_WAIT:
    wait_a_little (self, what / N_ACTS);
    return true;
  case ACT_CANCEL:
    g_cancellable_cancel (self->cancellable);
    g_object_unref (self->cancellable);
    self->cancellable = g_cancellable_new ();
    return true;
  case ACT_DEAF:
    self->servers.are_deaf = !self->servers.are_deaf;
    return true;
  default:
    return false;
  }
}

static void
act_on_channel (Client *self, SpiceChannel *channel, uint8_t what)
{
  switch (what % N_ACTS) {
  case ACT_DISCONNECT:
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
    break;
  case ACT_DISCONNECT_CLOSED:
    spice_channel_disconnect (channel, SPICE_CHANNEL_CLOSED);
    break;
  case ACT_DISCONNECT_ERROR:
    spice_channel_disconnect (channel, SPICE_CHANNEL_ERROR_IO);
    break;
  case ACT_CONNECT:
    spice_channel_connect (channel);
    break;
  case ACT_FLUSH:
  case ACT_SHUTDOWN:
    ask (self, channel, what);
    break;
  case ACT_HANG_UP:
    hang_up (self, channel);
    break;
  case ACT_READ_PROPERTIES:
    read_properties (G_OBJECT (channel));
    read_properties (G_OBJECT (self->session));
    break;
  default:
    use (self, channel, what);
  }
}

void
client_act (Client *self, SpiceChannel *channel, uint8_t what)
{
  GObject *guard = channel ? g_object_ref (G_OBJECT (channel)) : NULL;

  if (!act_without_channel (self, what) && channel)
    act_on_channel (self, channel, what);
  g_clear_object (&guard);
}

SpiceChannel *
client_find (Client *self, int type, int id)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  for (GList *at = channels; at; at = at->next) {
    int its_type, its_id;

    g_object_get (at->data, "channel-type", &its_type, "channel-id", &its_id, NULL);
    if (its_type == type && its_id == id)
      return at->data;
  }
  return NULL;
}

void
client_turn (Client *self, unsigned n)
{
  while (n-- > 0) {
    bool more = g_main_context_iteration (NULL, FALSE);

    servers_turn (&self->servers);
    if (!more && self->servers.n_connections > 0)
      break;
  }
}
