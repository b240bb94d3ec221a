/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent-limit PORT send MIB | clipboard MB: what the server and its guest agent take at most. The same bytes as of
 * bench/drive go over one socket, from memory, with nothing around: no library and no main loop. Prints
 * “limit-mb-per-s=…” or “limit-there-and-back-ms=…”. */
#include "link/link.h"
#include "wire/message.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER 6 /* mini */
#define FRAME (HEADER + CW_AGENT_MAX_DATA_SIZE)
#define BLOCK 65536     /* of a file, in one message */
#define LOW_WATER 16384 /* bytes worth waking up for, while many come */

typedef struct {
  int fd;
  uint32_t credit;
  uint8_t in[512 * 1024]; /* the server tests the line with a PING of half of that */
  size_t start, end;
} Client;

static void
need (bool good, const char *what)
{
  if (good)
    return;
  fprintf (stderr, "agent-limit: %s failed\n", what);
  exit (1);
}

static void
write_all (Client *self, const void *data, size_t size)
{
  const uint8_t *at = data;

  while (size > 0) {
    ssize_t n = send (self->fd, at, size, MSG_NOSIGNAL);

    need (n > 0, "sending");
    at += n;
    size -= (size_t) n;
  }
}

static void
read_some (Client *self)
{
  ssize_t n;

  memmove (self->in, self->in + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;
  n = recv (self->fd, self->in + self->end, sizeof self->in - self->end, 0);
  need (n > 0, "receiving");
  self->end += (size_t) n;
}

/* The next message; credit is counted. Its body is there until the next call. */
static CwSlice
take_message (Client *self, uint16_t *type)
{
  for (;;) {
    const uint8_t *head = self->in + self->start;
    size_t have = self->end - self->start;
    uint32_t size = have >= HEADER ? head[2] | head[3] << 8 | head[4] << 16 | (uint32_t) head[5] << 24 : 0;

    need (size <= sizeof self->in - HEADER, "reading a message that large");
    if (have < HEADER || have - HEADER < size) {
      read_some (self);
      continue;
    }
    *type = (uint16_t) (head[0] | head[1] << 8);
    self->start += HEADER + size;
    if (*type == CW_MSG_MAIN_AGENT_TOKEN && size >= 4)
      self->credit += head[HEADER]; /* never many */
    return (CwSlice){ head + HEADER, size };
  }
}

static void
put_frame (GByteArray *out, uint16_t type, const void *body, size_t size)
{
  const uint8_t header[HEADER] = { (uint8_t) type, (uint8_t) (type >> 8), (uint8_t) size, (uint8_t) (size >> 8) };

  g_byte_array_append (out, header, sizeof header);
  g_byte_array_append (out, body, (guint) size);
}

static GByteArray *
message_frames (uint32_t type, const void *head, size_t head_size, size_t zeros)
{
  const uint32_t size = (uint32_t) (head_size + zeros);
  const uint32_t header[] = { GUINT32_TO_LE (CW_AGENT_PROTOCOL), GUINT32_TO_LE (type), 0, 0, GUINT32_TO_LE (size) };
  size_t all = sizeof header + size;
  g_autofree uint8_t *message = g_malloc (all);
  GByteArray *out = g_byte_array_new ();

  memcpy (message, header, sizeof header);
  memcpy (message + sizeof header, head, head_size);
  memset (message + sizeof header + head_size, 'x', zeros);
  for (size_t at = 0; at < all; at += CW_AGENT_MAX_DATA_SIZE)
    put_frame (out, CW_MSGC_MAIN_AGENT_DATA, message + at, MIN (CW_AGENT_MAX_DATA_SIZE, all - at));
  return out;
}

/* As much at a time as there is credit for. */
static void
send_frames (Client *self, const GByteArray *frames)
{
  uint16_t type;

  for (size_t at = 0; at < frames->len;) {
    size_t n = MIN ((size_t) self->credit * FRAME, frames->len - at);

    if (n == 0) {
      take_message (self, &type);
      continue;
    }
    write_all (self, frames->data + at, n);
    self->credit -= (uint32_t) ((n + FRAME - 1) / FRAME);
    at += n;
  }
}

static void
say (Client *self, uint32_t type, const void *body, size_t size)
{
  g_autoptr (GByteArray) frames = message_frames (type, body, size, 0);

  send_frames (self, frames);
}

/* Until a message of the agent's begins that is of this type. */
static void
await (Client *self, uint32_t wanted)
{
  uint16_t type = 0;
  CwSlice body = { 0 };

  while (type != CW_MSG_MAIN_AGENT_DATA || body.size < CW_AGENT_HEADER_SIZE || body.data[4] != wanted)
    body = take_message (self, &type);
}

static void
speak_link (Client *self)
{
  g_autoptr (CwLink) link = cw_link_new (&(CwLinkParams){ .channel_type = CW_CHANNEL_MAIN }, NULL);

  while (cw_link_status (link) == CW_LINK_RUNNING) {
    g_autoptr (GBytes) out = cw_link_take_output (link);
    uint8_t in[4096];
    ssize_t n;

    if (out)
      write_all (self, g_bytes_get_data (out, NULL), g_bytes_get_size (out));
    if (cw_link_wanted (link) == 0)
      continue;
    n = recv (self->fd, in, MIN (sizeof in, cw_link_wanted (link)), 0);
    need (n > 0, "linking");
    cw_link_feed (link, in, (size_t) n);
  }
  need (cw_link_status (link) == CW_LINK_DONE && cw_link_mini_header (link), "linking");
}

static void
begin (Client *self, const char *port)
{
  const struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons ((uint16_t) strtoul (port, NULL, 10)),
                                       .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  const uint32_t all = UINT32_MAX;
  const uint32_t caps[]
      = { 0, GUINT32_TO_LE (1u << CW_AGENT_CAP_CLIPBOARD_BY_DEMAND | 1u << CW_AGENT_CAP_CLIPBOARD_SELECTION) };
  g_autoptr (GByteArray) start = g_byte_array_new ();
  g_autoptr (GBytes) init = NULL;
  g_autoptr (CwMessage) message = NULL;
  uint16_t type = 0;
  CwSlice body;
  int on = 1;

  self->fd = socket (AF_INET, SOCK_STREAM, 0);
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  need (connect (self->fd, (const struct sockaddr *) &address, sizeof address) == 0, "connecting");
  speak_link (self);
  do
    body = take_message (self, &type);
  while (type != CW_MSG_MAIN_INIT);
  init = g_bytes_new (body.data, body.size);
  message = cw_message_parse (CW_CHANNEL_MAIN, CW_FROM_SERVER, type, 1, init, NULL);
  need (message != NULL, "reading INIT");
  self->credit = ((const CwMsgMainInit *) message->data)->agent_tokens;
  put_frame (start, CW_MSGC_MAIN_AGENT_START, &all, sizeof all);
  write_all (self, start->data, start->len);
  say (self, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES, caps, sizeof caps);
}

static void
send_file (Client *self, size_t mib)
{
  const uint32_t id = GUINT32_TO_LE (1), head[] = { id, GUINT32_TO_LE (BLOCK), 0 };
  g_autoptr (GByteArray) block = message_frames (CW_AGENT_TYPE_FILE_XFER_DATA, head, sizeof head, BLOCK);
  g_autoptr (GString) start = g_string_new_len ((const char *) &id, sizeof id);
  int64_t begun;

  g_string_append_printf (start, "[vdagent-file-xfer]\nname=zeros\nsize=%zu\n", mib << 20);
  say (self, CW_AGENT_TYPE_FILE_XFER_START, start->str, start->len + 1);
  await (self, CW_AGENT_TYPE_FILE_XFER_STATUS);
  begun = g_get_monotonic_time ();
  for (size_t i = 0; i < (mib << 20) / BLOCK; i++)
    send_frames (self, block);
  await (self, CW_AGENT_TYPE_FILE_XFER_STATUS);
  printf ("limit-mb-per-s=%.3f\n", (double) (mib << 20) / (double) (g_get_monotonic_time () - begun));
}

static void
exchange_clipboard (Client *self, size_t mb)
{
  const uint32_t head[] = { 0, GUINT32_TO_LE (CW_CLIPBOARD_TYPE_UTF8_TEXT) };
  g_autoptr (GByteArray) content = message_frames (CW_AGENT_TYPE_CLIPBOARD, head, sizeof head, mb * 1000000);
  size_t missing = mb * 1000000;
  int64_t begun = g_get_monotonic_time ();
  int low_water = LOW_WATER;
  uint16_t type;

  say (self, CW_AGENT_TYPE_CLIPBOARD_GRAB, head, sizeof head);
  await (self, CW_AGENT_TYPE_CLIPBOARD_REQUEST);
  send_frames (self, content);
  await (self, CW_AGENT_TYPE_CLIPBOARD_GRAB);
  say (self, CW_AGENT_TYPE_CLIPBOARD_REQUEST, head, sizeof head);
  setsockopt (self->fd, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof low_water);
  while (missing > 0) {
    CwSlice body = take_message (self, &type);

    if (type == CW_MSG_MAIN_AGENT_DATA)
      missing -= MIN (missing, body.size);
    if (missing < 2 * LOW_WATER && low_water > 1) {
      low_water = 1;
      setsockopt (self->fd, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof low_water);
    }
  }
  printf ("limit-there-and-back-ms=%.3f\n", (double) (g_get_monotonic_time () - begun) / 1000);
}

int
main (int argc, char **argv)
{
  static Client self;

  if (argc != 4) {
    fprintf (stderr, "agent-limit PORT send MIB | clipboard MB\n");
    return 1;
  }
  begin (&self, argv[1]);
  if (g_str_equal (argv[2], "send"))
    send_file (&self, strtoul (argv[3], NULL, 10));
  else
    exchange_clipboard (&self, strtoul (argv[3], NULL, 10));
  return 0;
}
