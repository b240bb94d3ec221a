/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signals of SpiceMainChannel. */
#include "channel/main/main.h"

#include <stdarg.h>

guint cw_main_signals[CW_MAIN_N_SIGNALS];

static void
add (SpiceMainChannelClass *class, CwMainSignal signal, const char *name, GSignalFlags flags, GType result,
     unsigned n_params, ...)
{
  va_list params;

  va_start (params, n_params);
  cw_main_signals[signal] = g_signal_new_valist (name, G_OBJECT_CLASS_TYPE (class), flags, NULL, NULL, NULL, NULL,
                                                 result, n_params, params);
  va_end (params);
}

static void
add_clipboard_signals (SpiceMainChannelClass *class)
{
  /**
   * SpiceMainChannel::main-clipboard-selection:
   * @main: the main channel
   * @selection: 0 the clipboard, 1 the primary selection, 2 the secondary one
   * @type: what @data is (`VD_AGENT_CLIPBOARD_…`)
   * @data: (array length=size) (element-type guint8): the content, valid during the emission; text is UTF-8
   * @size: its bytes; 0: the guest cannot give any
   *
   * The content of a selection that spice_main_channel_clipboard_selection_request() asked for has come.
   */
  add (class, CW_MAIN_CLIPBOARD_SELECTION, "main-clipboard-selection", G_SIGNAL_RUN_LAST, G_TYPE_NONE, 4, G_TYPE_UINT,
       G_TYPE_UINT, G_TYPE_POINTER, G_TYPE_UINT);
  /**
   * SpiceMainChannel::main-clipboard-selection-grab:
   * @main: the main channel
   * @selection: 0 the clipboard, 1 the primary selection, 2 the secondary one
   * @types: (array length=ntypes) (element-type guint32): what the content can be had as, valid during the emission
   * @ntypes: how many they are
   *
   * The guest owns a selection from now on.
   *
   * Returns: is ignored
   */
  add (class, CW_MAIN_CLIPBOARD_SELECTION_GRAB, "main-clipboard-selection-grab", G_SIGNAL_RUN_LAST, G_TYPE_BOOLEAN, 3,
       G_TYPE_UINT, G_TYPE_POINTER, G_TYPE_UINT);
  /**
   * SpiceMainChannel::main-clipboard-selection-request:
   * @main: the main channel
   * @selection: 0 the clipboard, 1 the primary selection, 2 the secondary one
   * @types: what the content is wanted as
   *
   * The guest wants the content of a selection that the client owns. Answer it, now or later, by
   * spice_main_channel_clipboard_selection_notify().
   *
   * Returns: is ignored
   */
  add (class, CW_MAIN_CLIPBOARD_SELECTION_REQUEST, "main-clipboard-selection-request", G_SIGNAL_RUN_LAST,
       G_TYPE_BOOLEAN, 2, G_TYPE_UINT, G_TYPE_UINT);
  /**
   * SpiceMainChannel::main-clipboard-selection-release:
   * @main: the main channel
   * @selection: 0 the clipboard, 1 the primary selection, 2 the secondary one
   *
   * The guest owns a selection no longer.
   */
  add (class, CW_MAIN_CLIPBOARD_SELECTION_RELEASE, "main-clipboard-selection-release", G_SIGNAL_RUN_LAST, G_TYPE_NONE,
       1, G_TYPE_UINT);
}

static void
add_old_clipboard_signals (SpiceMainChannelClass *class)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_DEPRECATED;

  /**
   * SpiceMainChannel::main-clipboard:
   * @main: the main channel
   * @type: what @data is
   * @data: (array length=size) (element-type guint8): the content, valid during the emission
   * @size: its bytes
   *
   * Deprecated: 0.35: use #SpiceMainChannel::main-clipboard-selection
   */
  add (class, CW_MAIN_CLIPBOARD, "main-clipboard", flags, G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_POINTER, G_TYPE_UINT);
  /**
   * SpiceMainChannel::main-clipboard-grab:
   * @main: the main channel
   * @types: (array length=ntypes) (element-type guint32): what the content can be had as, valid during the emission
   * @ntypes: how many they are
   *
   * Returns: is ignored
   *
   * Deprecated: 0.35: use #SpiceMainChannel::main-clipboard-selection-grab
   */
  add (class, CW_MAIN_CLIPBOARD_GRAB, "main-clipboard-grab", flags, G_TYPE_BOOLEAN, 2, G_TYPE_POINTER, G_TYPE_UINT);
  /**
   * SpiceMainChannel::main-clipboard-request:
   * @main: the main channel
   * @types: what the content is wanted as
   *
   * Returns: is ignored
   *
   * Deprecated: 0.35: use #SpiceMainChannel::main-clipboard-selection-request
   */
  add (class, CW_MAIN_CLIPBOARD_REQUEST, "main-clipboard-request", flags, G_TYPE_BOOLEAN, 1, G_TYPE_UINT);
  /**
   * SpiceMainChannel::main-clipboard-release:
   * @main: the main channel
   *
   * Deprecated: 0.35: use #SpiceMainChannel::main-clipboard-selection-release
   */
  add (class, CW_MAIN_CLIPBOARD_RELEASE, "main-clipboard-release", flags, G_TYPE_NONE, 0);
}

void
cw_main_install_signals (SpiceMainChannelClass *class)
{
  GType type = G_OBJECT_CLASS_TYPE (class);

  /**
   * SpiceMainChannel::main-mouse-update:
   * @main: the main channel
   *
   * The mouse mode has changed.
   */
  cw_main_signals[CW_MAIN_MOUSE_UPDATE]
      = g_signal_new ("main-mouse-update", type, G_SIGNAL_RUN_FIRST,
                      G_STRUCT_OFFSET (SpiceMainChannelClass, mouse_update), NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * SpiceMainChannel::main-agent-update:
   * @main: the main channel
   *
   * The guest agent has come, gone, or told what it is capable of.
   */
  cw_main_signals[CW_MAIN_AGENT_UPDATE]
      = g_signal_new ("main-agent-update", type, G_SIGNAL_RUN_FIRST,
                      G_STRUCT_OFFSET (SpiceMainChannelClass, agent_update), NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * SpiceMainChannel::new-file-transfer:
   * @main: the main channel
   * @task: the #SpiceFileTransferTask
   *
   * A file is going to be sent to the guest.
   */
  add (class, CW_MAIN_NEW_FILE_TRANSFER, "new-file-transfer", G_SIGNAL_RUN_LAST, G_TYPE_NONE, 1, G_TYPE_OBJECT);
  /**
   * SpiceMainChannel::migration-started:
   * @main: the main channel
   * @session: a temporary session that connects to the destination
   *
   * The guest is about to move to another host.
   */
  cw_main_signals[CW_MAIN_MIGRATION_STARTED]
      = g_signal_new ("migration-started", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_OBJECT);
  add_clipboard_signals (class);
  add_old_clipboard_signals (class);
}
