/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From frames to the handlers of a channel; the messages that all channels share. */
#include "channel/private.h"

/* Text of a peer that goes to the debug log. */
#define MAX_LOGGED_TEXT 256

/* Replies that may wait before no more questions are read; half of what the pump takes. */
#define MAX_REPLY_BYTES (CW_FRAME_WRITER_URGENT_LIMIT / 2)
#define REPLY_BYTES 128 /* of memory: more than a reply and what keeps it in the queue */

static uint64_t
processed_serial (gpointer data)
{
  SpiceChannel *self = data;
  const SpiceChannelClassPrivate *class = cw_channel_class (self);
  uint64_t serial = self->priv->live->received_serial;

  if (self->priv->deferred && self->priv->deferred->serial <= serial)
    serial = self->priv->deferred->serial - 1;
  return class->processed ? class->processed (self, serial) : serial;
}

void
cw_channel_advanced (SpiceChannel *self)
{
  if (self->priv->session)
    cw_sync_advanced (self->priv->host->sync (self->priv->session));
}

static void
handle_deferred (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;
  g_autoptr (CwMessage) message = g_steal_pointer (&priv->deferred);
  unsigned attempt = priv->attempt;

  priv->deferred_source = NULL;
  if (priv->deferred_handler)
    priv->deferred_handler (self, message);
  if (attempt != priv->attempt)
    return;
  cw_pump_resume (priv->live->pump, CW_PAUSE_WAIT);
  cw_channel_advanced (self);
}

/* Comes from inside what another channel does, so it only schedules. */
static void
wait_is_over (gpointer data)
{
  SpiceChannel *self = data;

  self->priv->deferred_source = cw_channel_defer (self, handle_deferred);
}

void
cw_channel_handle_after (SpiceChannel *self, const CwWireWaitForChannel *entries, uint32_t n_entries,
                         const CwMessage *message, void (*handler) (SpiceChannel *channel, const CwMessage *message))
{
  SpiceChannelPrivate *priv = self->priv;

  if (!priv->session || cw_sync_wait (priv->host->sync (priv->session), self, entries, n_entries)) {
    if (handler)
      handler (self, message);
    return;
  }
  priv->deferred = cw_message_ref ((CwMessage *) message);
  priv->deferred_handler = handler;
  cw_pump_pause (priv->live->pump, CW_PAUSE_WAIT);
}

void
cw_channel_expect (SpiceChannel *self, size_t bytes)
{
  cw_pump_expect (self->priv->live->pump, bytes);
}

static void
replies_sent (gpointer data, const GError *error)
{
  CwLive *live = data;

  live->reply_bytes = 0;
  cw_pump_resume (live->pump, CW_PAUSE_REPLIES);
  cw_live_unref (live);
}

/* Sends a reply without which the server stalls: rather than drop one, reading stops until they are under way. */
static void
reply (SpiceChannel *self, uint16_t type, const void *data)
{
  CwLive *live = self->priv->live;

  if (!cw_channel_send (self, type, data))
    return;
  live->reply_bytes += REPLY_BYTES;
  if (live->reply_bytes < MAX_REPLY_BYTES || live->reply_bytes - REPLY_BYTES >= MAX_REPLY_BYTES)
    return;
  cw_pump_pause (live->pump, CW_PAUSE_REPLIES);
  cw_pump_flush (live->pump, replies_sent, cw_live_ref (live));
}

static void
handle_set_ack (SpiceChannel *self, const CwMessage *message)
{
  const CwMsgSetAck *set_ack = message->data;

  cw_ack_window_set (&self->priv->live->ack, set_ack->window);
  reply (self, CW_MSGC_ACK_SYNC, &(CwMsgcAckSync){ .generation = set_ack->generation });
}

static void
handle_ping (SpiceChannel *self, const CwMessage *message)
{
  const CwMsgPing *ping = message->data;

  reply (self, CW_MSGC_PONG, &(CwMsgcPong){ .id = ping->id, .timestamp = ping->timestamp });
}

static void
handle_wait_for_channels (SpiceChannel *self, const CwMessage *message)
{
  const CwMsgWaitForChannels *wait = message->data;

  cw_channel_handle_after (self, wait->wait_list, wait->n_wait_list, message, NULL);
}

static void
handle_disconnecting (SpiceChannel *self, const CwMessage *message)
{
  const CwMsgDisconnecting *disconnecting = message->data;

  g_debug ("%s:%d: the server announces the end, reason %u", spice_channel_type_to_string (self->priv->type),
           self->priv->id, disconnecting->reason);
}

static void
handle_notify (SpiceChannel *self, const CwMessage *message)
{
  const CwMsgNotify *notify = message->data;
  g_autofree char *valid
      = g_utf8_make_valid ((const char *) notify->message.data, (gssize) MIN (notify->message.size, MAX_LOGGED_TEXT));
  g_autofree char *text = g_strescape (valid, NULL);

  g_debug ("%s:%d: the server notes (%u): %s", spice_channel_type_to_string (self->priv->type), self->priv->id,
           notify->severity, text);
}

static const CwChannelHandler common_handlers[] = {
  { CW_MSG_SET_ACK, handle_set_ack },
  { CW_MSG_PING, handle_ping },
  { CW_MSG_WAIT_FOR_CHANNELS, handle_wait_for_channels },
  { CW_MSG_DISCONNECTING, handle_disconnecting },
  { CW_MSG_NOTIFY, handle_notify },
  { 0, NULL },
};

/* Numbers below are those of the messages that all channels share. */
#define FIRST_OF_KIND 101

static CwMessageHandler
find_row (const CwChannelHandler *rows, uint16_t type)
{
  for (; rows->handle; rows++)
    if (rows->type == type)
      return rows->handle;
  return NULL;
}

static CwMessageHandler
find_handler (SpiceChannel *self, uint16_t type)
{
  const SpiceChannelClassPrivate *class = cw_channel_class (self);
  CwMessageHandler handle = find_row (common_handlers, type);

  if (handle || self->priv->disabled)
    return handle;
  handle = find_row (class->handlers, type);
  return !handle && type >= FIRST_OF_KIND ? class->handle_other : handle;
}

/* One warning per kind of message: a server that sends nothing but damaged ones does not fill the log. */
static void
pass_over (SpiceChannel *self, const CwMessageInfo *info, const GError *problem)
{
  SpiceChannelPrivate *priv = self->priv;
  const char *name = spice_channel_type_to_string (priv->type);

  if (!priv->warned_of)
    priv->warned_of = g_hash_table_new (NULL, NULL);
  if (g_hash_table_add (priv->warned_of, (gpointer) info))
    g_warning ("%s:%d: a damaged message was passed over: %s", name, priv->id, problem->message);
  else
    g_debug ("%s:%d: another one was passed over: %s", name, priv->id, problem->message);
}

/* Whether the message may come in the state the channel is in. */
static bool
is_expected (SpiceChannel *self, uint16_t type)
{
  const uint16_t *allowed = cw_channel_class (self)->prepared_messages;

  if (self->priv->state == CW_CHANNEL_MIGRATING)
    return type == CW_MSG_MIGRATE_DATA;
  if (self->priv->state != CW_CHANNEL_PREPARED)
    return true;
  while (allowed && *allowed && *allowed != type)
    allowed++;
  return (allowed && *allowed) || (type <= CW_MSG_NOTIFY && type > CW_MSG_MIGRATE_DATA);
}

static bool
handle_frame (SpiceChannel *self, const CwPumpFrame *frame, GError **error)
{
  SpiceChannelPrivate *priv = self->priv;
  const CwMessageInfo *info = cw_message_info (priv->type, CW_FROM_SERVER, frame->type);
  CwMessageHandler handle = find_handler (self, frame->type);
  g_autoptr (CwMessage) message = NULL;
  g_autoptr (GError) problem = NULL;

  /* Also messages that nothing is done with have to be well-formed. */
  if ((!handle && priv->disabled && frame->type > CW_MSG_MIGRATE_DATA) || !info)
    return true;

  if (!is_expected (self, frame->type)) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "message %u in the middle of a migration", frame->type);
    return false;
  }
  message = cw_message_parse_slice (info, priv->type, frame->serial, frame->body, frame->bytes, &priv->live->memory,
                                    &problem);
  if (message && frame->type == CW_MSG_MIGRATE)
    return cw_channel_handle_migrate (self, message, error);
  if (message && frame->type == CW_MSG_MIGRATE_DATA)
    return cw_channel_handle_migrate_data (self, message, error);
  if (message) {
    if (handle)
      handle (self, message);
    return true;
  }
  /* What is built on another one would be wrong for ever. */
  if (!info->tolerated) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return false;
  }
  pass_over (self, info, problem);
  return true;
}

int
cw_channel_take_descriptor (SpiceChannel *self, unsigned i)
{
  return self->priv->descriptors ? cw_descriptors_steal (self->priv->descriptors, i) : -1;
}

bool
cw_channel_frame (SpiceChannel *self, const CwPumpFrame *frame, GError **error)
{
  SpiceChannelPrivate *priv = self->priv;
  CwDescriptors *outer = priv->descriptors;
  unsigned attempt = priv->attempt;
  bool handled;

  if (!frame->is_sub && cw_ack_window_received (&priv->live->ack))
    reply (self, CW_MSGC_ACK, NULL);
  priv->descriptors = frame->descriptors;
  handled = handle_frame (self, frame, error);
  priv->descriptors = outer;
  if (!handled)
    return false;
  /* A handler may have ended this connection, and even begun another. */
  if (frame->is_sub || attempt != priv->attempt || !cw_channel_is_ready (self))
    return true;
  priv->live->received_serial = frame->serial;
  cw_channel_advanced (self);
  return true;
}

void
cw_channel_messages_start (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;

  if (priv->session)
    cw_sync_add (priv->host->sync (priv->session), (uint8_t) priv->type, (uint8_t) priv->id, processed_serial,
                 wait_is_over, self);
}

void
cw_channel_messages_stop (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;

  g_clear_pointer (&priv->deferred, cw_message_unref);
  if (priv->deferred_source)
    g_source_destroy (priv->deferred_source);
  priv->deferred_source = NULL;
  if (priv->session)
    cw_sync_remove (priv->host->sync (priv->session), self);
}

void
cw_channel_pause (SpiceChannel *self, CwChannelPause reason)
{
  if (self->priv->live)
    cw_pump_pause (self->priv->live->pump, reason);
}

void
cw_channel_resume (SpiceChannel *self, CwChannelPause reason)
{
  if (self->priv->live)
    cw_pump_resume (self->priv->live->pump, reason);
}
