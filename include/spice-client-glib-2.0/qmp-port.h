/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operating a machine through a port that speaks the QEMU Machine Protocol (QMP). */
#pragma once

#include "channel-port.h"

G_BEGIN_DECLS

#define SPICE_TYPE_QMP_PORT (spice_qmp_port_get_type ())
#define SPICE_QMP_PORT(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_QMP_PORT, SpiceQmpPort))
#define SPICE_QMP_PORT_CLASS(klass) (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_QMP_PORT, SpiceQmpPortClass))
#define SPICE_IS_QMP_PORT(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_QMP_PORT))
#define SPICE_IS_QMP_PORT_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_QMP_PORT))
#define SPICE_QMP_PORT_GET_CLASS(obj) (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_QMP_PORT, SpiceQmpPortClass))

typedef struct _SpiceQmpPort SpiceQmpPort;
typedef struct _SpiceQmpPortClass SpiceQmpPortClass;
typedef struct _SpiceQmpStatus SpiceQmpStatus;

/**
 * SpiceQmpPortVmAction:
 * @SPICE_QMP_PORT_VM_ACTION_QUIT: end the machine at once
 * @SPICE_QMP_PORT_VM_ACTION_RESET: reset it
 * @SPICE_QMP_PORT_VM_ACTION_POWER_DOWN: press its power button
 * @SPICE_QMP_PORT_VM_ACTION_PAUSE: stop its processors
 * @SPICE_QMP_PORT_VM_ACTION_CONTINUE: let them run again
 * @SPICE_QMP_PORT_VM_ACTION_LAST: the number of actions
 *
 * What can be done to a machine.
 */
typedef enum SpiceQmpPortVmAction {
  SPICE_QMP_PORT_VM_ACTION_QUIT,
  SPICE_QMP_PORT_VM_ACTION_RESET,
  SPICE_QMP_PORT_VM_ACTION_POWER_DOWN,
  SPICE_QMP_PORT_VM_ACTION_PAUSE,
  SPICE_QMP_PORT_VM_ACTION_CONTINUE,
  SPICE_QMP_PORT_VM_ACTION_LAST,
} SpiceQmpPortVmAction;

/**
 * SpiceQmpStatus:
 * @version: the version of this structure, 1
 * @running: whether the machine runs
 * @singlestep: whether it executes single steps; %FALSE also when the server does not say
 * @status: the state in QMP's words, such as "running" or "paused"
 *
 * The state of a machine.
 */
struct _SpiceQmpStatus {
  /*< private >*/
  gint ref;

  /*< public >*/
  gint version;
  gboolean running;
  gboolean singlestep;
  gchar *status;
};

GType spice_qmp_port_get_type (void);
SpiceQmpPort *spice_qmp_port_get (SpicePortChannel *channel);

void spice_qmp_port_vm_action_async (SpiceQmpPort *self, SpiceQmpPortVmAction action, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean spice_qmp_port_vm_action_finish (SpiceQmpPort *self, GAsyncResult *result, GError **error);

void spice_qmp_port_query_status_async (SpiceQmpPort *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                        gpointer user_data);
SpiceQmpStatus *spice_qmp_port_query_status_finish (SpiceQmpPort *self, GAsyncResult *result, GError **error);

GType spice_qmp_status_get_type (void);
SpiceQmpStatus *spice_qmp_status_ref (SpiceQmpStatus *status);
void spice_qmp_status_unref (SpiceQmpStatus *status);

G_END_DECLS
