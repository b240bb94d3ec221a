/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which USB devices there are, which channel each gets, and what stands against it. The guest speaks through
 * libusbredirparser. */
#include "usb-case.h"

#include <string.h>
#include <usbredirparser.h>

#define CD(name) "SPICE CD (" name ")"

/* A machine without USB channels, and what stands against a device first. */
static void
test_no_channels (void)
{
  SpiceUsbDevice *cd;
  HubCase c;

  hub_begin (&c, 0, NULL);
  hub_add_cd (&c, "a");
  hub_expect_devices (&c, NULL, ""); /* it is told of later */
  hub_expect (&c, "added " CD ("a") "; ");
  cd = hub_device (&c, CD ("a"));
  hub_expect_refusal (&c, cd, "The virtual machine is not set up for USB redirection.");
  hub_connect (&c, cd, "There is no free USB channel.");
  hub_disconnect (&c, cd, "The device is not connected.");
  g_object_set (c.session, "enable-usbredir", FALSE, NULL);
  hub_expect_refusal (&c, cd, "USB redirection is switched off.");
  hub_expect_devices (&c, NULL, CD ("a") "; ");
  hub_expect (&c, "");
  hub_end (&c);
}

static void
test_two_channels (void)
{
  SpiceUsbDevice *a, *b, *d;
  HubCase c;

  hub_begin (&c, 2, NULL);
  hub_expect (&c, "free 1; free 2; ");
  hub_add_cd (&c, "a");
  hub_add_cd (&c, "b");
  hub_add_cd (&c, "d");
  hub_expect (&c, "added " CD ("a") "; added " CD ("b") "; added " CD ("d") "; ");
  a = hub_device (&c, CD ("a"));
  b = hub_device (&c, CD ("b"));
  d = hub_device (&c, CD ("d"));
  hub_expect_refusal (&c, a, NULL);
  hub_connect (&c, a, NULL);
  hub_connect (&c, a, "The device is connected already.");
  hub_expect_refusal (&c, a, NULL);
  hub_expect (&c, "free 1; ");
  hub_connect (&c, b, NULL);
  hub_expect_refusal (&c, d, "All USB channels of the virtual machine are in use.");
  hub_connect (&c, d, "There is no free USB channel.");
  hub_disconnect (&c, d, "The device is not connected.");
  hub_disconnect_now (&c, d); /* nothing to do */
  hub_expect (&c, "free 0; ");
  /* Drives that are disconnected are gone. */
  hub_disconnect_now (&c, a);
  hub_expect (&c, "free 1; removed " CD ("a") "; ");
  hub_connect (&c, d, NULL);
  hub_expect (&c, "free 0; ");
  hub_disconnect (&c, b, NULL);
  hub_expect (&c, "free 1; removed " CD ("b") "; ");
  hub_expect_devices (&c, NULL, CD ("d") "; ");
  hub_end (&c);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  HubResult result = { .done = false };
  HubCase c;

  hub_begin (&c, 1, NULL);
  hub_add_cd (&c, "a");
  hub_expect (&c, "free 1; added " CD ("a") "; ");
  g_cancellable_cancel (cancellable);
  spice_usb_device_manager_connect_device_async (c.manager, hub_device (&c, CD ("a")), cancellable, hub_on_done,
                                                 &result);
  client_await (hub_is_done, &result);
  g_assert_error (result.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (result.ok);
  g_clear_error (&result.error);
  hub_expect (&c, "");
  hub_end (&c);
}

static void
test_bus (void)
{
  HubCase c;

  hub_begin (&c, 1, NULL);
  hub_expect (&c, "free 1; ");
  hub_plug_in (1, 0xff, "thing");
  hub_plug_in (1, 0xff, "the same again");
  hub_plug_in (2, 3, "keyboard");
  hub_add_cd (&c, "a");
  hub_expect (&c, "added thing; added keyboard; added " CD ("a") "; ");
  hub_expect_devices (&c, "0x03,-1,-1,-1,0|-1,-1,-1,-1,1", "thing; " CD ("a") "; ");
  hub_expect_devices (&c, "-1,0x1234,0x5602,-1,1", "keyboard; ");
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*'nonsense' is no filter*");
  hub_expect_devices (&c, "nonsense", "thing; keyboard; " CD ("a") "; ");
  g_test_assert_expected_messages ();
  hub_connect (&c, hub_device (&c, "thing"), "it is glued");
  hub_expect (&c, "free 0; free 1; ");
  hub_pull_out (7);
  hub_pull_out (1);
  hub_pull_out (1);
  hub_expect (&c, "removed thing; ");
  hub_expect_devices (&c, NULL, "keyboard; " CD ("a") "; ");
  hub_end (&c);
}

/* A device that is pulled out while it is connected leaves its channel before it is gone. */
static void
test_pulled_out (void)
{
  HubCase c;

  hub_begin (&c, 1, NULL);
  hub_add_cd (&c, "a");
  hub_expect (&c, "free 1; added " CD ("a") "; ");
  hub_connect (&c, hub_device (&c, CD ("a")), NULL);
  hub_bus->events->removed (hub_bus->data, CW_USB_EMULATED_BUS, 2);
  hub_expect (&c, "free 0; free 1; removed " CD ("a") "; ");
  hub_end (&c);
}

/* A channel in which nothing was says nothing when its connection ends. */
static void
test_empty_channel (void)
{
  HubCase c;

  hub_begin (&c, 2, NULL);
  hub_expect (&c, "free 1; free 2; ");
  spice_channel_disconnect (client_channel (c.session, CW_CHANNEL_USBREDIR, 1), SPICE_CHANNEL_NONE);
  hub_expect (&c, "");
  hub_end (&c);
}

static void
test_auto_connect (void)
{
  g_autofree char *filter = NULL;
  HubCase c;

  hub_begin (&c, 2, NULL);
  hub_expect (&c, "free 1; free 2; ");
  g_object_set (c.manager, "auto-connect", TRUE, NULL);
  hub_plug_in (2, 3, "keyboard");
  hub_plug_in (1, 0xff, "thing");
  hub_expect (
      &c, "added keyboard; free 1; free 2; added thing; auto-failed thing:  thing [1234:5601] at 3-1: it is glued; ");
  g_assert_cmpuint (hub_n_opened, ==, 1);
  hub_add_cd (&c, "a");
  hub_expect (&c, "free 1; added " CD ("a") " (connected); ");
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*'nonsense' is no filter*");
  g_object_set (c.manager, "auto-connect-filter", "nonsense", NULL);
  g_test_assert_expected_messages ();
  g_object_set (c.manager, "auto-connect-filter", "0x08,-1,-1,-1,0|-1,-1,-1,-1,1", NULL);
  hub_add_cd (&c, "b");
  hub_expect (&c, "added " CD ("b") "; ");
  g_object_get (c.manager, "auto-connect-filter", &filter, NULL);
  g_assert_cmpstr (filter, ==, "0x08,-1,-1,-1,0|-1,-1,-1,-1,1");
  g_object_set (c.manager, "auto-connect-filter", "-1,-1,-1,-1,1", "auto-connect", FALSE, NULL);
  hub_add_cd (&c, "d");
  hub_expect (&c, "added " CD ("d") "; ");
  /* All channels in use: it is not even tried. */
  g_object_set (c.manager, "auto-connect", TRUE, NULL);
  hub_connect (&c, hub_device (&c, CD ("b")), NULL);
  hub_add_cd (&c, "e");
  hub_expect (&c, "free 0; added " CD ("e") "; ");
  hub_end (&c);
}

static void
disconnect_thing (SpiceUsbDeviceManager *manager, GParamSpec *pspec, HubCase *self)
{
  g_signal_handlers_disconnect_by_func (manager, disconnect_thing, self);
  hub_disconnect_now (self, hub_device (self, "thing"));
}

static void
end_session (SpiceUsbDeviceManager *manager, GParamSpec *pspec, HubCase *self)
{
  g_signal_handlers_disconnect_by_data (manager, self);
  client_end (g_steal_pointer (&self->session));
}

/* A channel that is ending keeps it a little. */
static void
let_session_go (SpiceUsbDeviceManager *manager, GParamSpec *pspec, HubCase *self)
{
  g_signal_handlers_disconnect_by_data (manager, self);
  spice_session_disconnect (self->session);
  g_object_unref (g_steal_pointer (&self->session));
}

/* Who is told that a channel is taken takes it away at once. */
static void
test_taken_away (void)
{
  for (unsigned i = 0; i < 2; i++) {
    HubCase c;

    hub_begin (&c, 1, NULL);
    hub_asks = i > 0;
    hub_plug_in (1, 0xff, "thing");
    hub_expect (&c, "free 1; added thing; ");
    g_signal_connect (c.manager, "notify::free-channels", G_CALLBACK (disconnect_thing), &c);
    hub_connect (&c, hub_device (&c, "thing"), "The device was disconnected meanwhile.");
    hub_expect (&c, "free 0; free 1; ");
    hub_end (&c);
  }
}

/* Who is told that a channel is taken, or free, ends the session. */
static void
test_ended (void)
{
  enum { BY_ITSELF, CONNECTED, DISCONNECTED, DISCONNECTED_NOW, STREAM_ENDED, N };

  for (unsigned how = 0; how < N; how++) {
    HubResult result = { .disconnects = how == DISCONNECTED };
    SpiceUsbDevice *device;
    HubCase c;

    hub_begin (&c, 1, NULL);
    hub_add_cd (&c, "a");
    hub_expect (&c, "free 1; added " CD ("a") "; ");
    device = hub_device (&c, CD ("a"));
    if (how >= DISCONNECTED) {
      hub_connect (&c, device, NULL);
      hub_expect (&c, "free 0; ");
    }
    g_signal_connect (c.manager, "notify::free-channels",
                      how == STREAM_ENDED ? G_CALLBACK (let_session_go) : G_CALLBACK (end_session), &c);
    if (how == BY_ITSELF) {
      g_object_set (c.manager, "auto-connect", TRUE, NULL);
      hub_plug_in (1, 0xff, "thing");
    } else if (how == CONNECTED) {
      spice_usb_device_manager_connect_device_async (c.manager, device, NULL, hub_on_done, &result);
    } else if (how == DISCONNECTED) {
      spice_usb_device_manager_disconnect_device_async (c.manager, device, NULL, hub_on_done, &result);
    } else if (how == DISCONNECTED_NOW) {
      hub_disconnect_now (&c, device);
    } else {
      g_autoptr (SpiceChannel) channel = g_object_ref (client_channel (c.session, CW_CHANNEL_USBREDIR, 0));

      spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
    }
    while (hub_bus)
      g_main_context_iteration (NULL, TRUE);
    g_assert_null (c.session);
    hub_expect (&c, how == BY_ITSELF || how == CONNECTED ? "free 0; " : "free 1; ");
    g_assert_true (result.done == (how == CONNECTED || how == DISCONNECTED));
    g_assert_true (result.ok == (how == DISCONNECTED));
    g_clear_error (&result.error);
    hub_end (&c);
  }
}

static void
add_three (HubCase *self)
{
  g_object_set (self->manager, "redirect-on-connect", "0x03,-1,-1,-1,0|0x08,-1,-1,-1,0|-1,-1,-1,-1,1", NULL);
  hub_plug_in (2, 3, "keyboard");
  hub_plug_in (1, 0xff, "thing");
  hub_add_cd (self, "a");
  hub_expect (self, "added keyboard; added thing; added " CD ("a") "; ");
  hub_may_open = 1;
}

static bool
has_given_up (gpointer data)
{
  return strstr (((HubCase *) data)->told->str, "failed") != NULL;
}

/* One device for each channel that comes; one that turns out not to work leaves it again. Drives need no filter. */
static void
test_redirect_on_connect (void)
{
  HubCase c;

  hub_begin (&c, 2, add_three);
  client_await (has_given_up, &c);
  g_assert_true (g_str_has_prefix (c.told->str, "free 1; free 0; free 1; free 0; ")
                 || g_str_has_prefix (c.told->str, "free 0; free 1; free 0; "));
  g_assert_true (g_str_has_suffix (c.told->str, "free 1; failed thing:  thing [1234:5601] at 3-1: it is glued; "));
  g_string_truncate (c.told, 0);
  g_assert_false (spice_usb_device_manager_is_device_connected (c.manager, hub_device (&c, "thing")));
  g_assert_false (spice_usb_device_manager_is_device_connected (c.manager, hub_device (&c, "keyboard")));
  g_assert_true (spice_usb_device_manager_is_device_connected (c.manager, hub_device (&c, CD ("a"))));
  hub_end (&c);
}

static void
add_refused (HubCase *self)
{
  g_autofree char *filter = NULL;

  g_object_set (self->manager, "redirect-on-connect", "-1,-1,-1,-1,1", NULL);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*'nonsense' is no filter*");
  g_object_set (self->manager, "redirect-on-connect", "nonsense", NULL);
  g_test_assert_expected_messages ();
  g_object_get (self->manager, "redirect-on-connect", &filter, NULL);
  g_assert_cmpstr (filter, ==, "-1,-1,-1,-1,1");
  g_object_set (self->manager, "redirect-on-connect", NULL, NULL);
  hub_add_cd (self, "a");
  hub_expect (self, "added " CD ("a") "; ");
}

/* Without a filter nothing is connected. */
static void
test_no_filter (void)
{
  HubCase c;

  hub_begin (&c, 1, add_refused);
  hub_expect (&c, "free 1; ");
  hub_end (&c);
}

static void
test_media (void)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  SpiceUsbDevice *cd, *disk, *thing;
  HubCase c;

  hub_begin (&c, 1, NULL);
  hub_plug_in (1, 0xff, "thing");
  hub_add_cd (&c, "a");
  path = hub_make_image (&c, "b");
  g_assert_true (spice_usb_device_manager_create_shared_disk_device (c.manager, path, TRUE, NULL));
  hub_expect (&c, "free 1; added thing; added " CD ("a") "; added SPICE disk (b); ");
  /* A disk that is written is nobody else's to write; to be read it may be. */
  g_assert_true (spice_usb_device_manager_create_shared_cd_device (c.manager, path, NULL));
  g_assert_true (spice_usb_device_manager_create_shared_disk_device (c.manager, path, FALSE, NULL));
  g_assert_false (spice_usb_device_manager_create_shared_disk_device (c.manager, path, TRUE, &error));
  g_assert_nonnull (strstr (error->message, "another program uses it"));
  g_clear_error (&error);
  hub_expect (&c, "added SPICE CD (b); added SPICE disk (b); ");
  g_assert_false (spice_usb_device_manager_create_shared_disk_device (c.manager, c.folder, FALSE, &error));
  g_assert_nonnull (strstr (error->message, "neither a file"));
  g_clear_error (&error);
  g_assert_false (spice_usb_device_manager_create_shared_cd_device (c.manager, c.folder, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  thing = hub_device (&c, "thing");
  cd = hub_device (&c, CD ("a"));
  disk = hub_device (&c, "SPICE disk (b)");
  g_assert_true (spice_usb_device_manager_is_device_shared_cd (c.manager, cd));
  g_assert_false (spice_usb_device_manager_is_device_shared_cd (c.manager, disk));
  g_assert_cmpint (cd->identity.address, ==, 2);
  g_assert_cmpint (disk->identity.address, ==, 3); /* what could not be shared has none */
  g_assert_cmphex (cd->identity.product, ==, 0xcdcd);
  g_assert_cmphex (disk->identity.product, ==, 0xcdce);
  g_assert_false (spice_usb_device_manager_set_medium_loaded (c.manager, thing, FALSE, &error));
  g_assert_cmpstr (error->message, ==, "The device has no medium of ours.");
  for (int i = 0; i < 4; i++)
    g_assert_true (spice_usb_device_manager_set_medium_loaded (c.manager, cd, i / 2, NULL));
  hub_expect (&c, "");
  hub_end (&c);
}

static void
test_wrapped (void)
{
  SpiceUsbDevice *device;
  HubCase c;

  hub_begin (&c, 1, NULL);
  device = spice_usb_device_manager_allocate_device_for_file_descriptor (c.manager, 9, NULL);
  g_assert_cmpint (device->identity.address, ==, 9);
  hub_expect_devices (&c, NULL, "");
  g_boxed_free (SPICE_TYPE_USB_DEVICE, device);
  hub_end (&c);
}

/* The guest's side */

static int
guest_write (void *data, uint8_t *bytes, int size)
{
  g_byte_array_append (data, bytes, (guint) size);
  return size;
}

static int
guest_read (void *data, uint8_t *bytes, int size)
{
  return 0;
}

static void
guest_log (void *data, int level, const char *text)
{
}

typedef struct {
  struct usbredirparser *parser;
  GByteArray *bytes;
} Guest;

static void
guest_init (Guest *self)
{
  uint32_t caps[USB_REDIR_CAPS_SIZE] = { 0 };

  self->bytes = g_byte_array_new ();
  self->parser = usbredirparser_create ();
  self->parser->priv = self->bytes;
  self->parser->log_func = guest_log;
  self->parser->read_func = guest_read;
  self->parser->write_func = guest_write;
  usbredirparser_caps_set_cap (caps, usb_redir_cap_filter);
  usbredirparser_init (self->parser, "a guest", caps, USB_REDIR_CAPS_SIZE, 0);
}

/* What the parser has to say, to the first channel. */
static void
guest_say (Guest *self, HubCase *c)
{
  while (usbredirparser_has_data_to_write (self->parser))
    g_assert_cmpint (usbredirparser_do_write (self->parser), ==, 0);
  steps_send_bytes (c->steps, CW_CHANNEL_USBREDIR, CW_MSG_SPICEVMC_DATA, self->bytes->data, self->bytes->len);
  g_byte_array_set_size (self->bytes, 0);
}

static void
guest_clear (Guest *self)
{
  usbredirparser_destroy (self->parser);
  g_byte_array_unref (self->bytes);
}

static bool
refuses (gpointer data)
{
  HubCase *self = data;

  return !spice_usb_device_manager_can_redirect_device (self->manager, hub_device (self, CD ("b")), NULL);
}

/* What the guest does not take is refused, and given up where it is connected already. */
static void
test_guest_filter (void)
{
  Guest guest;
  HubCase c;

  hub_begin (&c, 1, NULL);
  hub_plug_in (1, 0xff, "thing");
  hub_add_cd (&c, "a");
  hub_add_cd (&c, "b");
  hub_expect (&c, "free 1; added thing; added " CD ("a") "; added " CD ("b") "; ");
  guest_init (&guest);
  guest_say (&guest, &c);
  hub_connect (&c, hub_device (&c, CD ("a")), NULL);
  hub_expect (&c, "free 0; ");
  /* The parser lets filters out to who has announced to know them; the packet itself is plain. */
  {
    static const char text[] = "0x08,-1,-1,-1,0|-1,-1,-1,-1,1";
    const uint32_t words[] = { GUINT32_TO_LE (usb_redir_filter_filter), GUINT32_TO_LE (sizeof text), 0 };

    g_byte_array_append (guest.bytes, (const guint8 *) words, sizeof words);
    g_byte_array_append (guest.bytes, (const guint8 *) text, sizeof text);
  }
  guest_say (&guest, &c);
  client_await (has_given_up, &c);
  hub_expect (&c,
              "free 1; failed " CD ("a") ":  " CD ("a") " [2b23:cdcd] at 65535-2: the guest does not take devices like "
                                                        "this; removed " CD ("a") "; ");
  g_assert_true (refuses (&c));
  hub_expect_refusal (&c, hub_device (&c, CD ("b")), "The virtual machine does not take devices like this.");
  hub_expect_refusal (&c, hub_device (&c, "thing"), NULL);
  guest_clear (&guest);
  hub_end (&c);
}

static void
expect_failed (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device, GError *error)
{
  g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_false (spice_usb_device_manager_is_device_connected (manager, device));
}

/* B5: a guest that sends nonsense loses the device and the channel. */
static void
test_nonsense (void)
{
  static const uint8_t nonsense[12] = { 0x77 };
  HubCase c;

  hub_begin (&c, 1, NULL);
  hub_add_cd (&c, "a");
  hub_expect (&c, "free 1; added " CD ("a") "; ");
  hub_connect (&c, hub_device (&c, CD ("a")), NULL);
  hub_expect (&c, "free 0; ");
  g_signal_connect (c.manager, "device-error", G_CALLBACK (expect_failed), NULL);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*");
  steps_send_bytes (c.steps, CW_CHANNEL_USBREDIR, CW_MSG_SPICEVMC_DATA, nonsense, sizeof nonsense);
  client_await (has_given_up, &c);
  g_assert_nonnull (strstr (c.told->str, "failed " CD ("a") ": "));
  g_assert_nonnull (strstr (c.told->str, "before hello"));
  hub_end (&c);
}

static void
note_end (SpiceSession *session, HubCase *self)
{
  bool connected = spice_usb_device_manager_is_device_connected (self->manager, hub_device (self, CD ("a")));

  g_string_append (self->told, connected ? "disconnected too early; " : "disconnected; ");
}

static bool
has_ended (gpointer data)
{
  return strstr (((HubCase *) data)->told->str, "disconnected") != NULL;
}

/* B4: and it stays in the list. */
static void
test_session_ends (void)
{
  HubCase c;

  hub_begin (&c, 1, NULL);
  hub_add_cd (&c, "a");
  hub_expect (&c, "free 1; added " CD ("a") "; ");
  hub_connect (&c, hub_device (&c, CD ("a")), NULL);
  hub_expect (&c, "free 0; ");
  g_signal_connect (c.session, "disconnected", G_CALLBACK (note_end), &c);
  spice_session_disconnect (c.session);
  client_await (has_ended, &c);
  g_assert_true (g_str_has_suffix (c.told->str, "disconnected; "));
  g_assert_nonnull (hub_device (&c, CD ("a")));
  g_signal_handlers_disconnect_by_func (c.session, note_end, &c);
  hub_end (&c);
}

/* B2: type 0, a version and the capabilities. */
static void
test_hello (void)
{
  const CwMsgcSpicevmcData *first;
  uint32_t words[2];
  HubCase c;

  hub_begin (&c, 1, NULL);
  first = steps_next (c.steps, CW_CHANNEL_USBREDIR, CW_MSGC_SPICEVMC_DATA)->data;
  g_assert_cmpuint (first->data.size, >=, 12 + 64 + 4);
  memcpy (words, first->data.data, sizeof words);
  g_assert_cmpuint (GUINT32_FROM_LE (words[0]), ==, usb_redir_hello);
  g_assert_cmpuint (GUINT32_FROM_LE (words[1]), ==, first->data.size - 12);
  hub_end (&c);
}

static void
serve_usb (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_USBREDIR, 0 };

  if (server_begin (io, &PEER_LINK_INIT, channels, 1))
    server_hold (io);
}

static void
note_channel (SpiceSession *session, SpiceChannel *channel, bool *seen)
{
  if (!SPICE_IS_USBREDIR_CHANNEL (channel))
    return;
  g_assert_false (cw_channel_is_running (channel));
  *seen = true;
}

static bool
is_seen (gpointer seen)
{
  return *(bool *) seen;
}

static bool
usb_works (gpointer session)
{
  return cw_channel_is_started (client_channel (session, CW_CHANNEL_USBREDIR, 0));
}

/* B1: nobody but the manager connects it, not before the program has heard of it; however the session was made. */
static void
test_connects (void)
{
  for (unsigned made = 0; made < 2; made++) {
    Server *server = server_new (serve_usb, NULL);
    SpiceSession *session = made ? g_object_new (SPICE_TYPE_SESSION, NULL) : spice_session_new ();
    bool seen = false;

    g_object_set (session, "host", "127.0.0.1", "port", server_port (server), NULL);
    g_signal_connect (session, "channel-new", G_CALLBACK (note_channel), &seen);
    g_assert_true (spice_session_connect (session));
    client_await (is_seen, &seen);
    client_await (usb_works, session);
    client_end (session);
    server_free (server);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/usb-hub/V14-no-channels", test_no_channels);
  g_test_add_func ("/usb-hub/G9-two-channels", test_two_channels);
  g_test_add_func ("/usb-hub/cancelled", test_cancelled);
  g_test_add_func ("/usb-hub/bus", test_bus);
  g_test_add_func ("/usb-hub/V10-pulled-out", test_pulled_out);
  g_test_add_func ("/usb-hub/empty-channel", test_empty_channel);
  g_test_add_func ("/usb-hub/auto-connect", test_auto_connect);
  g_test_add_func ("/usb-hub/taken-away", test_taken_away);
  g_test_add_func ("/usb-hub/ended", test_ended);
  g_test_add_func ("/usb-hub/redirect-on-connect", test_redirect_on_connect);
  g_test_add_func ("/usb-hub/no-filter", test_no_filter);
  g_test_add_func ("/usb-hub/media", test_media);
  g_test_add_func ("/usb-hub/wrapped", test_wrapped);
  g_test_add_func ("/usb-hub/B3-guest-filter", test_guest_filter);
  g_test_add_func ("/usb-hub/B5-nonsense", test_nonsense);
  g_test_add_func ("/usb-hub/B4-session-ends", test_session_ends);
  g_test_add_func ("/usb-hub/B2-hello", test_hello);
  g_test_add_func ("/usb-hub/B1-connects", test_connects);
  return g_test_run ();
}
