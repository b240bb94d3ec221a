/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read as a password is kept nowhere but in the text that is returned. */
#include "failure.h"
#include "support/secret.h"
#include "terminal.h"
#include "text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Of terminal.c's users, which are not here. */
GQuark
status_error_quark (void)
{
  return g_quark_from_static_string ("test");
}

static void
put (int fd, const char *before, const char *behind)
{
  char *text = secret_make (before, behind);

  g_assert_cmpint (write (fd, text, strlen (text)), ==, (ssize_t) strlen (text));
  secret_wipe (text);
}

static void
check_read (char *text)
{
  g_assert_cmpuint (secret_count (), ==, 1);
  text_wipe (text);
  g_assert_cmpuint (secret_count (), ==, 0);
}

static void
test_stdin (void)
{
  char rest[8] = "";
  char *text = NULL;
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_cmpint (dup2 (ends[0], STDIN_FILENO), ==, STDIN_FILENO);
  put (ends[1], "", "\r\nmore\n");
  close (ends[1]);
  g_assert_true (terminal_read_secret_file ("-", &text, NULL));
  check_read (text);
  /* What stands behind the line is for whoever reads next. */
  g_assert_cmpint (read (STDIN_FILENO, rest, sizeof rest), ==, 5);
  g_assert_cmpstr (rest, ==, "more\n");
  close (ends[0]);
}

static void
test_file (void)
{
  g_autofree char *path = NULL;
  char *text = NULL;
  int fd = g_file_open_tmp ("caraway-secret-XXXXXX", &path, NULL);

  put (fd, "", "\nmore\n");
  close (fd);
  g_assert_true (terminal_read_secret_file (path, &text, NULL));
  check_read (text);
  unlink (path);
}

/* A first line that is no password is forgotten as well. */
static void
test_too_long (void)
{
  g_autofree char *more = g_strnfill (1024, 'x');
  g_autofree char *path = NULL;
  char *text = NULL;
  int fd = g_file_open_tmp ("caraway-secret-XXXXXX", &path, NULL);

  put (fd, "", more);
  close (fd);
  g_assert_false (terminal_read_secret_file (path, &text, NULL));
  g_assert_null (text);
  g_assert_cmpuint (secret_count (), ==, 0);
  unlink (path);
}

/* Types when it is asked, by which time what was typed before is thrown away. */
static gpointer
type (gpointer data)
{
  char c = 0;

  while (c != '?')
    g_assert_cmpint (read (GPOINTER_TO_INT (data), &c, 1), ==, 1);
  put (GPOINTER_TO_INT (data), "", "\n");
  return NULL;
}

/* A terminal of its own: its other end. */
static int
open_terminal (void)
{
  int master = posix_openpt (O_RDWR | O_NOCTTY);

  g_assert_cmpint (grantpt (master), ==, 0);
  g_assert_cmpint (unlockpt (master), ==, 0);
  (void) setsid ();
  g_assert_cmpint (open (ptsname (master), O_RDWR), !=, -1); /* takes it for its own */
  return master;
}

static void
child_terminal (void)
{
  int master = open_terminal ();
  GThread *typist;
  char *text;

  /* Once more: the first call of a function writes over much of the stack. */
  for (unsigned i = 0; i < 2; i++) {
    typist = g_thread_new ("typist", type, GINT_TO_POINTER (master));
    text = terminal_ask_secret ("? ");
    g_assert_nonnull (text);
    g_thread_join (typist); /* it has forgotten what it typed */
    check_read (text);
  }
}

static void
test_terminal (void)
{
  g_test_trap_subprocess ("/secrets/terminal/subprocess", 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static int behind_prompt; /* the signal that comes right then; 0: none does */
static volatile sig_atomic_t n_heard;

ssize_t __real_write (int fd, const void *bytes, size_t size);
ssize_t __wrap_write (int fd, const void *bytes, size_t size);

ssize_t
__wrap_write (int fd, const void *bytes, size_t size)
{
  ssize_t n = __real_write (fd, bytes, size);
  sigset_t pending;

  if (behind_prompt != 0 && size == 2 && memcmp (bytes, "? ", size) == 0) {
    raise (behind_prompt);
    g_assert_cmpint (sigpending (&pending), ==, 0);
    g_assert_cmpint (sigismember (&pending, behind_prompt), ==, 1);
  }
  return n;
}

static void
on_heard (int number)
{
  n_heard++;
}

/* A signal that comes before the first key is waited for is kept for then: nobody would come and press one. */
static void
child_early_signal (void)
{
  static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };
  struct sigaction heard = { .sa_handler = on_heard };
  sigset_t pending;

  open_terminal ();
  for (unsigned i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_assert_cmpint (sigaction (numbers[i], &heard, NULL), ==, 0);
    behind_prompt = numbers[i];
    g_assert_null (terminal_ask_secret ("? "));
    /* Then it goes to whom it would have gone to. */
    g_assert_cmpint (n_heard, ==, (int) i + 1);
    g_assert_cmpint (sigpending (&pending), ==, 0);
    g_assert_cmpint (sigismember (&pending, numbers[i]), ==, 0);
  }
}

static void
test_early_signal (void)
{
  g_test_trap_subprocess ("/secrets/early-signal/subprocess", 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  secret_init (argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secrets/stdin", test_stdin);
  g_test_add_func ("/secrets/file", test_file);
  g_test_add_func ("/secrets/too-long", test_too_long);
  g_test_add_func ("/secrets/terminal", test_terminal);
  g_test_add_func ("/secrets/terminal/subprocess", child_terminal);
  g_test_add_func ("/secrets/early-signal", test_early_signal);
  g_test_add_func ("/secrets/early-signal/subprocess", child_early_signal);
  return g_test_run ();
}
