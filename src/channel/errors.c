/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as applications see them: a sentence for people, and what is known besides. */
#include "base/i18n.h"
#include "channel/channel.h"
#include "spice-client.h"

/* NULL: the message is a sentence itself. */
static const char *
sentence_of (const GError *error)
{
  switch ((CwErrorCode) error->code) {
  case CW_ERROR_MALFORMED:
    return _ ("The server sent a damaged message.");
  case CW_ERROR_LIMIT:
    return _ ("The server sent more than can be accepted.");
  case CW_ERROR_UNSUPPORTED:
    return _ ("The server uses something that is not supported.");
  case CW_ERROR_MEMORY:
    return _ ("There is not enough memory for what the server sent.");
  case CW_ERROR_STATE:
    return _ ("The server sent a message that does not belong there.");
  case CW_ERROR_AUTH:
  case CW_ERROR_AUTH_USER:
  case CW_ERROR_AUTH_USER_AND_PASSWORD:
  case CW_ERROR_SECURITY:
  case CW_ERROR_CLOSED:
    break;
  }
  return NULL;
}

GError *
cw_channel_public_error (GError *error)
{
  GError *public;
  const char *sentence;

  if (!error || error->domain != CW_ERROR)
    return error;
  /* What begins like a sentence, in whatever language, is one: technical texts begin with the name of a message. */
  sentence = g_unichar_islower (g_utf8_get_char (error->message)) ? sentence_of (error) : NULL;
  if (sentence)
  public = g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "%s (%s)", sentence, error->message);
  else public = g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, error->message);
  g_error_free (error);
  return public;
}
