/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct Output {
  char *path;    /* as it was given */
  char *target;  /* what is replaced at the end, links followed; NULL: FILE is the thing itself */
  char *partial; /* beside it, until then */
  FILE *file;
};

static void G_GNUC_PRINTF (2, 3) set_error (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_clear_error (error);
  if (error)
    *error = g_error_new_valist (STATUS_ERROR, STATUS_FILE, format, args);
  va_end (args);
}

bool
output_check_stdout (const char *remedy, GError **error)
{
  if (isatty (STDOUT_FILENO))
    set_error (error, "standard output is a terminal; %ssend the output on: | PROGRAM, > FILE", remedy);
  return !isatty (STDOUT_FILENO);
}

/* What a signal leaves no trace of. */
static char *volatile unfinished;

static void
on_signal (int number)
{
  if (unfinished)
    unlink (unfinished);
  raise (number);
}

static void
catch_signals (void)
{
  static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
  const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
    struct sigaction now;

    sigaction (numbers[i], NULL, &now);
    if (now.sa_handler != SIG_IGN) /* as nohup has it */
      sigaction (numbers[i], &action, NULL);
  }
}

/* In the target's own folder, where it can take its place in one step; with the mode that it has, or would get. */
static bool
open_partial (Output *self, const struct stat *now, mode_t mode, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->target);
  mode_t mask = umask (0);
  int fd;

  umask (mask);
  /* Not from the target's name, which may be as long as names can be. */
  self->partial = g_build_filename (folder, ".caraway-XXXXXX", NULL);
  fd = mkostemp (self->partial, O_CLOEXEC);
  if (fd == -1) {
    set_error (error, "cannot write %s: %s", self->path, g_strerror (errno));
    g_clear_pointer (&self->partial, g_free);
    return false;
  }
  if (now && fchown (fd, now->st_uid, now->st_gid) != 0 && errno != EPERM)
    g_debug ("%s: %s", self->partial, g_strerror (errno));
  unfinished = self->partial;
  catch_signals ();
  (void) !fchmod (fd, now ? now->st_mode & 07777 : mode & ~mask);
  self->file = fdopen (fd, "wb");
  return true;
}

/* The file that a path means, although it may not be there yet; NULL with errno: its links lead nowhere. */
static char *
follow_links (const char *path)
{
  g_autofree char *at = g_strdup (path);

  for (unsigned i = 0; i < 40; i++) {
    g_autofree char *folder = NULL;
    char *next, *link = g_file_read_link (at, NULL);

    if (!link)
      return g_steal_pointer (&at);
    folder = g_path_get_dirname (at);
    next = g_path_is_absolute (link) ? g_strdup (link) : g_build_filename (folder, link, NULL);
    g_free (link);
    g_free (at);
    at = next;
  }
  errno = ELOOP;
  return NULL;
}

Output *
output_open (const char *path, mode_t mode, GError **error)
{
  g_autoptr (Output) self = g_new0 (Output, 1);
  struct stat now;
  bool exists;

  self->path = g_strdup (path);
  if (strcmp (path, "-") == 0) {
    self->file = stdout;
    return output_check_stdout ("name a file, or ", error) ? g_steal_pointer (&self) : NULL;
  }
  exists = stat (path, &now) == 0;
  if (exists && S_ISDIR (now.st_mode)) {
    set_error (error, "cannot write %s: it is a folder", path);
    return NULL;
  }
  if (exists && access (path, W_OK) != 0) {
    set_error (error, "cannot write %s: %s", path, g_strerror (errno));
    return NULL;
  }
  if (exists && !S_ISREG (now.st_mode)) {
    self->file = fopen (path, "wbe");
    if (!self->file)
      set_error (error, "cannot write %s: %s", path, g_strerror (errno));
    return self->file ? g_steal_pointer (&self) : NULL;
  }
  self->target = follow_links (path);
  if (!self->target) {
    set_error (error, "cannot write %s: %s", path, g_strerror (errno));
    return NULL;
  }
  return open_partial (self, exists ? &now : NULL, mode, error) ? g_steal_pointer (&self) : NULL;
}

static const char *
name_of (const Output *self)
{
  return strcmp (self->path, "-") == 0 ? "to standard output" : self->path;
}

FILE *
output_file (Output *self)
{
  return self->file;
}

const char *
output_path (Output *self)
{
  return self->partial ? self->partial : self->path;
}

bool
output_explain (Output *self, int reason, GError **error)
{
  if (ferror (self->file))
    set_error (error, "cannot write %s: %s", name_of (self), g_strerror (reason));
  return false;
}

bool
output_commit (Output *self, GError **error)
{
  FILE *file = g_steal_pointer (&self->file);
  bool ok = fflush (file) == 0 && !ferror (file);
  int reason = errno;

  if (file != stdout && fclose (file) != 0 && ok) {
    ok = false;
    reason = errno;
  }
  if (ok && self->partial) {
    ok = rename (self->partial, self->target) == 0;
    reason = errno;
    if (ok) {
      unfinished = NULL;
      g_clear_pointer (&self->partial, g_free);
    }
  }
  if (!ok)
    set_error (error, "cannot write %s: %s", name_of (self), g_strerror (reason));
  return ok;
}

void
output_free (Output *self)
{
  if (self->file && self->file != stdout)
    fclose (self->file);
  if (self->partial)
    unlink (self->partial);
  unfinished = NULL;
  g_free (self->partial);
  g_free (self->target);
  g_free (self->path);
  g_free (self);
}

bool
output_flush_stdout (GError **error)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return true;
  set_error (error, "cannot write to standard output: %s", g_strerror (errno));
  return false;
}

bool
output_takes_more (void)
{
  struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

  return poll (&output, 1, 0) != 0;
}

static gboolean
on_writable (gint fd, GIOCondition condition, gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

static gboolean
on_given_up (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

/* Takes source. */
static void
add (GMainContext *context, GSource *source, GSourceFunc function, bool *flag)
{
  g_source_set_callback (source, function, flag, NULL);
  g_source_attach (source, context);
  g_source_unref (source);
}

bool
output_wait (gint64 until)
{
  GMainContext *context = g_main_context_new ();
  GSource *time = g_timeout_source_new (0);
  bool writable = false, given_up = false;

  g_source_set_ready_time (time, until);
  add (context, time, on_given_up, &given_up);
  add (context, g_unix_signal_source_new (SIGINT), on_given_up, &given_up);
  add (context, g_unix_fd_source_new (STDOUT_FILENO, G_IO_OUT | G_IO_ERR | G_IO_HUP),
       (GSourceFunc) (void *) on_writable, &writable);
  while (!writable && !given_up)
    g_main_context_iteration (context, TRUE);
  g_main_context_unref (context);
  return writable;
}

ssize_t
output_write_some (const char *bytes, gsize size)
{
  struct stat status;
  ssize_t n = send (STDOUT_FILENO, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

  if (n >= 0 || errno != ENOTSOCK)
    return n;
  if (fstat (STDOUT_FILENO, &status) == 0 && S_ISREG (status.st_mode))
    return write (STDOUT_FILENO, bytes, size);
  return write (STDOUT_FILENO, bytes, MIN (size, PIPE_BUF));
}
