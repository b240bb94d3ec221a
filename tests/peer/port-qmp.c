/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-qmp.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

static int n_calls;
static bool calling; /* inside a function that starts a call */

static void
on_ready (SpiceQmpPort *qmp, GParamSpec *pspec, gpointer id)
{
  gboolean ready;

  g_object_get (qmp, "ready", &ready, NULL);
  printf ("qmp-ready %d %d\n", GPOINTER_TO_INT (id), ready);
  fflush (stdout);
}

static void
on_event (SpiceQmpPort *qmp, const char *name, JsonNode *node, gpointer id)
{
  g_autofree char *text = node ? json_to_string (node, FALSE) : g_strdup ("-");

  printf ("qmp-event %d %s %s\n", GPOINTER_TO_INT (id), name, text);
  fflush (stdout);
}

static void
on_gone (gpointer id, GObject *object)
{
  printf ("qmp-gone %d\n", GPOINTER_TO_INT (id));
  fflush (stdout);
}

static void
print_error (const char *what, int number, GError *error)
{
  printf ("%s %d %s%s:%d:%s\n", what, number, calling ? "early " : "", g_quark_to_string (error->domain), error->code,
          error->message);
  g_error_free (error);
}

static void
on_status (GObject *source, GAsyncResult *result, gpointer number)
{
  GError *error = NULL;
  /* As a program that has let go of its object does. */
  SpiceQmpStatus *status = spice_qmp_port_query_status_finish (NULL, result, &error);

  if (status)
    printf ("qmp-status %d version=%d running=%d singlestep=%d status=%s\n", GPOINTER_TO_INT (number), status->version,
            status->running, status->singlestep, status->status);
  else
    print_error ("qmp-status", GPOINTER_TO_INT (number), error);
  fflush (stdout);
  g_clear_pointer (&status, spice_qmp_status_unref);
}

static void
on_action (GObject *source, GAsyncResult *result, gpointer number)
{
  GError *error = NULL;

  if (spice_qmp_port_vm_action_finish (SPICE_QMP_PORT (source), result, &error))
    printf ("qmp-action %d ok\n", GPOINTER_TO_INT (number));
  else
    print_error ("qmp-action", GPOINTER_TO_INT (number), error);
  fflush (stdout);
}

static void
get (SpicePortChannel *channel, int id)
{
  SpiceQmpPort *before = g_object_get_data (G_OBJECT (channel), "qmp");
  SpiceQmpPort *qmp = spice_qmp_port_get (channel);
  gboolean ready;

  g_object_get (qmp, "ready", &ready, NULL);
  printf ("qmp %d %d %d\n", id, ready, before == qmp);
  if (before == qmp)
    return;
  g_object_set_data (G_OBJECT (channel), "qmp", qmp);
  g_signal_connect (qmp, "notify::ready", G_CALLBACK (on_ready), GINT_TO_POINTER (id));
  g_signal_connect (qmp, "event", G_CALLBACK (on_event), GINT_TO_POINTER (id));
  g_object_weak_ref (G_OBJECT (qmp), on_gone, GINT_TO_POINTER (id));
}

static void
drop (SpicePortChannel *channel)
{
  SpiceQmpPort *qmp = g_object_get_data (G_OBJECT (channel), "qmp");

  g_object_set_data (G_OBJECT (channel), "qmp", NULL);
  g_object_unref (qmp);
}

bool
port_qmp_run (SpicePortChannel *channel, int id, const char *verb, int number)
{
  SpiceQmpPort *qmp = g_object_get_data (G_OBJECT (channel), "qmp");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  if (!g_str_has_prefix (verb, "qmp"))
    return false;
  if (g_str_equal (verb, "qmp")) {
    get (channel, id);
    return true;
  }
  if (!qmp)
    return false;
  calling = true;
  if (g_str_has_prefix (verb, "qmp-status"))
    spice_qmp_port_query_status_async (qmp, cancellable, on_status, GINT_TO_POINTER (n_calls++));
  else if (g_str_equal (verb, "qmp-action"))
    spice_qmp_port_vm_action_async (qmp, number, NULL, on_action, GINT_TO_POINTER (n_calls++));
  else if (g_str_equal (verb, "qmp-quiet"))
    spice_qmp_port_vm_action_async (qmp, number, NULL, NULL, NULL);
  calling = false;
  if (g_str_equal (verb, "qmp-status-cancel"))
    g_cancellable_cancel (cancellable);
  if (g_str_equal (verb, "qmp-drop") || g_str_equal (verb, "qmp-status-lost"))
    drop (channel);
  return true;
}
