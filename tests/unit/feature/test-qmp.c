/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of QMP: lines cut anywhere, answers, events, and what is passed over. */
#include "feature/qmp/qmp.h"

#include <json-glib/json-glib.h>
#include <string.h>

typedef struct {
  CwQmp qmp;
  GString *said;
  bool resets; /* inside the next event */
} Fixture;

static void
add_node (GString *said, JsonNode *node)
{
  g_autofree char *text = node ? json_to_string (node, FALSE) : g_strdup ("-");

  g_string_append (said, text);
}

static void
on_reply (gpointer data, const gint64 *id, JsonNode *value, const char *error)
{
  Fixture *self = data;

  if (id)
    g_string_append_printf (self->said, "reply %" G_GINT64_FORMAT " ", *id);
  else
    g_string_append (self->said, "reply ? ");
  if (error)
    g_string_append_printf (self->said, "error %s", error);
  else
    add_node (self->said, value);
  g_string_append_c (self->said, '\n');
}

static void
on_event (gpointer data, const char *name, JsonNode *value)
{
  Fixture *self = data;

  g_string_append_printf (self->said, "event %s ", name);
  add_node (self->said, value);
  g_string_append_c (self->said, '\n');
  if (self->resets)
    cw_qmp_reset (&self->qmp);
  self->resets = false;
}

static void
on_junk (gpointer data, const char *why)
{
  Fixture *self = data;

  g_string_append_printf (self->said, "junk: %s\n", why);
}

static void
set_up (Fixture *self)
{
  static const CwQmpEvents events = { on_reply, on_event, on_junk };

  cw_qmp_init (&self->qmp, &events, self);
  self->said = g_string_new (NULL);
  self->resets = false;
}

static void
tear_down (Fixture *self)
{
  cw_qmp_clear (&self->qmp);
  g_string_free (self->said, TRUE);
}

static void
push (Fixture *self, const char *text, size_t size)
{
  cw_qmp_push (&self->qmp, (CwSlice){ (const uint8_t *) text, size });
}

static const char conversation[]
    = "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 3}}, \"capabilities\": []}}\r\n"
      "{\"return\": {}, \"id\": 0}\r\n\r\n"
      "{\"timestamp\": {\"seconds\": 1}, \"event\": \"STOP\"}\r\n"
      "{\"event\": \"RESET\", \"data\": {\"guest\": true}}\n"
      "{\"id\": 7, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"No \\\"such\\\" thing\"}}\r\n"
      "{\"return\": {\"status\": \"running\"}, \"id\": 9}\r\n";
static const char conversation_said[] = "reply 0 {}\nevent STOP -\nevent RESET {\"guest\":true}\n"
                                        "reply 7 error No \"such\" thing\nreply 9 {\"status\":\"running\"}\n";

static void
test_cut_anywhere (void)
{
  size_t size = strlen (conversation);

  for (size_t at = 0; at <= size; at++) {
    Fixture self;

    set_up (&self);
    push (&self, conversation, at);
    push (&self, conversation + at, size - at);
    g_assert_cmpstr (self.said->str, ==, conversation_said);
    tear_down (&self);
  }
}

static void
test_byte_by_byte (void)
{
  Fixture self;

  set_up (&self);
  for (const char *c = conversation; *c; c++)
    push (&self, c, 1);
  g_assert_cmpstr (self.said->str, ==, conversation_said);
  tear_down (&self);
}

static void
test_odd_lines (void)
{
  static const struct {
    const char *line, *said;
  } cases[] = {
    { "rubbish", "junk: it is not JSON\n" },
    { "[1, 2]", "junk: it is not an object\n" },
    { "\"text\"", "junk: it is not an object\n" },
    { "null", "junk: it is not an object\n" },
    { "{\"a\": 1}", "junk: it is neither an answer nor an event\n" },
    { "\xff{}", "junk: it is not UTF-8\n" },
    { "{\"return\": {}, \"id\": \"x\"}", "junk: its id is not a number\n" },
    { "{\"return\": {}, \"id\": 1.5}", "junk: its id is not a number\n" },
    { "{\"return\": {}, \"id\": null}", "junk: its id is not a number\n" },
    { "{\"return\": null, \"id\": 3}", "reply 3 null\n" },
    { "{\"return\": {}}", "reply ? {}\n" },
    { "{\"error\": {\"desc\": \"bad\"}}", "reply ? error bad\n" },
    { "{\"error\": {}, \"id\": 4}", "reply 4 error The machine gives no reason.\n" },
    { "{\"error\": null, \"id\": 4}", "reply 4 error The machine gives no reason.\n" },
    { "{\"error\": {\"desc\": 5}, \"id\": 4}", "reply 4 error The machine gives no reason.\n" },
    { "{\"error\": {\"desc\": {}}, \"id\": 4}", "reply 4 error The machine gives no reason.\n" },
    { "{\"error\": [], \"return\": {}, \"id\": 4}", "reply 4 error The machine gives no reason.\n" },
    { "{\"event\": 5}", "junk: it is neither an answer nor an event\n" },
    { "{\"event\": \"X\", \"data\": null}", "event X null\n" },
    { "  {\"event\": \"X\"}  \t\r", "event X -\n" },
    { "{\"event\": \"a\" \"return\"}", "junk: it is not JSON\n" },
    { "{\"event\": \"[[{\\\"[\\\\\"}", "event [[{\"[\\ -\n" },
    /* What the parser would take besides JSON, and lose or count wrongly. */
    { "{\"event\": \"a\"}{\"event\": \"b\"}", "junk: it is not JSON\n" },
    { "31 {\"event\": \"a\"}", "junk: it is not JSON\n" },
    { "\"x\" []", "junk: it is not JSON\n" },
    { "/*\"*/{\"event\": \"a\"}", "junk: it is not JSON\n" },
    { "{\"event\": 'a'}", "junk: it is not JSON\n" },
    { "{\"event\": \"/*'#\"}", "event /*'# -\n" },
    { "", "" },
    { "   \r", "" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    Fixture self;
    g_autofree char *text = g_strconcat (cases[i].line, "\n{\"event\": \"Y\"}\n", NULL);
    g_autofree char *said = g_strconcat (cases[i].said, "event Y -\n", NULL);

    set_up (&self);
    push (&self, text, strlen (text));
    g_assert_cmpstr (self.said->str, ==, said);
    tear_down (&self);
  }
}

static void
repeat (Fixture *self, const char *piece, size_t times)
{
  for (size_t i = 0; i < times; i++)
    push (self, piece, strlen (piece));
}

static void
test_limits (void)
{
  g_autofree char *mebibyte = g_strnfill (1024 * 1024, 'x');
  Fixture self;

  set_up (&self);
  repeat (&self, "[", 33);
  push (&self, "\n", 1);
  repeat (&self, "{\"a\":", 500000);
  push (&self, "\n", 1);
  g_assert_cmpstr (self.said->str, ==, "junk: it is nested too deeply\njunk: it is nested too deeply\n");
  g_string_truncate (self.said, 0);
  /* A quote in a comment or in another quote opens no text. */
  push (&self, "/*\"*/", 5);
  repeat (&self, "[", 1000000);
  push (&self, "\n['\"',", 6);
  repeat (&self, "[", 1000000);
  push (&self, "\n", 1);
  g_assert_cmpstr (self.said->str, ==, "junk: it is not JSON\njunk: it is not JSON\n");
  g_string_truncate (self.said, 0);
  push (&self, "[", 1);
  repeat (&self, "0,", 100000);
  push (&self, "0]\n", 3);
  g_assert_cmpstr (self.said->str, ==, "junk: it has too many values\n");
  g_string_truncate (self.said, 0);

  /* Twenty megabytes without an end: no more than the limit is kept, one word is said, and the next line counts. */
  for (int i = 0; i < 20; i++) {
    push (&self, mebibyte, 1024 * 1024);
    g_assert_cmpuint (self.qmp.line.size, <=, 10 << 20);
    g_assert_cmpuint (self.qmp.line.allocated, <=, 20 << 20);
  }
  push (&self, "\n{\"event\": \"Z\"}\n", 16);
  g_assert_cmpstr (self.said->str, ==, "junk: it is too long\nevent Z -\n");
  tear_down (&self);
}

/* At the limits a line counts, and neither what was closed again nor what stands in a text is nested. */
static void
test_within_limits (void)
{
  g_autofree char *open = g_strnfill (31, '['), *closed = g_strnfill (31, ']');
  g_autofree char *deep = g_strdup_printf ("{\"event\": \"A\", \"data\": %s%s}\n", open, closed);
  Fixture self;

  set_up (&self);
  push (&self, deep, strlen (deep));
  g_assert_true (g_str_has_prefix (self.said->str, "event A [["));
  g_string_truncate (self.said, 0);
  repeat (&self, "{\"event\": \"B\", \"data\": {\"a\": 1", 1);
  for (int i = 0; i < 32; i++)
    repeat (&self, ", \"b\": [], \"c\": {}", 1);
  repeat (&self, "}}\n", 1);
  g_assert_true (g_str_has_prefix (self.said->str, "event B {"));
  g_string_truncate (self.said, 0);
  repeat (&self, "{\"event\": \"", 1);
  repeat (&self, "[\\\"{", 32);
  repeat (&self, "\"}\n", 1);
  g_assert_true (g_str_has_prefix (self.said->str, "event [\"{[\"{"));
  g_string_truncate (self.said, 0);
  /* One value for each comma and bracket, and the whole. */
  repeat (&self, "{\"event\": \"C\", \"data\": [0", 1);
  repeat (&self, ",0", 99996);
  repeat (&self, "]}\n", 1);
  g_assert_true (g_str_has_prefix (self.said->str, "event C [0,0"));
  g_string_truncate (self.said, 0);
  repeat (&self, "{\"event\": \"C\", \"data\": [0", 1);
  repeat (&self, ",0", 99997);
  repeat (&self, "]}\n", 1);
  g_assert_cmpstr (self.said->str, ==, "junk: it has too many values\n");
  tear_down (&self);
}

static void
test_as_large_as_allowed (void)
{
  g_autofree char *filler = g_strnfill ((10 << 20) - 13, 'x');
  g_autofree char *line = g_strdup_printf ("{\"event\": \"%s\"}\n", filler);
  Fixture self;

  g_assert_cmpuint (strlen (line), ==, (10 << 20) + 1); /* and its end */
  set_up (&self);
  push (&self, line, 5);
  push (&self, line + 5, strlen (line) - 5);
  g_assert_cmpuint (self.said->len, ==, strlen (filler) + strlen ("event  -\n"));
  /* More, even of blanks; what comes then is a line of its own. */
  g_string_truncate (self.said, 0);
  push (&self, " ", 1);
  push (&self, line, strlen (line));
  push (&self, "{\"event\": \"D\"}\n", 15);
  g_assert_cmpstr (self.said->str, ==, "junk: it is too long\nevent D -\n");
  tear_down (&self);
}

static void
test_reset_inside (void)
{
  static const char text[] = "{\"event\": \"A\"}\n{\"event\": \"B\"}\n{\"event\": ";
  Fixture self;

  set_up (&self);
  self.resets = true;
  push (&self, text, strlen (text));
  push (&self, "{\"event\": \"C\"}\n", 15);
  g_assert_cmpstr (self.said->str, ==, "event A -\nevent C -\n");
  tear_down (&self);
}

static void
test_status (void)
{
  static const struct {
    const char *text, *status;
    bool running, singlestep;
  } cases[] = {
    { "{\"status\": \"running\", \"singlestep\": false, \"running\": true}", "running", true, false },
    { "{\"status\": \"paused\", \"singlestep\": true, \"running\": false}", "paused", false, true },
    { "{\"status\": \"colo\", \"running\": true}", "colo", true, false },
    { "{\"running\": true}", NULL, false, false },
    { "{\"status\": \"running\"}", NULL, false, false },
    { "{\"status\": 3, \"running\": true}", NULL, false, false },
    { "{\"status\": \"x\", \"running\": 1}", NULL, false, false },
    { "[]", NULL, false, false },
    { "null", NULL, false, false },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (JsonNode) node = json_from_string (cases[i].text, NULL);
    CwQmpMachine machine;

    g_assert_true (cw_qmp_read_status (node, &machine) == (cases[i].status != NULL));
    if (!cases[i].status)
      continue;
    g_assert_cmpstr (machine.status, ==, cases[i].status);
    g_assert_true (machine.running == cases[i].running && machine.singlestep == cases[i].singlestep);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qmp/Q6 lines cut anywhere", test_cut_anywhere);
  g_test_add_func ("/qmp/Q6 byte by byte", test_byte_by_byte);
  g_test_add_func ("/qmp/odd lines", test_odd_lines);
  g_test_add_func ("/qmp/Q9 limits", test_limits);
  g_test_add_func ("/qmp/within limits", test_within_limits);
  g_test_add_func ("/qmp/as large as allowed", test_as_large_as_allowed);
  g_test_add_func ("/qmp/reset inside an event", test_reset_inside);
  g_test_add_func ("/qmp/Q4 status", test_status);
  return g_test_run ();
}
