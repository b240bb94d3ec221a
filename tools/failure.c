/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failure.h"

#include "terminal.h"
#include "text.h"

#include <string.h>

/* The library's words: only a TLS port would do; a time limit of its own has passed; and what ours say already. */
#define NO_TLS_PORT "No usable port"
#define LATE "in time"
#define COULD_NOT "Could not connect"
#define COULD_NOT_TO COULD_NOT " to "
#define REFUSED_LINK "The server refused the link: "
#define REFUSED_CHANNEL "The server refused the channel: "
#define UNTRUSTED "The server's certificate is not trusted"
#define HANDSHAKE "The TLS handshake failed: "
#define NO_SUBJECT "The expected subject of the server's certificate is not valid"

/* clang-format off */
G_DEFINE_QUARK (caraway-status-error, status_error)
/* clang-format on */

static bool
says (const GError *error, const char *text)
{
  return error && strstr (error->message, text);
}

static bool
has_password (SpiceSession *session)
{
  g_auto (GValue) value = G_VALUE_INIT;
  char *password;
  bool has;

  /* g_object_get () would leave a copy behind. */
  g_value_init (&value, G_TYPE_STRING);
  g_object_get_property (G_OBJECT (session), "password", &value);
  password = (char *) g_value_get_string (&value);
  has = password && *password;
  if (has)
    explicit_bzero (password, strlen (password));
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

static Status
connect_status (const GError *error)
{
  if (says (error, NO_TLS_PORT))
    return STATUS_WANTS_TLS;
  if (says (error, LATE))
    return STATUS_TIMEOUT;
  return error && error->domain == G_RESOLVER_ERROR ? STATUS_UNKNOWN_HOST : STATUS_CONNECT;
}

static Status
tls_status (const GError *error)
{
  if (says (error, LATE))
    return STATUS_TIMEOUT;
  if (says (error, UNTRUSTED) || says (error, "shows no certificate"))
    return STATUS_UNTRUSTED;
  if (says (error, "not valid for the host name") || says (error, "The subject of the server's certificate")
      || says (error, "The public key of the server's certificate"))
    return STATUS_WRONG_PEER;
  if (says (error, NO_SUBJECT))
    return STATUS_USAGE;
  if (says (error, "The CA file") || says (error, "The given CA"))
    return STATUS_FILE;
  return says (error, "wrong version number") ? STATUS_PLAIN_PORT : STATUS_TLS;
}

static Status
link_status (const GError *error)
{
  if (says (error, LATE))
    return STATUS_TIMEOUT;
  if (says (error, "wants a secured connection"))
    return STATUS_WANTS_TLS;
  if (says (error, "(TLS)") || says (error, "while its link reply was awaited"))
    return STATUS_TLS_PORT;
  return says (error, "This is not a SPICE server") ? STATUS_NOT_SPICE : STATUS_PROTOCOL;
}

/* The one place that tells causes apart; what is said goes by it. */
static Status
status_of (SpiceSession *session, SpiceChannel *channel, SpiceChannelEvent event, const GError *error)
{
  if (is_lost (channel, event, error))
    return STATUS_CLOSED;
  switch (event) {
  case SPICE_CHANNEL_ERROR_CONNECT:
    return connect_status (error);
  case SPICE_CHANNEL_ERROR_TLS:
    return tls_status (error);
  case SPICE_CHANNEL_ERROR_AUTH:
    return has_password (session) ? STATUS_AUTH : STATUS_NO_PASSWORD;
  case SPICE_CHANNEL_ERROR_LINK:
    return link_status (error);
  default:
    return STATUS_PROTOCOL;
  }
}

/* A message: what happened and what could help, and how the library's words follow, less what is said already. */
typedef struct {
  const char *text, *joint;
  const char *skipped; /* how those words may begin */
} Words;

/* Without a joint the library's words do not follow. */
static Words
words_of (Status status, SpiceChannelEvent event, const GError *error)
{
  switch (status) {
  case STATUS_CONNECT:
    if (error && g_str_has_prefix (error->message, COULD_NOT_TO)) /* not where a proxy stands before it */
      return (Words){ "cannot connect", " to ", COULD_NOT_TO };
    return (Words){ "cannot connect", ": ", COULD_NOT ": " };
  case STATUS_UNKNOWN_HOST:
    return (Words){ "the host is not known (is its name right?)", ": " };
  case STATUS_TIMEOUT:
    return (Words){ "the server is too slow, or nobody is there", ": " };
  case STATUS_WANTS_TLS:
    return (Words){ says (error, NO_TLS_PORT) ? "the server wants TLS, and the address names no port for it (use "
                                                "spice+tls://HOST:PORT, or ?tls-port=PORT)"
                                              : "the server wants TLS (use spice+tls://HOST:PORT, or ?tls-port=PORT)" };
  case STATUS_TLS_PORT:
    if (says (error, "(TLS)"))
      return (Words){ "this port is for TLS (use spice+tls://HOST:PORT, or ?tls-port=PORT)" };
    return (Words){ "not a SPICE server, or one that expects TLS on this port (then use spice+tls://)", ": " };
  case STATUS_PLAIN_PORT:
    return (Words){ "TLS failed (is this the port without TLS? then use spice://)", ": ", HANDSHAKE };
  case STATUS_UNTRUSTED:
    return (Words){ "the server's certificate is not trusted (--ca-file names its authority, --pubkey-file its key)",
                    says (error, UNTRUSTED) ? "" : ": ", UNTRUSTED };
  case STATUS_WRONG_PEER:
    return (Words){ "the certificate is not that of the server that was meant (--cert-subject or --pubkey-file say "
                    "which one is)",
                    ": " };
  case STATUS_USAGE:
    return (Words){ "the subject that the certificate shall have is not valid", "", NO_SUBJECT };
  case STATUS_FILE:
    return (Words){ "there is no certificate authority to trust", ": " };
  case STATUS_TLS:
    return (Words){ "TLS failed", ": ", HANDSHAKE };
  case STATUS_AUTH:
    return (Words){ "the server refused the password" };
  case STATUS_NO_PASSWORD:
    return (Words){ "the server wants a password (--password-file, CARAWAY_PASSWORD, or a terminal to ask on)" };
  case STATUS_NOT_SPICE:
    return (Words){ "not a SPICE server", "", "This is not a SPICE server" };
  case STATUS_CLOSED:
    return (Words){ "the server closed the connection" };
  default:
    if (event == SPICE_CHANNEL_ERROR_LINK && (says (error, REFUSED_LINK) || says (error, REFUSED_CHANNEL)))
      return (Words){ "the server refused the connection", ": ",
                      says (error, REFUSED_LINK) ? REFUSED_LINK : REFUSED_CHANNEL };
    if (event == SPICE_CHANNEL_ERROR_LINK && says (error, "refuses a secured connection"))
      return (Words){ "the server refuses TLS for this channel (use spice://HOST:PORT, or ?port=PORT)" };
    return (Words){ event == SPICE_CHANNEL_ERROR_LINK ? "not a SPICE server, or it refused the channel"
                                                      : "the connection broke",
                    ": " };
  }
}

/* The library's words behind ours, or nothing. */
static char *
detail_of (const Words *words, const GError *error)
{
  const char *text = error ? error->message : "unknown reason";
  g_autofree char *escaped = NULL;

  if (!words->joint)
    return g_strdup ("");
  if (words->skipped && g_str_has_prefix (text, words->skipped))
    text += strlen (words->skipped);
  escaped = text_escape (text);
  if (g_str_has_suffix (escaped, ".")) /* something may follow, and our own have none either */
    escaped[strlen (escaped) - 1] = 0;
  return g_strconcat (words->joint, escaped, NULL);
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
  const Status status = status_of (session, channel, event, error);
  const Words words = words_of (status, event, error);
  g_autofree char *uri = NULL; /* as the library composes it: without the password */
  g_autofree char *note = note_text (channel, status == STATUS_CLOSED);
  g_autofree char *detail = detail_of (&words, error);
  const char *notice = terminal_last_notice ();

  g_object_get (session, "uri", &uri, NULL);
  return g_error_new (STATUS_ERROR, status, "%s: %s%s%s%s%s", uri ? uri : "the server", words.text, note, detail,
                      notice ? "; it said: " : "", notice ? notice : "");
}
