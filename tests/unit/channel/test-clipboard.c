/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/clipboard.h"

#include "guest.h"

#include <string.h>

#define BY_DEMAND (1u << CW_AGENT_CAP_CLIPBOARD_BY_DEMAND)
#define SELECTION (1u << CW_AGENT_CAP_CLIPBOARD_SELECTION)
#define SERIAL (1u << CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL)
#define TEXT CW_CLIPBOARD_TYPE_UTF8_TEXT
#define PNG CW_CLIPBOARD_TYPE_IMAGE_PNG

typedef struct {
  Guest *guest;
  CwClipboard *clipboard;
  GString *log; /* of what the guest did */
  int64_t now;
} Client;

static void
on_grab (gpointer data, unsigned selection, const uint32_t *types, unsigned n_types)
{
  Client *self = data;

  g_string_append_printf (self->log, "grab %u:", selection);
  for (unsigned i = 0; i < n_types; i++)
    g_string_append_printf (self->log, " %u", types[i]);
  g_string_append (self->log, "; ");
}

static void
on_request (gpointer data, unsigned selection, uint32_t type)
{
  g_string_append_printf (((Client *) data)->log, "request %u %u; ", selection, type);
}

static void
on_content (gpointer data, unsigned selection, uint32_t type, CwSlice content)
{
  Client *self = data;

  g_string_append_printf (self->log, "content %u %u ", selection, type);
  if (content.size < 100)
    g_string_append_len (self->log, (const char *) content.data, (gssize) content.size);
  else
    g_string_append_printf (self->log, "%zu bytes", content.size);
  g_string_append (self->log, "; ");
}

static void
on_release (gpointer data, unsigned selection)
{
  g_string_append_printf (((Client *) data)->log, "release %u; ", selection);
}

static void
on_message (gpointer data, const CwMessage *message)
{
  Client *self = data;

  if (message->type != CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES)
    g_assert_true (cw_clipboard_handle (self->clipboard, message, self->now));
}

static void
on_part (gpointer data, size_t size, CwSlice so_far)
{
  cw_clipboard_part (((Client *) data)->clipboard, so_far);
}

static Client *
client_new (uint32_t caps)
{
  static const CwClipboardObserver observer = { on_grab, on_request, on_content, on_release };
  Client *self = g_new0 (Client, 1);

  self->guest = guest_new ();
  self->guest->message = on_message;
  self->guest->part = on_part;
  self->guest->data = self;
  self->log = g_string_new (NULL);
  self->clipboard = cw_clipboard_new (self->guest->agent, &observer, self);
  cw_clipboard_set_max (self->clipboard, 1 << 20);
  guest_announce (self->guest, caps);
  return self;
}

static void
client_free (Client *self)
{
  guest_heard_all (self->guest);
  cw_clipboard_free (self->clipboard);
  guest_free (self->guest);
  g_string_free (self->log, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

static void
expect (Client *self, const char *log)
{
  g_assert_cmpstr (self->log->str, ==, log);
  g_string_truncate (self->log, 0);
}

static void
say_grab (Client *self, unsigned selection, uint32_t serial, uint32_t type)
{
  const CwAgentClipboardGrab grab = { (uint8_t) selection, serial, 1, &type };

  guest_say (self->guest, CW_AGENT_TYPE_CLIPBOARD_GRAB, &grab);
}

static void
say_request (Client *self, unsigned selection, uint32_t type)
{
  const CwAgentClipboardRequest request = { (uint8_t) selection, type };

  guest_say (self->guest, CW_AGENT_TYPE_CLIPBOARD_REQUEST, &request);
}

static void
say_content (Client *self, uint32_t type, const char *content, size_t size)
{
  const CwAgentClipboard clipboard = { 0, type, { (const uint8_t *) content, size } };

  guest_say (self->guest, CW_AGENT_TYPE_CLIPBOARD, &clipboard);
}

static void
say_release (Client *self, unsigned selection)
{
  const CwAgentClipboardRelease release = { (uint8_t) selection };

  guest_say (self->guest, CW_AGENT_TYPE_CLIPBOARD_RELEASE, &release);
}

static bool
answer (Client *self, unsigned selection, uint32_t type, const char *content)
{
  return cw_clipboard_answer (self->clipboard, selection, type,
                              (CwSlice){ (const uint8_t *) content, strlen (content) });
}

/* The next thing the guest heard is this content. */
static void
expect_answer (Client *self, unsigned selection, uint32_t type, const char *content)
{
  const CwAgentClipboard *clipboard = guest_next (self->guest, CW_AGENT_TYPE_CLIPBOARD);

  g_assert_cmpuint (clipboard->selection, ==, selection);
  g_assert_cmpuint (clipboard->type, ==, type);
  g_assert_cmpmem (clipboard->data.data, clipboard->data.size, content, strlen (content));
}

static void
test_from_guest (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION | SERIAL);
  const CwAgentClipboardRequest *request;

  say_grab (client, 1, 0, TEXT);
  expect (client, "grab 1: 1; ");
  cw_clipboard_request (client->clipboard, 1, TEXT);
  request = guest_next (client->guest, CW_AGENT_TYPE_CLIPBOARD_REQUEST);
  g_assert_cmpuint (request->selection, ==, 1);
  g_assert_cmpuint (request->type, ==, TEXT);
  say_content (client, TEXT, "hello", 5);
  say_release (client, 1);
  expect (client, "content 0 1 hello; release 1; ");
}

static void
test_to_guest (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION | SERIAL);
  const uint32_t types[] = { TEXT, PNG };
  const CwAgentClipboardGrab *grab;
  const CwAgentClipboardRelease *release;

  cw_clipboard_grab (client->clipboard, 2, types, 2);
  grab = guest_next (client->guest, CW_AGENT_TYPE_CLIPBOARD_GRAB);
  g_assert_cmpuint (grab->selection, ==, 2);
  g_assert_cmpuint (grab->serial, ==, 0);
  g_assert_cmpmem (grab->types, grab->n_types * sizeof *grab->types, types, sizeof types);
  say_request (client, 2, TEXT);
  expect (client, "request 2 1; ");
  g_assert_true (answer (client, 2, TEXT, "hi"));
  expect_answer (client, 2, TEXT, "hi");
  cw_clipboard_release (client->clipboard, 2);
  release = guest_next (client->guest, CW_AGENT_TYPE_CLIPBOARD_RELEASE);
  g_assert_cmpuint (release->selection, ==, 2);
}

/* Without the capability there is one selection, which is not on the wire. */
static void
test_one_selection (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND);
  const uint32_t type = TEXT;

  for (unsigned selection = 1; selection < 300; selection++) {
    cw_clipboard_grab (client->clipboard, selection, &type, 1);
    cw_clipboard_request (client->clipboard, selection, TEXT);
    g_assert_true (answer (client, selection, TEXT, "x"));
    cw_clipboard_release (client->clipboard, selection);
  }
  guest_heard_all (client->guest);
  say_grab (client, 0, 0, TEXT);
  say_grab (client, 0, 0, TEXT);
  expect (client, "grab 0: 1; grab 0: 1; ");
  cw_clipboard_grab (client->clipboard, 0, &type, 1);
  guest_next (client->guest, CW_AGENT_TYPE_CLIPBOARD_GRAB);
}

static void
test_unknown_selection (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION | SERIAL);

  for (unsigned selection = 3; selection < 256; selection++) {
    say_grab (client, selection, 0, TEXT);
    say_request (client, selection, TEXT);
    say_release (client, selection);
  }
  expect (client, "");
}

static void
test_types (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);
  const uint32_t some[] = { 99, PNG, 0, PNG, UINT32_MAX, TEXT, 7 }, none[] = { 0, 7, 8 };
  CwAgentClipboardGrab grab = { 0, 0, G_N_ELEMENTS (some), some };

  guest_say (client->guest, CW_AGENT_TYPE_CLIPBOARD_GRAB, &grab);
  expect (client, "grab 0: 2 1; ");
  /* The guest has copied what nobody can have: what was there before has gone. */
  grab = (CwAgentClipboardGrab){ 0, 0, G_N_ELEMENTS (none), none };
  guest_say (client->guest, CW_AGENT_TYPE_CLIPBOARD_GRAB, &grab);
  expect (client, "grab 0:; ");
  grab.n_types = 0;
  guest_say (client->guest, CW_AGENT_TYPE_CLIPBOARD_GRAB, &grab);
  expect (client, "grab 0:; ");
}

static void
test_serials (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION | SERIAL);
  const uint32_t type = TEXT;
  const CwAgentClipboardGrab *grab;

  say_grab (client, 0, 0, TEXT);
  say_grab (client, 0, 0, TEXT); /* stale */
  expect (client, "grab 0: 1; ");
  say_grab (client, 1, 0, TEXT); /* each selection counts by itself */
  expect (client, "grab 1: 1; ");

  /* Both grab at the same time: the client's counts. */
  cw_clipboard_grab (client->clipboard, 0, &type, 1);
  say_grab (client, 0, 1, PNG);
  expect (client, "");
  grab = guest_next (client->guest, CW_AGENT_TYPE_CLIPBOARD_GRAB);
  g_assert_cmpuint (grab->serial, ==, 1);

  /* One was lost. */
  say_grab (client, 0, 10, TEXT);
  expect (client, "grab 0: 1; ");
  say_grab (client, 0, 9, TEXT);
  say_grab (client, 0, 11u + 0x80000000u, TEXT);
  expect (client, "");
  say_grab (client, 0, 11, TEXT);
  expect (client, "grab 0: 1; ");

  cw_clipboard_reset (client->clipboard);
  say_grab (client, 0, UINT32_MAX, TEXT);
  expect (client, "");
  say_grab (client, 0, 0x7fffffff, TEXT);
  say_grab (client, 0, UINT32_MAX, TEXT);
  say_grab (client, 0, 0, TEXT); /* the count goes round */
  expect (client, "grab 0: 1; grab 0: 1; grab 0: 1; ");
}

static void
test_two_questions (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);

  say_request (client, 0, TEXT);
  say_request (client, 0, PNG);
  say_request (client, 1, TEXT);
  g_assert_true (answer (client, 0, PNG, "png"));
  expect_answer (client, 0, PNG, "png");
  g_assert_true (answer (client, 0, CW_CLIPBOARD_TYPE_NONE, ""));
  expect_answer (client, 0, TEXT, "");
  g_assert_true (answer (client, 0, CW_CLIPBOARD_TYPE_NONE, "")); /* nothing is open */
  guest_heard_all (client->guest);
  g_assert_true (answer (client, 1, TEXT, "primary"));
  expect_answer (client, 1, TEXT, "primary");
  g_assert_cmpint (cw_clipboard_due (client->clipboard), ==, INT64_MAX);
}

static void
test_patience (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);

  client->now = 1000;
  say_request (client, 2, TEXT);
  client->now = 2000;
  say_request (client, 0, PNG);
  g_assert_cmpint (cw_clipboard_due (client->clipboard), ==, 1000 + CW_CLIPBOARD_PATIENCE);
  cw_clipboard_expire (client->clipboard, 999 + CW_CLIPBOARD_PATIENCE);
  guest_heard_all (client->guest);
  cw_clipboard_expire (client->clipboard, 1000 + CW_CLIPBOARD_PATIENCE);
  expect_answer (client, 2, TEXT, "");
  g_assert_cmpint (cw_clipboard_due (client->clipboard), ==, 2000 + CW_CLIPBOARD_PATIENCE);
  /* A late answer is worth something still. */
  g_assert_true (answer (client, 2, TEXT, "late"));
  expect_answer (client, 2, TEXT, "late");

  /* All that are due at once, of any selection. */
  say_request (client, 0, TEXT);
  say_request (client, 1, TEXT);
  say_request (client, 1, PNG);
  cw_clipboard_expire (client->clipboard, 2000 + CW_CLIPBOARD_PATIENCE);
  expect_answer (client, 0, PNG, "");
  expect_answer (client, 0, TEXT, "");
  expect_answer (client, 1, TEXT, "");
  expect_answer (client, 1, PNG, "");
  g_assert_cmpint (cw_clipboard_due (client->clipboard), ==, INT64_MAX);

  say_request (client, 0, PNG);
  /* The guest owns it now, or nobody does. */
  say_grab (client, 0, 0, TEXT);
  expect_answer (client, 0, PNG, "");
  say_request (client, 1, PNG);
  cw_clipboard_release (client->clipboard, 1);
  expect_answer (client, 1, PNG, "");
  guest_next (client->guest, CW_AGENT_TYPE_CLIPBOARD_RELEASE);

  say_request (client, 1, PNG);
  cw_clipboard_reset (client->clipboard);
  g_assert_cmpint (cw_clipboard_due (client->clipboard), ==, INT64_MAX);
}

static void
test_many_questions (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);

  for (unsigned i = 0; i < 16; i++)
    say_request (client, 0, TEXT);
  guest_heard_all (client->guest);
  say_request (client, 0, PNG);
  expect_answer (client, 0, PNG, "");
  for (unsigned i = 0; i < 16; i++) {
    g_assert_true (answer (client, 0, TEXT, "x"));
    expect_answer (client, 0, TEXT, "x");
  }
}

static void
test_maximum (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION | 1u << CW_AGENT_CAP_MAX_CLIPBOARD);
  const CwAgentMaxClipboard *max;

  cw_clipboard_set_max (client->clipboard, 3);
  max = guest_next (client->guest, CW_AGENT_TYPE_MAX_CLIPBOARD);
  g_assert_cmpint (max->max, ==, 3);
  cw_clipboard_set_max (client->clipboard, 3); /* as it was */
  say_request (client, 0, TEXT);
  g_assert_true (answer (client, 0, TEXT, "abc"));
  expect_answer (client, 0, TEXT, "abc");
  say_request (client, 0, TEXT);
  g_assert_false (answer (client, 0, TEXT, "abcd"));
  expect_answer (client, 0, TEXT, "");
  g_assert_false (answer (client, 0, TEXT, "abcd")); /* nobody asked */
  cw_clipboard_set_max (client->clipboard, -1);
  max = guest_next (client->guest, CW_AGENT_TYPE_MAX_CLIPBOARD);
  g_assert_cmpint (max->max, ==, -1);
  say_request (client, 0, TEXT);
  g_assert_true (answer (client, 0, TEXT, "abcd"));
  expect_answer (client, 0, TEXT, "abcd");
}

/* A guest that asks and does not take: what waits is bounded. */
static void
test_deaf_guest (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);
  g_autofree char *content = g_strnfill (1 << 20, 'x');

  client->guest->deaf = true;
  for (unsigned i = 0; i < 1000; i++) {
    say_request (client, 0, TEXT);
    g_assert_true (answer (client, 0, TEXT, content));
  }
  g_assert_cmpuint (cw_agent_waiting_bytes (client->guest->agent), <, 4 << 20);
}

static void
test_text (void)
{
  static const struct {
    const char *bytes;
    size_t size;
    const char *heard;
  } rows[] = {
    { "plain", 5, "plain" },
    { "trailing\0", 9, "trailing" },
    { "crlf\r\nstays", 11, "crlf\r\nstays" },
    { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "latin \xe4", 7, "" },
    { "cut \xe2\x82", 6, "" },
    { "\xff", 1, "" },
    { "\xed\xa0\x80", 3, "" }, /* a surrogate */
    { "", 0, "" },
  };
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *log = g_strdup_printf ("content 0 1 %s; ", rows[i].heard);

    say_content (client, TEXT, rows[i].bytes, rows[i].size);
    expect (client, log);
  }
  say_content (client, PNG, "\xff\0", 2);
  g_assert_cmpuint (client->log->len, ==, strlen ("content 0 2 ; ") + 2);
}

/* Characters that lie across the ends of bodies, and bad ones anywhere in them. */
static void
test_long_text (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);
  const char *character = "\xf0\x9f\x98\x80";

  for (unsigned shift = 0; shift < 4; shift++) {
    g_autoptr (GString) text = g_string_new_len ("abc", shift);

    while (text->len < 9000)
      g_string_append (text, character);
    say_content (client, TEXT, text->str, text->len);
    g_assert_nonnull (strstr (client->log->str, " bytes"));
    g_string_truncate (client->log, 0);
    for (unsigned at = 2020; at < 2050; at++) {
      char before = text->str[at];

      text->str[at] = '\xff';
      say_content (client, TEXT, text->str, text->len);
      expect (client, "content 0 1 ; ");
      text->str[at] = before;
    }
    say_content (client, TEXT, text->str, text->len - 1);
    expect (client, "content 0 1 ; ");
    say_content (client, PNG, text->str, text->len - 1);
    g_assert_nonnull (strstr (client->log->str, " bytes"));
    g_string_truncate (client->log, 0);
  }
}

/* Bad text for a selection that there is not: the next, which is good, has nothing to do with it. */
static void
test_text_for_nobody (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);
  g_autofree char *bad = g_strnfill (5000, '\xff');

  guest_say (client->guest, CW_AGENT_TYPE_CLIPBOARD,
             &(CwAgentClipboard){ CW_CLIPBOARD_N_SELECTIONS, TEXT, { (const uint8_t *) bad, 5000 } });
  expect (client, "");
  say_content (client, TEXT, "good", 4);
  expect (client, "content 0 1 good; ");
}

/* Releases of one byte, or of none, come from real agents. */
static void
test_short_release (void)
{
  g_autoptr (Client) client = client_new (BY_DEMAND | SELECTION);
  g_autoptr (GBytes) one = g_bytes_new_static ("\1\0\0\0\11\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\2", 21);
  g_autoptr (GBytes) none = g_bytes_new_static ("\1\0\0\0\11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);

  g_assert_true (cw_agent_receive (client->guest->agent, one, NULL));
  g_assert_true (cw_agent_receive (client->guest->agent, none, NULL));
  expect (client, "release 2; release 0; ");
}

/* An agent that has no clipboard, or none any more. */
static void
test_no_clipboard (void)
{
  g_autoptr (Client) client = client_new (SELECTION);
  const uint32_t type = TEXT;

  cw_clipboard_grab (client->clipboard, 0, &type, 1);
  cw_clipboard_release (client->clipboard, 0);
  guest_announce (client->guest, BY_DEMAND | SELECTION);
  cw_agent_disconnect (client->guest->agent);
  cw_clipboard_grab (client->clipboard, 0, &type, 1);
  cw_clipboard_release (client->clipboard, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clipboard/from-guest", test_from_guest);
  g_test_add_func ("/clipboard/to-guest", test_to_guest);
  g_test_add_func ("/clipboard/one-selection", test_one_selection);
  g_test_add_func ("/clipboard/unknown-selection", test_unknown_selection);
  g_test_add_func ("/clipboard/types", test_types);
  g_test_add_func ("/clipboard/serials", test_serials);
  g_test_add_func ("/clipboard/two-questions", test_two_questions);
  g_test_add_func ("/clipboard/patience", test_patience);
  g_test_add_func ("/clipboard/many-questions", test_many_questions);
  g_test_add_func ("/clipboard/maximum", test_maximum);
  g_test_add_func ("/clipboard/deaf-guest", test_deaf_guest);
  g_test_add_func ("/clipboard/text", test_text);
  g_test_add_func ("/clipboard/long-text", test_long_text);
  g_test_add_func ("/clipboard/text-for-nobody", test_text_for_nobody);
  g_test_add_func ("/clipboard/short-release", test_short_release);
  g_test_add_func ("/clipboard/no-clipboard", test_no_clipboard);
  return g_test_run ();
}
