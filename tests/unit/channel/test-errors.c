/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as applications see them: a sentence, and the detail after it where that is none. */
#include "channel/channel.h"
#include "channel/host.h"
#include "spice-client.h"

GType (*const cw_channel_session_type) (void) = NULL;
GType (*const cw_channel_pipeline_type) (void) = NULL;

typedef struct {
  CwErrorCode code;
  const char *text, *shown;
} Row;

static const Row rows[] = {
  { CW_ERROR_MALFORMED, "x at +1", "The server sent a damaged message. (x at +1)" },
  { CW_ERROR_LIMIT, "x at +1", "The server sent more than can be accepted. (x at +1)" },
  { CW_ERROR_UNSUPPORTED, "x at +1", "The server uses something that is not supported. (x at +1)" },
  { CW_ERROR_MEMORY, "x at +1", "There is not enough memory for what the server sent. (x at +1)" },
  { CW_ERROR_STATE, "x at +1", "The server sent a message that does not belong there. (x at +1)" },
  { CW_ERROR_STATE, "A sentence already.", "A sentence already." },
  { CW_ERROR_LIMIT, "Übersetzt ist er auch einer.", "Übersetzt ist er auch einer." },
  { CW_ERROR_LIMIT, "也是一句话。", "也是一句话。" },
  { CW_ERROR_AUTH, "a password", "a password" },
  { CW_ERROR_AUTH_USER, "a user", "a user" },
  { CW_ERROR_AUTH_USER_AND_PASSWORD, "both", "both" },
  { CW_ERROR_SECURITY, "a certificate", "a certificate" },
  { CW_ERROR_CLOSED, "gone", "gone" },
};

static void
test_ours (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error
        = cw_channel_public_error (g_error_new_literal (CW_ERROR, (int) rows[i].code, rows[i].text));

    g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
    g_assert_cmpstr (error->message, ==, rows[i].shown);
  }
}

static void
test_others (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cw_channel_public_error (NULL));
  error = cw_channel_public_error (g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "busy"));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "busy");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/errors/ours", test_ours);
  g_test_add_func ("/errors/others", test_others);
  return g_test_run ();
}
