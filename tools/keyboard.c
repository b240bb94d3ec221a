/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway type, caraway key: press keys of the guest's keyboard. */
#include "commands.h"
#include "input.h"
#include "keymap.h"
#include "text.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SHIFT 0x2a

/* Guests see a keyboard with a queue of a few keys, so strokes are paced. */
#define DEFAULT_DELAY_MS 15
#define MIN_DELAY_MS 5

/* At that pace, days of typing. */
#define MAX_TEXT ((size_t) 16 << 20)

static bool
check_delay (int delay, GError **error)
{
  if (delay >= MIN_DELAY_MS && delay <= 10000)
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_USAGE,
               "--delay is %d to 10000 milliseconds: keyboards hold a few keys only, and faster ones get lost",
               MIN_DELAY_MS);
  return false;
}

/* All of the text is checked before the first key is pressed: half a command typed is worse than none. */
static GArray *
strokes_of_text (const char *text, bool enter, GError **error)
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
  if (enter) {
    KeyStroke stroke;

    keymap_find_character ('\n', &stroke);
    g_array_append_val (strokes, stroke);
  }
  return g_steal_pointer (&strokes);
}

static bool
connect_keyboard (Client *client, const char *uri, SpiceInputsChannel **inputs, bool *caps_lock, GError **error)
{
  int locks;

  *inputs = client_connect_inputs (client, uri, error);
  if (!*inputs || !client_read_locks (client, *inputs, &locks, error))
    return false;
  *caps_lock = (locks & SPICE_INPUTS_CAPS_LOCK) != 0;
  return true;
}

/* Ends the typing; the second one of the same kind ends the program. */
typedef struct {
  int number; /* 0: none came */
  guint sources[3];
  gint64 until; /* the pause after a key */
} Interrupt;

static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };

static gboolean
interrupted_by (Interrupt *self, guint i)
{
  self->number = interrupts[i];
  self->sources[i] = 0;
  return G_SOURCE_REMOVE; /* it does again what it does otherwise */
}

static gboolean
on_interrupt (gpointer data)
{
  return interrupted_by (data, 0);
}

static gboolean
on_terminate (gpointer data)
{
  return interrupted_by (data, 1);
}

static gboolean
on_hang_up (gpointer data)
{
  return interrupted_by (data, 2);
}

static void
interrupt_init (Interrupt *self)
{
  const GSourceFunc functions[] = { on_interrupt, on_terminate, on_hang_up };

  for (gsize i = 0; i < G_N_ELEMENTS (interrupts); i++) {
    struct sigaction now;

    sigaction (interrupts[i], NULL, &now);
    if (now.sa_handler != SIG_IGN) /* as nohup has it */
      self->sources[i] = g_unix_signal_add (interrupts[i], functions[i], self);
  }
}

static void
interrupt_clear (Interrupt *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (interrupts); i++)
    if (self->sources[i] != 0)
      g_source_remove (self->sources[i]);
}

static bool
is_pause_over (gpointer data)
{
  const Interrupt *self = data;

  return self->number != 0 || g_get_monotonic_time () >= self->until;
}

static void
type_stroke (SpiceInputsChannel *inputs, const KeyStroke *stroke, bool caps_lock)
{
  bool shift = stroke->shift != (caps_lock && stroke->letter);

  if (shift)
    spice_inputs_channel_key_press (inputs, SHIFT);
  spice_inputs_channel_key_press_and_release (inputs, stroke->scancode);
  if (shift)
    spice_inputs_channel_key_release (inputs, SHIFT);
}

/* And the end of the session, which says whether all of it arrived. */
static bool
type_strokes (Client *client, SpiceInputsChannel *inputs, const GArray *strokes, bool caps_lock, int delay,
              GError **error)
{
  Interrupt interrupt = { 0 };
  guint n = 0;
  bool ok = true;

  interrupt_init (&interrupt);
  while (ok && n < strokes->len && interrupt.number == 0) {
    type_stroke (inputs, &g_array_index (strokes, KeyStroke, n++), caps_lock);
    interrupt.until = g_get_monotonic_time () + delay * G_TIME_SPAN_MILLISECOND;
    ok = client_run (client, is_pause_over, &interrupt, error) && client_flush (client, SPICE_CHANNEL (inputs), error);
  }
  ok = ok && client_finish (client, SPICE_CHANNEL (inputs), error);
  interrupt_clear (&interrupt);
  if (!ok)
    g_prefix_error (error, "typed %u of %u characters: ", n, strokes->len);
  if (ok && interrupt.number != 0) {
    fprintf (stderr, "caraway type: interrupted; typed %u of %u characters\n", n, strokes->len);
    signal (interrupt.number, SIG_DFL);
    raise (interrupt.number);
  }
  return ok;
}

/* The text as an argument, from a file, or from standard input. For text_wipe(). */
static char *
get_text (const char *argument, const char *path, GError **error)
{
  size_t size;
  char *text;

  if (!path && strcmp (argument, "-") != 0)
    return g_strdup (argument);
  text = input_read (path ? path : "-", MAX_TEXT, &size, error);
  if (text && memchr (text, 0, size)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "the text has a NUL character; nothing was typed");
    g_clear_pointer (&text, text_wipe);
  }
  return text;
}

static bool
run_type (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (GArray) strokes = NULL;
  g_autofree char *path = NULL;
  SpiceInputsChannel *inputs;
  int delay = DEFAULT_DELAY_MS;
  gboolean enter = FALSE;
  bool caps_lock;
  const GOptionEntry entries[] = {
    { "file", 'f', 0, G_OPTION_ARG_FILENAME, &path, "Type what is in FILE; \"-\" is standard input", "FILE" },
    { "delay", 0, 0, G_OPTION_ARG_INT, &delay, "Pause between keys (default 15)", "MS" },
    { "enter", 0, 0, G_OPTION_ARG_NONE, &enter, "Press Enter at the end", NULL },
    { 0 },
  };
  char *text;

  if (!command_parse (
          &command_type, client, entries,
          "Types the text as on a US keyboard: ASCII letters, digits, punctuation, tab and newline. Caps Lock of\n"
          "the guest is allowed for. Text that starts with a dash comes after \"--\"; a TEXT of \"-\" is\n"
          "standard input, so that no secret stands in the list of processes.",
          &argc, &argv, 1, 2, error)
      || !check_delay (delay, error))
    return false;
  if ((argc == 3) == (path != NULL)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s; usage: caraway type %s",
                 path ? "both TEXT and --file are given" : "missing arguments", command_type.arguments);
    return false;
  }
  text = get_text (argc == 3 ? argv[2] : NULL, path, error);
  strokes = text ? strokes_of_text (text, enter, error) : NULL;
  text_wipe (text);
  return strokes && connect_keyboard (client, argv[1], &inputs, &caps_lock, error)
         && type_strokes (client, inputs, strokes, caps_lock, delay, error);
}

typedef enum { KEYS_DOWN = 1, KEYS_UP = 2 } KeyActions;

typedef struct {
  GArray *codes;
  KeyActions actions;
} Combination;

static void
combination_free (gpointer data)
{
  Combination *self = data;

  g_clear_pointer (&self->codes, g_array_unref);
  g_free (self);
}

/* "shift:down", "shift:up", or a name alone for both. */
static Combination *
parse_combination (const char *text, GError **error)
{
  Combination *self = g_new0 (Combination, 1);
  const char *colon = strrchr (text, ':');
  g_autofree char *names = NULL;

  self->actions = KEYS_DOWN | KEYS_UP;
  if (colon && colon > text && strcmp (colon, ":down") == 0)
    self->actions = KEYS_DOWN;
  else if (colon && colon > text && strcmp (colon, ":up") == 0)
    self->actions = KEYS_UP;
  else
    colon = NULL;
  names = colon ? g_strndup (text, colon - text) : g_strdup (text);
  self->codes = keymap_parse_combination (names, error);
  if (!self->codes)
    g_clear_pointer (&self, combination_free);
  return self;
}

static GPtrArray *
parse_combinations (char **texts, GError **error)
{
  g_autoptr (GPtrArray) combinations = g_ptr_array_new_with_free_func (combination_free);

  for (; *texts; texts++) {
    Combination *combination = parse_combination (*texts, error);

    if (!combination)
      return NULL;
    g_ptr_array_add (combinations, combination);
  }
  return g_steal_pointer (&combinations);
}

static bool
press_combination (Client *client, SpiceInputsChannel *inputs, const Combination *combination, int hold, int delay,
                   GError **error)
{
  const GArray *codes = combination->codes;

  if (combination->actions & KEYS_DOWN) {
    for (guint i = 0; i < codes->len; i++)
      keymap_send (inputs, g_array_index (codes, guint, i), true);
    if (hold > 0 && !client_sleep (client, hold, error))
      return false;
  }
  if (combination->actions & KEYS_UP)
    for (guint i = codes->len; i > 0; i--)
      keymap_send (inputs, g_array_index (codes, guint, i - 1), false);
  return client_sleep (client, delay, error);
}

/* What help tells of combinations, and the names of all keys. */
static char *
describe_keys (void)
{
  GString *text = g_string_new (
      "A combination is key names joined by \"+\": ctrl+alt+del, f2, super, shift+tab. Keys go down in that\n"
      "order and up in reverse. A character alone is what types it (A is shift+a, ! is shift+1). Names of QEMU\n"
      "(ret, meta_l), X (Return, Super_L) and virsh (KEY_ENTER) are understood, as are scan codes (0x1e, 0xe01d).\n"
      "shift:down leaves a key down until shift:up, or until the command ends: servers let go then.\n\nKey names:\n");
  gsize column = 0;

  for (const char *const *name = keymap_names (); *name; name++) {
    if (column + strlen (*name) > 90) {
      g_string_append_c (text, '\n');
      column = 0;
    }
    g_string_append_printf (text, "%s%s", column == 0 ? "  " : " ", *name);
    column += strlen (*name) + 1;
  }
  return g_string_free (text, FALSE);
}

static bool
run_key (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (GPtrArray) combinations = NULL;
  g_autofree char *description = describe_keys ();
  SpiceInputsChannel *inputs;
  int delay = DEFAULT_DELAY_MS, hold = 0;
  gboolean list = FALSE;
  const GOptionEntry entries[] = {
    { "delay", 0, 0, G_OPTION_ARG_INT, &delay, "Pause after each combination (default 15)", "MS" },
    { "hold", 0, 0, G_OPTION_ARG_INT, &hold, "How long the keys stay down (default 0)", "MS" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &list, "Print the names of all keys and end", NULL },
    { 0 },
  };

  if (!command_parse (&command_key, client, entries, description, &argc, &argv, 0, -1, error))
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
  .arguments = "URI TEXT|-",
  .summary = "Type a text on the guest's keyboard",
  .example = "caraway type --enter spice://127.0.0.1:5930 'uname -a'",
  .run = run_type,
};

const Command command_key = {
  .name = "key",
  .arguments = "URI COMBINATION…",
  .summary = "Press a key combination such as ctrl+alt+del",
  .example = "caraway key spice://127.0.0.1:5930 ctrl+alt+f2",
  .run = run_key,
};
