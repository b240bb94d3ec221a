/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link/sasl-layer.h"
#include "base/i18n.h"

#include <string.h>

#define SIZE_BYTES 4
#define MAX_WAITING (4 * CW_SASL_MAX_PACKET) /* bytes; whoever feeds more reads first */

struct CwSaslLayer {
  CwSasl *sasl;
  CwBuffer packet;    /* as far as it has come, its size in front */
  size_t packet_size; /* SIZE_BYTES until the size is there */
  CwBuffer plain;
  size_t plain_read;
};

CwSaslLayer *
cw_sasl_layer_new (CwSasl *sasl)
{
  CwSaslLayer *self = g_new0 (CwSaslLayer, 1);

  self->sasl = sasl;
  self->packet_size = SIZE_BYTES;
  cw_buffer_init (&self->packet, SIZE_BYTES + CW_SASL_MAX_PACKET);
  cw_buffer_init (&self->plain, MAX_WAITING);
  return self;
}

void
cw_sasl_layer_free (CwSaslLayer *self)
{
  if (!self)
    return;
  cw_sasl_free (self->sasl);
  cw_buffer_clear (&self->packet);
  cw_buffer_clear (&self->plain);
  g_free (self);
}

size_t
cw_sasl_layer_wanted (const CwSaslLayer *self)
{
  return self->packet_size - self->packet.size;
}

static bool
take_size (CwSaslLayer *self, GError **error)
{
  uint32_t size;

  memcpy (&size, self->packet.data, sizeof size);
  size = GUINT32_FROM_BE (size);
  if (size > CW_SASL_MAX_PACKET) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "sasl packet: size: %u > %d", size, CW_SASL_MAX_PACKET);
    return false;
  }
  self->packet_size = SIZE_BYTES + size;
  return true;
}

static bool
take_packet (CwSaslLayer *self, GError **error)
{
  CwSlice plain;

  if (!cw_sasl_decode (self->sasl, (CwSlice){ self->packet.data, self->packet.size }, &plain, error))
    return false;
  cw_buffer_append (&self->plain, plain.data, plain.size);
  self->packet.size = 0;
  self->packet_size = SIZE_BYTES;
  return true;
}

bool
cw_sasl_layer_feed (CwSaslLayer *self, CwSlice coded, GError **error)
{
  for (size_t at = 0; at < coded.size;) {
    size_t n = MIN (cw_sasl_layer_wanted (self), coded.size - at);

    cw_buffer_append (&self->packet, coded.data + at, n);
    at += n;
    if (cw_sasl_layer_wanted (self) == 0 && self->packet_size == SIZE_BYTES && !take_size (self, error))
      return false;
    if (cw_sasl_layer_wanted (self) == 0 && !take_packet (self, error))
      return false;
    if (cw_buffer_failed (&self->packet) || cw_buffer_failed (&self->plain)) {
      g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "sasl packet: no memory for %zu bytes", self->packet_size);
      return false;
    }
  }
  return true;
}

size_t
cw_sasl_layer_waiting (const CwSaslLayer *self)
{
  return self->plain.size - self->plain_read;
}

size_t
cw_sasl_layer_read (CwSaslLayer *self, void *out, size_t size)
{
  size_t n = MIN (size, cw_sasl_layer_waiting (self));

  if (n > 0)
    memcpy (out, self->plain.data + self->plain_read, n);
  self->plain_read += n;
  if (cw_sasl_layer_waiting (self) == 0)
    self->plain.size = self->plain_read = 0;
  return n;
}

bool
cw_sasl_layer_encode (CwSaslLayer *self, CwSlice plain, CwBuffer *coded, GError **error)
{
  size_t most = cw_sasl_max_plain (self->sasl);

  if (most == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The server takes no data through the SASL security layer."));
    return false;
  }
  for (size_t at = 0; at < plain.size; at += MIN (most, plain.size - at)) {
    CwSlice packet;

    if (!cw_sasl_encode (self->sasl, (CwSlice){ plain.data + at, MIN (most, plain.size - at) }, &packet, error))
      return false;
    cw_buffer_append (coded, packet.data, packet.size);
  }
  if (cw_buffer_failed (coded)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "sasl packet: no memory for %zu bytes", plain.size);
    return false;
  }
  return true;
}
