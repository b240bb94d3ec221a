/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* folder-guest: a SPICE server with a guest that uses shared folders, without files, sockets and programs of its own,
 * so that what is measured is the client. Prints “ready port=PORT”, then does what the lines of its input say and
 * prints “done AMOUNT SECONDS” after each: read NAME (bytes), write NAME BYTES, small COUNT (files of a connection
 * each), kept COUNT (over one connection, as long as the client keeps it). */
#include "frames.h"

#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "org.spice-space.webdav.0"

typedef struct {
  Frames frames;
  bool is_open;
} Guest;

static void request (Guest *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
request (Guest *self, const char *format, ...)
{
  g_autofree char *head = NULL;
  va_list args;

  va_start (args, format);
  head = g_strdup_vprintf (format, args);
  va_end (args);
  if (!self->is_open)
    self->frames.only++;
  self->is_open = true;
  frames_say (&self->frames, self->frames.only, head);
}

/* The size of an answer's body; negative: the client has closed the connection instead. */
static gssize
take_answer (Guest *self)
{
  char head[4096];

  if (!frames_take_head (&self->frames, head, sizeof head)) {
    self->is_open = false;
    return -1;
  }
  if (!g_str_has_prefix (head, "HTTP/1.1 20")) {
    g_printerr ("refused: %s", head);
    _exit (1);
  }
  return (gssize) frames_drop_body (&self->frames, head);
}

static size_t
fetch (Guest *self, const char *name)
{
  gssize size;

  do {
    request (self, "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n", name);
    size = take_answer (self);
  } while (size < 0);
  return (size_t) size;
}

static void
hang_up (Guest *self)
{
  if (self->is_open)
    frames_say (&self->frames, self->frames.only, NULL);
  self->is_open = false;
}

static size_t
put (Guest *self, const char *name, size_t size)
{
  request (self, "PUT /%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", name, size);
  frames_send_body (&self->frames, self->frames.only, size);
  if (take_answer (self) < 0) {
    g_printerr ("the client hung up\n");
    _exit (1);
  }
  return size;
}

static size_t
fetch_many (Guest *self, unsigned count, bool keep)
{
  for (unsigned i = 0; i < count; i++) {
    g_autofree char *name = g_strdup_printf ("small%u", i);

    fetch (self, name);
    if (!keep)
      hang_up (self);
  }
  return count;
}

static size_t
obey (Guest *self, char **words)
{
  unsigned n = g_strv_length (words);

  if (n == 2 && g_str_equal (words[0], "read"))
    return fetch (self, words[1]);
  if (n == 3 && g_str_equal (words[0], "write"))
    return put (self, words[1], strtoul (words[2], NULL, 10));
  if (n == 2 && (g_str_equal (words[0], "small") || g_str_equal (words[0], "kept")))
    return fetch_many (self, (unsigned) strtoul (words[1], NULL, 10), words[0][0] == 'k');
  g_printerr ("what is “%s”?\n", words[0]);
  _exit (1);
}

static void
use_folder (PeerIo *io)
{
  Guest self = { .frames.fd = io->fd };
  CwMsgPortInit init = { { (const uint8_t *) NAME, sizeof NAME }, 0 };
  CwMsgPortEvent opened = { 0 };
  char line[256];

  if (!server_send (io, CW_MSG_PORT_INIT, &init) || !server_send (io, CW_MSG_PORT_EVENT, &opened))
    return;
  while (fgets (line, sizeof line, stdin)) {
    g_auto (GStrv) words = g_strsplit (g_strchomp (line), " ", -1);
    int64_t start = g_get_monotonic_time ();
    size_t amount = obey (&self, words);

    printf ("done %zu %.6f\n", amount, (double) (g_get_monotonic_time () - start) / 1e6);
    fflush (stdout);
    hang_up (&self);
  }
  _exit (0);
}

static void
serve (PeerIo *io, gpointer data)
{
  const uint8_t channel[] = { CW_CHANNEL_WEBDAV, 0 };
  PeerLink link = PEER_LINK_INIT;

  if (io->channel_type != CW_CHANNEL_MAIN)
    link.channel_caps = 0;
  if (!peer_link (io, &link))
    return;
  if (io->channel_type == CW_CHANNEL_WEBDAV)
    use_folder (io);
  server_send_start (io, channel, 1);
  peer_drain (io);
}

int
main (void)
{
  Server *server = server_new (serve, NULL);

  printf ("ready port=%s\n", server_port (server));
  fflush (stdout);
  pause ();
}
