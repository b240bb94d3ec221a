/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The smartcard protocol: one request at a time, whatever the server answers. */
#include "base/protocol.h"
#include "feature/smartcard/vsc.h"

#include <string.h>

typedef struct {
  CwVsc vsc;
  GString *said;
} Fixture;

static int one, two; /* readers */

static void
on_send (gpointer data, uint32_t type, uint32_t id, CwSlice bytes)
{
  Fixture *self = data;

  g_string_append_printf (self->said, "%u/%d/", type, (int) id);
  for (size_t i = 0; i < bytes.size; i++)
    g_string_append_printf (self->said, g_ascii_isalnum (bytes.data[i]) ? "%c" : "%02x", bytes.data[i]);
  g_string_append_c (self->said, ' ');
}

static void
on_command (gpointer data, gpointer reader, CwSlice apdu)
{
  Fixture *self = data;

  g_string_append_printf (self->said, "command%d:%zu ", reader == &one ? 1 : 2, apdu.size);
}

static void
on_refused (gpointer data, gpointer reader)
{
  Fixture *self = data;

  g_string_append_printf (self->said, "refused%d ", reader == &one ? 1 : 2);
}

static void
set_up (Fixture *self)
{
  static const CwVscEvents events = { on_send, on_command, on_refused };

  cw_vsc_init (&self->vsc, &events, self);
  self->said = g_string_new (NULL);
}

static void
tear_down (Fixture *self)
{
  cw_vsc_clear (&self->vsc);
  g_string_free (self->said, TRUE);
}

static void
says (Fixture *self, const char *expected)
{
  g_assert_cmpstr (self->said->str, ==, expected);
  g_string_truncate (self->said, 0);
}

static void
result (Fixture *self, uint32_t id, uint32_t code)
{
  uint8_t bytes[4] = { (uint8_t) code, (uint8_t) (code >> 8), (uint8_t) (code >> 16), (uint8_t) (code >> 24) };

  cw_vsc_take (&self->vsc, CW_VSC_TYPE_ERROR, id, (CwSlice){ bytes, sizeof bytes });
}

static const CwSlice atr = { (const uint8_t *) "ATR", 3 };

static void
test_one_at_a_time (void)
{
  Fixture self;

  set_up (&self);
  cw_vsc_add_reader (&self.vsc, &one, "one");
  cw_vsc_insert_card (&self.vsc, &one, atr);
  cw_vsc_insert_card (&self.vsc, &one, atr); /* once */
  cw_vsc_add_reader (&self.vsc, &one, "one");
  says (&self, "3/-1/one ");
  result (&self, 0, 0);
  says (&self, "5/0/ATR ");
  cw_vsc_remove_card (&self.vsc, &one);
  cw_vsc_insert_card (&self.vsc, &one, atr);
  cw_vsc_remove_reader (&self.vsc, &one);
  says (&self, "");
  result (&self, 0, 2); /* goes on all the same */
  says (&self, "6/0/ ");
  result (&self, 0, 0);
  says (&self, "5/0/ATR ");
  result (&self, 0, 0);
  says (&self, "4/0/ ");
  result (&self, 0, 0);
  says (&self, "");
  cw_vsc_insert_card (&self.vsc, &one, atr);
  says (&self, "");
  tear_down (&self);
}

static void
test_refused (void)
{
  static const struct {
    uint32_t id, code;
  } cases[] = { { 0, 2 }, { 0, 0x02000000 }, { CW_VSC_UNDEFINED_READER, 0 }, { 5, 0xffffffff } };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    Fixture self;

    set_up (&self);
    cw_vsc_add_reader (&self.vsc, &one, "one");
    cw_vsc_insert_card (&self.vsc, &one, atr);
    cw_vsc_add_reader (&self.vsc, &two, "two");
    says (&self, "3/-1/one ");
    result (&self, cases[i].id, cases[i].code);
    says (&self, "refused1 3/-1/two ");
    cw_vsc_remove_card (&self.vsc, &one);
    cw_vsc_remove_reader (&self.vsc, &one);
    result (&self, 7, 0);
    says (&self, "");
    cw_vsc_take (&self.vsc, CW_VSC_TYPE_APDU, 7, atr);
    says (&self, "command2:3 ");
    tear_down (&self);
  }
}

static void
test_same_id_twice (void)
{
  Fixture self;

  set_up (&self);
  cw_vsc_add_reader (&self.vsc, &one, "one");
  cw_vsc_add_reader (&self.vsc, &two, "two");
  result (&self, 3, 0);
  result (&self, 3, 0);
  says (&self, "3/-1/one 3/-1/two refused2 ");
  tear_down (&self);
}

static void
test_gone_before_accepted (void)
{
  Fixture self;

  set_up (&self);
  cw_vsc_add_reader (&self.vsc, &one, "one");
  cw_vsc_remove_reader (&self.vsc, &one);
  result (&self, 0, 0);
  says (&self, "3/-1/one 4/0/ ");
  result (&self, 0, 0);
  cw_vsc_add_reader (&self.vsc, &one, "one");
  says (&self, "3/-1/one ");
  tear_down (&self);
}

static void
test_commands (void)
{
  Fixture self;

  set_up (&self);
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_APDU, 0, atr);
  says (&self, "2/0/01000000 ");
  cw_vsc_add_reader (&self.vsc, &one, "one");
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_APDU, CW_VSC_UNDEFINED_READER, atr);
  says (&self, "3/-1/one 2/-1/01000000 ");
  result (&self, 9, 0);
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_APDU, 9, (CwSlice){ NULL, 0 });
  cw_vsc_answer (&self.vsc, &one, atr);
  cw_vsc_answer (&self.vsc, &one, (CwSlice){ NULL, 0 });
  cw_vsc_answer (&self.vsc, &two, atr);
  says (&self, "command1:0 7/9/ATR 2/9/01000000 ");
  cw_vsc_remove_reader (&self.vsc, &one);
  cw_vsc_answer (&self.vsc, &one, atr);
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_APDU, 9, atr);
  says (&self, "4/9/ 2/9/01000000 ");
  tear_down (&self);
}

/* What names a card is as long as it may be, and no longer. */
static void
test_long_atr (void)
{
  uint8_t bytes[41];
  Fixture self;

  memset (bytes, 'a', sizeof bytes);
  for (unsigned i = 0; i < 2; i++) {
    set_up (&self);
    cw_vsc_add_reader (&self.vsc, &one, "one");
    cw_vsc_insert_card (&self.vsc, &two, atr); /* a reader that there is not */
    cw_vsc_remove_card (&self.vsc, &one);      /* nor a card */
    cw_vsc_remove_reader (&self.vsc, &two);
    cw_vsc_insert_card (&self.vsc, &one, (CwSlice){ bytes, 40 + i });
    says (&self, "3/-1/one ");
    result (&self, 2, 0);
    g_assert_true (g_str_has_prefix (self.said->str, "5/2/aaa"));
    g_assert_cmpuint (self.said->len, ==, strlen ("5/2/") + 41);
    tear_down (&self);
  }
}

/* A reader that is going takes no commands, and its id may be given anew. */
static void
test_going (void)
{
  Fixture self;

  set_up (&self);
  cw_vsc_add_reader (&self.vsc, &one, "one");
  result (&self, 4, 0);
  cw_vsc_add_reader (&self.vsc, &two, "two");
  cw_vsc_remove_reader (&self.vsc, &one);
  cw_vsc_remove_reader (&self.vsc, &one);
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_APDU, 4, atr);
  says (&self, "3/-1/one 3/-1/two 2/4/01000000 ");
  result (&self, 4, 0); /* the second one's */
  says (&self, "4/4/ ");
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_APDU, 4, atr);
  result (&self, 4, 0);
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_APDU, 4, atr);
  says (&self, "command2:3 command2:3 ");
  tear_down (&self);
}

static void
test_others (void)
{
  Fixture self;

  set_up (&self);
  result (&self, 0, 0);
  result (&self, 0, 1);
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_ERROR, 0, (CwSlice){ NULL, 0 });
  for (uint32_t type = 0; type < 20; type++) {
    if (type != CW_VSC_TYPE_APDU && type != CW_VSC_TYPE_FLUSH)
      cw_vsc_take (&self.vsc, type, 0, atr);
  }
  says (&self, "");
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_FLUSH, 4, (CwSlice){ NULL, 0 });
  says (&self, "9/4/ ");
  cw_vsc_add_reader (&self.vsc, &one, "one");
  cw_vsc_take (&self.vsc, CW_VSC_TYPE_ERROR, 0, (CwSlice){ (const uint8_t *) "\0\0", 2 });
  says (&self, "3/-1/one refused1 ");
  tear_down (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vsc/K1, K3 one at a time", test_one_at_a_time);
  g_test_add_func ("/vsc/refused", test_refused);
  g_test_add_func ("/vsc/the same id twice", test_same_id_twice);
  g_test_add_func ("/vsc/gone before it is accepted", test_gone_before_accepted);
  g_test_add_func ("/vsc/K5 commands", test_commands);
  g_test_add_func ("/vsc/a long ATR", test_long_atr);
  g_test_add_func ("/vsc/a reader that is going", test_going);
  g_test_add_func ("/vsc/other messages", test_others);
  return g_test_run ();
}
