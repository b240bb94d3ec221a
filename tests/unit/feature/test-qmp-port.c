/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine behind a port: what it is asked, what it answers, and calls that are not answered. */
#include "../session/steps.h"

#include "channel-port.h"
#include "qmp-port.h"
#include "spice-client.h"

#include <json-glib/json-glib.h>
#include <string.h>

static const uint8_t channels[] = { CW_CHANNEL_PORT, 0 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpicePortChannel *port;
  SpiceQmpPort *qmp;
  GString *told;
  GString *came; /* and nobody has expected yet */
} Case;

static void
on_ready (SpiceQmpPort *qmp, GParamSpec *pspec, Case *self)
{
  g_string_append (self->told, "ready; ");
}

static void
on_event (SpiceQmpPort *qmp, const char *name, gpointer node, Case *self)
{
  g_autofree char *text = node ? json_to_string (node, FALSE) : g_strdup ("-");

  g_string_append_printf (self->told, "%s %s; ", name, text);
}

static void
begin (Case *self)
{
  *self = (Case){ .steps = steps_new (channels, 1, 0), .told = g_string_new (NULL), .came = g_string_new (NULL) };
  self->session = steps_session (self->steps, NULL);
  self->port = SPICE_PORT_CHANNEL (client_channel (self->session, CW_CHANNEL_PORT, 0));
  self->qmp = spice_qmp_port_get (self->port);
  g_assert_true (spice_qmp_port_get (self->port) == self->qmp);
  g_signal_connect (self->qmp, "notify::ready", G_CALLBACK (on_ready), self);
  g_signal_connect (self->qmp, "event", G_CALLBACK (on_event), self);
  steps_send (self->steps, CW_CHANNEL_PORT, CW_MSG_PORT_INIT,
              &(CwMsgPortInit){ .name = { (const uint8_t *) "org.qemu.monitor.qmp.0", 23 }, .opened = 0 });
}

static void
end (Case *self)
{
  g_assert_cmpstr (self->came->str, ==, "");
  g_string_free (self->came, TRUE);
  g_clear_object (&self->qmp);
  steps_end (self->steps, self->session, self->told);
}

static void
set_open (Case *self, bool open)
{
  steps_send (self->steps, CW_CHANNEL_PORT, CW_MSG_PORT_EVENT,
              &(CwMsgPortEvent){ open ? CW_PORT_EVENT_OPENED : CW_PORT_EVENT_CLOSED });
}

static void
say (Case *self, const char *text)
{
  steps_send_bytes (self->steps, CW_CHANNEL_PORT, CW_MSG_SPICEVMC_DATA, text, strlen (text));
}

/* Commands may come in one message. */
static void
expect_command (Case *self, const char *expected)
{
  while (self->came->len < strlen (expected)) {
    const CwMsgcSpicevmcData *data = steps_next (self->steps, CW_CHANNEL_PORT, CW_MSGC_SPICEVMC_DATA)->data;

    g_string_append_len (self->came, (const char *) data->data.data, (gssize) data->data.size);
  }
  g_assert_cmpmem (self->came->str, strlen (expected), expected, strlen (expected));
  g_string_erase (self->came, 0, (gssize) strlen (expected));
}

static void
expect_told (Case *self, const char *expected)
{
  steps_expect_told (self->steps, CW_CHANNEL_PORT, self->told, expected);
}

/* The conversation has been opened. */
static void
begin_ready (Case *self)
{
  begin (self);
  set_open (self, true);
  expect_command (self, "{\"execute\": \"qmp_capabilities\", \"id\": 0}\n");
  say (self, "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n{\"return\": {}, \"id\": 0}\r\n");
  expect_told (self, "ready; ");
}

typedef struct {
  bool done;
  gboolean good;
  SpiceQmpStatus *status;
  GError *error;
} Result;

static void
on_action (GObject *qmp, GAsyncResult *result, gpointer data)
{
  Result *self = data;

  g_assert_false (self->done);
  g_assert_true (g_task_is_valid (result, qmp));
  self->done = true;
  self->good = spice_qmp_port_vm_action_finish (SPICE_QMP_PORT (qmp), result, &self->error);
}

static void
on_status (GObject *qmp, GAsyncResult *result, gpointer data)
{
  Result *self = data;

  g_assert_false (self->done);
  g_assert_true (g_task_is_valid (result, qmp));
  self->done = true;
  self->status = spice_qmp_port_query_status_finish (SPICE_QMP_PORT (qmp), result, &self->error);
}

static bool
is_done (gpointer data)
{
  return ((Result *) data)->done;
}

static void
act (Case *self, SpiceQmpPortVmAction action, GCancellable *cancellable, Result *result)
{
  *result = (Result){ false, FALSE, NULL, NULL };
  spice_qmp_port_vm_action_async (self->qmp, action, cancellable, on_action, result);
  g_assert_false (result->done);
}

static void
ask_status (Case *self, Result *result)
{
  *result = (Result){ false, FALSE, NULL, NULL };
  spice_qmp_port_query_status_async (self->qmp, NULL, on_status, result);
  g_assert_false (result->done);
}

static void
expect_good (Result *result)
{
  client_await (is_done, result);
  g_assert_no_error (result->error);
  g_assert_true (result->good);
}

static void
expect_failed (Result *result, const char *text)
{
  client_await (is_done, result);
  g_assert_error (result->error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_cmpstr (result->error->message, ==, text);
  g_assert_false (result->good);
  g_assert_null (result->status);
  g_clear_error (&result->error);
}

static void
test_too_early (void)
{
  g_autoptr (GObject) channel = NULL;
  gboolean ready;
  Result result;
  Case c;

  begin (&c);
  g_object_get (c.qmp, "channel", &channel, "ready", &ready, NULL);
  g_assert_true (channel == (GObject *) c.port);
  g_assert_false (ready);
  act (&c, SPICE_QMP_PORT_VM_ACTION_QUIT, NULL, &result);
  expect_failed (&result, "The port is not open.");
  set_open (&c, true);
  expect_command (&c, "{\"execute\": \"qmp_capabilities\", \"id\": 0}\n");
  act (&c, SPICE_QMP_PORT_VM_ACTION_QUIT, NULL, &result);
  expect_failed (&result, "The machine has not answered yet.");
  steps_heard_all (c.steps, CW_CHANNEL_PORT);
  end (&c);
}

static void
test_actions (void)
{
  static const struct {
    SpiceQmpPortVmAction action;
    const char *command;
  } rows[] = {
    { SPICE_QMP_PORT_VM_ACTION_QUIT, "{\"execute\": \"quit\", \"id\": 1}\n" },
    { SPICE_QMP_PORT_VM_ACTION_RESET, "{\"execute\": \"system_reset\", \"id\": 2}\n" },
    { SPICE_QMP_PORT_VM_ACTION_POWER_DOWN, "{\"execute\": \"system_powerdown\", \"id\": 3}\n" },
    { SPICE_QMP_PORT_VM_ACTION_PAUSE, "{\"execute\": \"stop\", \"id\": 4}\n" },
    { SPICE_QMP_PORT_VM_ACTION_CONTINUE, "{\"execute\": \"cont\", \"id\": 5}\n" },
  };
  Result result;
  Case c;

  begin_ready (&c);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *answer = g_strdup_printf ("{\"return\": {}, \"id\": %u}\n", i + 1);

    act (&c, rows[i].action, NULL, &result);
    expect_command (&c, rows[i].command);
    say (&c, answer);
    expect_good (&result);
  }
  end (&c);
}

/* Answers may come in any order. */
static void
test_status (void)
{
  Result results[4];
  gboolean ready;
  Case c;

  begin_ready (&c);
  for (unsigned i = 0; i < G_N_ELEMENTS (results); i++) {
    g_autofree char *command = g_strdup_printf ("{\"execute\": \"query-status\", \"id\": %u}\n", i + 1);

    ask_status (&c, &results[i]);
    expect_command (&c, command);
  }
  say (&c, "{\"id\": 2, \"return\": {\"status\": \"paused\", \"running\": false, \"singlestep\": true}}\n");
  say (&c, "{\"id\": 1, \"return\": {\"status\": \"running\", \"running\": true, \"singlestep\": false}}\n");
  say (&c, "{\"id\": 3, \"return\": {\"other\": 1}}\n");
  say (&c, "{\"id\": 4, \"error\": {\"class\": \"GenericError\", \"desc\": \"No such thing\"}}\n");
  for (unsigned i = 0; i < 2; i++) {
    client_await (is_done, &results[i]);
    g_assert_no_error (results[i].error);
    g_assert_cmpstr (results[i].status->status, ==, i ? "paused" : "running");
    g_assert_cmpint (results[i].status->running, ==, !i);
    g_assert_cmpint (results[i].status->singlestep, ==, i);
    g_assert_cmpint (results[i].status->version, ==, 1);
    g_assert_true (spice_qmp_status_ref (results[i].status) == results[i].status);
    spice_qmp_status_unref (results[i].status);
    spice_qmp_status_unref (results[i].status);
  }
  expect_failed (&results[2], "The machine's answer does not tell its state.");
  expect_failed (&results[3], "No such thing");
  g_object_get (c.qmp, "ready", &ready, NULL);
  g_assert_true (ready);
  end (&c);
}

static void
test_events (void)
{
  Case c;

  begin_ready (&c);
  say (&c, "{\"event\": \"STOP\", \"timestamp\": {}}\n{\"event\": \"RTC_CHANGE\", \"data\": {\"offset\":5}}\n");
  expect_told (&c, "STOP -; RTC_CHANGE {\"offset\":5}; ");
  /* One warning for each port. */
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "QMP: a line was passed over*");
  say (&c, "nonsense\n");
  expect_told (&c, "");
  g_test_assert_expected_messages ();
  say (&c, "more of it\n{\"return\": {}, \"id\": 99}\n{\"event\": \"RESUME\"}\n");
  expect_told (&c, "RESUME -; ");
  end (&c);
}

/* Who did not read a command did not read its id: the oldest call fails. */
static void
test_unread (void)
{
  Result first, second;
  Case c;

  begin_ready (&c);
  act (&c, SPICE_QMP_PORT_VM_ACTION_PAUSE, NULL, &first);
  act (&c, SPICE_QMP_PORT_VM_ACTION_CONTINUE, NULL, &second);
  say (&c, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\n");
  expect_failed (&first, "JSON parse error");
  g_assert_false (second.done);
  say (&c, "{\"return\": {}, \"id\": 2}\n");
  expect_good (&second);
  end (&c);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new (), other = g_cancellable_new ();
  Result cancelled, good, before;
  Case c;

  begin_ready (&c);
  act (&c, SPICE_QMP_PORT_VM_ACTION_PAUSE, cancellable, &cancelled);
  act (&c, SPICE_QMP_PORT_VM_ACTION_CONTINUE, other, &good);
  g_cancellable_cancel (cancellable);
  client_await (is_done, &cancelled);
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&cancelled.error);
  say (&c, "{\"return\": {}, \"id\": 1}\n{\"return\": {}, \"id\": 2}\n");
  expect_good (&good);
  expect_command (&c, "{\"execute\": \"stop\", \"id\": 1}\n");
  expect_command (&c, "{\"execute\": \"cont\", \"id\": 2}\n");
  act (&c, SPICE_QMP_PORT_VM_ACTION_QUIT, cancellable, &before);
  client_await (is_done, &before);
  g_assert_error (before.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&before.error);
  steps_heard_all (c.steps, CW_CHANNEL_PORT);
  end (&c);
}

/* The end of the port is the end of its calls; a port that opens again is asked again, and half a line is forgotten. */
static void
test_closed (void)
{
  Result result;
  Case c;

  begin_ready (&c);
  act (&c, SPICE_QMP_PORT_VM_ACTION_PAUSE, NULL, &result);
  expect_command (&c, "{\"execute\": \"stop\", \"id\": 1}\n");
  say (&c, "{\"event\": \"ST");
  set_open (&c, false);
  expect_failed (&result, "The port was closed before the machine had answered.");
  set_open (&c, true);
  expect_command (&c, "{\"execute\": \"qmp_capabilities\", \"id\": 0}\n");
  say (&c, "{\"QMP\": {}}\n{\"return\": {}, \"id\": 0}\n{\"event\": \"STOP\"}\n");
  expect_told (&c, "STOP -; ");
  act (&c, SPICE_QMP_PORT_VM_ACTION_PAUSE, NULL, &result);
  expect_command (&c, "{\"execute\": \"stop\", \"id\": 2}\n");
  g_object_run_dispose (G_OBJECT (c.qmp));
  expect_failed (&result, "The port was closed before the machine had answered.");
  end (&c);
}

static void
on_gone (gpointer data, GObject *object)
{
  g_string_append (data, "gone; ");
}

/* When it has gone it is made anew, and speaks again; another one beside it does not take its place. */
static void
test_made_anew (void)
{
  SpiceQmpPort *other;
  Case c;

  begin_ready (&c);
  other = g_object_new (SPICE_TYPE_QMP_PORT, "channel", c.port, NULL);
  g_assert_true (spice_qmp_port_get (c.port) == c.qmp);
  g_object_unref (other);
  g_assert_true (spice_qmp_port_get (c.port) == c.qmp);
  expect_command (&c, "{\"execute\": \"qmp_capabilities\", \"id\": 0}\n"); /* the other's */
  g_object_weak_ref (G_OBJECT (c.qmp), on_gone, c.told);
  g_clear_object (&c.qmp);
  g_assert_cmpstr (c.told->str, ==, "gone; ");
  g_string_truncate (c.told, 0);
  c.qmp = spice_qmp_port_get (c.port);
  g_signal_connect (c.qmp, "notify::ready", G_CALLBACK (on_ready), &c);
  expect_command (&c, "{\"execute\": \"qmp_capabilities\", \"id\": 0}\n");
  say (&c, "{\"return\": {}, \"id\": 0}\n");
  expect_told (&c, "ready; ");
  end (&c);
}

static void
drop_it (SpiceQmpPort *qmp, const char *name, gpointer node, Case *self)
{
  g_clear_object (&self->qmp);
}

static void
on_last_action (GObject *qmp, GAsyncResult *result, gpointer data)
{
  Case *self = data;

  g_assert_false (spice_qmp_port_vm_action_finish (SPICE_QMP_PORT (qmp), result, NULL));
  g_clear_object (&self->qmp);
  g_string_append (self->told, "answered; ");
}

/* The program may let go of the object whenever it is told something. */
static void
test_dropped_inside (void)
{
  Case c;

  begin_ready (&c);
  g_signal_connect (c.qmp, "event", G_CALLBACK (drop_it), &c);
  g_object_weak_ref (G_OBJECT (c.qmp), on_gone, c.told);
  say (&c, "{\"event\": \"STOP\"}\n{\"event\": \"RESUME\"}\n");
  expect_told (&c, "STOP -; RESUME -; gone; ");
  c.qmp = spice_qmp_port_get (c.port);
  g_object_weak_ref (G_OBJECT (c.qmp), on_gone, c.told);
  expect_command (&c, "{\"execute\": \"qmp_capabilities\", \"id\": 0}\n");
  say (&c, "{\"return\": {}, \"id\": 0}\n");
  steps_heard_all (c.steps, CW_CHANNEL_PORT);
  spice_qmp_port_vm_action_async (c.qmp, SPICE_QMP_PORT_VM_ACTION_PAUSE, NULL, on_last_action, &c);
  expect_command (&c, "{\"execute\": \"stop\", \"id\": 1}\n");
  set_open (&c, false);
  expect_told (&c, "answered; gone; ");
  end (&c);
}

/* Languages other than C can make an object of any type: without a channel, this one knows nothing. */
static void
test_without_channel (void)
{
  g_autoptr (GObject) port = g_object_new (SPICE_TYPE_QMP_PORT, NULL);
  gboolean ready = TRUE;

  g_object_get (port, "ready", &ready, NULL);
  g_assert_false (ready);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/qmp-port/without-channel", test_without_channel);
  g_test_add_func ("/qmp-port/too-early", test_too_early);
  g_test_add_func ("/qmp-port/G9-actions", test_actions);
  g_test_add_func ("/qmp-port/G9-status", test_status);
  g_test_add_func ("/qmp-port/events", test_events);
  g_test_add_func ("/qmp-port/unread", test_unread);
  g_test_add_func ("/qmp-port/cancelled", test_cancelled);
  g_test_add_func ("/qmp-port/closed", test_closed);
  g_test_add_func ("/qmp-port/made-anew", test_made_anew);
  g_test_add_func ("/qmp-port/dropped-inside", test_dropped_inside);
  return g_test_run ();
}
