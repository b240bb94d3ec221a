/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link/sasl-exchange.h"

#include "base/i18n.h"
#include "wire/types.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAX_ROUNDS 32 /* no mechanism takes more than a handful */

struct CwSaslExchange {
  CwSasl *sasl;
  bool inside_tls;
  unsigned rounds;
};

CwSaslExchange *
cw_sasl_exchange_new (const CwSaslPeer *peer, const CwCredentials *credentials, GError **error)
{
  CwSasl *sasl = cw_sasl_new (peer, credentials, error);
  CwSaslExchange *self;

  if (!sasl)
    return NULL;
  self = g_new0 (CwSaslExchange, 1);
  self->sasl = sasl;
  self->inside_tls = peer->tls_bits > 0;
  return self;
}

void
cw_sasl_exchange_free (CwSaslExchange *self)
{
  if (!self)
    return;
  cw_sasl_free (self->sasl);
  g_free (self);
}

static bool
is_name_byte (uint8_t byte)
{
  return g_ascii_isalnum ((char) byte) || byte == '-' || byte == '_';
}

/* The names with single blanks between them; NULL when it is no list of names. */
static char *
read_names (CwSlice list, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (size_t i = 0; i < list.size; i++) {
    if (is_name_byte (list.data[i])) {
      g_string_append_c (names, (char) list.data[i]);
    } else if (list.data[i] != ',' && list.data[i] != ' ') {
      g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "sasl mechanisms: names at +%zu: %u is not part of a name", i,
                   list.data[i]);
      return NULL;
    } else if (names->len > 0 && names->str[names->len - 1] != ' ') {
      g_string_append_c (names, ' ');
    }
  }
  if (names->len == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_AUTH, _ ("The server offers no kind of SASL at all."));
    return NULL;
  }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

/* Exactly one of the names that were offered. */
static bool
is_offered (const char *names, const char *name)
{
  g_auto (GStrv) all = g_strsplit (names, " ", -1);

  return strlen (name) <= CW_SASL_MAX_NAME && g_strv_contains ((const char *const *) all, name);
}

/* How a piece stands on the wire: with a NUL that is not part of it, or of no length when it is absent. */
static void
frame_piece (CwBuffer *framed, CwSlice piece)
{
  cw_buffer_init (framed, CW_SASL_MAX_DATA + 1);
  if (!piece.data)
    return;
  cw_buffer_append (framed, piece.data, piece.size);
  cw_buffer_u8 (framed, 0);
}

static bool
write_piece (const char *name, CwSlice piece, CwBuffer *out, GError **error)
{
  g_auto (CwBuffer) framed = { 0 };
  bool written;

  frame_piece (&framed, piece);
  if (name) {
    const CwWireSaslStart start = {
      .mechanism = { (const uint8_t *) name, strlen (name) },
      .data = { framed.data, framed.size },
    };

    written = !cw_buffer_failed (&framed) && cw_wire_write (&cw_type_sasl_start, &start, out);
  } else {
    const CwWireSaslStep step = { .data = { framed.data, framed.size } };

    written = !cw_buffer_failed (&framed) && cw_wire_write (&cw_type_sasl_step, &step, out);
  }
  if (framed.data)
    OPENSSL_cleanse (framed.data, framed.size);
  if (!written)
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "sasl: no memory for %zu bytes to send", piece.size);
  return written;
}

bool
cw_sasl_exchange_take_list (CwSaslExchange *self, CwSlice message, CwBuffer *out, GError **error)
{
  CwWireSaslMechanisms *list = cw_wire_read (&cw_type_sasl_mechanisms, "sasl mechanisms", message, error);
  g_autofree char *names = list ? read_names (list->names, error) : NULL;
  const char *name = NULL;
  CwSlice piece;

  cw_wire_free (list);
  if (!names || !cw_sasl_start (self->sasl, names, &name, &piece, error))
    return false;
  if (!name || !is_offered (names, name)) {
    g_set_error (error, CW_ERROR, CW_ERROR_AUTH, _ ("The server does not offer the kind of SASL that would be used."));
    return false;
  }
  return write_piece (name, piece, out, error);
}

/* NULL data when the piece is absent. */
static bool
read_piece (CwSlice message, CwSlice *piece, bool *complete, GError **error)
{
  CwWireSaslReply *reply = cw_wire_read (&cw_type_sasl_reply, "sasl answer", message, error);
  CwSlice framed;

  if (!reply)
    return false;
  framed = reply->data;
  *complete = reply->complete != 0;
  cw_wire_free (reply);
  *piece = (CwSlice){ 0 };
  if (framed.size == 0)
    return true;
  if (framed.data[framed.size - 1] != 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "sasl answer: data: last byte is %u, not 0",
                 framed.data[framed.size - 1]);
    return false;
  }
  *piece = (CwSlice){ framed.data, framed.size - 1 };
  return true;
}

static bool
is_strong (const CwSaslExchange *self, GError **error)
{
  unsigned bits = self->inside_tls ? 0 : cw_sasl_layer_bits (self->sasl);

  if (self->inside_tls || bits >= CW_SASL_MIN_BITS)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The security layer has %u bits, at least %d are needed."), bits,
               CW_SASL_MIN_BITS);
  return false;
}

bool
cw_sasl_exchange_take_reply (CwSaslExchange *self, CwSlice message, bool *complete, CwBuffer *out, GError **error)
{
  CwSlice piece, answer = { 0 };
  bool server_complete;

  if (!read_piece (message, &piece, &server_complete, error))
    return false;
  /* What comes with the last answer is the server's proof, so it is looked at as any other. */
  if (!(server_complete && cw_sasl_is_complete (self->sasl)) && !cw_sasl_step (self->sasl, piece, &answer, error))
    return false;
  *complete = server_complete;
  if (server_complete) {
    if (cw_sasl_is_complete (self->sasl))
      return is_strong (self, error);
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The server has not proved that it knows the password."));
    return false;
  }
  if (++self->rounds > MAX_ROUNDS) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "sasl: more than %d rounds", MAX_ROUNDS);
    return false;
  }
  return write_piece (NULL, answer, out, error);
}

CwErrorCode
cw_sasl_exchange_refusal (const CwSaslExchange *self)
{
  return cw_sasl_refusal (self->sasl);
}

CwSaslLayer *
cw_sasl_exchange_take_layer (CwSaslExchange *self)
{
  return cw_sasl_layer_bits (self->sasl) > 0 && !self->inside_tls ? cw_sasl_layer_new (g_steal_pointer (&self->sasl))
                                                                  : NULL;
}
