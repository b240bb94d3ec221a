/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Captured messages read as expected and, written again, give the captured bytes.
 *
 *   test-wire-vectors FILE…
 *   test-wire-vectors --update FILE…    writes what is printed into the files (then read the difference)
 */
#include "vectors.h"

#include "wire/frame.h"
#include "wire/message.h"
#include "wire/types.h"
#include "wire/walk.h"

#include <string.h>

static const struct {
  const char *name;
  const CwTypeInfo *type;
} types[] = {
  { "agent-header", &cw_type_agent_header },
  { "full-header", &cw_type_full_header },
  { "image", &cw_type_image },
  { "link-auth", &cw_type_link_auth },
  { "link-header", &cw_type_link_header },
  { "link-mess", &cw_type_link_mess },
  { "link-reply", &cw_type_link_reply },
  { "link-result", &cw_type_link_result },
  { "mini-header", &cw_type_mini_header },
  { "sasl-mechanisms", &cw_type_sasl_mechanisms },
  { "sasl-reply", &cw_type_sasl_reply },
  { "sasl-start", &cw_type_sasl_start },
  { "sub-message-header", &cw_type_sub_message_header },
  { "usbredir-header", &cw_type_usbredir_header },
  { "usbredir-hello", &cw_type_usbredir_hello },
};

static CwChannelType
find_channel (const CwVector *vector, const char *name)
{
  static const char *const names[] = { "main",   "display",   "inputs",   "cursor", "playback", "record",
                                       "tunnel", "smartcard", "usbredir", "port",   "webdav" };

  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i], name) == 0)
      return CW_CHANNEL_MAIN + i;
  g_error ("%s: there is no channel %s", vector->place, name);
}

static CwDirection
find_direction (const CwVector *vector, const char *name)
{
  if (strcmp (name, "server") == 0)
    return CW_FROM_SERVER;
  if (strcmp (name, "client") == 0)
    return CW_FROM_CLIENT;
  g_error ("%s: '%s' is neither server nor client", vector->place, name);
}

static const CwTypeInfo *
find_type (const CwVector *vector, const char *name)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (types[i].name, name) == 0)
      return types[i].type;
  g_error ("%s: there is no type %s", vector->place, name);
}

static unsigned
to_number (const char *word)
{
  return (unsigned) g_ascii_strtoull (word, NULL, 10);
}

static void
compare_bytes (const CwVector *vector, CwSlice body, const CwBuffer *written)
{
  const char *mode = vector->words[g_strv_length (vector->words) - 1];

  if (strcmp (mode, "read-only") == 0)
    return;
  if (strcmp (mode, "trailing") == 0) {
    g_assert_cmpuint (written->size, <, body.size);
    body.size = written->size;
  }
  g_assert_cmpmem (written->data, written->size, body.data, body.size);
}

static char *
run_message (const CwVector *vector, CwMessage *message, CwSlice body)
{
  GString *text = g_string_new (NULL);
  g_auto (CwBuffer) written = { 0 };

  cw_buffer_init (&written, 1 << 20);
  g_assert_true (cw_agent_write (message->info, message->context, message->data, &written));
  compare_bytes (vector, body, &written);
  cw_message_print (message, text);
  return g_string_free (text, FALSE);
}

static char *
run_type (const CwVector *vector, const CwTypeInfo *type, CwSlice bytes)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_auto (CwBuffer) written = { 0 };
  void *data = cw_wire_read (type, vector->place, bytes, &error);

  g_assert_no_error (error);
  cw_buffer_init (&written, 1 << 20);
  g_assert_true (cw_wire_write (type, data, &written));
  compare_bytes (vector, bytes, &written);
  g_string_append_printf (text, "%s\n", vector->words[1]);
  cw_walk_print (type, 0, data, text);
  cw_wire_free (data);
  return g_string_free (text, FALSE);
}

static unsigned
take_header (const CwVector *vector, CwSlice *bytes)
{
  CwFraming framing = { .mini = true };
  CwFrameHeader header;

  g_assert_cmpuint (bytes->size, >=, 6);
  cw_framing_decode (&framing, bytes->data, &header);
  bytes->data += 6;
  bytes->size -= 6;
  g_assert_cmpuint (header.size, ==, bytes->size);
  return header.type;
}

static char *
run_vector (const CwVector *vector)
{
  CwSlice bytes = { vector->bytes->data, vector->bytes->len };
  char **words = vector->words;
  g_autoptr (CwMessage) message = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  unsigned type = 0;

  g_assert_cmpuint (g_strv_length (words), >=, 2);
  if (strcmp (words[0], "type") == 0)
    return run_type (vector, find_type (vector, words[1]), bytes);
  if (strcmp (words[0], "frame") == 0)
    type = take_header (vector, &bytes);
  else if (strcmp (words[0], "body") == 0)
    type = to_number (words[3]);
  body = g_bytes_new (bytes.data, bytes.size);
  if (strcmp (words[0], "agent") == 0)
    message = cw_agent_parse (to_number (words[1]), to_number (words[2]), body, &error);
  else
    message = cw_message_parse (find_channel (vector, words[1]), find_direction (vector, words[2]), (uint16_t) type, 1,
                                body, &error);
  g_assert_no_error (error);
  return run_message (vector, message, bytes);
}

static void
test_vector (gconstpointer data)
{
  const CwVector *vector = data;
  g_autofree char *text = run_vector (vector);

  g_assert_cmpstr (text, ==, vector->expected->str);
}

/* Copies the file, with what is printed in place of what was expected. */
static void
update (const char *path)
{
  g_autoptr (GPtrArray) vectors = cw_vectors_read (path);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gboolean in_expected = FALSE;
  guint n = 0;

  g_file_get_contents (path, &text, NULL, NULL);
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (in_expected && (lines[i][0] == '#' || g_str_has_prefix (lines[i], "== "))) {
      g_string_append_c (out, '\n');
      in_expected = FALSE;
    }
    if (!in_expected)
      g_string_append_printf (out, "%s\n", lines[i]);
    if (strcmp (lines[i], "->") == 0) {
      g_autofree char *printed = run_vector (vectors->pdata[n++]);

      g_string_append (out, printed);
      in_expected = TRUE;
    }
  }
  if (!g_file_set_contents (path, out->str, -1, &error))
    g_error ("%s", error->message);
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  gboolean updating = argc > 1 && strcmp (argv[1], "--update") == 0;

  g_test_init (&argc, &argv, NULL);
  for (int i = updating ? 2 : 1; i < argc; i++) {
    GPtrArray *vectors;

    if (updating) {
      update (argv[i]);
      continue;
    }
    vectors = cw_vectors_read (argv[i]);
    g_assert_cmpuint (vectors->len, >, 0);
    g_ptr_array_add (files, vectors);
    for (guint j = 0; j < vectors->len; j++) {
      CwVector *vector = vectors->pdata[j];
      g_autofree char *name = g_strdup_printf ("/vectors/%s", vector->place);

      g_test_add_data_func (name, vector, test_vector);
    }
  }
  return updating ? 0 : g_test_run ();
}
