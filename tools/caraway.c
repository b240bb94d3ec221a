/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway: looks at and operates SPICE servers from a shell. This file finds the command; each command is a file. */
#include "commands.h"
#include "terminal.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const Command *const commands[] = {
  &command_info,  &command_screenshot, &command_type, &command_key,
  &command_click, &command_move,       &command_port, &command_vm,
};

static void
print_help (FILE *out)
{
  fputs ("Usage: caraway COMMAND [OPTION…] URI [ARGUMENT…]\n\n"
         "Looks at and operates virtual machines over the SPICE protocol.\n\nCommands:\n",
         out);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (out, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
  fputs ("\nURI is spice://HOST:PORT, spice+tls://HOST:PORT, spice://HOST?port=PORT&tls-port=PORT or\n"
         "spice+unix://PATH. The password comes from --password-file, the environment variable\n"
         "CARAWAY_PASSWORD, or a question on the terminal.\n\n"
         "\"caraway COMMAND --help\" tells about a command, caraway(1) about exit statuses.\n",
         out);
}

bool
command_parse (const Command *self, Client *client, const GOptionEntry *entries, const char *description, int *argc,
               char ***argv, int min_arguments, int max_arguments, GError **error)
{
  g_autofree char *name = g_strdup_printf ("caraway %s", self->name);
  g_autoptr (GOptionContext) context = g_option_context_new (self->arguments);
  GError *cause = NULL;

  g_set_prgname (name);
  g_option_context_set_summary (context, self->summary);
  if (description)
    g_option_context_set_description (context, description);
  if (entries)
    g_option_context_add_main_entries (context, entries, NULL);
  if (client)
    client_add_options (client, context);
  /* Negative coordinates and text that starts with a dash are arguments after "--". */
  if (!g_option_context_parse (context, argc, argv, &cause)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s; see \"%s --help\"", cause->message, name);
    g_error_free (cause);
    return false;
  }
  if (*argc > 1 && strcmp ((*argv)[1], "--") == 0) {
    (*argv)[1] = (*argv)[0];
    (*argv)++;
    (*argc)--;
  }
  if (*argc - 1 < min_arguments || (max_arguments != -1 && *argc - 1 > max_arguments)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s arguments; usage: %s %s",
                 *argc - 1 < min_arguments ? "missing" : "too many", name, self->arguments);
    return false;
  }
  return true;
}

bool
command_parse_int (const char *what, const char *text, gint64 min, gint64 max, int *value, GError **error)
{
  gint64 number;

  if (!g_ascii_string_to_signed (text, 10, min, max, &number, NULL)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE,
                 "%s must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", not \"%s\"", what, min,
                 max, text);
    return false;
  }
  *value = number;
  return true;
}

static int
run (const Command *command, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (command->run (argc, argv, &error))
    return STATUS_OK;
  fprintf (stderr, "caraway %s: %s\n", command->name, error->message);
  return error->domain == STATUS_ERROR ? error->code : STATUS_FAILED;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  terminal_init ();
  if (argc < 2) {
    print_help (stderr);
    return STATUS_USAGE;
  }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 || strcmp (argv[1], "help") == 0) {
    print_help (stdout);
    return STATUS_OK;
  }
  if (strcmp (argv[1], "--version") == 0) {
    printf ("caraway %s\n", CARAWAY_VERSION);
    return STATUS_OK;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (argv[1], commands[i]->name) == 0)
      return run (commands[i], argc - 1, argv + 1);
  fprintf (stderr, "caraway: there is no command \"%s\"; see \"caraway --help\"\n", argv[1]);
  return STATUS_USAGE;
}
