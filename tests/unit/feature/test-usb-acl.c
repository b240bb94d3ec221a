/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* V11: the helper that gives the permission to use a device. It is this program, under a name that says how it behaves;
 * the device is one that nobody may open without it. */
#include "../session/server.h"

#include "channel-main.h"
#include "channel-usbredir.h"
#include "channel/host.h"
#include "feature/usb/bus.h"
#include "feature/usb/manager.h"
#include "session/registry.h"
#include "spice-client.h"
#include "wire/messages.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define BUS 3
#define ADDRESS 17

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_USBREDIR, spice_usbredir_channel_get_type, "enable-usbredir" },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { &cw_usb_feature, NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;

/* The helper: the answer of each name, or NULL where it waits without one. */
static const struct {
  const char *name, *answer;
} behaviours[] = {
  { "success", "SUCCESS\n" },
  { "canceled", "CANCELED\n" },
  { "text", "the cat is on the keyboard\n" },
  { "garbage", "\xff\xfe\x80\n" },
  { "never", NULL },
};

static bool
is_named (const char *program, const char *name)
{
  g_autofree char *base = g_path_get_basename (program);

  return g_str_equal (base, name);
}

static void
note (const char *program, const char *what)
{
  g_autofree char *path = g_strconcat (program, ".", what, NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

static int
help (const char *program, const char *answer)
{
  char line[64] = "";
  g_autofree char *expected = g_strdup_printf ("%d %d\n", BUS, ADDRESS);

  if (!fgets (line, sizeof line, stdin) || !g_str_equal (line, expected))
    answer = "another request was expected\n";
  note (program, "asked");
  if (answer)
    fputs (answer, stdout);
  fflush (stdout);
  while (fgets (line, sizeof line, stdin))
    ;
  note (program, "ended");
  return 0;
}

/* The bus: one device, without permission. */
struct CwUsbBus {
  GMainContext *context;
  const CwUsbBusEvents *events;
  gpointer data;
  GSource *listing;
};

static unsigned n_opened;

static gboolean
list (gpointer data)
{
  CwUsbBus *self = data;
  CwUsbIdentity identity = { .bus = BUS, .address = ADDRESS, .vendor = 0x1234, .product = 0x5678, .n_interfaces = 1 };

  self->events->added (self->data, cw_usb_device_new (CW_USB_REAL, &identity, "", "thing", NULL, g_free));
  return G_SOURCE_REMOVE;
}

CwUsbBus *
cw_usb_bus_new (GMainContext *context, const CwUsbBusEvents *events, gpointer data, GError **error)
{
  CwUsbBus *self = g_new0 (CwUsbBus, 1);

  *self = (CwUsbBus){ context, events, data, g_idle_source_new () };
  g_source_set_callback (self->listing, list, self, NULL);
  g_source_attach (self->listing, context);
  return self;
}

void
cw_usb_bus_close (CwUsbBus *self)
{
  g_source_destroy (self->listing);
  g_source_unref (self->listing);
  g_free (self);
}

libusb_context *
cw_usb_bus_context (CwUsbBus *self)
{
  return NULL;
}

SpiceUsbDevice *
cw_usb_bus_wrap (CwUsbBus *self, int fd, GError **error)
{
  return NULL;
}

bool
cw_usb_bus_open (SpiceUsbDevice *device, GError **error)
{
  n_opened++;
  return true;
}

bool
cw_usb_bus_may_open (const SpiceUsbDevice *device)
{
  return false;
}

/* The cases */

typedef struct {
  char *folder; /* of the helper's names */
  Server *server;
  SpiceSession *session;
  SpiceUsbDeviceManager *manager;
  SpiceUsbDevice *device;
  GString *log;
  GError *error; /* of the call */
  bool answered, result, disconnected;
} Case;

/* One USB channel, whose connection never comes to be. */
static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_USBREDIR, 0 };
  PeerLink link = PEER_LINK_INIT;

  if (!peer_link_until_ticket (io, &link))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN && peer_write (io, "\0\0\0", 4))
    server_send_start (io, channels, 1);
  peer_drain (io);
}

static gboolean
on_overdue (gpointer data)
{
  g_error ("waited 30 s for %s", (const char *) data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the loop until condition; what is not told by an event is looked at every few milliseconds. */
#define WAIT(condition)                                                                                                \
  do {                                                                                                                 \
    guint overdue = g_timeout_add_seconds (120, on_overdue, (gpointer) #condition),                                    \
          tick = g_timeout_add (5, on_tick, NULL);                                                                     \
                                                                                                                       \
    while (!(condition))                                                                                               \
      g_main_context_iteration (NULL, TRUE);                                                                           \
    g_source_remove (tick);                                                                                            \
    g_source_remove (overdue);                                                                                         \
  } while (0)

static void
on_device_added (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device, Case *self)
{
  self->device = g_boxed_copy (SPICE_TYPE_USB_DEVICE, device);
}

static void
on_inhibited (SpiceSession *session, GParamSpec *pspec, Case *self)
{
  gboolean inhibited;

  g_object_get (session, "inhibit-keyboard-grab", &inhibited, NULL);
  g_string_append (self->log, inhibited ? "inhibited; " : "free; ");
}

static void
on_disconnected (SpiceSession *session, Case *self)
{
  self->disconnected = true;
}

static void
begin (Case *self, const char *helper)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *path = NULL;

  *self = (Case){ .folder = g_dir_make_tmp ("caraway-acl-XXXXXX", NULL), .log = g_string_new (NULL) };
  path = g_build_filename (self->folder, helper, NULL);
  if (!g_str_equal (helper, "absent"))
    g_assert_cmpint (symlink (program, path), ==, 0);
  g_setenv ("SPICE_USB_ACL_BINARY", path, TRUE);
  n_opened = 0;
  self->server = server_new (serve, NULL);
  self->session = spice_session_new ();
  g_object_set (self->session, "host", "127.0.0.1", "port", server_port (self->server), NULL);
  g_signal_connect (self->session, "notify::inhibit-keyboard-grab", G_CALLBACK (on_inhibited), self);
  g_signal_connect (self->session, "disconnected", G_CALLBACK (on_disconnected), self);
  self->manager = spice_usb_device_manager_get (self->session, NULL);
  g_assert_nonnull (self->manager);
  g_signal_connect (self->manager, "device-added", G_CALLBACK (on_device_added), self);
  g_assert_true (spice_session_connect (self->session));
  WAIT (self->device && spice_usb_device_manager_can_redirect_device (self->manager, self->device, NULL));
}

static bool
has_noted (Case *self, const char *helper, const char *what)
{
  g_autofree char *name = g_strconcat (helper, ".", what, NULL);
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
end (Case *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  spice_session_disconnect (self->session);
  WAIT (self->disconnected);
  g_boxed_free (SPICE_TYPE_USB_DEVICE, self->device);
  g_object_unref (self->session);
  server_free (self->server);
  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (self->folder, name, NULL);

    g_unlink (path);
  }
  g_rmdir (self->folder);
  g_clear_error (&self->error);
  g_string_free (self->log, TRUE);
  g_free (self->folder);
}

static void
on_answer (GObject *manager, GAsyncResult *result, gpointer data)
{
  Case *self = data;

  g_assert_false (self->answered);
  self->answered = true;
  self->result
      = spice_usb_device_manager_connect_device_finish (SPICE_USB_DEVICE_MANAGER (manager), result, &self->error);
}

static void
ask (Case *self, GCancellable *cancellable)
{
  spice_usb_device_manager_connect_device_async (self->manager, self->device, cancellable, on_answer, self);
  g_assert_false (self->answered);
  g_assert_true (spice_usb_device_manager_is_redirecting (self->manager));
  g_assert_true (spice_usb_device_manager_is_device_connected (self->manager, self->device));
}

/* What is to be seen after a refusal: nothing is connected, and no handler is left. */
static void
assert_refused (Case *self, GQuark domain, int code, const char *text)
{
  g_assert_false (self->result);
  g_assert_error (self->error, domain, code);
  g_assert_nonnull (strstr (self->error->message, text));
  g_assert_cmpstr (self->log->str, ==, "inhibited; free; ");
  g_assert_false (spice_usb_device_manager_is_redirecting (self->manager));
  g_assert_false (spice_usb_device_manager_is_device_connected (self->manager, self->device));
  g_assert_cmpuint (n_opened, ==, 0);
}

static void
test_success (void)
{
  Case self;

  begin (&self, "success");
  ask (&self, NULL);
  WAIT (self.answered);
  g_assert_no_error (self.error);
  g_assert_true (self.result);
  g_assert_cmpstr (self.log->str, ==, "inhibited; free; ");
  g_assert_cmpuint (n_opened, ==, 1);
  g_assert_true (spice_usb_device_manager_is_device_connected (self.manager, self.device));
  WAIT (has_noted (&self, "success", "ended")); /* the permission is given back */
  end (&self);
}

typedef struct {
  const char *helper;
  GQuark (*domain) (void);
  int code;
  const char *text;
} Refusal;

static void
test_refusal (gconstpointer data)
{
  const Refusal *row = data;
  Case self;

  begin (&self, row->helper);
  ask (&self, NULL);
  WAIT (self.answered);
  assert_refused (&self, row->domain (), row->code, row->text);
  if (has_noted (&self, row->helper, "asked"))
    WAIT (has_noted (&self, row->helper, "ended"));
  end (&self);
}

/* Nobody answers, and somebody does not want to wait any longer. */

static void
cancel (Case *self, GCancellable *cancellable)
{
  g_cancellable_cancel (cancellable);
}

static void
disconnect_device (Case *self, GCancellable *cancellable)
{
  spice_usb_device_manager_disconnect_device_async (self->manager, self->device, NULL, NULL, NULL);
}

static void
disconnect_session (Case *self, GCancellable *cancellable)
{
  spice_session_disconnect (self->session);
}

static void
test_cancelled (gconstpointer data)
{
  void (*const *give_up) (Case * self, GCancellable * cancellable) = data;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Case self;

  begin (&self, "never");
  ask (&self, cancellable);
  WAIT (has_noted (&self, "never", "asked"));
  g_assert_false (self.answered);
  g_assert_false (has_noted (&self, "never", "ended"));
  (*give_up) (&self, cancellable);
  WAIT (self.answered);
  assert_refused (&self, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  WAIT (has_noted (&self, "never", "ended"));
  end (&self);
}

int
main (int argc, char **argv)
{
  static const Refusal refusals[] = {
    { "canceled", g_io_error_quark, G_IO_ERROR_CANCELLED, "refused" },
    { "text", spice_client_error_quark, SPICE_CLIENT_ERROR_FAILED, "the cat is on the keyboard" },
    { "garbage", spice_client_error_quark, SPICE_CLIENT_ERROR_FAILED, "" },
    { "ends", spice_client_error_quark, SPICE_CLIENT_ERROR_FAILED, "" },
    { "absent", spice_client_error_quark, SPICE_CLIENT_ERROR_FAILED, "absent" },
  };
  static void (*const ways[]) (Case * self, GCancellable * cancellable)
      = { cancel, disconnect_device, disconnect_session };

  for (unsigned i = 0; i < G_N_ELEMENTS (behaviours); i++)
    if (is_named (argv[0], behaviours[i].name))
      return help (argv[0], behaviours[i].answer);
  if (is_named (argv[0], "ends"))
    return 0;
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/usb-acl/V11-success", test_success);
  for (unsigned i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autofree char *name = g_strdup_printf ("/usb-acl/V11-%s", refusals[i].helper);

    g_test_add_data_func (name, &refusals[i], test_refusal);
  }
  g_test_add_data_func ("/usb-acl/V11-never/cancelled", &ways[0], test_cancelled);
  g_test_add_data_func ("/usb-acl/V11-never/device-disconnected", &ways[1], test_cancelled);
  g_test_add_data_func ("/usb-acl/V11-never/session-disconnected", &ways[2], test_cancelled);
  return g_test_run ();
}
