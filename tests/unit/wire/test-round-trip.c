/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parse (write (x)) = x, for pseudo-random x of every message of every channel and both sides, and what else holds
 * for all layouts. */
#include "fill.h"

#include "base/error.h"
#include "wire/types.h"

#include <string.h>

enum { ROUNDS = 60 };

typedef void (*Check) (const CwMessageInfo *info, unsigned channels, uint32_t context, GRand *rand);

static void
for_all_messages (Check check)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20);
  unsigned n_messages = 0;

  for (unsigned i = 0; i < cw_n_message_groups; i++) {
    const CwMessageGroup *group = &cw_message_groups[i];

    for (unsigned j = 0; j < group->n_messages; j++) {
      unsigned contexts = group->direction == CW_FROM_AGENT ? 4 : 1;

      n_messages++;
      for (unsigned round = 0; round < ROUNDS; round++)
        check (&group->messages[j], group->channels, round % contexts, rand);
    }
  }
  g_assert_cmpuint (n_messages, >=, 130);
}

static unsigned
some_channel (unsigned channels, GRand *rand)
{
  unsigned channel;

  do
    channel = (unsigned) g_rand_int_range (rand, CW_CHANNEL_MAIN, CW_CHANNEL_WEBDAV + 1);
  while ((channels & 1u << channel) == 0);
  return channel;
}

static CwMessage *
parse (const CwMessageInfo *info, unsigned channel, uint32_t context, const void *data, size_t size, GError **error)
{
  g_autoptr (GBytes) body = g_bytes_new (data, size);

  if (info->direction == CW_FROM_AGENT)
    return cw_agent_parse (info->type, context, body, error);
  return cw_message_parse (channel, info->direction, (uint16_t) info->type, 1, body, error);
}

static void
check_round_trip (const CwMessageInfo *info, unsigned channels, uint32_t context, GRand *rand)
{
  g_autoptr (GPtrArray) memory = g_ptr_array_new_with_free_func (g_free);
  g_autofree uint8_t *data = g_malloc0 (info->layout->size + 1);
  g_autoptr (GString) where = g_string_new (NULL);
  g_autoptr (CwMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (CwBuffer) first = { 0 }, second = { 0 };

  cw_fill (rand, memory, context, info->layout, data);
  cw_buffer_init (&first, 1 << 20);
  if (!cw_agent_write (info, context, data, &first))
    g_error ("%s %s cannot be written", info->channel, info->name);
  message = parse (info, some_channel (channels, rand), context, first.data, first.size, &error);
  g_assert_no_error (error);
  g_assert_true (message->info == info);
  if (!cw_same (info->layout, context, data, message->data, where))
    g_error ("%s %s%s differs", info->channel, info->name, where->str);
  cw_buffer_init (&second, 1 << 20);
  g_assert_true (cw_agent_write (info, context, message->data, &second));
  g_assert_cmpmem (first.data, first.size, second.data, second.size);
}

static void
test_round_trip (void)
{
  for_all_messages (check_round_trip);
}

/* Trailing bytes never matter, unless the last field takes them. */
static void
check_trailing (const CwMessageInfo *info, unsigned channels, uint32_t context, GRand *rand)
{
  g_autoptr (GPtrArray) memory = g_ptr_array_new_with_free_func (g_free);
  g_autofree uint8_t *data = g_malloc0 (info->layout->size + 1);
  g_autoptr (CwMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (CwBuffer) buffer = { 0 };

  cw_fill (rand, memory, context, info->layout, data);
  cw_buffer_init (&buffer, 1 << 20);
  g_assert_true (cw_agent_write (info, context, data, &buffer));
  cw_buffer_u32 (&buffer, 0xdeadbeef);
  message = parse (info, some_channel (channels, rand), context, buffer.data, buffer.size, &error);
  g_assert_no_error (error);
}

static void
test_trailing (void)
{
  for_all_messages (check_trailing);
}

/* A body cut anywhere, or with bytes changed, gives a message or an error, and prints. */
static void
check_damage (const CwMessageInfo *info, unsigned channels, uint32_t context, GRand *rand)
{
  g_autoptr (GPtrArray) memory = g_ptr_array_new_with_free_func (g_free);
  g_autofree uint8_t *data = g_malloc0 (info->layout->size + 1);
  g_auto (CwBuffer) buffer = { 0 };

  cw_fill (rand, memory, context, info->layout, data);
  cw_buffer_init (&buffer, 1 << 20);
  g_assert_true (cw_agent_write (info, context, data, &buffer));
  for (unsigned i = 0; i < 8 && buffer.size > 0; i++) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (CwMessage) message = NULL;
    g_autoptr (GError) error = NULL;
    size_t size = i % 2 ? buffer.size : (size_t) g_rand_int_range (rand, 0, (gint32) buffer.size);

    if (i % 2)
      buffer.data[g_rand_int_range (rand, 0, (gint32) buffer.size)] = (uint8_t) g_rand_int (rand);
    message = parse (info, some_channel (channels, rand), context, buffer.data, size, &error);
    g_assert_true ((message == NULL) == (error != NULL));
    if (message)
      cw_message_print (message, text);
    else
      g_assert_cmpint (error->domain, ==, CW_ERROR);
  }
}

static void
test_damage (void)
{
  for_all_messages (check_damage);
}

/* The promise of message.h about memory rests on this: no array takes more than five times its bytes. */
static void
check_amplification (const CwTypeInfo *type)
{
  for (unsigned i = 0; i < type->n_fields; i++) {
    const CwFieldInfo *field = &type->fields[i];

    if (field->type)
      check_amplification (field->type);
    if (field->kind == CW_KIND_ARRAY && field->type)
      g_assert_cmpuint (field->type->size, <=, field->type->min_wire * 5);
  }
}

static void
test_amplification (void)
{
  for (unsigned i = 0; i < cw_n_message_groups; i++)
    for (unsigned j = 0; j < cw_message_groups[i].n_messages; j++)
      check_amplification (cw_message_groups[i].messages[j].layout);
}

static void
check_standalone (const CwTypeInfo *type, GRand *rand)
{
  for (unsigned round = 0; round < ROUNDS; round++) {
    g_autoptr (GPtrArray) memory = g_ptr_array_new_with_free_func (g_free);
    g_autofree uint8_t *data = g_malloc0 (type->size);
    g_autoptr (GString) where = g_string_new (NULL);
    g_autoptr (GError) error = NULL;
    g_auto (CwBuffer) buffer = { 0 };
    void *read;

    cw_fill (rand, memory, 0, type, data);
    cw_buffer_init (&buffer, 1 << 16);
    g_assert_true (cw_wire_write (type, data, &buffer));
    read = cw_wire_read (type, "test", (CwSlice){ buffer.data, buffer.size }, &error);
    g_assert_no_error (error);
    if (!cw_same (type, 0, data, read, where))
      g_error ("%s%s differs", type->name, where->str);
    cw_wire_free (read);
  }
}

static void
test_standalone (void)
{
  const CwTypeInfo *const types[] = {
    &cw_type_agent_header,      &cw_type_full_header,        &cw_type_link_auth,           &cw_type_link_header,
    &cw_type_link_mess,         &cw_type_link_reply,         &cw_type_link_result,         &cw_type_mini_header,
    &cw_type_sasl_mechanisms,   &cw_type_sasl_reply,         &cw_type_sasl_start,          &cw_type_sasl_step,
    &cw_type_usbredir_hello,    &cw_type_sub_message_header, &cw_type_usbredir_header,     &cw_type_vsc_error_data,
    &cw_type_usbredir_header64, &cw_type_vsc_init_data,      &cw_type_webdav_frame_header,
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (21);

  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++)
    check_standalone (types[i], rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/round-trip/messages", test_round_trip);
  g_test_add_func ("/round-trip/trailing", test_trailing);
  g_test_add_func ("/round-trip/damage", test_damage);
  g_test_add_func ("/round-trip/amplification", test_amplification);
  g_test_add_func ("/round-trip/standalone", test_standalone);
  return g_test_run ();
}
