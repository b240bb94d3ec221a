/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a seed for the render's fuzz target into each file named: the beginning of a random, valid stream. */
#include "stream.h"

#define MAX_SIZE 40000

int
main (int argc, char **argv)
{
  for (int file = 1; file < argc; file++) {
    GPtrArray **stream = stream_random (100 + file, 2, 25 * file, true);
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < stream[0]->len; i++) {
      for (unsigned c = 0; c < 2; c++) {
        const CwMessage *message = stream[c]->pdata[i];
        gsize size;
        const guint8 *body = g_bytes_get_data (message->body, &size);
        guint8 head[] = { c | (i % 3 == 0 ? 2 : 0) | (i % 2 == 0 ? 4 : 0), message->type, message->type >> 8, size,
                          size >> 8 };

        if (size > 0xffff || out->len + size > MAX_SIZE)
          continue;
        g_byte_array_append (out, head, sizeof head);
        g_byte_array_append (out, body, size);
      }
    }
    stream_free (stream, 2);
    if (!g_file_set_contents (argv[file], (const char *) out->data, out->len, &error))
      g_error ("%s", error->message);
  }
  return 0;
}
