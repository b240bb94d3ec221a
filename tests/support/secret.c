/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

/* Freeing writes over the beginning of a block, so the end of the secret is looked for. */
#define SECRET_SIZE 46
#define FIRST 20

/* The secret as such stands nowhere in the program. */
static char
letter (unsigned i)
{
  return (char) ('a' + (i * 7 + 3) % 26);
}

static unsigned
count_within (const char *begin, const char *end)
{
  unsigned n = 0;

  for (const char *p = begin; p + (SECRET_SIZE - FIRST) <= end; p++) {
    unsigned i = FIRST;

    while (i < SECRET_SIZE && p[i - FIRST] == letter (i))
      i++;
    n += i == SECRET_SIZE;
  }
  return n;
}

unsigned
secret_count (void)
{
  static char maps[1 << 17];
  int fd = open ("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  size_t size = 0;
  unsigned n = 0;
  ssize_t got;

  g_assert_cmpint (fd, !=, -1);
  while ((got = read (fd, maps + size, sizeof maps - 1 - size)) > 0)
    size += (size_t) got;
  close (fd);
  g_assert_cmpuint (size, <, sizeof maps - 1);
  maps[size] = 0;
  for (char *line = maps; *line; line = strchr (line, '\n') + 1) {
    char *rest;
    guint64 begin = g_ascii_strtoull (line, &rest, 16);
    guint64 end = g_ascii_strtoull (rest + 1, &rest, 16);

    if (g_str_has_prefix (rest, " rw-p"))
      n += count_within ((const char *) (gsize) begin, (const char *) (gsize) end);
  }
  return n;
}

char *
secret_make (const char *before, const char *behind)
{
  size_t size = strlen (before), more = strlen (behind) + 1;
  char *text = g_malloc (size + SECRET_SIZE + more);

  memcpy (text, before, size);
  for (unsigned i = 0; i < SECRET_SIZE; i++)
    text[size + i] = letter (i);
  memcpy (text + size + SECRET_SIZE, behind, more);
  return text;
}

void
secret_wipe (char *text)
{
  explicit_bzero (text, strlen (text));
  g_free (text);
}

void
secret_init (char **argv)
{
  if (!g_getenv ("LD_BIND_NOW")) {
    g_setenv ("LD_BIND_NOW", "1", TRUE);
    execv ("/proc/self/exe", argv);
    g_error ("execv: %s", g_strerror (errno));
  }
  mallopt (M_PERTURB, 0);
}
