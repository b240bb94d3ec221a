/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceSmartcardChannel: the protocol between the readers of this machine and the server. A command for a card is
 * worked on in a thread; until its answer has come, nothing more is read from the server. */
#include "channel-smartcard.h"
#include "channel/channel.h"
#include "feature/smartcard/cards.h"
#include "feature/smartcard/vsc.h"

#include "spice-session.h"

/* A card takes 5 bytes and 256 of data; longer ones are answered here. */
#define MIN_COMMAND 4
#define MAX_COMMAND 512

struct _SpiceSmartcardChannelPrivate {
  CwVsc vsc;
  CwCardsWatch *watch; /* as long as there is a connection */
};

G_DEFINE_TYPE_WITH_PRIVATE (SpiceSmartcardChannel, spice_smartcard_channel, SPICE_TYPE_CHANNEL)

static void
send_message (gpointer data, uint32_t type, uint32_t reader_id, CwSlice bytes)
{
  cw_channel_send (data, CW_MSGC_SMARTCARD_DATA, &(CwMsgcSmartcardData){ type, reader_id, bytes });
}

typedef struct {
  SpiceSmartcardChannel *channel; /* strong */
  unsigned attempt;
  gpointer reader;
} Command;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Command *command = data;
  SpiceSmartcardChannel *self = command->channel;
  g_autoptr (GBytes) bytes = cw_card_reader_transmit_finish (result);
  CwSlice answer = { .size = 0 };

  if (command->attempt == cw_channel_attempt (SPICE_CHANNEL (self))) {
    if (bytes)
      answer.data = g_bytes_get_data (bytes, &answer.size);
    cw_vsc_answer (&self->priv->vsc, command->reader, answer);
    cw_channel_resume (SPICE_CHANNEL (self), CW_PAUSE_FULL);
  }
  g_object_unref (self);
}

static void
take_command (gpointer data, gpointer reader, CwSlice apdu)
{
  static const uint8_t wrong_length[] = { 0x67, 0x00 };
  SpiceSmartcardChannel *self = data;
  Command *command;

  if (apdu.size < MIN_COMMAND || apdu.size > MAX_COMMAND) {
    cw_vsc_answer (&self->priv->vsc, reader, (CwSlice){ wrong_length, sizeof wrong_length });
    return;
  }
  command = g_new (Command, 1);
  *command = (Command){ g_object_ref (self), cw_channel_attempt (SPICE_CHANNEL (self)), reader };
  cw_channel_pause (SPICE_CHANNEL (self), CW_PAUSE_FULL);
  cw_card_reader_transmit_async (reader, apdu, on_answer, command);
}

static void
on_refused (gpointer data, gpointer reader)
{
  g_debug ("smartcard: the server does not take the reader “%s”", cw_card_reader_name (reader));
}

static void
on_card_event (gpointer data, CwCardsEvent event, CwCardReader *reader, CwSlice atr)
{
  SpiceSmartcardChannel *self = data;
  CwVsc *vsc = &self->priv->vsc;

  switch (event) {
  case CW_CARDS_READER_ADDED:
    cw_vsc_add_reader (vsc, reader, cw_card_reader_name (reader));
    break;
  case CW_CARDS_READER_REMOVED:
    cw_vsc_remove_reader (vsc, reader);
    break;
  case CW_CARDS_CARD_INSERTED:
    cw_vsc_insert_card (vsc, reader, atr);
    break;
  case CW_CARDS_CARD_REMOVED:
    cw_vsc_remove_card (vsc, reader);
    break;
  }
}

static void
handle_data (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgSmartcardData *data = message->data;

  cw_vsc_take (&SPICE_SMARTCARD_CHANNEL (channel)->priv->vsc, data->type, data->reader_id, data->data);
}

static void
start_cards (SpiceChannel *channel)
{
  g_autoptr (GObject) session = NULL;
  g_auto (GStrv) certificates = NULL;
  g_autofree char *database = NULL;

  g_object_get (channel, "spice-session", &session, NULL);
  if (!session)
    return;
  g_object_get (session, "smartcard-certificates", &certificates, "smartcard-db", &database, NULL);
  cw_cards_start (database, (const char *const *) certificates);
}

static void
start_conversation (SpiceSmartcardChannel *self)
{
  static const CwVscEvents events = { send_message, take_command, on_refused };

  cw_vsc_init (&self->priv->vsc, &events, self);
}

static void
channel_up (SpiceChannel *channel)
{
  SpiceSmartcardChannelPrivate *priv = SPICE_SMARTCARD_CHANNEL (channel)->priv;

  start_cards (channel);
  cw_cards_unwatch (g_steal_pointer (&priv->watch));
  priv->watch = cw_cards_watch (cw_channel_context (channel), on_card_event, channel);
}

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  SpiceSmartcardChannel *self = SPICE_SMARTCARD_CHANNEL (channel);

  cw_cards_unwatch (g_steal_pointer (&self->priv->watch));
  cw_vsc_clear (&self->priv->vsc);
  start_conversation (self);
}

static void
dispose (GObject *object)
{
  cw_channel_disposed (SPICE_CHANNEL (object));
  cw_cards_unwatch (g_steal_pointer (&SPICE_SMARTCARD_CHANNEL (object)->priv->watch));
  G_OBJECT_CLASS (spice_smartcard_channel_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  cw_vsc_clear (&SPICE_SMARTCARD_CHANNEL (object)->priv->vsc);
  G_OBJECT_CLASS (spice_smartcard_channel_parent_class)->finalize (object);
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_SMARTCARD_DATA, handle_data },
  { 0, NULL },
};

static SpiceChannelClassPrivate smartcard_class = {
  .handlers = handlers,
};

static void
spice_smartcard_channel_class_init (SpiceSmartcardChannelClass *class)
{
  G_OBJECT_CLASS (class)->dispose = dispose;
  G_OBJECT_CLASS (class)->finalize = finalize;
  SPICE_CHANNEL_CLASS (class)->channel_up = channel_up;
  SPICE_CHANNEL_CLASS (class)->channel_reset = channel_reset;
  SPICE_CHANNEL_CLASS (class)->priv = &smartcard_class;
}

static void
spice_smartcard_channel_init (SpiceSmartcardChannel *self)
{
  self->priv = spice_smartcard_channel_get_instance_private (self);
  start_conversation (self);
}
