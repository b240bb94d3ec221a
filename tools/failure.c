/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failure.h"

#include "terminal.h"
#include "text.h"

#include <string.h>

/* How the library says that only a TLS port would do. */
#define NO_TLS_PORT "No usable port"

/* clang-format off */
G_DEFINE_QUARK (caraway-status-error, status_error)
/* clang-format on */

static bool
says (const GError *error, const char *text)
{
  return error && strstr (error->message, text);
}

/* The server takes no connection without TLS. */
static bool
wants_tls (const GError *error)
{
  return says (error, "secur") || says (error, "TLS");
}

static Status
event_status (SpiceChannelEvent event, const GError *error)
{
  switch (event) {
  case SPICE_CHANNEL_ERROR_CONNECT:
    return says (error, NO_TLS_PORT) ? STATUS_TLS : STATUS_CONNECT;
  case SPICE_CHANNEL_ERROR_TLS:
    return STATUS_TLS;
  case SPICE_CHANNEL_ERROR_AUTH:
    return STATUS_AUTH;
  case SPICE_CHANNEL_ERROR_LINK:
    return wants_tls (error) ? STATUS_TLS : STATUS_PROTOCOL;
  default:
    return STATUS_PROTOCOL;
  }
}

static bool
has_password (SpiceSession *session)
{
  char *password = NULL;
  bool has;

  g_object_get (session, "password", &password, NULL);
  has = password && *password;
  text_wipe (password);
  return has;
}

/* What happened, and what could help. */
static const char *
event_text (SpiceSession *session, SpiceChannel *channel, SpiceChannelEvent event, const GError *error)
{
  switch (event) {
  case SPICE_CHANNEL_CLOSED:
    return SPICE_IS_MAIN_CHANNEL (channel)
               ? "the server closed the connection (QEMU serves one client at a time: perhaps "
                 "another one took over, or the machine has ended)"
               : "the server closed the connection";
  case SPICE_CHANNEL_ERROR_CONNECT:
    return says (error, NO_TLS_PORT) ? "the server wants TLS, and the address names no port for it (use "
                                       "spice+tls://HOST:PORT, or ?tls-port=PORT)"
                                     : "cannot connect";
  case SPICE_CHANNEL_ERROR_TLS:
    return says (error, "wrong version number") || says (error, "not speak TLS")
               ? "TLS failed (is this the port without TLS? then use spice://)"
               : "TLS failed";
  case SPICE_CHANNEL_ERROR_AUTH:
    return has_password (session)
               ? "the server refused the password"
               : "the server wants a password (--password-file, CARAWAY_PASSWORD, or a terminal to ask on)";
  case SPICE_CHANNEL_ERROR_LINK:
    if (wants_tls (error))
      return "the server wants TLS (use spice+tls://HOST:PORT, or ?tls-port=PORT)";
    return says (error, "closed") || says (error, "magic") || says (error, "link reply was awaited")
               ? "not a SPICE server, or one that expects TLS on this port (then use spice+tls://)"
               : "not a SPICE server, or it refused the channel";
  default:
    return "the connection broke";
  }
}

/* "main channel 0" is what everybody expects; only others are named. */
static char *
channel_text (SpiceChannel *channel)
{
  int type, id;

  if (SPICE_IS_MAIN_CHANNEL (channel))
    return g_strdup ("");
  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  return g_strdup_printf (" (%s channel %d)", spice_channel_type_to_string (type), id);
}

GError *
failure_of (SpiceSession *session, SpiceChannel *channel, SpiceChannelEvent event)
{
  const GError *error = spice_channel_get_error (channel);
  g_autofree char *uri = NULL; /* as the library composes it: without the password */
  g_autofree char *which = channel_text (channel), *detail = NULL;
  const char *notice = terminal_last_notice ();

  g_object_get (session, "uri", &uri, NULL);
  if (error && event != SPICE_CHANNEL_ERROR_AUTH)
    detail = text_escape (error->message);
  return g_error_new (STATUS_ERROR, event_status (event, error), "%s: %s%s%s%s%s%s", uri ? uri : "the server",
                      event_text (session, channel, event, error), which, detail ? ": " : "", detail ? detail : "",
                      notice ? "; it said: " : "", notice ? notice : "");
}
