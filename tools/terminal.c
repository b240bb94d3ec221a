/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal.h"

#include "client.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A server that ends a session says why right before; what it has said at the beginning is no reason. */
#define NOTICE_US (2 * G_TIME_SPAN_SECOND)

#define SECRET_LIMIT 1024

/* One process, one person: this is the program's own state, not the library's. */
static struct {
  bool shown;
  bool catching;
  char *warning, *notice;
  gint64 noticed; /* when */
} terminal;

static char *
message_of (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      return fields[i].length < 0 ? g_strdup (fields[i].value) : g_strndup (fields[i].value, fields[i].length);
  return g_strdup ("");
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  static const char notes[] = "the server notes (", usual[] = "keyboard channel is insecure";
  g_autofree char *message = message_of (fields, n_fields);
  const char *note = strstr (message, notes);

  /* What libspice-server says whenever a keyboard comes without TLS is no reason for what happens a moment later. */
  if (note && (note = strstr (note, "): ")) && strcmp (note + 3, usual) != 0) {
    g_free (terminal.notice);
    terminal.notice = text_escape (note + 3);
    terminal.noticed = g_get_monotonic_time ();
  }
  if (terminal.catching && (level & G_LOG_LEVEL_MASK) <= G_LOG_LEVEL_WARNING) {
    g_free (terminal.warning);
    terminal.warning = g_steal_pointer (&message);
    return G_LOG_WRITER_HANDLED;
  }
  return g_log_writer_default (level, fields, n_fields, data);
}

void
terminal_init (void)
{
  /* Standard output is for what was asked for. */
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (write_log, NULL, NULL);
  /* The writer sees and shows all that the library says, also where the library would write itself. */
  g_log_set_handler ("GSpice", G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO, g_log_default_handler, NULL);
  if (spice_util_get_debug ())
    spice_util_set_debug (TRUE);
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

static const int ending_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };
static volatile sig_atomic_t pending_signal;

static void
on_signal (int number)
{
  pending_signal = number;
}

/* Signals come only here: one just before read () would wait for the next key. */
static bool
await_key (int fd, const sigset_t *unblocked)
{
  struct pollfd poll = { .fd = fd, .events = POLLIN };

  return ppoll (&poll, 1, NULL, unblocked) == 1 && !pending_signal;
}

/* The first line that is typed; NULL: the input ended, or a signal came. */
static char *
read_line (int fd, const sigset_t *unblocked)
{
  char line[SECRET_LIMIT];
  size_t size = 0;
  char *copy = NULL;

  while (size < sizeof line - 1 && await_key (fd, unblocked) && read (fd, line + size, 1) == 1) {
    if (line[size] == '\n') {
      line[size] = 0;
      copy = g_strdup (line);
      break;
    }
    size++;
  }
  explicit_bzero (line, sizeof line);
  return copy;
}

char *
terminal_ask_secret (const char *prompt)
{
  int fd = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  struct sigaction catch = { .sa_handler = on_signal }, before[G_N_ELEMENTS (ending_signals)];
  sigset_t blocked, unblocked;
  struct termios normal, quiet;
  char *answer = NULL;

  if (fd == -1)
    return NULL;
  terminal_progress (NULL);
  if (tcgetattr (fd, &normal) == -1) {
    close (fd);
    return NULL;
  }
  pending_signal = 0;
  sigemptyset (&blocked);
  for (gsize i = 0; i < G_N_ELEMENTS (ending_signals); i++)
    sigaddset (&blocked, ending_signals[i]);
  pthread_sigmask (SIG_BLOCK, &blocked, &unblocked);
  for (gsize i = 0; i < G_N_ELEMENTS (ending_signals); i++)
    sigaction (ending_signals[i], &catch, &before[i]);
  quiet = normal;
  quiet.c_lflag &= ~ECHO;
  tcsetattr (fd, TCSAFLUSH, &quiet);
  if (write (fd, prompt, strlen (prompt)) == (ssize_t) strlen (prompt))
    answer = read_line (fd, &unblocked);
  tcsetattr (fd, TCSAFLUSH, &normal);
  (void) !write (fd, "\n", 1);
  close (fd);
  for (gsize i = 0; i < G_N_ELEMENTS (ending_signals); i++)
    sigaction (ending_signals[i], &before[i], NULL);
  pthread_sigmask (SIG_SETMASK, &unblocked, NULL);
  if (pending_signal)
    raise (pending_signal);
  return answer;
}

/* Up to the end of the line, byte by byte: what follows is for whoever reads next, and nobody else has seen it. The
 * size, or -1 for a reason in errno; 0 is the end, and @limit means that there is more. */
static ssize_t
read_first_line (int fd, char *line, size_t limit)
{
  size_t size = 0;

  while (size < limit) {
    ssize_t n = read (fd, line + size, 1);

    if (n == -1 && errno == EINTR)
      continue;
    if (n == -1)
      return -1;
    if (n == 0 || line[size] == '\n')
      return (ssize_t) size + n;
    size++;
  }
  return (ssize_t) limit;
}

/* Not through stdio, whose buffer would keep a copy. */
bool
terminal_read_secret_file (const char *path, char **text, GError **error)
{
  int fd = strcmp (path, "-") == 0 ? STDIN_FILENO : open (path, O_RDONLY | O_CLOEXEC);
  char line[SECRET_LIMIT + 1] = "";
  ssize_t size = fd == -1 ? -1 : read_first_line (fd, line, SECRET_LIMIT);
  int code = errno;

  if (fd > STDIN_FILENO)
    close (fd);
  if (size == -1)
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s: %s", path, g_strerror (code));
  else if (size == 0)
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s is empty", path);
  else if (size == SECRET_LIMIT)
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "the first line of %s is longer than any password", path);
  else {
    line[strcspn (line, "\r\n")] = 0;
    *text = g_strdup (line);
  }
  explicit_bzero (line, sizeof line);
  return size > 0 && size < SECRET_LIMIT;
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

const char *
terminal_last_notice (void)
{
  return g_get_monotonic_time () - terminal.noticed <= NOTICE_US ? terminal.notice : NULL;
}
