/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the message targets share. An input is: channel type (of an agent message: context), side (0 server, 1 client,
 * 2 agent), message type as u16, body. */
#pragma once

#include "base/error.h"
#include "fuzz/fuzz.h"
#include "wire/message.h"

/* A message or an error; and what was read can be printed, and written so that it reads the same. */
static inline void
check_parsed (CwMessage *message, CwChannelType channel, const GError *error, size_t size)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (CwMessage) again = NULL;
  g_autoptr (GBytes) body = NULL;
  g_auto (CwBuffer) first = { 0 }, second = { 0 };

  g_assert_true ((message == NULL) == (error != NULL));
  if (!message) {
    g_assert_cmpint (error->domain, ==, CW_ERROR);
    return;
  }
  cw_message_print (message, text);
  /* Offsets may share bytes, which are written once for each. */
  cw_buffer_init (&first, 16 * size + 4096);
  g_assert_true (cw_agent_write (message->info, message->context, message->data, &first));
  body = g_bytes_new (first.data, first.size);
  if (message->info->direction == CW_FROM_AGENT)
    again = cw_agent_parse (message->info->type, message->context, body, NULL);
  else
    again = cw_message_parse (channel, message->info->direction, message->type, 1, body, NULL);
  g_assert_nonnull (again);
  cw_buffer_init (&second, 16 * size + 4096);
  g_assert_true (cw_agent_write (again->info, again->context, again->data, &second));
  g_assert_cmpmem (first.data, first.size, second.data, second.size);
}

/* Parses one message of one of the channels. */
static inline void
check_message (const CwChannelType *channels, size_t n_channels, const uint8_t *data, size_t size)
{
  g_autoptr (CwMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  CwChannelType channel;
  uint16_t type;

  if (size < 4)
    return;
  channel = channels[data[0] % n_channels];
  for (size_t i = 0; i < n_channels; i++)
    if (channels[i] == data[0])
      channel = channels[i];
  type = (uint16_t) (data[2] | data[3] << 8);
  body = g_bytes_new (data + 4, size - 4);
  if (data[1] % 3 == 2)
    message = cw_agent_parse (type, data[0], body, &error);
  else
    message = cw_message_parse (channel, data[1] % 3 == 0 ? CW_FROM_SERVER : CW_FROM_CLIENT, type, 1, body, &error);
  check_parsed (message, channel, error, size);
}
