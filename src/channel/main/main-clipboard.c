/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main channel's clipboard, as programs see it. */
#include "channel/main/main.h"

/* Each of these emissions comes from one message of the server, as whose second the older signal comes, which knows no
 * selection but the first. A handler of the first that ends the connection makes the second outdated. */
static void
emit_both (SpiceMainChannel *self, unsigned selection,
           void (*emit) (SpiceMainChannel *self, gconstpointer data, bool old), gconstpointer data)
{
  unsigned attempt = cw_channel_attempt (SPICE_CHANNEL (self));

  emit (self, data, false);
  if (selection == CW_CLIPBOARD_SELECTION_CLIPBOARD && attempt == cw_channel_attempt (SPICE_CHANNEL (self)))
    emit (self, data, true);
}

typedef struct {
  unsigned selection;
  const uint32_t *types;
  unsigned n_types;
} Grab;

static void
emit_grab (SpiceMainChannel *self, gconstpointer data, bool old)
{
  const Grab *grab = data;
  gboolean result = FALSE;

  if (old)
    g_signal_emit (self, cw_main_signals[CW_MAIN_CLIPBOARD_GRAB], 0, grab->types, grab->n_types, &result);
  else
    g_signal_emit (self, cw_main_signals[CW_MAIN_CLIPBOARD_SELECTION_GRAB], 0, grab->selection, grab->types,
                   grab->n_types, &result);
}

static void
on_grab (gpointer data, unsigned selection, const uint32_t *types, unsigned n_types)
{
  emit_both (data, selection, emit_grab, &(Grab){ selection, types, n_types });
}

typedef struct {
  unsigned selection;
  uint32_t type;
} Request;

static void
emit_request (SpiceMainChannel *self, gconstpointer data, bool old)
{
  const Request *request = data;
  gboolean result = FALSE;

  if (old)
    g_signal_emit (self, cw_main_signals[CW_MAIN_CLIPBOARD_REQUEST], 0, request->type, &result);
  else
    g_signal_emit (self, cw_main_signals[CW_MAIN_CLIPBOARD_SELECTION_REQUEST], 0, request->selection, request->type,
                   &result);
}

static void
on_request (gpointer data, unsigned selection, uint32_t type)
{
  emit_both (data, selection, emit_request, &(Request){ selection, type });
}

typedef struct {
  unsigned selection;
  uint32_t type;
  CwSlice bytes;
} Content;

static void
emit_content (SpiceMainChannel *self, gconstpointer data, bool old)
{
  const Content *content = data;

  if (old)
    g_signal_emit (self, cw_main_signals[CW_MAIN_CLIPBOARD], 0, content->type, content->bytes.data,
                   (guint) content->bytes.size);
  else
    g_signal_emit (self, cw_main_signals[CW_MAIN_CLIPBOARD_SELECTION], 0, content->selection, content->type,
                   content->bytes.data, (guint) content->bytes.size);
}

static void
on_content (gpointer data, unsigned selection, uint32_t type, CwSlice bytes)
{
  emit_both (data, selection, emit_content, &(Content){ selection, type, bytes });
}

static void
emit_release (SpiceMainChannel *self, gconstpointer data, bool old)
{
  if (old)
    g_signal_emit (self, cw_main_signals[CW_MAIN_CLIPBOARD_RELEASE], 0);
  else
    g_signal_emit (self, cw_main_signals[CW_MAIN_CLIPBOARD_SELECTION_RELEASE], 0, *(const unsigned *) data);
}

static void
on_release (gpointer data, unsigned selection)
{
  emit_both (data, selection, emit_release, &selection);
}

static const CwClipboardObserver observer = { on_grab, on_request, on_content, on_release };

void
cw_main_clipboard_init (SpiceMainChannel *self)
{
  self->priv->clipboard = cw_clipboard_new (self->priv->agent, &observer, self);
}

/**
 * spice_main_channel_clipboard_selection_grab:
 * @channel: the main channel
 * @selection: 0 the clipboard, 1 the primary selection, 2 the secondary one
 * @types: (array length=ntypes): what the content can be had as (`VD_AGENT_CLIPBOARD_…`)
 * @ntypes: how many they are
 *
 * Tells the guest that the client owns a selection. When the guest wants its content,
 * #SpiceMainChannel::main-clipboard-selection-request comes. Nothing happens without a guest agent, or if it has no
 * such selection.
 */
void
spice_main_channel_clipboard_selection_grab (SpiceMainChannel *channel, guint selection, guint32 *types, int ntypes)
{
  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));
  g_return_if_fail (types != NULL || ntypes == 0);
  g_return_if_fail (ntypes >= 0);

  /* A grab that does not reach the guest must not count: it would take none with a later number. */
  if (!cw_main_is_read_only (channel))
    cw_clipboard_grab (channel->priv->clipboard, selection, types, (unsigned) ntypes);
}

/**
 * spice_main_channel_clipboard_selection_release:
 * @channel: the main channel
 * @selection: which one
 *
 * Tells the guest that the client owns the selection no longer.
 */
void
spice_main_channel_clipboard_selection_release (SpiceMainChannel *channel, guint selection)
{
  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));

  cw_clipboard_release (channel->priv->clipboard, selection);
}

static bool
shares_clipboard (SpiceMainChannel *self)
{
  return cw_agent_can (self->priv->agent, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND);
}

/**
 * spice_main_channel_clipboard_selection_notify:
 * @channel: the main channel
 * @selection: which one
 * @type: what @data is, as it was asked for; 0 if it cannot be had
 * @data: (array length=size): the content, which is copied; text is UTF-8
 * @size: its bytes, at most #SpiceMainChannel:max-clipboard
 *
 * Sends the guest the content of a selection, as the answer to #SpiceMainChannel::main-clipboard-selection-request. If
 * no answer comes, the guest is told after 30 seconds that there is no content.
 */
void
spice_main_channel_clipboard_selection_notify (SpiceMainChannel *channel, guint selection, guint32 type,
                                               const guchar *data, size_t size)
{
  bool fits;

  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));
  g_return_if_fail (data != NULL || size == 0);
  g_return_if_fail (shares_clipboard (channel));

  fits = cw_clipboard_answer (channel->priv->clipboard, selection, type, (CwSlice){ data, size });
  cw_main_schedule (channel);
  g_return_if_fail (fits);
}

/**
 * spice_main_channel_clipboard_selection_request:
 * @channel: the main channel
 * @selection: which one
 * @type: what the content is wanted as: one of those that the guest has
 *
 * Asks the guest for the content of a selection. It comes as #SpiceMainChannel::main-clipboard-selection, without data
 * if the guest has none; if the agent goes (#SpiceMainChannel:agent-connected), it does not come.
 */
void
spice_main_channel_clipboard_selection_request (SpiceMainChannel *channel, guint selection, guint32 type)
{
  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));
  g_return_if_fail (shares_clipboard (channel));

  cw_clipboard_request (channel->priv->clipboard, selection, type);
}

/**
 * spice_main_clipboard_selection_grab:
 * @channel: the main channel
 * @selection: which one
 * @types: (array length=ntypes): what the content can be had as
 * @ntypes: how many they are
 *
 * Tells the guest that the client owns a selection.
 *
 * Deprecated: 0.38: use spice_main_channel_clipboard_selection_grab()
 */
void
spice_main_clipboard_selection_grab (SpiceMainChannel *channel, guint selection, guint32 *types, int ntypes)
{
  spice_main_channel_clipboard_selection_grab (channel, selection, types, ntypes);
}

/**
 * spice_main_clipboard_selection_release:
 * @channel: the main channel
 * @selection: which one
 *
 * Tells the guest that the client owns the selection no longer.
 *
 * Deprecated: 0.38: use spice_main_channel_clipboard_selection_release()
 */
void
spice_main_clipboard_selection_release (SpiceMainChannel *channel, guint selection)
{
  spice_main_channel_clipboard_selection_release (channel, selection);
}

/**
 * spice_main_clipboard_selection_notify:
 * @channel: the main channel
 * @selection: which one
 * @type: what @data is
 * @data: (array length=size): the content
 * @size: its bytes
 *
 * Sends the guest the content of a selection.
 *
 * Deprecated: 0.38: use spice_main_channel_clipboard_selection_notify()
 */
void
spice_main_clipboard_selection_notify (SpiceMainChannel *channel, guint selection, guint32 type, const guchar *data,
                                       size_t size)
{
  spice_main_channel_clipboard_selection_notify (channel, selection, type, data, size);
}

/**
 * spice_main_clipboard_selection_request:
 * @channel: the main channel
 * @selection: which one
 * @type: what the content is wanted as
 *
 * Asks the guest for the content of a selection.
 *
 * Deprecated: 0.38: use spice_main_channel_clipboard_selection_request()
 */
void
spice_main_clipboard_selection_request (SpiceMainChannel *channel, guint selection, guint32 type)
{
  spice_main_channel_clipboard_selection_request (channel, selection, type);
}

/**
 * spice_main_clipboard_grab:
 * @channel: the main channel
 * @types: (array length=ntypes): what the content can be had as
 * @ntypes: how many they are
 *
 * Tells the guest that the client owns the clipboard.
 *
 * Deprecated: 0.35: use spice_main_channel_clipboard_selection_grab()
 */
void
spice_main_clipboard_grab (SpiceMainChannel *channel, guint32 *types, int ntypes)
{
  spice_main_channel_clipboard_selection_grab (channel, CW_CLIPBOARD_SELECTION_CLIPBOARD, types, ntypes);
}

/**
 * spice_main_clipboard_release:
 * @channel: the main channel
 *
 * Tells the guest that the client owns the clipboard no longer.
 *
 * Deprecated: 0.35: use spice_main_channel_clipboard_selection_release()
 */
void
spice_main_clipboard_release (SpiceMainChannel *channel)
{
  spice_main_channel_clipboard_selection_release (channel, CW_CLIPBOARD_SELECTION_CLIPBOARD);
}

/**
 * spice_main_clipboard_notify:
 * @channel: the main channel
 * @type: what @data is
 * @data: (array length=size): the content
 * @size: its bytes
 *
 * Sends the guest the content of the clipboard.
 *
 * Deprecated: 0.35: use spice_main_channel_clipboard_selection_notify()
 */
void
spice_main_clipboard_notify (SpiceMainChannel *channel, guint32 type, const guchar *data, size_t size)
{
  spice_main_channel_clipboard_selection_notify (channel, CW_CLIPBOARD_SELECTION_CLIPBOARD, type, data, size);
}

/**
 * spice_main_clipboard_request:
 * @channel: the main channel
 * @type: what the content is wanted as
 *
 * Asks the guest for the content of the clipboard.
 *
 * Deprecated: 0.35: use spice_main_channel_clipboard_selection_request()
 */
void
spice_main_clipboard_request (SpiceMainChannel *channel, guint32 type)
{
  spice_main_channel_clipboard_selection_request (channel, CW_CLIPBOARD_SELECTION_CLIPBOARD, type);
}
