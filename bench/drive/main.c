/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* drive RUN URI [NAME=VALUE …]: prints one line, “library=PATH NAME=VALUE …”. bench/compare.py starts it. */
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

void
drive_fail (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fputs ("drive: ", stderr);
  vfprintf (stderr, format, args);
  fputc ('\n', stderr);
  va_end (args);
  exit (1);
}

void
drive_tell (const char *name, double value)
{
  printf (" %s=%.3f", name, value);
}

/* Which library this really is. */
static void
tell_library (void)
{
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL))
    return;
  lines = g_strsplit (maps, "\n", -1);
  for (char **line = lines; *line; line++) {
    if (strstr (*line, "libspice-client-glib") && strchr (*line, '/')) {
      printf ("library=%s", strchr (*line, '/'));
      return;
    }
  }
}

static const struct {
  const char *name;
  void (*run) (const DriveOptions *options);
} runs[] = {
  { "send", drive_send },     { "clipboard", drive_clipboard }, { "first", drive_first },
  { "cycles", drive_cycles }, { "replay", drive_replay },       { "idle", drive_idle },
  { "port", drive_port },     { "watch", drive_watch },         { "cd", drive_cd },
  { "sound", drive_sound },   { "machine", drive_machine },
};

static void
set_option (DriveOptions *options, const char *assignment)
{
  g_auto (GStrv) pair = g_strsplit (assignment, "=", 2);
  const struct {
    const char *name;
    unsigned *at;
  } numbers[] = {
    { "sessions", &options->sessions },
    { "cycles", &options->cycles },
    { "size", &options->size },
    { "count", &options->count },
  };

  for (unsigned i = 0; pair[1] && i < G_N_ELEMENTS (numbers); i++) {
    if (g_str_equal (pair[0], numbers[i].name)) {
      *numbers[i].at = (unsigned) strtoul (pair[1], NULL, 10);
      return;
    }
  }
  if (pair[1] && g_str_equal (pair[0], "port"))
    options->port = assignment + strlen ("port=");
  else if (pair[1] && g_str_equal (pair[0], "file"))
    options->file = assignment + strlen ("file=");
  else if (pair[1] && g_str_equal (pair[0], "ca"))
    options->ca = assignment + strlen ("ca=");
  else if (g_str_equal (assignment, "stalls"))
    options->stalls = true;
  else
    drive_fail ("unknown option %s", assignment);
}

int
main (int argc, char **argv)
{
  DriveOptions options = { .sessions = 1, .cycles = 100, .size = 1024, .count = 10000 };
  struct rlimit files;

  if (argc < 3)
    drive_fail ("usage: drive send|clipboard|first|cycles|replay|idle|port|watch|cd|sound|machine URI [NAME=VALUE …]");
  options.uri = argv[2];
  for (int i = 3; i < argc; i++)
    set_option (&options, argv[i]);
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  tell_library ();
  for (unsigned i = 0; i < G_N_ELEMENTS (runs); i++) {
    if (g_str_equal (argv[1], runs[i].name)) {
      runs[i].run (&options);
      putchar ('\n');
      return 0;
    }
  }
  drive_fail ("no run is called %s", argv[1]);
}
