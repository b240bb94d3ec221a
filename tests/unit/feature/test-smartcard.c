/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A card of three certificates, by libcacard, and what is said of it on a smartcard channel. */
#include "../session/steps.h"

#include "channel-smartcard.h"
#include "channel/host.h"
#include "feature/smartcard/cards.h"
#include "session/registry.h"
#include "smartcard-manager.h"

#include <dlfcn.h>
#include <glib/gstdio.h>
#include <string.h>

#define NAME "Spice Software Smartcard"

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_SMARTCARD, spice_smartcard_channel_get_type, NULL },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = NULL;

static const uint8_t channels[] = { CW_CHANNEL_SMARTCARD, 0 };
static const uint8_t select_applet[] = { 0x00, 0xa4, 0x04, 0x0c, 0x07, 0xa0, 0x00, 0x00, 0x01, 0x16, 0xdb, 0x00 };
static const uint8_t get_response[] = { 0x00, 0xc0, 0x00, 0x00, 0x0d };

static char *folder;

/* --- the card --------------------------------------------------------------------------------------------------- */

/* line: in the words of a shell; the database and its noise are added. */
static void
certutil (const char *line)
{
  g_autofree char *command = g_strdup_printf ("certutil -d sql:%s -z %s/noise %s", folder, folder, line);
  g_autofree char *out = NULL, *err = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_command_line_sync (command, &out, &err, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, NULL));
}

static void
make_certificates (void)
{
  g_autofree char *noise = g_build_filename (folder, "noise", NULL), *bytes = g_malloc (2048);

  for (unsigned i = 0; i < 2048; i++)
    bytes[i] = (char) (i * 7);
  g_assert_true (g_file_set_contents (noise, bytes, 2048, NULL));
  certutil ("-N --empty-password");
  certutil ("-S -n cert1 -s 'CN=Card 1' -x -t CT,CT,CT -m 1");
  certutil ("-S -n cert2 -s 'CN=Card 2' -x -t CT,CT,CT -m 2");
  certutil ("-S -n cert3 -s 'CN=Card 3' -x -t CT,CT,CT -m 3");
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    g_unlink (path);
  }
  g_rmdir (folder);
  g_free (folder);
}

static void
use_certificates (SpiceSession *session)
{
  static const char *const certificates[] = { "cert1", "cert2", "cert3", NULL };
  g_autofree char *database = g_strdup_printf ("sql:%s", folder);

  g_object_set (session, "smartcard-db", database, "smartcard-certificates", certificates, NULL);
}

/* --- the server ------------------------------------------------------------------------------------------------- */

static void
say (Steps *steps, uint32_t type, uint32_t reader, const void *bytes, size_t size)
{
  steps_send (steps, CW_CHANNEL_SMARTCARD, CW_MSG_SMARTCARD_DATA,
              &(CwMsgSmartcardData){ .type = type, .reader_id = reader, .data = { bytes, size } });
}

/* code: 0 is success. */
static void
answer (Steps *steps, uint8_t code)
{
  const uint8_t bytes[] = { 0, 0, 0, code };

  say (steps, CW_VSC_TYPE_ERROR, 0, bytes, sizeof bytes);
}

static const CwMsgcSmartcardData *
expect (Steps *steps, uint32_t type, uint32_t reader)
{
  const CwMsgcSmartcardData *data = steps_next (steps, CW_CHANNEL_SMARTCARD, CW_MSGC_SMARTCARD_DATA)->data;

  g_assert_cmpuint (data->type, ==, type);
  g_assert_cmpuint (data->reader_id, ==, reader);
  return data;
}

static void
expect_reader (Steps *steps)
{
  const CwMsgcSmartcardData *data = expect (steps, CW_VSC_TYPE_READER_ADD, CW_VSC_UNDEFINED_READER);

  g_assert_cmpmem (data->data.data, data->data.size, NAME, strlen (NAME));
}

static void
expect_card (Steps *steps)
{
  g_assert_cmpuint (expect (steps, CW_VSC_TYPE_ATR, 0)->data.size, >, 2);
}

/* The last two bytes of an answer say how it went. */
static void
expect_status (Steps *steps, uint8_t first, int second)
{
  CwSlice bytes = expect (steps, CW_VSC_TYPE_APDU, 0)->data;

  g_assert_cmpuint (bytes.size, >=, 2);
  g_assert_cmpuint (bytes.data[bytes.size - 2], ==, first);
  if (second >= 0)
    g_assert_cmpint (bytes.data[bytes.size - 1], ==, second);
}

static SpiceSession *
begin (Steps *steps)
{
  SpiceSession *session = steps_session (steps, use_certificates);

  expect_reader (steps);
  answer (steps, CW_VSC_ERROR_SUCCESS);
  expect_card (steps);
  answer (steps, CW_VSC_ERROR_SUCCESS);
  return session;
}

/* --- the tests -------------------------------------------------------------------------------------------------- */

/* What is too short for a card, or too long, does not get to it. */
static void
test_commands (void)
{
  static const uint8_t long_command[513] = { 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0xfa },
                       unknown_command[512] = { 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0xf9 };
  g_autoptr (Steps) steps = steps_new (channels, 1, 0);
  SpiceSession *session = begin (steps);

  say (steps, CW_VSC_TYPE_APDU, 0, select_applet, sizeof select_applet);
  expect_status (steps, 0x61, -1); /* so many bytes are there */
  say (steps, CW_VSC_TYPE_APDU, 0, get_response, sizeof get_response);
  expect_status (steps, 0x90, 0x00);
  say (steps, CW_VSC_TYPE_APDU, 0, select_applet, 3);
  expect_status (steps, 0x67, 0x00);
  say (steps, CW_VSC_TYPE_APDU, 0, long_command, sizeof long_command);
  expect_status (steps, 0x67, 0x00);
  say (steps, CW_VSC_TYPE_APDU, 0, unknown_command, 4);
  expect_status (steps, 0x6d, 0x00); /* the card's own word */
  say (steps, CW_VSC_TYPE_APDU, 0, unknown_command, sizeof unknown_command);
  expect_status (steps, 0x6d, 0x00);
  /* One after the other, however fast they come. */
  say (steps, CW_VSC_TYPE_APDU, 0, select_applet, sizeof select_applet);
  say (steps, CW_VSC_TYPE_APDU, 0, select_applet, 3);
  expect_status (steps, 0x61, -1);
  expect_status (steps, 0x67, 0x00);
  client_end (session);
}

static void
test_card (void)
{
  SpiceSmartcardManager *manager = spice_smartcard_manager_get ();
  g_autoptr (Steps) steps = steps_new (channels, 1, 0);
  SpiceSession *session = begin (steps);

  g_assert_true (spice_smartcard_manager_remove_card (manager));
  expect (steps, CW_VSC_TYPE_CARD_REMOVE, 0);
  answer (steps, CW_VSC_ERROR_SUCCESS);
  steps_heard_all (steps, CW_CHANNEL_SMARTCARD);
  g_assert_true (spice_smartcard_manager_insert_card (manager));
  expect_card (steps);
  answer (steps, CW_VSC_ERROR_SUCCESS);
  client_end (session);
}

static void
note_signal (const char *what, gpointer reader, GString *told)
{
  g_assert_true (spice_smartcard_reader_is_software (reader));
  g_string_append_printf (told, "%s; ", what);
}

static void
on_reader_added (SpiceSmartcardManager *manager, gpointer reader, GString *told)
{
  note_signal ("reader added", reader, told);
}

static void
on_card_inserted (SpiceSmartcardManager *manager, gpointer reader, GString *told)
{
  note_signal ("card inserted", reader, told);
}

static void
on_card_removed (SpiceSmartcardManager *manager, gpointer reader, GString *told)
{
  note_signal ("card removed", reader, told);
}

static bool
has_told_two (gpointer told)
{
  return g_str_has_suffix (((GString *) told)->str, "card removed; card inserted; ");
}

static void
free_reader (gpointer reader)
{
  g_boxed_free (SPICE_TYPE_SMARTCARD_READER, reader);
}

/* What a program sees of the reader, and does with its card by itself. */
static void
test_manager (void)
{
  SpiceSmartcardManager *manager = spice_smartcard_manager_get ();
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (Steps) steps = steps_new (channels, 1, 0);
  SpiceSession *session = begin (steps);
  GList *readers;

  g_assert_true (spice_smartcard_manager_get () == manager);
  g_signal_connect (manager, "reader-added", G_CALLBACK (on_reader_added), told);
  g_signal_connect (manager, "card-inserted", G_CALLBACK (on_card_inserted), told);
  g_signal_connect (manager, "card-removed", G_CALLBACK (on_card_removed), told);
  client_run (1);
  g_string_truncate (told, 0); /* what was there at first may have been told just now */
  g_object_unref (g_object_new (SPICE_TYPE_SMARTCARD_MANAGER, NULL)); /* one that has gone is told nothing */
  readers = spice_smartcard_manager_get_readers (manager);
  g_assert_cmpuint (g_list_length (readers), ==, 1);
  g_assert_true (spice_smartcard_reader_remove_card (readers->data));
  expect (steps, CW_VSC_TYPE_CARD_REMOVE, 0);
  answer (steps, CW_VSC_ERROR_SUCCESS);
  g_assert_true (spice_smartcard_reader_insert_card (readers->data));
  expect_card (steps);
  answer (steps, CW_VSC_ERROR_SUCCESS);
  client_await (has_told_two, told);
  g_assert_cmpstr (told->str, ==, "card removed; card inserted; ");
  g_list_free_full (readers, free_reader);
  g_signal_handlers_disconnect_by_data (manager, told);
  client_end (session);
}

/* The reader is told anew, an answer to what came before is not; and no card of a reader that is refused. */
static void
test_again (void)
{
  g_autoptr (Steps) steps = steps_new (channels, 1, 0);
  SpiceSession *session = begin (steps);
  SpiceChannel *channel = client_channel (session, CW_CHANNEL_SMARTCARD, 0);
  const CwMsgcSmartcardData *data;

  say (steps, CW_VSC_TYPE_APDU, 0, select_applet, sizeof select_applet);
  client_run (1);
  spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
  spice_channel_connect (channel);
  steps_await_link (steps, CW_CHANNEL_SMARTCARD, 2);
  do
    data = steps_skip_to (steps, CW_CHANNEL_SMARTCARD, CW_MSGC_SMARTCARD_DATA)->data;
  while (data->type == CW_VSC_TYPE_APDU); /* which may have been quick */
  g_assert_cmpuint (data->type, ==, CW_VSC_TYPE_READER_ADD);
  answer (steps, CW_VSC_ERROR_CANNOT_ADD_MORE_READERS);
  steps_heard_all (steps, CW_CHANNEL_SMARTCARD);
  client_end (session);
}

/* --- the library ------------------------------------------------------------------------------------------------ */

static int warned;

static void
take_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  g_printerr ("%s\n", message);
  g_atomic_int_set (&warned, 1);
}

static bool
is_loaded (void)
{
  void *library = dlopen ("libcacard.so.0", RTLD_NOW | RTLD_NOLOAD);

  if (library)
    dlclose (library);
  return library != NULL;
}

static void
test_broken_library (void)
{
  GMainContext *context = g_main_context_default ();

  g_assert_false (is_loaded ());
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_default_handler (take_warning, NULL);
  cw_cards_start (NULL, NULL);
  while (!g_atomic_int_get (&warned)) {
    g_main_context_iteration (context, FALSE);
    g_usleep (1000);
  }
  g_assert_null (cw_cards_readers ());
}

static void
test_two_certificates (void)
{
  static const char *const two[] = { "cert1", "cert2", NULL };

  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  cw_cards_start (NULL, two);
}

/* A card of two certificates is none, and its settings are not ignored without a word. */
static void
test_number (void)
{
  g_test_trap_subprocess ("/smartcard-library/subprocess/two", 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*a smartcard is made of 3 certificates, not of 2*");
}

/* It is looked for when cards are wanted, not when the program starts; where it cannot be used there are none. */
static void
test_library (void)
{
  g_autofree char *before = g_strdup (g_getenv ("LD_LIBRARY_PATH"));
  g_autofree char *file = g_build_filename (folder, "libcacard.so.0", NULL);
  g_autofree char *path = g_strjoin (":", folder, before, NULL);

  g_assert_false (is_loaded ());
  g_assert_true (g_file_set_contents (file, "no library", -1, NULL));
  g_setenv ("LD_LIBRARY_PATH", path, true);
  g_test_trap_subprocess ("/smartcard-library/subprocess/broken", 0, G_TEST_SUBPROCESS_DEFAULT);
  if (before)
    g_setenv ("LD_LIBRARY_PATH", before, true);
  else
    g_unsetenv ("LD_LIBRARY_PATH");
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("there are no smartcards: *libcacard.so.0: *");
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/smartcard-library/subprocess/broken", test_broken_library);
  g_test_add_func ("/smartcard-library/subprocess/two", test_two_certificates);
  g_test_add_func ("/smartcard-library/number", test_number);
  g_test_add_func ("/smartcard-library/late", test_library); /* first: nothing has wanted it yet */
  if (g_test_subprocess ())
    return g_test_run ();
  folder = g_dir_make_tmp ("smartcard-XXXXXX", NULL);
  make_certificates ();
  g_test_add_func ("/smartcard/commands", test_commands);
  g_test_add_func ("/smartcard/card", test_card);
  g_test_add_func ("/smartcard/manager", test_manager);
  g_test_add_func ("/smartcard/again", test_again);
  result = g_test_run ();
  remove_folder ();
  return result;
}
