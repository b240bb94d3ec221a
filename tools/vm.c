/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway vm: the machine's state and power, over a port that speaks QMP. */
#include "commands.h"
#include "ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_PORT "org.qemu.monitor.qmp.0"

typedef struct {
  bool done;
  SpiceQmpStatus *status;
  GError *error;
} Answer;

static void
on_status (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *self = data;

  self->status = spice_qmp_port_query_status_finish (SPICE_QMP_PORT (source), result, &self->error);
  self->done = true;
}

static void
on_action (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *self = data;

  spice_qmp_port_vm_action_finish (SPICE_QMP_PORT (source), result, &self->error);
  self->done = true;
}

static bool
is_done (gpointer data)
{
  return ((Answer *) data)->done;
}

static bool
is_ready (gpointer data)
{
  gboolean ready;

  g_object_get (data, "ready", &ready, NULL);
  return ready;
}

static bool
is_open (SpiceQmpPort *qmp)
{
  g_autoptr (GObject) port = NULL;
  gboolean opened;

  g_object_get (qmp, "channel", &port, NULL);
  g_object_get (port, "port-opened", &opened, NULL);
  return opened;
}

static const struct {
  const char *name;
  int action; /* -1: ask for the state */
} verbs[] = {
  { "status", -1 },
  { "stop", SPICE_QMP_PORT_VM_ACTION_PAUSE },
  { "cont", SPICE_QMP_PORT_VM_ACTION_CONTINUE },
  { "reset", SPICE_QMP_PORT_VM_ACTION_RESET },
  { "powerdown", SPICE_QMP_PORT_VM_ACTION_POWER_DOWN },
};

static bool
parse_verb (const char *name, int *action, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++) {
    if (strcmp (verbs[i].name, name) == 0) {
      *action = verbs[i].action;
      return true;
    }
  }
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "\"%s\" is not status, stop, cont, reset or powerdown", name);
  return false;
}

/* The state is the machine's text: nothing in it may operate the terminal. */
static bool
print_state (const char *state, GError **error)
{
  for (const char *c = state; *c; c++)
    putchar (g_ascii_isgraph (*c) ? *c : '?');
  putchar ('\n');
  if (fflush (stdout) == 0)
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_FILE, "cannot write the output: %s", g_strerror (errno));
  return false;
}

static bool
operate (Client *client, SpiceQmpPort *qmp, int action, GError **error)
{
  Answer answer = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  bool ok;

  if (!client_wait (client, is_ready, qmp, "the machine to speak QMP", error))
    return false;
  if (action < 0)
    spice_qmp_port_query_status_async (qmp, cancellable, on_status, &answer);
  else
    spice_qmp_port_vm_action_async (qmp, (SpiceQmpPortVmAction) action, cancellable, on_action, &answer);
  ok = client_wait (client, is_done, &answer, "the machine's answer", error);
  g_cancellable_cancel (cancellable);
  while (!answer.done)
    g_main_context_iteration (NULL, TRUE);
  if (ok && answer.error) {
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the machine %s: %s", is_open (qmp) ? "refused" : "did not answer",
                 answer.error->message);
    ok = false;
  }
  g_clear_error (&answer.error);
  if (ok && answer.status)
    ok = print_state (answer.status->status, error);
  g_clear_pointer (&answer.status, spice_qmp_status_unref);
  return ok;
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autofree char *name = NULL;
  SpicePortChannel *port;
  SpiceQmpPort *qmp;
  int action;
  bool ok;
  const GOptionEntry entries[] = {
    { "port", 'p', 0, G_OPTION_ARG_STRING, &name, "The port behind which QMP is spoken (" DEFAULT_PORT ")", "NAME" },
    { 0 },
  };

  if (!command_parse (&command_vm, client, entries,
                      "status      print the machine's state, such as \"running\" or \"paused\"\n"
                      "stop        stop its processors\n"
                      "cont        let them run again\n"
                      "reset       reset it, as its reset button would\n"
                      "powerdown   press its power button",
                      &argc, &argv, 2, 2, error)
      || !parse_verb (argv[2], &action, error) || !client_connect_main (client, argv[1], error))
    return false;
  port = ports_open (client, name ? name : DEFAULT_PORT, NULL, NULL, error);
  if (!port)
    return false;
  qmp = spice_qmp_port_get (port);
  ok = operate (client, qmp, action, error);
  g_object_unref (qmp);
  return ok && client_finish (client, NULL, error);
}

const Command command_vm = {
  .name = "vm",
  .arguments = "URI status|stop|cont|reset|powerdown",
  .summary = "Ask for the machine's state, or operate its power",
  .example = "caraway vm spice://127.0.0.1:5930 status",
  .run = run,
};
