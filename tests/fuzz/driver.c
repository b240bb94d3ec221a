/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target without a fuzzing engine: every seed file as it is, then a fixed number of seeded random
 * mutations of them. Same arguments and same build give the same inputs, so a failure is repeatable.
 *
 *   TARGET [-rounds=N] [-seed=N] [-dict=FILE] [-max-size=N] [FILE|FOLDER]…
 */
#include "fuzz/fuzz.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  GPtrArray *seeds; /* GBytes */
  GPtrArray *words; /* GBytes: dictionary */
  GRand *rand;
  guint64 rounds;
  gsize max_size;
} Driver;

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
add_seeds (Driver *self, const char *path)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name (dir)))
      g_ptr_array_add (names, g_build_filename (path, name, NULL));
    g_ptr_array_sort (names, compare_names);
    for (guint i = 0; i < names->len; i++)
      add_seeds (self, names->pdata[i]);
  } else {
    g_autoptr (GError) error = NULL;
    char *data;
    gsize size;

    if (!g_file_get_contents (path, &data, &size, &error))
      g_error ("%s", error->message);
    g_ptr_array_add (self->seeds, g_bytes_new_take (data, size));
  }
}

/* A line of a dictionary is name="bytes" with C escapes, as the engines define it. */
static void
add_words (Driver *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, &error))
    g_error ("%s", error->message);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    const char *from = strchr (lines[i], '"'), *to = strrchr (lines[i], '"');
    g_autoptr (GByteArray) word = g_byte_array_new ();

    if (lines[i][0] == '#' || !from || to <= from + 1)
      continue;
    for (const char *p = from + 1; p < to; p++) {
      guint8 byte = *p;

      if (*p == '\\' && p + 3 < to + 1 && p[1] == 'x') {
        byte = g_ascii_xdigit_value (p[2]) << 4 | g_ascii_xdigit_value (p[3]);
        p += 3;
      } else if (*p == '\\') {
        byte = *++p;
      }
      g_byte_array_append (word, &byte, 1);
    }
    g_ptr_array_add (self->words, g_byte_array_free_to_bytes (g_steal_pointer (&word)));
  }
}

static guint32
below (Driver *self, gsize limit)
{
  return limit == 0 ? 0 : g_rand_int (self->rand) % limit;
}

static void
insert (GByteArray *input, gsize at, const guint8 *data, gsize size)
{
  gsize tail = input->len - at;

  g_byte_array_set_size (input, input->len + size);
  memmove (input->data + at + size, input->data + at, tail);
  memcpy (input->data + at, data, size);
}

static void
mutate (Driver *self, GByteArray *input)
{
  static const guint32 magic[] = { 0,      1,          0x7f,       0x80,       0xff,       0x7fff,    0x8000,
                                   0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x1000000, 64 };
  gsize at = below (self, input->len);

  switch (below (self, 8)) {
  case 0:
    if (input->len > 0)
      input->data[at] ^= 1 << below (self, 8);
    break;
  case 1:
    if (input->len > 0)
      input->data[at] = below (self, 256);
    break;
  case 2: {
    guint32 value = magic[below (self, G_N_ELEMENTS (magic))];
    gsize size = (gsize) 1 << below (self, 3);

    size = MIN (size, input->len - at);
    if (below (self, 2))
      value = GUINT32_SWAP_LE_BE (value);
    if (size > 0)
      memcpy (input->data + at, &value, size);
    break;
  }
  case 3:
    g_byte_array_set_size (input, below (self, input->len + 1));
    break;
  case 4: {
    guint8 noise[16];
    gsize size = 1 + below (self, sizeof noise);

    for (gsize i = 0; i < size; i++)
      noise[i] = below (self, 256);
    insert (input, at, noise, size);
    break;
  }
  case 5: {
    guint size = 1 + below (self, 16);

    if (input->len > 1)
      g_byte_array_remove_range (input, at, MIN (size, input->len - at));
    break;
  }
  case 6:
    if (self->words->len > 0) {
      gsize size;
      const guint8 *word = g_bytes_get_data (self->words->pdata[below (self, self->words->len)], &size);

      if (below (self, 2) && size <= input->len - at)
        memcpy (input->data + at, word, size);
      else
        insert (input, at, word, size);
    }
    break;
  default: {
    gsize size;
    const guint8 *other = g_bytes_get_data (self->seeds->pdata[below (self, self->seeds->len)], &size);

    if (size > 0) {
      gsize from = below (self, size), n = 1 + below (self, MIN (size - from, 256));

      insert (input, at, other + from, MIN (n, size - from));
    }
  }
  }
  if (input->len > self->max_size)
    g_byte_array_set_size (input, self->max_size);
}

/* Gives the target a block of exactly the input's size, so that a sanitizer sees the first byte read too far. */
static void
run_exact (const guint8 *data, gsize size)
{
  guint8 *block = malloc (size != 0 ? size : 1);

  if (size != 0)
    memcpy (block, data, size);
  LLVMFuzzerTestOneInput (block, size);
  free (block);
}

static void
run_rounds (Driver *self)
{
  for (guint64 i = 0; i < self->rounds; i++) {
    gsize size;
    const guint8 *seed = g_bytes_get_data (self->seeds->pdata[below (self, self->seeds->len)], &size);
    g_autoptr (GByteArray) input = g_byte_array_new ();
    guint n = 1 + below (self, 6);

    g_byte_array_append (input, seed, MIN (size, self->max_size));
    while (n-- > 0)
      mutate (self, input);
    run_exact (input->data, input->len);
  }
}

int
main (int argc, char **argv)
{
  Driver self = {
    .seeds = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref),
    .words = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref),
    .rounds = 2000,
    .max_size = 65536,
  };
  guint32 seed = 1;

  for (int i = 1; i < argc; i++) {
    if (g_str_has_prefix (argv[i], "-rounds="))
      self.rounds = g_ascii_strtoull (argv[i] + strlen ("-rounds="), NULL, 10);
    else if (g_str_has_prefix (argv[i], "-seed="))
      seed = g_ascii_strtoull (argv[i] + strlen ("-seed="), NULL, 10);
    else if (g_str_has_prefix (argv[i], "-max-size="))
      self.max_size = g_ascii_strtoull (argv[i] + strlen ("-max-size="), NULL, 10);
    else if (g_str_has_prefix (argv[i], "-dict="))
      add_words (&self, argv[i] + strlen ("-dict="));
    else if (argv[i][0] == '-')
      g_error ("unknown option %s", argv[i]);
    else
      add_seeds (&self, argv[i]);
  }
  self.rand = g_rand_new_with_seed (seed);
  for (guint i = 0; i < self.seeds->len; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (self.seeds->pdata[i], &size);

    run_exact (data, size);
  }
  if (self.seeds->len == 0)
    g_ptr_array_add (self.seeds, g_bytes_new_static ("", 0));
  run_rounds (&self);
  printf ("%u seeds, %" G_GUINT64_FORMAT " mutations\n", self.seeds->len, self.rounds);
  g_ptr_array_unref (self.seeds);
  g_ptr_array_unref (self.words);
  g_rand_free (self.rand);
  return 0;
}
