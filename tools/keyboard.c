/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway type, caraway key: press keys of the guest's keyboard. */
#include "commands.h"
#include "keymap.h"
#include "terminal.h"

#include <stdio.h>

#define SHIFT 0x2a

/* Guests see a keyboard with a queue of a few keys, so strokes are paced. */
#define DEFAULT_DELAY_MS 15

static bool
check_delay (int delay, GError **error)
{
  if (delay >= 0 && delay <= 10000)
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--delay is 0 to 10000 milliseconds");
  return false;
}

/* All of the text is checked before the first key is pressed: half a command typed is worse than none. */
static GArray *
strokes_of_text (const char *text, GError **error)
{
  g_autoptr (GArray) strokes = g_array_new (FALSE, FALSE, sizeof (KeyStroke));

  if (!g_utf8_validate (text, -1, NULL)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "the text is not UTF-8");
    return NULL;
  }
  for (const char *p = text; *p != 0; p = g_utf8_next_char (p)) {
    gunichar character = g_utf8_get_char (p);
    KeyStroke stroke;

    if (!keymap_find_character (character, &stroke)) {
      g_set_error (error, STATUS_ERROR, STATUS_USAGE,
                   "the character U+%04X at byte %d cannot be typed on a US keyboard; nothing was typed", character,
                   (int) (p - text));
      return NULL;
    }
    g_array_append_val (strokes, stroke);
  }
  return g_steal_pointer (&strokes);
}

static bool
run_type (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (GArray) strokes = NULL;
  SpiceInputsChannel *inputs;
  int delay = DEFAULT_DELAY_MS;
  gboolean enter = FALSE;
  const GOptionEntry entries[] = {
    { "delay", 0, 0, G_OPTION_ARG_INT, &delay, "Pause between keys (default 15)", "MS" },
    { "enter", 0, 0, G_OPTION_ARG_NONE, &enter, "Press Enter at the end", NULL },
    { 0 },
  };
  g_autofree char *text = NULL;

  if (!command_parse (&command_type, client, entries,
                      "Types the text as on a US keyboard: ASCII letters, digits, punctuation, tab and newline.\n"
                      "Text that starts with a dash comes after \"--\".",
                      &argc, &argv, 2, 2, error)
      || !check_delay (delay, error))
    return false;
  text = g_strconcat (argv[2], enter ? "\n" : NULL, NULL);
  strokes = strokes_of_text (text, error);
  if (!strokes || !(inputs = client_connect_inputs (client, argv[1], error)))
    return false;
  for (guint i = 0; i < strokes->len; i++) {
    const KeyStroke *stroke = &g_array_index (strokes, KeyStroke, i);

    if (stroke->shift)
      spice_inputs_channel_key_press (inputs, SHIFT);
    spice_inputs_channel_key_press_and_release (inputs, stroke->scancode);
    if (stroke->shift)
      spice_inputs_channel_key_release (inputs, SHIFT);
    if (!client_sleep (client, delay, error))
      return false;
  }
  return client_finish (client, SPICE_CHANNEL (inputs), error);
}

static GPtrArray *
parse_combinations (char **texts, GError **error)
{
  g_autoptr (GPtrArray) combinations = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  for (; *texts; texts++) {
    GArray *codes = keymap_parse_combination (*texts, error);

    if (!codes)
      return NULL;
    g_ptr_array_add (combinations, codes);
  }
  return g_steal_pointer (&combinations);
}

static bool
press_combination (Client *client, SpiceInputsChannel *inputs, const GArray *codes, int hold, int delay, GError **error)
{
  for (guint i = 0; i < codes->len; i++)
    spice_inputs_channel_key_press (inputs, g_array_index (codes, guint, i));
  if (!client_sleep (client, hold, error))
    return false;
  for (guint i = codes->len; i > 0; i--)
    spice_inputs_channel_key_release (inputs, g_array_index (codes, guint, i - 1));
  return client_sleep (client, delay, error);
}

static bool
run_key (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (GPtrArray) combinations = NULL;
  SpiceInputsChannel *inputs;
  int delay = DEFAULT_DELAY_MS, hold = 0;
  gboolean list = FALSE;
  const GOptionEntry entries[] = {
    { "delay", 0, 0, G_OPTION_ARG_INT, &delay, "Pause after each combination (default 15)", "MS" },
    { "hold", 0, 0, G_OPTION_ARG_INT, &hold, "How long the keys stay down (default 0)", "MS" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &list, "Print the names of all keys and end", NULL },
    { 0 },
  };

  if (!command_parse (
          &command_key, client, entries,
          "A combination is key names joined by \"+\": ctrl+alt+del, f2, super, shift+tab. Keys go down in that\n"
          "order and up in reverse.",
          &argc, &argv, 0, -1, error))
    return false;
  if (list) {
    for (const char *const *name = keymap_names (); *name; name++)
      puts (*name);
    return true;
  }
  if (argc < 3) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "missing arguments; usage: caraway key %s", command_key.arguments);
    return false;
  }
  if (!check_delay (delay, error))
    return false;
  if (hold < 0 || hold > 60000) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--hold is 0 to 60000 milliseconds");
    return false;
  }
  combinations = parse_combinations (argv + 2, error);
  if (!combinations || !(inputs = client_connect_inputs (client, argv[1], error)))
    return false;
  for (guint i = 0; i < combinations->len; i++)
    if (!press_combination (client, inputs, combinations->pdata[i], hold, delay, error))
      return false;
  return client_finish (client, SPICE_CHANNEL (inputs), error);
}

const Command command_type = {
  .name = "type",
  .arguments = "URI TEXT",
  .summary = "Type a text on the guest's keyboard",
  .run = run_type,
};

const Command command_key = {
  .name = "key",
  .arguments = "URI COMBINATION…",
  .summary = "Press a key combination such as ctrl+alt+del",
  .run = run_key,
};
