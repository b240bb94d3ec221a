/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Passwords that are no longer needed are nowhere in the memory of the process. */
#include "spice-client.h"
#include "support/secret.h"

#include <stdbool.h>
#include <string.h>

/* Without the copies that g_object_set () makes. */
static void
set (gpointer object, const char *property, const char *text)
{
  GObjectClass *class = G_OBJECT_GET_CLASS (object);
  GParamSpec *pspec = g_object_class_find_property (class, property);
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_static_string (&value, text);
  pspec = g_param_spec_get_redirect_target (pspec) ? g_param_spec_get_redirect_target (pspec) : pspec;
  ((GObjectClass *) g_type_class_peek (pspec->owner_type))->set_property (object, pspec->param_id, &value, pspec);
}

static void
set_secret (gpointer object, const char *property, const char *before, const char *behind)
{
  char *text = secret_make (before, behind);

  set (object, property, text);
  secret_wipe (text);
}

static void
test_sees (void)
{
  char *text = secret_make ("", "");

  g_assert_cmpuint (secret_count (), ==, 1);
  g_free (text);
  g_assert_cmpuint (secret_count (), ==, 1);
  text = secret_make ("", ""); /* the same block */
  secret_wipe (text);
  g_assert_cmpuint (secret_count (), ==, 0);
}

typedef struct {
  const char *property, *before, *behind;
  const char *next; /* takes its place */
  bool warns;
} Case;

static const Case cases[] = {
  { "password", "", "", "x", false },
  { "password", "", "", NULL, false },
  { "uri", "spice://h?port=1;password=", "", "spice://h:1", true },
  { "uri", "spice://h:1?password=", "&tls-port=2", "spice://h:1", true },
  { "uri", "spice://h?port=1&port=2&password=", "", NULL, false },
  { "uri", "spice://h?password=", "&port=1&port=2", NULL, false },
  { "proxy", "http://user:", "@h:1", "http://h:1", false },
  { "proxy", "http://user:", "@h:1/x", "http://h:1", false },
};

static void
test_session (gconstpointer data)
{
  const Case *c = data;

  for (unsigned i = 0; i < 2; i++) {
    SpiceSession *session = spice_session_new ();

    if (c->warns)
      g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*password*");
    else if (strcmp (c->property, "password") != 0 && (!c->next || strchr (c->behind, '/')))
      g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*not used*");
    set_secret (session, c->property, c->before, c->behind);
    g_test_assert_expected_messages ();
    g_assert_cmpuint (secret_count (), <=, 1);
    if (i == 1) {
      set (session, c->property, c->next);
      g_assert_cmpuint (secret_count (), ==, 0);
    }
    g_object_unref (session);
    g_assert_cmpuint (secret_count (), ==, 0);
  }
}

static void
test_proxy_uri (void)
{
  SpiceURI *uri = g_object_new (SPICE_TYPE_URI, NULL);
  char *text = secret_make ("", "");
  g_autofree char *host = g_strnfill (500, 'h');

  spice_uri_set_scheme (uri, "http");
  spice_uri_set_hostname (uri, host);
  spice_uri_set_user (uri, "user");
  spice_uri_set_password (uri, text);
  secret_wipe (text);
  g_assert_cmpuint (secret_count (), ==, 1);
  text = spice_uri_to_string (uri);
  secret_wipe (text);
  g_assert_cmpuint (secret_count (), ==, 1);
  spice_uri_set_password (uri, "x");
  g_assert_cmpuint (secret_count (), ==, 0);
  set_secret (uri, "password", "", "");
  g_assert_cmpuint (secret_count (), ==, 1);
  g_object_unref (uri);
  g_assert_cmpuint (secret_count (), ==, 0);
}

int
main (int argc, char **argv)
{
  secret_init (argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secrets/sees", test_sees);
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/secrets/session/%s/%u", cases[i].property, i);

    g_test_add_data_func (path, &cases[i], test_session);
  }
  g_test_add_func ("/secrets/proxy-uri", test_proxy_uri);
  return g_test_run ();
}
