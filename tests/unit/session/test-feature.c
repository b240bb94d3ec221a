/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Optional parts of a session: attached when they are used and not before, told what they asked for, gone early or with
 * the session. The channels are never connected. */
#include "session/feature.h"

#include "channel-cursor.h"
#include "channel-inputs.h"
#include "channel-main.h"
#include "channel/host.h"
#include "session/registry.h"
#include "spice-client.h"
#include "wire/messages.h"

typedef struct {
  SpiceSession *session; /* borrowed */
  GString *log;
} Data;

static unsigned n_attached, n_detached;
static bool refuse;
static const CwFeature *wanted_inside; /* asked for inside attach, or NULL */
static int volume;

static gpointer
attach (SpiceSession *session)
{
  Data *data;

  if (wanted_inside)
    cw_feature_get (session, wanted_inside);
  if (refuse)
    return NULL;
  n_attached++;
  data = g_new (Data, 1);
  *data = (Data){ session, g_string_new (NULL) };
  return data;
}

static void
detach (gpointer data)
{
  n_detached++;
  g_string_free (((Data *) data)->log, TRUE);
  g_free (data);
}

static void
log_channel (gpointer data, char sign, SpiceChannel *channel)
{
  int type, id;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  g_string_append_printf (((Data *) data)->log, "%c%s:%d ", sign, spice_channel_type_to_string (type), id);
}

static void
channel_added (gpointer data, SpiceChannel *channel)
{
  log_channel (data, '+', channel);
}

static void
channel_removed (gpointer data, SpiceChannel *channel)
{
  log_channel (data, '-', channel);
}

static void
property_changed (gpointer data, const char *name)
{
  g_string_append_printf (((Data *) data)->log, "%s ", name);
}

static void
apply_options (SpiceSession *session)
{
  g_object_set (session, "cache-size", volume, NULL);
}

static const GOptionEntry options[] = {
  { "test-volume", 0, 0, G_OPTION_ARG_INT, &volume, "Loudness", "N" },
  { NULL },
};

static const int inputs_only[] = { CW_CHANNEL_INPUTS, 0 };
static const CwFeature pads = {
  .name = "pads",
  .channel_types = inputs_only,
  .attach = attach,
  .detach = detach,
  .channel_added = channel_added,
  .channel_removed = channel_removed,
  .property_changed = property_changed,
  .options = options,
  .apply_options = apply_options,
};
static const CwFeature quiet = { .name = "quiet", .attach = attach, .detach = detach };
static const CwFeature absent = { .name = "absent", .attach = attach };

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_INPUTS, spice_inputs_channel_get_type, NULL },
  { CW_CHANNEL_CURSOR, spice_cursor_channel_get_type, NULL },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { &pads, &quiet, NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = NULL;

static void
reset (void)
{
  n_attached = n_detached = 0;
  refuse = false;
  wanted_inside = NULL;
}

static const char *
log_of (SpiceSession *session)
{
  return ((Data *) cw_feature_peek (session, &pads))->log->str;
}

static void
drop_all (SpiceSession *session)
{
  spice_session_disconnect (session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Sessions that do not use it attach nothing, whatever other channels they have. */
static void
test_unused (void)
{
  SpiceSession *sessions[50];

  reset ();
  for (unsigned i = 0; i < G_N_ELEMENTS (sessions); i++) {
    sessions[i] = spice_session_new ();
    spice_channel_new (sessions[i], CW_CHANNEL_MAIN, 0);
    spice_channel_new (sessions[i], CW_CHANNEL_CURSOR, 0);
    g_object_set (sessions[i], "host", "example", NULL);
    g_assert_null (cw_feature_peek (sessions[i], &pads));
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (sessions); i++) {
    drop_all (sessions[i]);
    g_object_unref (sessions[i]);
  }
  g_assert_cmpuint (n_attached, ==, 0);
}

/* By the first channel that it serves; it hears of those only. */
static void
test_by_channel (void)
{
  SpiceSession *session = spice_session_new ();

  reset ();
  spice_channel_new (session, CW_CHANNEL_CURSOR, 0);
  g_assert_cmpuint (n_attached, ==, 0);
  spice_channel_new (session, CW_CHANNEL_INPUTS, 0);
  g_assert_cmpuint (n_attached, ==, 1);
  spice_channel_new (session, CW_CHANNEL_INPUTS, 3);
  g_object_set (session, "read-only", TRUE, NULL);
  g_assert_cmpstr (log_of (session), ==, "+inputs:0 +inputs:3 read-only ");
  drop_all (session);
  g_assert_cmpstr (log_of (session), ==, "+inputs:0 +inputs:3 read-only -inputs:3 -inputs:0 ");
  g_assert_cmpuint (n_detached, ==, 0);
  g_object_unref (session);
  g_assert_cmpuint (n_attached, ==, 1);
  g_assert_cmpuint (n_detached, ==, 1);
}

/* By somebody who asks, when the channels are long there. */
static void
test_late (void)
{
  SpiceSession *session = spice_session_new ();
  Data *data;

  reset ();
  refuse = true;
  spice_channel_new (session, CW_CHANNEL_INPUTS, 0);
  spice_channel_new (session, CW_CHANNEL_INPUTS, 1);
  g_assert_null (cw_feature_get (session, &pads));
  g_assert_cmpuint (n_attached, ==, 0);
  refuse = false;
  data = cw_feature_get (session, &pads);
  g_assert_nonnull (data);
  g_assert_true (data->session == session);
  g_assert_true (cw_feature_get (session, &pads) == data);
  g_assert_cmpstr (log_of (session), ==, "+inputs:0 +inputs:1 ");
  g_assert_cmpuint (n_attached, ==, 1);
  drop_all (session);
  g_object_unref (session);
  g_assert_cmpuint (n_detached, ==, 1);
}

/* Detached while its channels are there: it hears no more, and may come again. */
static void
test_early (void)
{
  SpiceSession *session = spice_session_new ();

  reset ();
  spice_channel_new (session, CW_CHANNEL_INPUTS, 0);
  cw_feature_detach (session, &pads);
  cw_feature_detach (session, &pads);
  g_assert_cmpuint (n_detached, ==, 1);
  g_assert_null (cw_feature_peek (session, &pads));
  g_object_set (session, "read-only", TRUE, NULL);
  g_assert_nonnull (cw_feature_get (session, &pads));
  g_assert_cmpstr (log_of (session), ==, "+inputs:0 ");
  cw_feature_detach (session, &pads);
  drop_all (session);
  g_object_unref (session);
  g_assert_cmpuint (n_attached, ==, 2);
  g_assert_cmpuint (n_detached, ==, 2);
}

/* Not built in: asking for it is no mistake. */
static void
test_absent (void)
{
  SpiceSession *session = spice_session_new ();

  reset ();
  g_assert_null (cw_feature_get (session, &absent));
  g_assert_null (cw_feature_peek (session, &absent));
  cw_feature_detach (session, &absent);
  g_assert_cmpuint (n_attached, ==, 0);
  g_object_unref (session);
}

/* One may stand on another, and on itself by mistake. */
static void
test_nested (void)
{
  SpiceSession *session = spice_session_new ();

  reset ();
  wanted_inside = &pads;
  g_assert_nonnull (cw_feature_get (session, &pads));
  g_assert_cmpuint (n_attached, ==, 1);
  cw_feature_detach (session, &pads);
  g_assert_nonnull (cw_feature_get (session, &quiet));
  g_assert_nonnull (cw_feature_peek (session, &pads));
  g_assert_cmpuint (n_attached, ==, 3);
  g_object_run_dispose (G_OBJECT (session));
  g_assert_null (cw_feature_get (session, &pads));
  g_object_unref (session);
}

static void
detach_in_handler (SpiceSession *session, SpiceChannel *channel)
{
  cw_feature_detach (session, &pads);
}

/* In a handler of the application. */
static void
test_in_handler (void)
{
  SpiceSession *session = spice_session_new ();

  reset ();
  g_assert_nonnull (cw_feature_get (session, &pads));
  g_signal_connect (session, "channel-destroy", G_CALLBACK (detach_in_handler), NULL);
  spice_channel_new (session, CW_CHANNEL_INPUTS, 0);
  drop_all (session);
  g_assert_cmpuint (n_detached, ==, 1);
  g_object_unref (session);
  g_assert_cmpuint (n_attached, ==, 1);
}

static void
test_options (void)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) arguments = g_strsplit ("program --test-volume=4096", " ", -1);
  g_autoptr (GError) error = NULL;
  SpiceSession *session = spice_session_new ();
  int size;

  reset ();
  g_option_context_set_main_group (context, spice_get_option_group ());
  g_assert_true (g_option_context_parse_strv (context, &arguments, &error));
  g_assert_no_error (error);
  spice_set_session_option (session);
  g_object_get (session, "cache-size", &size, NULL);
  g_assert_cmpint (size, ==, 4096);
  g_assert_cmpuint (n_attached, ==, 0);
  g_object_unref (session);
}

int
main (int argc, char **argv)
{
  g_setenv ("HOME", "/nowhere", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/feature/unused", test_unused);
  g_test_add_func ("/feature/by-channel", test_by_channel);
  g_test_add_func ("/feature/late", test_late);
  g_test_add_func ("/feature/early", test_early);
  g_test_add_func ("/feature/absent", test_absent);
  g_test_add_func ("/feature/nested", test_nested);
  g_test_add_func ("/feature/in-handler", test_in_handler);
  g_test_add_func ("/feature/options", test_options);
  return g_test_run ();
}
