/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SASL by Cyrus' libsasl2. */
#include "base/i18n.h"
#include "link/sasl.h"

#include <openssl/crypto.h>
#include <sasl/sasl.h>
#include <string.h>

#define SERVICE "spice"
#define MAX_QUESTIONS 8 /* rounds of them in one step */

enum {
  ASKED_USER = 1 << 0,
  ASKED_PASSWORD = 1 << 1,
};

struct CwSasl {
  sasl_conn_t *conn;
  sasl_callback_t callbacks[5];
  CwCredentials credentials;
  unsigned asked;
  bool unanswered; /* something was asked for that was not given */
  bool complete;
};

bool
cw_sasl_is_available (void)
{
  return true;
}

static int
on_log (void *context, int level, const char *text)
{
  if (level <= SASL_LOG_NOTE)
    g_debug ("SASL: %s", text);
  return SASL_OK;
}

static int
on_realm (void *context, int id, const char **offered, const char **result)
{
  const CwSasl *self = context;

  *result = self->credentials.realm ? self->credentials.realm : offered ? offered[0] : NULL;
  return *result ? SASL_OK : SASL_FAIL;
}

/* The library calls back by functions without a prototype. */
typedef int (*Callback) (void);

static bool
set_up_library (void)
{
  static const sasl_callback_t callbacks[] = {
    { SASL_CB_LOG, (Callback) (void *) on_log, NULL },
    { SASL_CB_LIST_END, NULL, NULL },
  };
  static gsize result;

  if (g_once_init_enter (&result))
    g_once_init_leave (&result, sasl_client_init (callbacks) == SASL_OK ? 1 : 2);
  return result == 1;
}

static bool
fail (const CwSasl *self, int result, const char *what, GError **error)
{
  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "%s: %s", _ (what),
               self && self->conn ? sasl_errdetail (self->conn) : sasl_errstring (result, NULL, NULL));
  return false;
}

static bool
secure (CwSasl *self, const CwSaslPeer *peer, GError **error)
{
  bool inside_tls = peer->tls_bits > 0;
  sasl_ssf_t bits = peer->tls_bits;
  sasl_security_properties_t properties = {
    .min_ssf = inside_tls ? 0 : CW_SASL_MIN_BITS,
    .max_ssf = inside_tls ? 0 : 100000,
    .maxbufsize = CW_SASL_MAX_PACKET,
    .security_flags = inside_tls ? 0 : SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT,
  };
  int result = sasl_setprop (self->conn, SASL_SEC_PROPS, &properties);

  if (result == SASL_OK && inside_tls)
    result = sasl_setprop (self->conn, SASL_SSF_EXTERNAL, &bits);
  return result == SASL_OK || fail (self, result, N_ ("SASL cannot be set up"), error);
}

CwSasl *
cw_sasl_new (const CwSaslPeer *peer, const CwCredentials *credentials, GError **error)
{
  g_autoptr (CwSasl) self = g_new0 (CwSasl, 1);
  int result;

  cw_credentials_copy (&self->credentials, credentials);
  self->callbacks[0] = (sasl_callback_t){ SASL_CB_AUTHNAME, NULL, NULL };
  self->callbacks[1] = (sasl_callback_t){ SASL_CB_PASS, NULL, NULL };
  self->callbacks[2] = (sasl_callback_t){ SASL_CB_GETREALM, (Callback) (void *) on_realm, self };
  self->callbacks[3] = (sasl_callback_t){ SASL_CB_LOG, (Callback) (void *) on_log, NULL };
  self->callbacks[4] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
  if (!set_up_library ()) {
    fail (NULL, SASL_FAIL, N_ ("SASL cannot be set up"), error);
    return NULL;
  }
  result = sasl_client_new (SERVICE, peer->host ? peer->host : "localhost", peer->local, peer->remote, self->callbacks,
                            SASL_SUCCESS_DATA, &self->conn);
  if (result != SASL_OK) {
    fail (NULL, result, N_ ("SASL cannot be set up"), error);
    return NULL;
  }
  return secure (self, peer, error) ? g_steal_pointer (&self) : NULL;
}

void
cw_sasl_free (CwSasl *self)
{
  if (!self)
    return;
  if (self->conn)
    sasl_dispose (&self->conn);
  cw_credentials_wipe (&self->credentials);
  g_free (self);
}

/* Notes all questions, and whether one has no answer; that is then empty, as the library frees what it keeps for its
 * questions only once they are answered. */
static void
answer (CwSasl *self, sasl_interact_t *questions)
{
  for (; questions->id != SASL_CB_LIST_END; questions++) {
    const char *text = NULL;

    if (questions->id == SASL_CB_AUTHNAME || questions->id == SASL_CB_USER) {
      self->asked |= ASKED_USER;
      text = self->credentials.user;
    } else if (questions->id == SASL_CB_PASS) {
      self->asked |= ASKED_PASSWORD;
      text = self->credentials.password;
    }
    self->unanswered = self->unanswered || !text;
    questions->result = text ? text : "";
    questions->len = text ? (unsigned) strlen (text) : 0;
  }
}

CwErrorCode
cw_sasl_refusal (const CwSasl *self)
{
  if (!(self->asked & ASKED_USER))
    return CW_ERROR_AUTH;
  return self->asked & ASKED_PASSWORD ? CW_ERROR_AUTH_USER_AND_PASSWORD : CW_ERROR_AUTH_USER;
}

static void
say_missing (const CwSasl *self, GError **error)
{
  CwErrorCode code = cw_sasl_refusal (self);

  g_set_error (error, CW_ERROR, (int) code, "%s",
               code == CW_ERROR_AUTH                     ? _ ("The server wants a password.")
               : code == CW_ERROR_AUTH_USER_AND_PASSWORD ? _ ("The server wants a user name and a password.")
                                                         : _ ("The server wants a user name."));
}

/* What a call of the library came to. A piece that is there but empty has a pointer. */
static bool
take (CwSasl *self, int result, const char *out, unsigned size, CwSlice *data, GError **error)
{
  if (self->unanswered) {
    say_missing (self, error);
    return false;
  }
  if (result != SASL_OK && result != SASL_CONTINUE) {
    g_set_error (error, CW_ERROR, (int) cw_sasl_refusal (self), _ ("The authentication failed: %s"),
                 sasl_errdetail (self->conn));
    return false;
  }
  if (size > CW_SASL_MAX_DATA) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "sasl: %u bytes to send, at most %d", size, CW_SASL_MAX_DATA);
    return false;
  }
  self->complete = result == SASL_OK;
  *data = (CwSlice){ (const uint8_t *) out, out ? size : 0 };
  return true;
}

bool
cw_sasl_start (CwSasl *self, const char *mechanisms, const char **name, CwSlice *data, GError **error)
{
  sasl_interact_t *questions = NULL;
  const char *out = NULL;
  unsigned size = 0;
  int result = SASL_INTERACT;

  for (int i = 0; result == SASL_INTERACT && i < MAX_QUESTIONS; i++) {
    result = sasl_client_start (self->conn, mechanisms, &questions, &out, &size, name);
    if (result == SASL_INTERACT)
      answer (self, questions);
  }
  if (result == SASL_NOMECH) {
    g_set_error (error, CW_ERROR, CW_ERROR_AUTH, _ ("The server offers no kind of SASL that can be used here: %s"),
                 mechanisms);
    return false;
  }
  return take (self, result, out, size, data, error);
}

bool
cw_sasl_step (CwSasl *self, CwSlice in, CwSlice *out, GError **error)
{
  sasl_interact_t *questions = NULL;
  const char *bytes = NULL;
  unsigned size = 0;
  int result = SASL_INTERACT;

  for (int i = 0; result == SASL_INTERACT && i < MAX_QUESTIONS; i++) {
    result = sasl_client_step (self->conn, (const char *) in.data, (unsigned) in.size, &questions, &bytes, &size);
    if (result == SASL_INTERACT)
      answer (self, questions);
  }
  return take (self, result, bytes, size, out, error);
}

bool
cw_sasl_is_complete (const CwSasl *self)
{
  return self->complete;
}

unsigned
cw_sasl_layer_bits (const CwSasl *self)
{
  const void *bits = NULL;

  return sasl_getprop (self->conn, SASL_SSF, &bits) == SASL_OK && bits ? *(const sasl_ssf_t *) bits : 0;
}

size_t
cw_sasl_max_plain (const CwSasl *self)
{
  const void *most = NULL;

  if (sasl_getprop (self->conn, SASL_MAXOUTBUF, &most) != SASL_OK || !most)
    return 0;
  return *(const unsigned *) most;
}

bool
cw_sasl_encode (CwSasl *self, CwSlice plain, CwSlice *coded, GError **error)
{
  const char *out = NULL;
  unsigned size = 0;
  int result = sasl_encode (self->conn, (const char *) plain.data, (unsigned) plain.size, &out, &size);

  if (result != SASL_OK)
    return fail (self, result, N_ ("The SASL security layer cannot encode"), error);
  *coded = (CwSlice){ (const uint8_t *) out, size };
  return true;
}

bool
cw_sasl_decode (CwSasl *self, CwSlice coded, CwSlice *plain, GError **error)
{
  const char *out = NULL;
  unsigned size = 0;
  int result = sasl_decode (self->conn, (const char *) coded.data, (unsigned) coded.size, &out, &size);

  if (result != SASL_OK)
    return fail (self, result, N_ ("The server's data breaks the SASL security layer"), error);
  *plain = (CwSlice){ (const uint8_t *) out, size };
  return true;
}
