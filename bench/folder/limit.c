/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* folder-limit PORT SIZE: what folder-guest, or the demo server with its folder, takes and gives at most. Answers what
 * is asked for /big with so many bytes, everything else with a thousand, and takes what is brought; from memory, with
 * nothing around: no library, no files and no main loop. */
#include "frames.h"

#include "link/link.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SMALL 1000

static void
need (bool good, const char *what)
{
  if (good)
    return;
  g_printerr ("folder-limit: %s failed\n", what);
  exit (1);
}

static void
speak_link (int fd, const CwLinkParams *params)
{
  g_autoptr (CwLink) link = cw_link_new (params, NULL);

  while (cw_link_status (link) == CW_LINK_RUNNING) {
    g_autoptr (GBytes) out = cw_link_take_output (link);
    uint8_t in[4096];
    ssize_t n;

    if (out)
      need (send (fd, g_bytes_get_data (out, NULL), g_bytes_get_size (out), 0) == (ssize_t) g_bytes_get_size (out),
            "linking");
    if (cw_link_wanted (link) == 0)
      continue;
    n = recv (fd, in, MIN (sizeof in, cw_link_wanted (link)), 0);
    need (n > 0, "linking");
    cw_link_feed (link, in, (size_t) n);
  }
  need (cw_link_status (link) == CW_LINK_DONE && cw_link_mini_header (link), "linking");
}

static int
link_to (const char *port, const CwLinkParams *params)
{
  const struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons ((uint16_t) strtoul (port, NULL, 10)),
                                       .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM, 0), on = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  need (connect (fd, (const struct sockaddr *) &address, sizeof address) == 0, "connecting");
  speak_link (fd, params);
  return fd;
}

/* The session's number, which is the first of its first message. */
static uint32_t
session_of (int fd)
{
  uint8_t head[6 + sizeof (uint32_t)];
  uint32_t id;

  need (recv (fd, head, sizeof head, MSG_WAITALL) == (ssize_t) sizeof head && head[0] == CW_MSG_MAIN_INIT, "beginning");
  memcpy (&id, head + 6, sizeof id);
  return GUINT32_FROM_LE (id);
}

static void
answer (Frames *self, const char *head, size_t big)
{
  size_t size = g_str_has_prefix (head, "GET /big ") ? big : SMALL;
  g_autofree char *text = NULL;
  int64_t id = self->id;

  frames_drop_body (self, head);
  if (!g_str_has_prefix (head, "GET ")) {
    frames_say (self, id, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  text = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%*s", size, size == SMALL ? SMALL : 0, "");
  frames_say (self, id, text);
  if (size != SMALL)
    frames_send_body (self, id, size);
}

int
main (int argc, char **argv)
{
  static Frames self;
  CwLinkParams main_channel = { .channel_type = CW_CHANNEL_MAIN }, webdav = { .channel_type = CW_CHANNEL_WEBDAV };
  char head[4096];

  need (argc == 3, "finding PORT and SIZE");
  webdav.connection_id = session_of (link_to (argv[1], &main_channel));
  self.fd = link_to (argv[1], &webdav);
  for (;;) {
    if (frames_take_head (&self, head, sizeof head))
      answer (&self, head, strtoul (argv[2], NULL, 10));
  }
}
