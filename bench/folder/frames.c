/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frames.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_HEADER 6
#define DATA 101
#define AT_ONCE 16 /* frames in a write */

/* Bytes worth waking up for, while many come. */
#define LOW_WATER (256 * 1024)

static G_NORETURN void
fail (const char *what)
{
  g_printerr ("folders: %s failed\n", what);
  _exit (1);
}

/* At least one byte of what comes. */
static size_t
receive (Frames *self, void *to, size_t size)
{
  ssize_t n;

  if (self->start == self->end && !to) {
    n = recv (self->fd, NULL, size, MSG_TRUNC);
    if (n <= 0)
      fail ("receiving");
    return (size_t) n;
  }
  if (self->start == self->end) {
    n = recv (self->fd, self->in, sizeof self->in, 0);
    if (n <= 0)
      fail ("receiving");
    self->start = 0;
    self->end = (size_t) n;
  }
  size = MIN (size, self->end - self->start);
  if (to)
    memcpy (to, self->in + self->start, size);
  self->start += size;
  return size;
}

static void
receive_all (Frames *self, void *to, size_t size)
{
  for (size_t done = 0; done < size;)
    done += receive (self, to ? (uint8_t *) to + done : NULL, size - done);
}

/* Messages of other types are none of ours. */
static void
begin_message (Frames *self)
{
  uint8_t header[MESSAGE_HEADER];
  guint32 size;

  receive_all (self, header, sizeof header);
  memcpy (&size, header + 2, sizeof size);
  size = GUINT32_FROM_LE (size);
  if (header[0] == DATA && header[1] == 0)
    self->message_rest = size;
  else
    receive_all (self, NULL, size);
}

static size_t
take_some (Frames *self, void *to, size_t size)
{
  while (self->message_rest == 0)
    begin_message (self);
  size = receive (self, to, MIN (size, self->message_rest));
  self->message_rest -= size;
  return size;
}

static void
begin_frame (Frames *self)
{
  uint8_t header[FRAME_HEADER - MESSAGE_HEADER];
  guint16 rest;

  for (size_t done = 0; done < sizeof header;)
    done += take_some (self, header + done, sizeof header - done);
  memcpy (&self->id, header, sizeof self->id);
  self->id = GINT64_FROM_LE (self->id);
  memcpy (&rest, header + sizeof self->id, sizeof rest);
  self->frame_rest = GUINT16_FROM_LE (rest);
}

size_t
frames_take (Frames *self, void *to, size_t size)
{
  while (self->frame_rest == 0) {
    begin_frame (self);
    if (self->only == 0 || self->id == self->only) {
      if (self->frame_rest == 0)
        return 0;
      break;
    }
    while (self->frame_rest > 0)
      self->frame_rest -= take_some (self, NULL, self->frame_rest);
  }
  size = take_some (self, to, MIN (size, self->frame_rest));
  self->frame_rest -= size;
  return size;
}

bool
frames_take_head (Frames *self, char *head, size_t size)
{
  size_t got = 0;

  while (got < 4 || memcmp (head + got - 4, "\r\n\r\n", 4) != 0) {
    if (got + 1 == size)
      fail ("finding the end of a head");
    if (frames_take (self, head + got, 1) == 0)
      return false;
    got++;
  }
  head[got] = '\0';
  return true;
}

static void
set_low_water (Frames *self, int bytes)
{
  if (bytes != self->low_water)
    setsockopt (self->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
  self->low_water = bytes;
}

size_t
frames_drop_body (Frames *self, const char *head)
{
  static const char name[] = "\r\nContent-Length:";
  const char *at = strcasestr (head, name);
  size_t size = at ? strtoul (at + strlen (name), NULL, 10) : 0;

  for (size_t done = 0; done < size;) {
    size_t n;

    set_low_water (self, size - done > 4 * LOW_WATER ? LOW_WATER : 1);
    n = frames_take (self, NULL, size - done);

    if (n == 0)
      fail ("receiving all of a file");
    done += n;
  }
  return size;
}

void
frames_head (uint8_t *frame, int64_t id, size_t content)
{
  guint32 size = GUINT32_TO_LE ((guint32) (content + FRAME_HEADER - MESSAGE_HEADER));
  guint16 rest = GUINT16_TO_LE ((guint16) content);

  id = GINT64_TO_LE (id);
  frame[0] = DATA;
  frame[1] = 0;
  memcpy (frame + 2, &size, sizeof size);
  memcpy (frame + MESSAGE_HEADER, &id, sizeof id);
  memcpy (frame + MESSAGE_HEADER + sizeof id, &rest, sizeof rest);
}

void
frames_send (Frames *self, const void *frames, size_t size)
{
  const uint8_t *at = frames;

  while (size > 0) {
    ssize_t n = send (self->fd, at, size, MSG_NOSIGNAL);

    if (n <= 0)
      fail ("sending");
    at += n;
    size -= (size_t) n;
  }
}

void
frames_say (Frames *self, int64_t id, const char *text)
{
  size_t size = text ? strlen (text) : 0;
  g_autofree uint8_t *frame = g_malloc (FRAME_HEADER + size);

  frames_head (frame, id, size);
  if (text)
    memcpy (frame + FRAME_HEADER, text, size);
  frames_send (self, frame, FRAME_HEADER + size);
}

void
frames_send_body (Frames *self, int64_t id, size_t size)
{
  const size_t whole = FRAME_HEADER + FRAME_CONTENT;
  g_autofree uint8_t *frames = g_malloc0 (AT_ONCE * whole);

  for (unsigned i = 0; i < AT_ONCE; i++)
    frames_head (frames + i * whole, id, FRAME_CONTENT);
  while (size >= FRAME_CONTENT) {
    size_t n = MIN (size / FRAME_CONTENT, AT_ONCE);

    frames_send (self, frames, n * whole);
    size -= n * FRAME_CONTENT;
  }
  if (size == 0)
    return;
  frames_head (frames, id, size);
  frames_send (self, frames, FRAME_HEADER + size);
}
