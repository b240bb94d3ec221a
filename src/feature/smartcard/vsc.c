/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/smartcard/vsc.h"

#include "base/protocol.h"

#include <string.h>

typedef enum {
  STATE_ASKED,    /* the server has not answered yet */
  STATE_ACCEPTED, /* it has given the reader an id */
  STATE_REFUSED,
} State;

typedef struct {
  gpointer reader;
  State state;
  uint32_t id;
  bool has_card, gone;
} Reader;

typedef struct {
  uint32_t type;
  Reader *reader; /* lives until its last request has been answered */
  GBytes *bytes;
} Request;

static void
free_request (gpointer data)
{
  Request *self = data;

  g_bytes_unref (self->bytes);
  g_free (self);
}

void
cw_vsc_init (CwVsc *self, const CwVscEvents *events, gpointer data)
{
  *self = (CwVsc){ .events = events, .data = data, .readers = g_ptr_array_new_with_free_func (g_free) };
  g_queue_init (&self->requests);
}

void
cw_vsc_clear (CwVsc *self)
{
  g_queue_clear_full (&self->requests, free_request);
  g_clear_pointer (&self->readers, g_ptr_array_unref);
}

static Reader *
find_reader (const CwVsc *self, gconstpointer reader)
{
  for (guint i = 0; i < self->readers->len; i++) {
    Reader *found = self->readers->pdata[i];

    if (found->reader == reader && !found->gone)
      return found;
  }
  return NULL;
}

static Reader *
find_id (const CwVsc *self, uint32_t id)
{
  for (guint i = 0; i < self->readers->len; i++) {
    Reader *found = self->readers->pdata[i];

    if (found->state == STATE_ACCEPTED && found->id == id && !found->gone)
      return found;
  }
  return NULL;
}

/* Requests of a reader that the server does not have are none. */
static void
send_next (CwVsc *self)
{
  Request *request;
  CwSlice bytes;

  while (!self->waiting && (request = g_queue_peek_head (&self->requests))) {
    bool add = request->type == CW_VSC_TYPE_READER_ADD;

    if (!add && request->reader->state != STATE_ACCEPTED) {
      if (request->type == CW_VSC_TYPE_READER_REMOVE)
        g_ptr_array_remove_fast (self->readers, request->reader);
      free_request (g_queue_pop_head (&self->requests));
      continue;
    }
    self->waiting = true;
    bytes.data = g_bytes_get_data (request->bytes, &bytes.size);
    self->events->send (self->data, request->type, add ? CW_VSC_UNDEFINED_READER : request->reader->id, bytes);
  }
}

static void
ask (CwVsc *self, uint32_t type, Reader *reader, CwSlice bytes)
{
  Request *request = g_new (Request, 1);

  *request = (Request){ type, reader, g_bytes_new (bytes.data, bytes.size) };
  g_queue_push_tail (&self->requests, request);
  send_next (self);
}

void
cw_vsc_add_reader (CwVsc *self, gpointer reader, const char *name)
{
  Reader *new_reader;

  if (find_reader (self, reader))
    return;
  new_reader = g_new0 (Reader, 1);
  new_reader->reader = reader;
  g_ptr_array_add (self->readers, new_reader);
  ask (self, CW_VSC_TYPE_READER_ADD, new_reader, (CwSlice){ (const uint8_t *) name, strlen (name) });
}

void
cw_vsc_remove_reader (CwVsc *self, gpointer reader)
{
  Reader *found = find_reader (self, reader);

  if (!found)
    return;
  found->gone = true;
  ask (self, CW_VSC_TYPE_READER_REMOVE, found, (CwSlice){ NULL, 0 });
}

void
cw_vsc_insert_card (CwVsc *self, gpointer reader, CwSlice atr)
{
  Reader *found = find_reader (self, reader);

  if (!found || found->has_card)
    return;
  found->has_card = true;
  atr.size = MIN (atr.size, CW_VSC_MAX_ATR);
  ask (self, CW_VSC_TYPE_ATR, found, atr);
}

void
cw_vsc_remove_card (CwVsc *self, gpointer reader)
{
  Reader *found = find_reader (self, reader);

  if (!found || !found->has_card)
    return;
  found->has_card = false;
  ask (self, CW_VSC_TYPE_CARD_REMOVE, found, (CwSlice){ NULL, 0 });
}

static void
send_error (CwVsc *self, uint32_t reader_id)
{
  static const uint8_t general[4] = { CW_VSC_ERROR_GENERAL_ERROR, 0, 0, 0 };

  self->events->send (self->data, CW_VSC_TYPE_ERROR, reader_id, (CwSlice){ general, sizeof general });
}

void
cw_vsc_answer (CwVsc *self, gpointer reader, CwSlice bytes)
{
  Reader *found = find_reader (self, reader);

  if (!found || found->state != STATE_ACCEPTED)
    return;
  if (bytes.size > 0)
    self->events->send (self->data, CW_VSC_TYPE_APDU, found->id, bytes);
  else
    send_error (self, found->id);
}

/* Codes come in either byte order: none of them is 0. */
static bool
is_success (CwSlice bytes)
{
  static const uint8_t success[4];

  return bytes.size >= sizeof success && memcmp (bytes.data, success, sizeof success) == 0;
}

static void
take_result (CwVsc *self, uint32_t reader_id, CwSlice bytes)
{
  Request *request = self->waiting ? g_queue_pop_head (&self->requests) : NULL;
  Reader *reader;

  if (!request) {
    g_debug ("smartcard: a result that nothing was asked for");
    return;
  }
  reader = request->reader;
  self->waiting = false;
  if (request->type == CW_VSC_TYPE_READER_ADD) {
    bool accepted = is_success (bytes) && reader_id != CW_VSC_UNDEFINED_READER && !find_id (self, reader_id);

    reader->state = accepted ? STATE_ACCEPTED : STATE_REFUSED;
    reader->id = reader_id;
    if (!accepted && !reader->gone)
      self->events->refused (self->data, reader->reader);
  } else if (request->type == CW_VSC_TYPE_READER_REMOVE) {
    g_ptr_array_remove_fast (self->readers, reader);
  }
  free_request (request);
  send_next (self);
}

void
cw_vsc_take (CwVsc *self, uint32_t type, uint32_t reader_id, CwSlice bytes)
{
  Reader *reader;

  switch (type) {
  case CW_VSC_TYPE_ERROR:
    take_result (self, reader_id, bytes);
    break;
  case CW_VSC_TYPE_APDU:
    reader = find_id (self, reader_id);
    if (reader)
      self->events->command (self->data, reader->reader, bytes);
    else
      send_error (self, reader_id);
    break;
  case CW_VSC_TYPE_FLUSH:
    /* Nothing is kept back: commands are handled one by one. */
    self->events->send (self->data, CW_VSC_TYPE_FLUSH_COMPLETE, reader_id, (CwSlice){ NULL, 0 });
    break;
  default:
    g_debug ("smartcard: message %u is not the server's to send", type);
  }
}
