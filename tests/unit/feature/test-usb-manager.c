/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The USB device manager where it has nothing to manage, and programs' mistakes. */
#include "usb-case.h"

#include <string.h>

/* Programs may hold the manager longer than the session lives: it has nothing, and says so. */
static void
test_without_hub (void)
{
  g_autoptr (SpiceUsbDevice) device = hub_new_device (5, 0xff, "thing");
  g_autoptr (GPtrArray) devices = NULL;
  SpiceUsbDeviceManager *manager;
  GError *errors[5] = { NULL };
  int n_free;
  HubCase c;

  hub_begin (&c, 2, NULL);
  manager = g_object_ref (c.manager);
  hub_end (&c);
  g_assert_null (hub_bus);
  c = (HubCase){ .manager = manager };
  devices = spice_usb_device_manager_get_devices (manager);
  g_assert_cmpuint (devices->len, ==, 0);
  g_assert_false (spice_usb_device_manager_is_device_connected (manager, device));
  g_assert_false (spice_usb_device_manager_is_redirecting (manager));
  g_assert_false (spice_usb_device_manager_can_redirect_device (manager, device, &errors[0]));
  g_assert_false (spice_usb_device_manager_create_shared_cd_device (manager, (char *) "/dev/null", &errors[1]));
  g_assert_false (spice_usb_device_manager_create_shared_disk_device (manager, "/dev/null", FALSE, &errors[2]));
  g_assert_false (spice_usb_device_manager_set_medium_loaded (manager, device, TRUE, &errors[3]));
  g_assert_null (spice_usb_device_manager_allocate_device_for_file_descriptor (manager, 0, &errors[4]));
  for (unsigned i = 0; i < G_N_ELEMENTS (errors); i++) {
    g_assert_error (errors[i], SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
    g_assert_cmpstr (errors[i]->message, ==, "USB redirection is not available here.");
    g_clear_error (&errors[i]);
  }
  hub_connect (&c, device, "USB redirection is not available here.");
  hub_disconnect (&c, device, "USB redirection is not available here.");
  hub_disconnect_now (&c, device);
  g_object_set (manager, "auto-connect", TRUE, "auto-connect-filter", "-1,-1,-1,-1,1", NULL);
  g_object_get (manager, "free-channels", &n_free, NULL);
  g_assert_cmpint (n_free, ==, 0);
  g_object_unref (manager);
}

static void
test_no_usb (void)
{
  SpiceSession *session = spice_session_new ();
  g_autoptr (GError) error = NULL;
  SpiceUsbDeviceManager *manager;

  hub_has_no_usb = true;
  g_assert_null (spice_usb_device_manager_get (session, &error));
  g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (g_initable_new (SPICE_TYPE_USB_DEVICE_MANAGER, NULL, &error, "session", session, NULL));
  g_assert_cmpstr (error->message, ==, "no USB here");
  g_clear_error (&error);
  hub_has_no_usb = false;
  /* One of the program's own goes with all that it has. */
  manager = g_initable_new (SPICE_TYPE_USB_DEVICE_MANAGER, NULL, &error, "session", session, NULL);
  g_assert_no_error (error);
  g_object_unref (manager);
  g_assert_null (hub_bus);
  /* It is tried anew. */
  manager = spice_usb_device_manager_get (session, NULL);
  g_assert_nonnull (manager);
  g_assert_true (spice_usb_device_manager_get (session, NULL) == manager);
  g_assert_null (g_initable_new (SPICE_TYPE_USB_DEVICE_MANAGER, NULL, &error, NULL));
  g_assert_nonnull (strstr (error->message, "needs a session"));
  g_object_unref (session);
}

static void
expect_critical (const char *condition)
{
  g_autofree char *pattern = g_strdup_printf ("*%s*", condition);

  g_test_assert_expected_messages ();
  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, pattern);
}

/* A program's mistakes are told, and do nothing. */
static void
test_mistakes (void)
{
  SpiceUsbDeviceManager *manager;
  HubCase c;

  hub_begin (&c, 1, NULL);
  hub_expect (&c, "free 1; ");
  manager = c.manager;
  expect_critical ("device != NULL");
  g_assert_false (spice_usb_device_manager_is_device_connected (manager, NULL));
  expect_critical ("device != NULL");
  spice_usb_device_manager_connect_device_async (manager, NULL, NULL, NULL, NULL);
  expect_critical ("device != NULL");
  spice_usb_device_manager_disconnect_device_async (manager, NULL, NULL, NULL, NULL);
  expect_critical ("device != NULL");
  hub_disconnect_now (&c, NULL);
  expect_critical ("device != NULL");
  g_assert_false (spice_usb_device_manager_can_redirect_device (manager, NULL, NULL));
  expect_critical ("device != NULL");
  g_assert_false (spice_usb_device_manager_is_device_shared_cd (manager, NULL));
  expect_critical ("device != NULL");
  g_assert_false (spice_usb_device_manager_set_medium_loaded (manager, NULL, TRUE, NULL));
  expect_critical ("filename != NULL");
  g_assert_false (spice_usb_device_manager_create_shared_cd_device (manager, NULL, NULL));
  expect_critical ("filename != NULL");
  g_assert_false (spice_usb_device_manager_create_shared_disk_device (manager, NULL, TRUE, NULL));
  expect_critical ("SPICE_IS_SESSION");
  g_assert_null (spice_usb_device_manager_get (NULL, NULL));
  expect_critical ("SPICE_IS_USB_DEVICE_MANAGER");
  g_assert_null (spice_usb_device_manager_get_devices (NULL));
  expect_critical ("SPICE_IS_USB_DEVICE_MANAGER");
  g_assert_false (spice_usb_device_manager_is_redirecting (NULL));
  expect_critical ("device != NULL");
  g_assert_null (spice_usb_device_get_description (NULL, NULL));
  g_test_assert_expected_messages ();
  hub_expect (&c, "");
  hub_end (&c);
}

static void
parse_options (const char *first, ...)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  GOptionContext *context = g_option_context_new (NULL);
  va_list more;

  g_strv_builder_add (words, "program");
  va_start (more, first);
  for (const char *word = first; word; word = va_arg (more, const char *))
    g_strv_builder_add (words, word);
  va_end (more);
  argv = g_strv_builder_end (words);
  g_option_context_add_group (context, spice_get_option_group ());
  g_assert_true (g_option_context_parse_strv (context, &argv, NULL));
  g_option_context_free (context);
}

/* Options of the command line: of each session they are told to; the CDs are the first one's. */
static void
test_options (void)
{
  g_autofree char *cd = NULL, *second = NULL, *automatic = NULL, *on_connect = NULL;
  SpiceSession *other = spice_session_new ();
  g_autoptr (GPtrArray) devices = NULL;
  HubCase c;

  hub_begin (&c, 1, NULL);
  cd = hub_make_image (&c, "cd");
  second = hub_make_image (&c, "second");
  parse_options ("--spice-usbredir-auto-redirect-filter=0x08,-1,-1,-1,1",
                 "--spice-usbredir-redirect-on-connect=0x09,-1,-1,-1,1", "--spice-share-cd", cd, "--spice-share-cd",
                 second, NULL);
  spice_set_session_option (c.session);
  hub_expect (&c, "free 1; added SPICE CD (cd); added SPICE CD (second); ");
  g_object_get (c.manager, "auto-connect-filter", &automatic, "redirect-on-connect", &on_connect, NULL);
  g_assert_cmpstr (automatic, ==, "0x08,-1,-1,-1,1");
  g_assert_cmpstr (on_connect, ==, "0x09,-1,-1,-1,1");
  spice_set_session_option (c.session);
  devices = spice_usb_device_manager_get_devices (c.manager);
  g_assert_cmpuint (devices->len, ==, 2);
  hub_end (&c);

  parse_options ("--spice-share-cd=/nowhere/cd", "--spice-share-cd=/nowhere/other", NULL);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "'/nowhere/cd' cannot be shared as a CD: *");
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "'/nowhere/other' cannot be shared as a CD: *");
  spice_set_session_option (other);
  g_test_assert_expected_messages ();
  g_clear_pointer (&automatic, g_free);
  g_object_get (spice_usb_device_manager_get (other, NULL), "auto-connect-filter", &automatic, NULL);
  g_assert_cmpstr (automatic, ==, "0x08,-1,-1,-1,1");
  g_object_unref (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/usb-manager/without-hub", test_without_hub);
  g_test_add_func ("/usb-manager/no-usb", test_no_usb);
  g_test_add_func ("/usb-manager/mistakes", test_mistakes);
  g_test_add_func ("/usb-manager/O4-options", test_options);
  return g_test_run ();
}
