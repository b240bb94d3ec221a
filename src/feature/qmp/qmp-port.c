/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceQmpPort: commands and answers over a port. Each call is answered once: by the machine, by its cancellation, or
 * by the end of the port. */
#include "base/i18n.h"
#include "qmp-port.h"
#include "feature/qmp/qmp.h"

#include "spice-client.h"

#include <string.h>

/* The id of the command that opens the conversation; those of calls are higher. */
#define NEGOTIATION 0

struct _SpiceQmpPort {
  GObject parent;
  struct _SpiceQmpPortPrivate *priv;
};

struct _SpiceQmpPortClass {
  GObjectClass parent_class;
};

typedef struct {
  gint64 id;
  GTask *task;
  GSource *cancelled; /* or NULL */
} Call;

struct _SpiceQmpPortPrivate {
  SpicePortChannel *channel; /* strong */
  CwQmp qmp;
  bool negotiating; /* it has been asked for on this connection */
  bool ready;
  bool warned;
  gint64 last_id;
  GQueue calls; /* Call, oldest first */
};

typedef struct _SpiceQmpPortPrivate SpiceQmpPortPrivate;

enum {
  PROP_0,
  PROP_CHANNEL,
  PROP_READY,
};

enum {
  SIGNAL_EVENT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/**
 * SpiceQmpPort:
 *
 * Speaks QEMU's protocol QMP over a port.
 *
 * Its functions are to be called, and its signals come, in the thread of the session's main context.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceQmpPort, spice_qmp_port, G_TYPE_OBJECT)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceQmpPort, g_object_unref)

static GQuark
qmp_port_quark (void)
{
  return g_quark_from_static_string ("spice-qmp-port");
}

static bool
port_is_open (SpiceQmpPort *self)
{
  gboolean opened;

  g_object_get (self->priv->channel, "port-opened", &opened, NULL);
  return opened;
}

static Call *
take_call (SpiceQmpPort *self, gint64 id)
{
  for (GList *l = self->priv->calls.head; l; l = l->next) {
    Call *call = l->data;

    if (call->id == id) {
      g_queue_delete_link (&self->priv->calls, l);
      return call;
    }
  }
  return NULL;
}

static GTask *
finish_call (Call *call)
{
  GTask *task = call->task;

  if (call->cancelled)
    g_source_destroy (call->cancelled);
  g_clear_pointer (&call->cancelled, g_source_unref);
  g_free (call);
  return task;
}

/* Takes error. */
static void
fail_call (Call *call, GError *error)
{
  g_autoptr (GTask) task = finish_call (call);

  g_task_return_error (task, error);
}

static GError *
failure (const char *text)
{
  return g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, text);
}

static void
fail_all (SpiceQmpPort *self)
{
  Call *call;

  while ((call = g_queue_pop_head (&self->priv->calls)))
    fail_call (call, failure (_ ("The port was closed before the machine had answered.")));
}

typedef struct {
  SpiceQmpPort *port; /* strong */
  gint64 id;
  char *text;
} Command;

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Command *command = data;
  g_autoptr (GError) error = NULL;
  Call *call;

  if (spice_port_channel_write_finish (SPICE_PORT_CHANNEL (source), result, &error) < 0
      && (call = take_call (command->port, command->id)))
    fail_call (call, g_steal_pointer (&error));
  g_object_unref (command->port);
  g_free (command->text);
  g_free (command);
}

static void
send_command (SpiceQmpPort *self, const char *name, gint64 id)
{
  Command *command = g_new (Command, 1);

  *command = (Command){ .port = g_object_ref (self), .id = id };
  command->text = g_strdup_printf ("{\"execute\": \"%s\", \"id\": %" G_GINT64_FORMAT "}\n", name, id);
  spice_port_channel_write_async (self->priv->channel, command->text, strlen (command->text), NULL, on_written,
                                  command);
}

static void
negotiate (SpiceQmpPort *self)
{
  if (self->priv->negotiating || !cw_qmp_built)
    return;
  self->priv->negotiating = true;
  send_command (self, "qmp_capabilities", NEGOTIATION);
}

static void
answer_status (Call *call, JsonNode *value)
{
  CwQmpMachine machine;
  SpiceQmpStatus *status;
  g_autoptr (GTask) task = NULL;

  if (!cw_qmp_read_status (value, &machine)) {
    fail_call (call, failure (_ ("The machine's answer does not tell its state.")));
    return;
  }
  status = g_new (SpiceQmpStatus, 1);
  *status = (SpiceQmpStatus){ .ref = 1, .version = 1, .running = machine.running, .singlestep = machine.singlestep };
  status->status = g_strdup (machine.status);
  task = finish_call (call);
  g_task_return_pointer (task, status, (GDestroyNotify) spice_qmp_status_unref);
}

static void
on_reply (gpointer data, const gint64 *id, JsonNode *value, const char *error)
{
  SpiceQmpPort *self = data;
  Call *call = NULL;
  g_autoptr (GTask) task = NULL;

  if (id && *id == NEGOTIATION) {
    if (value && !self->priv->ready) {
      self->priv->ready = true;
      g_object_notify (G_OBJECT (self), "ready");
    }
    return;
  }
  /* The machine could not read a command, and so not its id either. */
  if (!id && error)
    call = g_queue_pop_head (&self->priv->calls);
  else if (id)
    call = take_call (self, *id);
  if (!call) {
    g_debug ("QMP: an answer that nobody waits for");
  } else if (error) {
    fail_call (call, failure (error));
  } else if (g_task_get_source_tag (call->task) == spice_qmp_port_query_status_async) {
    answer_status (call, value);
  } else {
    task = finish_call (call);
    g_task_return_boolean (task, TRUE);
  }
}

static void
on_event (gpointer data, const char *name, JsonNode *value)
{
  g_signal_emit (data, signals[SIGNAL_EVENT], 0, name, value);
}

/* Once for each port: the text is the machine's. */
static void
on_junk (gpointer data, const char *why)
{
  SpiceQmpPort *self = data;

  if (self->priv->warned)
    g_debug ("QMP: a line was passed over: %s", why);
  else
    g_warning ("QMP: a line was passed over: %s", why);
  self->priv->warned = true;
}

static void
on_port_data (SpicePortChannel *channel, gpointer bytes, gint size, SpiceQmpPort *self)
{
  g_autoptr (SpiceQmpPort) guard = NULL;

  guard = g_object_ref (self);
  cw_qmp_push (&self->priv->qmp, (CwSlice){ bytes, (size_t) size });
}

static void
end_conversation (SpiceQmpPort *self)
{
  g_autoptr (SpiceQmpPort) guard = NULL;

  guard = g_object_ref (self);
  self->priv->negotiating = false;
  if (cw_qmp_built)
    cw_qmp_reset (&self->priv->qmp);
  fail_all (self);
}

static void
on_port_opened (SpicePortChannel *channel, GParamSpec *pspec, SpiceQmpPort *self)
{
  if (port_is_open (self))
    negotiate (self);
  else
    end_conversation (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceQmpPortPrivate *priv = SPICE_QMP_PORT (object)->priv;

  switch (id) {
  case PROP_CHANNEL:
    g_value_set_object (value, priv->channel);
    break;
  case PROP_READY:
    g_value_set_boolean (value, priv->ready);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CHANNEL)
    SPICE_QMP_PORT (object)->priv->channel = g_value_dup_object (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
constructed (GObject *object)
{
  SpiceQmpPort *self = SPICE_QMP_PORT (object);

  G_OBJECT_CLASS (spice_qmp_port_parent_class)->constructed (object);
  if (!self->priv->channel)
    return;
  g_signal_connect (self->priv->channel, "port-data", G_CALLBACK (on_port_data), self);
  g_signal_connect (self->priv->channel, "notify::port-opened", G_CALLBACK (on_port_opened), self);
  if (port_is_open (self))
    negotiate (self);
}

static void
dispose (GObject *object)
{
  SpiceQmpPort *self = SPICE_QMP_PORT (object);
  SpicePortChannel *channel = self->priv->channel;

  fail_all (self);
  if (channel) {
    g_signal_handlers_disconnect_by_data (channel, self);
    if (g_object_get_qdata (G_OBJECT (channel), qmp_port_quark ()) == self)
      g_object_set_qdata (G_OBJECT (channel), qmp_port_quark (), NULL);
  }
  g_clear_object (&self->priv->channel);
  G_OBJECT_CLASS (spice_qmp_port_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  cw_qmp_clear (&SPICE_QMP_PORT (object)->priv->qmp);
  G_OBJECT_CLASS (spice_qmp_port_parent_class)->finalize (object);
}

static void
spice_qmp_port_class_init (SpiceQmpPortClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->constructed = constructed;
  object_class->dispose = dispose;
  object_class->finalize = finalize;

  /**
   * SpiceQmpPort:channel:
   *
   * The port that carries the conversation.
   */
  g_object_class_install_property (object_class, PROP_CHANNEL,
                                   g_param_spec_object ("channel", "Channel", "The port that carries the conversation",
                                                        SPICE_TYPE_PORT_CHANNEL,
                                                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY
                                                            | G_PARAM_STATIC_STRINGS));
  /**
   * SpiceQmpPort:ready:
   *
   * Whether the machine has answered for the first time; before, calls fail. It stays %TRUE when the port is closed.
   */
  g_object_class_install_property (object_class, PROP_READY,
                                   g_param_spec_boolean ("ready", "Ready", "Whether the machine has answered", FALSE,
                                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * SpiceQmpPort::event:
   * @self: the object
   * @name: the event's name, such as "STOP"
   * @node: (type gpointer) (nullable): a JsonNode of json-glib with the event's data, valid during the emission; %NULL
   *   when it has none
   *
   * Something happened to the machine.
   */
  signals[SIGNAL_EVENT] = g_signal_new ("event", G_OBJECT_CLASS_TYPE (class), G_SIGNAL_RUN_FIRST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_POINTER);
}

static void
spice_qmp_port_init (SpiceQmpPort *self)
{
  static const CwQmpEvents events = { on_reply, on_event, on_junk };

  self->priv = spice_qmp_port_get_instance_private (self);
  g_queue_init (&self->priv->calls);
  cw_qmp_init (&self->priv->qmp, &events, self);
}

/**
 * spice_qmp_port_get:
 * @channel: a port behind which QMP is spoken, such as "org.qemu.monitor.qmp.0"
 *
 * The object that speaks QMP through a port. The first call makes it, and the caller owns that reference; later calls
 * return the same object without one, until it has gone. In a library built without QMP it never becomes ready, and
 * its calls fail.
 *
 * Returns: (transfer none): the object
 */
SpiceQmpPort *
spice_qmp_port_get (SpicePortChannel *channel)
{
  SpiceQmpPort *self;

  g_return_val_if_fail (SPICE_IS_PORT_CHANNEL (channel), NULL);

  self = g_object_get_qdata (G_OBJECT (channel), qmp_port_quark ());
  if (!self) {
    self = g_object_new (SPICE_TYPE_QMP_PORT, "channel", channel, NULL);
    g_object_set_qdata (G_OBJECT (channel), qmp_port_quark (), self);
  }
  return self;
}

typedef struct {
  SpiceQmpPort *port; /* borrowed: the call's task holds it */
  gint64 id;
} Cancelling;

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Cancelling *cancelling = data;
  Call *call = take_call (cancelling->port, cancelling->id);

  if (call)
    fail_call (call, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Operation was cancelled.")));
  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (SpiceQmpPort *self, Call *call, GCancellable *cancellable)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  Cancelling *cancelling = g_new (Cancelling, 1);

  *cancelling = (Cancelling){ self, call->id };
  call->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_callback (call->cancelled, G_SOURCE_FUNC (on_cancelled), cancelling, g_free);
  g_source_attach (call->cancelled, context);
}

static void
call_machine (SpiceQmpPort *self, const char *command, GTask *task)
{
  SpiceQmpPortPrivate *priv = self->priv;
  Call *call;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (!cw_qmp_built)
    g_task_return_error (task, failure (_ ("This library was built without QMP.")));
  else if (!priv->channel || !port_is_open (self))
    g_task_return_error (task, failure (_ ("The port is not open.")));
  else if (!priv->ready)
    g_task_return_error (task, failure (_ ("The machine has not answered yet.")));
  else {
    call = g_new0 (Call, 1);
    call->id = ++priv->last_id;
    call->task = g_object_ref (task);
    if (g_task_get_cancellable (task))
      watch_cancellable (self, call, g_task_get_cancellable (task));
    g_queue_push_tail (&priv->calls, call);
    send_command (self, command, call->id);
  }
}

/**
 * spice_qmp_port_vm_action_async:
 * @self: the object, which has to be ready
 * @action: what to do
 * @cancellable: (nullable): cancels the waiting; the machine does it nevertheless
 * @callback: (scope async) (nullable): called when the machine has answered
 * @user_data: for @callback
 *
 * Does something to the machine.
 */
void
spice_qmp_port_vm_action_async (SpiceQmpPort *self, SpiceQmpPortVmAction action, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  static const char *const commands[SPICE_QMP_PORT_VM_ACTION_LAST] = {
    [SPICE_QMP_PORT_VM_ACTION_QUIT] = "quit",
    [SPICE_QMP_PORT_VM_ACTION_RESET] = "system_reset",
    [SPICE_QMP_PORT_VM_ACTION_POWER_DOWN] = "system_powerdown",
    [SPICE_QMP_PORT_VM_ACTION_PAUSE] = "stop",
    [SPICE_QMP_PORT_VM_ACTION_CONTINUE] = "cont",
  };
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SPICE_IS_QMP_PORT (self));
  g_return_if_fail ((unsigned) action < SPICE_QMP_PORT_VM_ACTION_LAST);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, spice_qmp_port_vm_action_async);
  call_machine (self, commands[action], task);
}

/**
 * spice_qmp_port_vm_action_finish:
 * @self: the object
 * @result: what the callback got
 * @error: why it failed; %SPICE_CLIENT_ERROR_FAILED with the machine's reason, or without a connection
 *
 * Ends spice_qmp_port_vm_action_async().
 *
 * Errors are those of spice_qmp_port_query_status_finish(): %SPICE_CLIENT_ERROR_FAILED when the machine refuses,
 * %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether the machine has done it; %FALSE with @error if not
 */
gboolean
spice_qmp_port_vm_action_finish (SpiceQmpPort *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (G_IS_TASK (result), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, spice_qmp_port_vm_action_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * spice_qmp_port_query_status_async:
 * @self: the object, which has to be ready
 * @cancellable: (nullable): cancels the waiting
 * @callback: (scope async) (nullable): called when the machine has answered
 * @user_data: for @callback
 *
 * Asks the machine for its state.
 */
void
spice_qmp_port_query_status_async (SpiceQmpPort *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SPICE_IS_QMP_PORT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, spice_qmp_port_query_status_async);
  call_machine (self, "query-status", task);
}

/**
 * spice_qmp_port_query_status_finish:
 * @self: (nullable): the object; programs that have let go of it meanwhile pass %NULL
 * @result: what the callback got
 * @error: why it failed; %SPICE_CLIENT_ERROR_FAILED with the machine's reason, or without a connection
 *
 * Ends spice_qmp_port_query_status_async().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED when the port is not open or not ready, is closed before the machine has
 * answered, or the answer is an error (its text is the machine's) or no state; %G_IO_ERROR_CANCELLED; or that of
 * spice_port_channel_write_finish().
 *
 * Returns: (transfer full): the state, or %NULL with @error
 */
SpiceQmpStatus *
spice_qmp_port_query_status_finish (SpiceQmpPort *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, spice_qmp_port_query_status_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

G_DEFINE_BOXED_TYPE (SpiceQmpStatus, spice_qmp_status, spice_qmp_status_ref, spice_qmp_status_unref)

/**
 * spice_qmp_status_ref:
 * @status: a state
 *
 * Takes a reference of the status.
 *
 * Returns: (transfer full): the same, with one reference more
 */
SpiceQmpStatus *
spice_qmp_status_ref (SpiceQmpStatus *status)
{
  g_return_val_if_fail (status != NULL, NULL);

  g_atomic_int_inc (&status->ref);
  return status;
}

/**
 * spice_qmp_status_unref:
 * @status: (transfer full) (nullable): a state
 *
 * Drops a reference.
 */
void
spice_qmp_status_unref (SpiceQmpStatus *status)
{
  if (!status || !g_atomic_int_dec_and_test (&status->ref))
    return;
  g_free (status->status);
  g_free (status);
}
