/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a folder of seeds for the render's fuzz target: the beginnings of random, valid streams. */
#include "stream.h"

#define MAX_SIZE 40000
#define N_SEEDS 6

int
main (int argc, char **argv)
{
  if (argc != 2 || g_mkdir_with_parents (argv[1], 0777) != 0)
    g_error ("usage: make-render-seeds FOLDER");
  for (int seed = 1; seed <= N_SEEDS; seed++) {
    GPtrArray **stream = stream_random (100 + seed, 2, 25 * seed, true);
    g_autofree char *path = g_strdup_printf ("%s/stream-%d", argv[1], seed);
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < stream[0]->len; i++) {
      for (unsigned c = 0; c < 2; c++) {
        const CwMessage *message = stream[c]->pdata[i];
        gsize size;
        const guint8 *body = g_bytes_get_data (message->body, &size);
        guint8 head[]
            = { c | (i % 3 == 0 ? 2 : 0) | (i % 2 == 0 ? 4 : 0), message->type, message->type >> 8, size, size >> 8 };

        if (size > 0xffff || out->len + size > MAX_SIZE)
          continue;
        g_byte_array_append (out, head, sizeof head);
        g_byte_array_append (out, body, size);
      }
    }
    stream_free (stream, 2);
    if (!g_file_set_contents (path, (const char *) out->data, out->len, &error))
      g_error ("%s", error->message);
  }
  return 0;
}
