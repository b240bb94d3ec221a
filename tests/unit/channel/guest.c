/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest.h"

#include "wire/types.h"

static uint32_t
context_of (const Guest *self)
{
  return (self->caps & 1u << CW_AGENT_CAP_CLIPBOARD_SELECTION ? CW_CONTEXT_AGENT_SELECTION : 0)
         | (self->caps & 1u << CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL ? CW_CONTEXT_AGENT_GRAB_SERIAL : 0);
}

static void
keep (Guest *self, uint32_t type, const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  CwMessage *message = cw_agent_parse (type, context_of (self), body, &error);

  g_assert_no_error (error);
  if (type == self->ignored_type)
    cw_message_unref (message);
  else
    g_ptr_array_add (self->heard, message);
}

static bool
hear (gpointer data, GBytes *bodies)
{
  Guest *self = data;
  CwSlice all = { .size = 0 };
  gsize size;
  const uint8_t *bytes = g_bytes_get_data (bodies, &size);

  if (self->deaf)
    return false;
  g_assert_cmpuint (size, <=, CW_AGENT_BURST * CW_AGENT_MAX_DATA_SIZE);
  g_byte_array_append (self->bytes, bytes, (guint) size);
  all = (CwSlice){ self->bytes->data, self->bytes->len };
  if (all.size >= CW_AGENT_HEADER_SIZE) {
    CwWireAgentHeader *header
        = cw_wire_read (&cw_type_agent_header, "header", (CwSlice){ all.data, CW_AGENT_HEADER_SIZE }, NULL);

    g_assert_nonnull (header);
    g_assert_cmpuint (all.size, <=, CW_AGENT_HEADER_SIZE + header->size);
    if (all.size == CW_AGENT_HEADER_SIZE + header->size) {
      keep (self, header->type, all.data + CW_AGENT_HEADER_SIZE, header->size);
      g_byte_array_set_size (self->bytes, 0);
    }
    cw_wire_free (header);
  }
  return true;
}

static void
on_message (gpointer data, const CwMessage *message)
{
  Guest *self = data;

  if (self->message)
    self->message (self->data, message);
}

static void
on_part (gpointer data, size_t size, CwSlice so_far)
{
  Guest *self = data;

  if (self->part)
    self->part (self->data, size, so_far);
}

static void
on_sent (gpointer data, uint32_t tag)
{
  Guest *self = data;

  if (self->sent)
    self->sent (self->data, tag);
}

static void
on_low (gpointer data)
{
  Guest *self = data;

  if (self->low)
    self->low (self->data);
}

Guest *
guest_new (void)
{
  static const CwAgentObserver observer = { hear, on_message, on_part, on_sent, on_low };
  Guest *self = g_new0 (Guest, 1);

  self->agent = cw_agent_new (&observer, self);
  self->heard = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_message_unref);
  self->bytes = g_byte_array_new ();
  cw_agent_set_credit (self->agent, UINT32_MAX);
  cw_agent_connect (self->agent);
  return self;
}

void
guest_free (Guest *self)
{
  cw_agent_free (self->agent);
  g_ptr_array_unref (self->heard);
  g_byte_array_unref (self->bytes);
  g_free (self);
}

void
guest_say (Guest *self, uint32_t type, const void *data)
{
  CwWireAgentHeader header = { .protocol = CW_AGENT_PROTOCOL, .type = type };
  g_autoptr (GBytes) body = NULL;
  g_auto (CwBuffer) out;
  gsize size;

  cw_buffer_init (&out, 1 << 26);
  g_assert_true (cw_wire_write (&cw_type_agent_header, &header, &out));
  g_assert_true (cw_agent_write (cw_agent_info (type), context_of (self), data, &out));
  cw_buffer_patch_u32 (&out, CW_AGENT_HEADER_SIZE - 4, (uint32_t) (out.size - CW_AGENT_HEADER_SIZE));
  body = cw_buffer_steal (&out);
  size = g_bytes_get_size (body);
  for (gsize at = 0; at < size; at += CW_AGENT_MAX_DATA_SIZE) {
    g_autoptr (GBytes) part = g_bytes_new_from_bytes (body, at, MIN (CW_AGENT_MAX_DATA_SIZE, size - at));

    g_assert_true (cw_agent_receive (self->agent, part, NULL));
  }
}

void
guest_announce (Guest *self, uint32_t caps)
{
  const CwAgentAnnounceCapabilities announce = { .n_caps = 1, .caps = &caps };

  self->caps = caps;
  guest_say (self, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES, &announce);
}

const void *
guest_next (Guest *self, uint32_t type)
{
  const CwMessage *message;

  g_assert_cmpuint (self->n_taken, <, self->heard->len);
  message = self->heard->pdata[self->n_taken++];
  g_assert_cmpuint (message->type, ==, type);
  return message->data;
}

void
guest_heard_all (Guest *self)
{
  g_assert_cmpuint (self->heard->len, ==, self->n_taken);
}
