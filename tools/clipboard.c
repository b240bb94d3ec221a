/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway clipboard: the guest's clipboard as standard input and output. */
#include "commands.h"
#include "guest.h"
#include "input.h"
#include "output.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  const char *name;
  guint32 type;
  const char *magic; /* what such content begins with, or NULL */
  gsize magic_size;
} Type;

static const Type types[] = {
  { "text", VD_AGENT_CLIPBOARD_UTF8_TEXT, NULL, 0 },
  { "png", VD_AGENT_CLIPBOARD_IMAGE_PNG, "\x89PNG\r\n\x1a\n", 8 },
  { "bmp", VD_AGENT_CLIPBOARD_IMAGE_BMP, "BM", 2 },
  { "tiff", VD_AGENT_CLIPBOARD_IMAGE_TIFF, "II*\0", 4 },
  { "jpeg", VD_AGENT_CLIPBOARD_IMAGE_JPG, "\xff\xd8\xff", 3 },
};

static const char *const selections[] = { "clipboard", "primary", "secondary" };

/* Within a guest, content goes on in pieces: X servers take no longer requests at the least. */
#define PIECE_SIZE (65535 * 4)
/* How often more than there are pieces, and how many milliseconds apart, the agent is asked before it is left. */
#define MORE_QUESTIONS 10
#define BETWEEN_QUESTIONS_MS 50

typedef struct {
  SpiceMainChannel *channel;
  guint selection;
  const Type *type; /* NULL: what is there */
  gint64 loops;     /* how often content is still given away */

  guint32 offered; /* bit set of types that the guest has */
  bool grabbed;
  GByteArray *content;
  bool answered; /* a question of ours */
  bool lends;    /* content, until it has been given away */
  bool agent_left;
  bool interrupted;
} Clipboard;

static bool
is_mine (const Clipboard *self, guint selection)
{
  return selection == self->selection;
}

static gboolean
on_grab (SpiceMainChannel *channel, guint selection, gpointer offered, guint n, Clipboard *self)
{
  if (!is_mine (self, selection))
    return FALSE;
  self->offered = 0;
  for (guint i = 0; i < n; i++)
    self->offered |= 1u << ((const guint32 *) offered)[i];
  self->grabbed = true;
  return TRUE;
}

static void
on_content (SpiceMainChannel *channel, guint selection, guint type, gpointer bytes, guint size, Clipboard *self)
{
  if (!is_mine (self, selection) || self->answered)
    return;
  self->answered = true;
  if (!self->loops)
    g_byte_array_append (self->content, bytes, size);
}

static gboolean
on_request (SpiceMainChannel *channel, guint selection, guint type, Clipboard *self)
{
  if (!is_mine (self, selection))
    return FALSE;
  if (type != self->type->type || self->loops == 0) {
    spice_main_channel_clipboard_selection_notify (channel, selection, type, NULL, 0);
    return TRUE;
  }
  spice_main_channel_clipboard_selection_notify (channel, selection, type, self->content->data, self->content->len);
  if (self->loops > 0)
    self->loops--;
  return TRUE;
}

static void
lend (const Clipboard *self)
{
  guint32 type = self->type->type;

  spice_main_channel_clipboard_selection_grab (self->channel, self->selection, &type, 1);
}

/* Of what was lent an agent before it, a new one knows nothing: one comes with each log-in. */
static void
on_agent (SpiceMainChannel *channel, Clipboard *self)
{
  gboolean connected;

  g_object_get (channel, "agent-connected", &connected, NULL);
  if (self->loops == 0) {
    self->agent_left |= !connected;
    return;
  }
  if (self->lends && spice_main_channel_agent_test_capability (channel, VD_AGENT_CAP_CLIPBOARD_BY_DEMAND))
    lend (self);
}

static bool
is_grabbed (gpointer data)
{
  return ((Clipboard *) data)->grabbed;
}

static bool
is_answered (gpointer data)
{
  return ((Clipboard *) data)->answered;
}

static bool
is_answered_or_left (gpointer data)
{
  return ((Clipboard *) data)->answered || ((Clipboard *) data)->agent_left;
}

static bool
is_given_away (gpointer data)
{
  Clipboard *self = data;

  return self->loops == 0 || self->grabbed || self->interrupted;
}

static gboolean
on_interrupt (gpointer data)
{
  ((Clipboard *) data)->interrupted = true;
  return G_SOURCE_CONTINUE;
}

static bool
guest_uses_crlf (const Clipboard *self)
{
  return self->type->type == VD_AGENT_CLIPBOARD_UTF8_TEXT
         && spice_main_channel_agent_test_capability (self->channel, VD_AGENT_CAP_GUEST_LINEEND_CRLF);
}

/* In place; content only becomes shorter. */
static void
crlf_to_lf (GByteArray *content)
{
  guint to = 0;

  for (guint at = 0; at < content->len; at++)
    if (content->data[at] != '\r' || at + 1 == content->len || content->data[at + 1] != '\n')
      content->data[to++] = content->data[at];
  g_byte_array_set_size (content, to);
}

static GByteArray *
lf_to_crlf (const GByteArray *content)
{
  GByteArray *out = g_byte_array_sized_new (content->len + content->len / 16);

  for (guint at = 0; at < content->len; at++) {
    if (content->data[at] == '\n' && (at == 0 || content->data[at - 1] != '\r'))
      g_byte_array_append (out, (const guint8 *) "\r", 1);
    g_byte_array_append (out, &content->data[at], 1);
  }
  return out;
}

static bool
read_input (Clipboard *self, GError **error)
{
  size_t size;
  char *data = input_read ("-", G_MAXINT, &size, error);

  if (data)
    g_byte_array_append (self->content, (const guint8 *) data, (guint) size);
  g_free (data);
  return data != NULL;
}

static bool
write_output (const GByteArray *content, GError **error)
{
  if (fwrite (content->data, 1, content->len, stdout) == content->len && fflush (stdout) == 0)
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_FILE, "cannot write the output: %s", g_strerror (errno));
  return false;
}

/* The type that was asked for, or the best that there is. */
static bool
choose_type (Clipboard *self, GError **error)
{
  GString *offered;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    if ((self->offered & 1u << types[i].type) && (!self->type || self->type == &types[i])) {
      self->type = &types[i];
      return true;
    }
  }
  offered = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (self->offered & 1u << types[i].type)
      g_string_append_printf (offered, "%s%s", offered->len > 0 ? ", " : "", types[i].name);
  g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED, "the guest's %s holds no %s, only: %s",
               selections[self->selection], self->type ? self->type->name : "text or image",
               offered->len > 0 ? offered->str : "something else");
  g_string_free (offered, TRUE);
  return false;
}

/* Images are nothing for a terminal. */
static bool
check_output (const Type *type, GError **error)
{
  return type->type == VD_AGENT_CLIPBOARD_UTF8_TEXT || output_check_stdout ("", error);
}

static bool
get (Clipboard *self, Client *client, GError **error)
{
  if (!client_wait (client, is_grabbed, self, "the guest to copy something", error) || !choose_type (self, error)
      || !check_output (self->type, error))
    return false;
  spice_main_channel_clipboard_selection_request (self->channel, self->selection, self->type->type);
  if (!client_wait (client, is_answered, self, "the content", error))
    return false;
  if (self->content->len == 0) {
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the guest has no content to give, or too much");
    return false;
  }
  if (guest_uses_crlf (self))
    crlf_to_lf (self->content);
  return write_output (self->content, error);
}

/* What the input seems to be. */
static bool
guess_type (Clipboard *self, GError **error)
{
  for (gsize i = 0; !self->type && i < G_N_ELEMENTS (types); i++)
    if (types[i].magic && self->content->len >= types[i].magic_size
        && memcmp (self->content->data, types[i].magic, types[i].magic_size) == 0)
      self->type = &types[i];
  if (!self->type)
    self->type = &types[0];
  if (self->type == &types[0] && !g_utf8_validate_len ((const char *) self->content->data, self->content->len, NULL)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "the input is neither UTF-8 text nor an image; see --type");
    return false;
  }
  return true;
}

/* The agent has heard all when it has answered a question that came behind it. */
static bool
ask (Clipboard *self, Client *client, GError **error)
{
  self->answered = false;
  if (!self->agent_left)
    spice_main_channel_clipboard_selection_request (self->channel, self->selection, self->type->type);
  if (!client_run (client, is_answered_or_left, self, error))
    return false;
  if (!self->answered)
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the guest agent has gone while it was given the content");
  return self->answered;
}

/* Agents since 0.23 drop the pieces that the pasting program has yet to take when the client goes, and nothing tells
 * that it has the last one. As the answers come from between the pieces, a slow guest makes this longer. */
static bool
settle (Clipboard *self, Client *client, GError **error)
{
  guint questions = self->content->len < PIECE_SIZE / 2 ? 0 : self->content->len / PIECE_SIZE + MORE_QUESTIONS;

  if (!ask (self, client, error))
    return false;
  for (guint i = 0; i < questions; i++)
    if (!client_sleep (client, BETWEEN_QUESTIONS_MS, error) || !ask (self, client, error))
      return false;
  return true;
}

static bool
set (Clipboard *self, Client *client, GError **error)
{
  guint interrupt;
  bool ok;

  if (guest_uses_crlf (self)) {
    GByteArray *lf = self->content;

    self->content = lf_to_crlf (lf);
    g_byte_array_unref (lf);
  }
  g_object_set (self->channel, "max-clipboard", -1, NULL);
  lend (self);
  self->lends = true;
  self->grabbed = false;
  interrupt = g_unix_signal_add (SIGINT, on_interrupt, self);
  ok = client_run (client, is_given_away, self, error);
  g_source_remove (interrupt);
  if (ok && self->loops == 0)
    return settle (self, client, error);
  if (ok && self->loops > 0 && self->grabbed) {
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the guest has copied something else before it has pasted this");
    return false;
  }
  return ok;
}

static bool
find_name (const char *what, const char *name, const char *const *names, guint n, guint *index, GError **error)
{
  for (guint i = 0; i < n; i++) {
    if (strcmp (name, names[i]) == 0) {
      *index = i;
      return true;
    }
  }
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--%s: \"%s\" is none; see --help", what, name);
  return false;
}

static bool
parse_names (Clipboard *self, const char *selection, const char *type, GError **error)
{
  const char *names[G_N_ELEMENTS (types)];
  guint index;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    names[i] = types[i].name;
  if (selection && !find_name ("selection", selection, selections, G_N_ELEMENTS (selections), &self->selection, error))
    return false;
  if (type && !find_name ("type", type, names, G_N_ELEMENTS (types), &index, error))
    return false;
  self->type = type ? &types[index] : NULL;
  return true;
}

static bool
prepare (Clipboard *self, Client *client, const char *uri, GError **error)
{
  if (!client_connect_main (client, uri, error))
    return false;
  self->channel = client_main (client);
  g_signal_connect (self->channel, "main-clipboard-selection-grab", G_CALLBACK (on_grab), self);
  g_signal_connect (self->channel, "main-clipboard-selection", G_CALLBACK (on_content), self);
  g_signal_connect (self->channel, "main-clipboard-selection-request", G_CALLBACK (on_request), self);
  g_signal_connect (self->channel, "main-agent-update", G_CALLBACK (on_agent), self);
  if (!guest_wait (client, VD_AGENT_CAP_CLIPBOARD_BY_DEMAND, "clipboard", error))
    return false;
  if (self->selection == 0
      || spice_main_channel_agent_test_capability (self->channel, VD_AGENT_CAP_CLIPBOARD_SELECTION))
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED, "the guest has no %s selection", selections[self->selection]);
  return false;
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autofree char *selection = NULL, *type = NULL;
  Clipboard self = { 0 };
  gint64 loops = 1;
  const GOptionEntry entries[] = {
    { "selection", 0, 0, G_OPTION_ARG_STRING, &selection, "clipboard (the default), primary or secondary", "NAME" },
    { "type", 0, 0, G_OPTION_ARG_STRING, &type, "text, png, bmp, tiff or jpeg (default: what it is)", "TYPE" },
    { "loops", 'l', 0, G_OPTION_ARG_INT64, &loops,
      "set: how often the content is pasted before the command ends (default 1; 0: until something else is copied)",
      "N" },
    { 0 },
  };
  bool ok, is_set;

  if (!command_parse (&command_clipboard, client, entries,
                      "get: waits until the guest has copied something, and writes it to standard output.\n"
                      "set: lets the guest paste standard input, and stays until it has done so.",
                      &argc, &argv, 2, 2, error)
      || !parse_names (&self, selection, type, error))
    return false;
  is_set = strcmp (argv[1], "set") == 0;
  if ((!is_set && strcmp (argv[1], "get") != 0) || loops < 0) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE,
                 loops < 0 ? "--loops must not be negative" : "\"%s\" is neither get nor set", argv[1]);
    return false;
  }
  if (!is_set && self.type && !check_output (self.type, error))
    return false;
  self.content = g_byte_array_new ();
  self.loops = !is_set ? 0 : loops == 0 ? -1 : loops;
  ok = (!is_set || (read_input (&self, error) && guess_type (&self, error))) && prepare (&self, client, argv[2], error)
       && (is_set ? set (&self, client, error) : get (&self, client, error));
  if (client_main (client))
    g_signal_handlers_disconnect_by_data (client_main (client), &self);
  g_byte_array_unref (self.content);
  return ok && client_finish (client, NULL, error);
}

const Command command_clipboard = {
  .name = "clipboard",
  .arguments = "get|set URI",
  .summary = "Read or set the guest's clipboard",
  .example = "caraway clipboard get spice://127.0.0.1:5930",
  .run = run,
};
