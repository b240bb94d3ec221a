/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway: looks at and operates SPICE servers from a shell. This file finds the command; each command is a file. */
#include "commands.h"
#include "output.h"
#include "terminal.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECONDS 31536000 /* a year */

static const Command *const commands[] = {
  &command_info,   &command_screenshot, &command_type,   &command_key,       &command_click,
  &command_move,   &command_port,       &command_vm,     &command_clipboard, &command_send,
  &command_resize, &command_events,     &command_record, &command_replay,    &command_inspect,
};

static void
print_help (FILE *out)
{
  fputs ("Usage: caraway COMMAND [OPTION…] URI [ARGUMENT…]\n\n"
         "Looks at and operates virtual machines over the SPICE protocol.\n\nCommands:\n",
         out);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (out, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
  fputs ("\nURI is spice://HOST:PORT, spice+tls://HOST:PORT, spice://HOST?port=PORT&tls-port=PORT, spice+unix://PATH,\n"
         "HOST:PORT, or a connection file that ends in .vv. The password comes from --password-file, the environment\n"
         "variable CARAWAY_PASSWORD, or a question on the terminal.\n\n"
         "\"caraway help COMMAND\" tells about a command, caraway(1) about all of them.\n\n"
         "Exit status: 0 done, 1 failed otherwise, 2 wrong command line, 3 cannot connect, 4 certificate not trusted,\n"
         "5 password refused, 6 connection broke or channel refused, 7 time limit, 8 file, 9 the server cannot do it,\n"
         "10 unknown host, 11 the server wants TLS, 12 this port seems to be for TLS, 13 this port is without TLS,\n"
         "14 TLS failed otherwise, 15 certificate of another, 16 password wanted, 17 not a SPICE server,\n"
         "18 the server closed the connection, 19 display off, 20 no channels.\n",
         out);
}

/* "-s100" is "-s 100"; GOption knows only the second. */
static bool
takes_value (const GOptionEntry *entries, char short_name)
{
  for (const GOptionEntry *entry = entries; entry && entry->long_name; entry++)
    if (entry->short_name == short_name)
      return entry->arg != G_OPTION_ARG_NONE;
  return false;
}

/* What stands before "--", for GOption, which takes a value from its option with a space between them alone; @parts
 * owns what had to be split. */
static char **
collect_options (const GOptionEntry *entries, const GOptionEntry *common, int argc, char **argv, GPtrArray *parts,
                 int *n)
{
  GPtrArray *out = g_ptr_array_new ();

  for (int i = 0; i < argc; i++) {
    const char *argument = argv[i];

    if (argument[0] == '-' && argument[1] && argument[1] != '-' && argument[2]
        && (takes_value (entries, argument[1]) || takes_value (common, argument[1]))) {
      g_ptr_array_add (parts, g_strndup (argument, 2));
      g_ptr_array_add (out, parts->pdata[parts->len - 1]);
      g_ptr_array_add (out, argv[i] + 2);
    } else {
      g_ptr_array_add (out, argv[i]);
    }
  }
  *n = (int) out->len;
  g_ptr_array_add (out, NULL);
  return (char **) g_ptr_array_free (out, FALSE);
}

static int
finish_output (void)
{
  g_autoptr (GError) error = NULL;

  if (output_flush_stdout (&error))
    return STATUS_OK;
  fprintf (stderr, "caraway: %s\n", error->message);
  return STATUS_FILE;
}

/* GOption ends the program when it has printed a help. */
static bool parsing;

static void
on_exit_in_parsing (void)
{
  if (parsing && finish_output () != STATUS_OK)
    _exit (STATUS_FILE);
}

bool
command_parse (const Command *self, Client *client, const GOptionEntry *entries, const char *description, int *argc,
               char ***argv, int min_arguments, int max_arguments, GError **error)
{
  g_autofree char *name = g_strdup_printf ("caraway %s", self->name);
  g_autofree char *end = g_strdup_printf ("%s%sExample:\n  %s", description ? description : "",
                                          description ? "\n\n" : "", self->example);
  g_autoptr (GOptionContext) context = g_option_context_new (self->arguments);
  g_autofree GOptionEntry *common = client ? client_entries (client) : NULL;
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char **before = NULL;
  GError *cause = NULL;
  int n_before = 0, n;
  bool ok;

  g_set_prgname (name);
  g_option_context_set_summary (context, self->summary);
  g_option_context_set_description (context, end);
  if (entries)
    g_option_context_add_main_entries (context, entries, NULL);
  if (common)
    g_option_context_add_main_entries (context, common, NULL);
  /* Negative coordinates and text that starts with a dash come after "--", wherever that stands. */
  while (n_before < *argc && strcmp ((*argv)[n_before], "--") != 0)
    n_before++;
  before = collect_options (entries, common, n_before, *argv, parts, &n);
  parsing = true;
  ok = g_option_context_parse (context, &n, &before, &cause);
  parsing = false;
  if (!ok) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s; see \"%s --help\"", cause->message, name);
    g_error_free (cause);
    return false;
  }
  /* What GOption has left are words of @argv, fewer than there were. */
  memcpy (*argv, before, n * sizeof *before);
  for (int i = n_before + 1; i < *argc; i++)
    (*argv)[n++] = (*argv)[i];
  (*argv)[n] = NULL;
  *argc = n;
  if (*argc - 1 < min_arguments || (max_arguments != -1 && *argc - 1 > max_arguments)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s arguments; usage: %s %s",
                 *argc - 1 < min_arguments ? "missing" : "too many", name, self->arguments);
    return false;
  }
  return !client || client_check_options (client, error);
}

bool
command_check_seconds (const char *option, double seconds, GError **error)
{
  if (seconds == NO_SECONDS || (seconds >= 0 && seconds <= MAX_SECONDS))
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s is 0 to %d seconds", option, MAX_SECONDS);
  return false;
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
  g_autofree char *text = NULL;

  if (command->run (argc, argv, &error) && output_flush_stdout (&error))
    return STATUS_OK;
  /* Servers, machines and connection files have their words in it: none of them operates the terminal. */
  text = text_escape (error->message);
  fprintf (stderr, "caraway %s: %s\n", command->name, text);
  return error->domain == STATUS_ERROR ? error->code : STATUS_FAILED;
}

static const Command *
find_command (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (name, commands[i]->name) == 0)
      return commands[i];
  fprintf (stderr, "caraway: there is no command \"%s\"; see \"caraway --help\"\n", name);
  return NULL;
}

/* A stream that the shell has closed fails when it is used. Its number would be the next descriptor's otherwise: what
 * is read would be the library's, and what is written would go to the server. */
static void
keep_standard_streams (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && errno == EBADF && open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      exit (STATUS_FILE);
}

int
main (int argc, char **argv)
{
  static char help[] = "--help";
  const Command *command;

  keep_standard_streams ();
  signal (SIGXFSZ, SIG_IGN); /* a file that may not grow any more (ulimit -f) is an error with a reason */
  setlocale (LC_ALL, "");
  setlocale (LC_MESSAGES, "C"); /* the command speaks English, and tells causes by the library's texts (failure.c) */
  terminal_init ();
  atexit (on_exit_in_parsing);
  if (argc < 2) {
    print_help (stderr);
    return STATUS_USAGE;
  }
  if (strcmp (argv[1], "help") == 0 && argc > 2) {
    command = find_command (argv[2]);
    return command ? run (command, 2, (char *[]){ argv[2], help, NULL }) : STATUS_USAGE;
  }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 || strcmp (argv[1], "help") == 0) {
    print_help (stdout);
    return finish_output ();
  }
  if (strcmp (argv[1], "--version") == 0) {
    printf ("caraway %s\n", CARAWAY_VERSION);
    return finish_output ();
  }
  command = find_command (argv[1]);
  return command ? run (command, argc - 1, argv + 1) : STATUS_USAGE;
}
