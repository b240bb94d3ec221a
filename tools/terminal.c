/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal.h"

#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One process, one person: this is the program's own state, not the library's. */
static struct {
  gint64 start;
  bool shown;
  bool catching;
  char *warning;
} terminal;

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if (terminal.catching && (level & G_LOG_LEVEL_MASK) <= G_LOG_LEVEL_WARNING) {
    for (gsize i = 0; i < n_fields; i++) {
      if (strcmp (fields[i].key, "MESSAGE") == 0) {
        g_free (terminal.warning);
        terminal.warning
            = fields[i].length < 0 ? g_strdup (fields[i].value) : g_strndup (fields[i].value, fields[i].length);
      }
    }
    return G_LOG_WRITER_HANDLED;
  }
  return g_log_writer_default (level, fields, n_fields, data);
}

void
terminal_init (void)
{
  terminal.start = g_get_monotonic_time ();
  g_log_set_writer_func (write_log, NULL, NULL);
}

gint64
terminal_start_time (void)
{
  return terminal.start;
}

void
terminal_progress (const char *what)
{
  if (!isatty (STDERR_FILENO))
    return;
  if (terminal.shown)
    fputs ("\r\033[K", stderr);
  terminal.shown = what != NULL;
  if (what)
    fprintf (stderr, "waiting for %s …", what);
  fflush (stderr);
}

bool
terminal_can_ask (void)
{
  int fd = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

  if (fd == -1)
    return false;
  close (fd);
  return true;
}

char *
terminal_ask_secret (const char *prompt)
{
  int fd = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  struct termios normal, quiet;
  g_autoptr (GString) answer = g_string_new (NULL);
  bool line = false;
  char c;

  if (fd == -1)
    return NULL;
  terminal_progress (NULL);
  if (tcgetattr (fd, &normal) == -1) {
    close (fd);
    return NULL;
  }
  quiet = normal;
  quiet.c_lflag &= ~ECHO;
  tcsetattr (fd, TCSAFLUSH, &quiet);
  if (write (fd, prompt, strlen (prompt)) == (ssize_t) strlen (prompt)) {
    while (answer->len < 1024 && read (fd, &c, 1) == 1) {
      if (c == '\n') {
        line = true;
        break;
      }
      g_string_append_c (answer, c);
    }
  }
  tcsetattr (fd, TCSAFLUSH, &normal);
  (void) !write (fd, "\n", 1);
  close (fd);
  /* Time spent typing does not count against the limit. */
  terminal.start = g_get_monotonic_time ();
  return line ? g_strdup (answer->str) : NULL;
}

bool
terminal_read_secret_file (const char *path, char **text, GError **error)
{
  g_autofree char *line = NULL;
  size_t allocated = 0;
  FILE *file = strcmp (path, "-") == 0 ? stdin : fopen (path, "re");
  ssize_t size;

  if (!file) {
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s: %s", path, g_strerror (errno));
    return false;
  }
  size = getline (&line, &allocated, file);
  if (file != stdin)
    fclose (file);
  if (size == -1) {
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s is empty", path);
    return false;
  }
  line[strcspn (line, "\r\n")] = 0;
  *text = g_strdup (line);
  return true;
}

void
terminal_catch_warnings (bool on)
{
  if (on)
    g_clear_pointer (&terminal.warning, g_free);
  terminal.catching = on;
}

const char *
terminal_last_warning (void)
{
  return terminal.warning;
}
