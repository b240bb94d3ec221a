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
  return says (error, "wants a secured connection") || says (error, "(TLS)");
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

/* The connection ended without a word, whatever was being done on this channel. */
static bool
is_lost (SpiceChannel *channel, SpiceChannelEvent event, const GError *error)
{
  if (event == SPICE_CHANNEL_ERROR_LINK)
    return !SPICE_IS_MAIN_CHANNEL (channel)
           && (says (error, "closed the connection") || says (error, "connection failed"));
  return event == SPICE_CHANNEL_CLOSED
         || (event == SPICE_CHANNEL_ERROR_IO && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED));
}

/* What stands behind the beginning of a message; NULL: it begins otherwise. */
static const char *
rest_of (const GError *error, const char *begin)
{
  return error && g_str_has_prefix (error->message, begin) ? error->message + strlen (begin) : NULL;
}

/* A message: what happened and what could help, and how the library's words follow, less what is said already. */
typedef struct {
  const char *text, *joint;
  const char *detail; /* NULL: nothing follows */
} Words;

static Words
connect_words (const GError *error)
{
  const char *address = rest_of (error, "Could not connect to ");

  if (says (error, NO_TLS_PORT))
    return (Words){ "the server wants TLS, and the address names no port for it (use spice+tls://HOST:PORT, or "
                    "?tls-port=PORT)" };
  return address ? (Words){ "cannot connect", " to ", address } : (Words){ "cannot connect", ": ", error->message };
}

static Words
tls_words (const GError *error)
{
  const char *reason = rest_of (error, "The TLS handshake failed: ");

  return (Words){ says (error, "wrong version number") || says (error, "not speak TLS")
                      ? "TLS failed (is this the port without TLS? then use spice://)"
                      : "TLS failed",
                  ": ", reason ? reason : error->message };
}

static Words
link_words (const GError *error)
{
  const char *other = rest_of (error, "This is not a SPICE server");

  if (wants_tls (error))
    return (Words){ "the server wants TLS (use spice+tls://HOST:PORT, or ?tls-port=PORT)" };
  if (other)
    return (Words){ "not a SPICE server", "", other };
  return (Words){ says (error, "closed") || says (error, "magic") || says (error, "link reply was awaited")
                      ? "not a SPICE server, or one that expects TLS on this port (then use spice+tls://)"
                      : "not a SPICE server, or it refused the channel",
                  ": ", error->message };
}

static Words
event_words (SpiceSession *session, SpiceChannel *channel, SpiceChannelEvent event, const GError *error)
{
  static const GError none = { .message = (char *) "unknown reason" };
  const GError *reason = error ? error : &none;

  if (is_lost (channel, event, error))
    return (Words){ "the server closed the connection" };
  switch (event) {
  case SPICE_CHANNEL_ERROR_CONNECT:
    return connect_words (reason);
  case SPICE_CHANNEL_ERROR_TLS:
    return tls_words (reason);
  case SPICE_CHANNEL_ERROR_AUTH:
    return (Words){ has_password (session) ? "the server refused the password"
                                           : "the server wants a password (--password-file, CARAWAY_PASSWORD, or a "
                                             "terminal to ask on)" };
  case SPICE_CHANNEL_ERROR_LINK:
    return link_words (reason);
  default:
    return (Words){ "the connection broke", ": ", reason->message };
  }
}

/* In brackets: which channel it was ("main channel 0" is what everybody expects), and why servers end connections. The
 * channels of one client end together, and any of them may be seen first. */
static char *
note_text (SpiceChannel *channel, bool lost)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int type, id;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    g_string_append_printf (text, "%s channel %d", spice_channel_type_to_string (type), id);
  if (lost)
    g_string_append_printf (text,
                            "%sQEMU serves one client at a time: perhaps another one took over, or the machine has "
                            "ended",
                            text->len > 0 ? "; " : "");
  return text->len > 0 ? g_strdup_printf (" (%s)", text->str) : g_strdup ("");
}

GError *
failure_of (SpiceSession *session, SpiceChannel *channel, SpiceChannelEvent event)
{
  const GError *error = spice_channel_get_error (channel);
  const Words words = event_words (session, channel, event, error);
  g_autofree char *uri = NULL; /* as the library composes it: without the password */
  g_autofree char *note = note_text (channel, is_lost (channel, event, error));
  g_autofree char *detail = words.detail ? text_escape (words.detail) : NULL;
  const char *notice = terminal_last_notice ();

  g_object_get (session, "uri", &uri, NULL);
  return g_error_new (STATUS_ERROR, event_status (event, error), "%s: %s%s%s%s%s%s", uri ? uri : "the server",
                      words.text, note, detail ? words.joint : "", detail ? detail : "", notice ? "; it said: " : "",
                      notice ? notice : "");
}
