/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In place of a SASL library. */
#include "base/i18n.h"
#include "link/sasl.h"

bool
cw_sasl_is_available (void)
{
  return false;
}

CwSasl *
cw_sasl_new (const CwSaslPeer *peer, const CwCredentials *credentials, GError **error)
{
  g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, _ ("SASL is not built in."));
  return NULL;
}

void
cw_sasl_free (CwSasl *self)
{
  g_assert (!self);
}

bool
cw_sasl_start (CwSasl *self, const char *mechanisms, const char **name, CwSlice *data, GError **error)
{
  g_assert_not_reached ();
}

bool
cw_sasl_step (CwSasl *self, CwSlice in, CwSlice *out, GError **error)
{
  g_assert_not_reached ();
}

bool
cw_sasl_is_complete (const CwSasl *self)
{
  g_assert_not_reached ();
}

CwErrorCode
cw_sasl_refusal (const CwSasl *self)
{
  g_assert_not_reached ();
}

unsigned
cw_sasl_layer_bits (const CwSasl *self)
{
  g_assert_not_reached ();
}

size_t
cw_sasl_max_plain (const CwSasl *self)
{
  g_assert_not_reached ();
}

bool
cw_sasl_encode (CwSasl *self, CwSlice plain, CwSlice *coded, GError **error)
{
  g_assert_not_reached ();
}

bool
cw_sasl_decode (CwSasl *self, CwSlice coded, CwSlice *plain, GError **error)
{
  g_assert_not_reached ();
}
