/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/id-map.h"

static unsigned n_freed;

static void
count_free (gpointer value)
{
  n_freed++;
}

/* Against GLib's table, with few numbers so that all is found, replaced and removed often. */
static void
test_random (void)
{
  g_autoptr (CwIdMap) map = cw_id_map_new (NULL);
  g_autoptr (GHashTable) expected = g_hash_table_new (NULL, NULL);

  for (unsigned i = 0; i < 200000; i++) {
    uint64_t id = g_test_rand_int_range (0, i < 100000 ? 3000 : 20);
    gpointer value = GUINT_TO_POINTER (i + 1);

    if (g_test_rand_bit ()) {
      cw_id_map_put (map, id, value);
      g_hash_table_insert (expected, GUINT_TO_POINTER ((guint) id), value);
    } else {
      cw_id_map_remove (map, id);
      g_hash_table_remove (expected, GUINT_TO_POINTER ((guint) id));
    }
    g_assert_cmpuint (cw_id_map_size (map), ==, g_hash_table_size (expected));
    id = g_test_rand_int_range (0, 3000);
    g_assert_true (cw_id_map_get (map, id) == g_hash_table_lookup (expected, GUINT_TO_POINTER ((guint) id)));
  }
}

static void
test_freed (void)
{
  CwIdMap *map = cw_id_map_new (count_free);
  int value;

  n_freed = 0;
  cw_id_map_put (map, 1, &value);
  cw_id_map_put (map, G_MAXUINT64, &value);
  cw_id_map_put (map, 0, &value);
  g_assert_cmpuint (n_freed, ==, 0);
  cw_id_map_put (map, 1, &value);
  g_assert_cmpuint (n_freed, ==, 1);
  cw_id_map_remove (map, 7);
  cw_id_map_remove (map, 0);
  g_assert_cmpuint (n_freed, ==, 2);
  g_assert_null (cw_id_map_get (map, 0));
  cw_id_map_clear (map);
  g_assert_cmpuint (n_freed, ==, 4);
  g_assert_cmpuint (cw_id_map_size (map), ==, 0);
  cw_id_map_put (map, 3, &value);
  g_assert_true (cw_id_map_steal (map, 3) == &value);
  g_assert_null (cw_id_map_steal (map, 3));
  g_assert_cmpuint (n_freed, ==, 4);
  cw_id_map_put (map, 2, &value);
  cw_id_map_free (map);
  g_assert_cmpuint (n_freed, ==, 5);
}

/* What sent GLib's table to one chain. A map that looks at each entry for each other one takes hours for this. */
static void
test_chosen (void)
{
  for (unsigned shift = 0; shift <= 44; shift += 4) {
    g_autoptr (CwIdMap) map = cw_id_map_new (NULL);

    for (uint64_t i = 0; i < 500000; i++)
      cw_id_map_put (map, i << shift, map);
    g_assert_cmpuint (cw_id_map_size (map), ==, 500000);
    for (uint64_t i = 0; i < 500000; i++)
      g_assert_nonnull (cw_id_map_get (map, i << shift));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/id-map/random", test_random);
  g_test_add_func ("/base/id-map/freed", test_freed);
  g_test_add_func ("/base/id-map/chosen", test_chosen);
  return g_test_run ();
}
