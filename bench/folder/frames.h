/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of shared folders in SPICE messages over a socket, for programs that measure: blocking, and cheap. What nobody
 * wants to see is dropped by the system, uncopied. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER 16     /* of the message, then of the frame */
#define FRAME_CONTENT 65526 /* a frame with its own header makes 64 KiB */

typedef struct {
  int fd;
  int low_water; /* of the socket; 0: as it was */
  uint8_t in[4096];
  size_t start, end;
  size_t message_rest; /* bytes of the message under way */
  size_t frame_rest;   /* of the frame under way */
  int64_t id;          /* its */
  int64_t only;        /* frames of other connections are dropped; 0: none */
} Frames;

/* Something of the next frame, at most size bytes; to NULL: dropped. 0: the connection of that id is over. */
size_t frames_take (Frames *self, void *to, size_t size);

/* Up to the end of a head, HTTP's; what of its body came along stays. false: the connection is over instead. */
bool frames_take_head (Frames *self, char *head, size_t size);

/* The rest of a message whose head this is; its size. */
size_t frames_drop_body (Frames *self, const char *head);

/* frame has room for the headers first. */
void frames_head (uint8_t *frame, int64_t id, size_t content);
void frames_send (Frames *self, const void *frames, size_t size);

/* A frame of its own; NULL: the connection's end. */
void frames_say (Frames *self, int64_t id, const char *text);

/* Sends size bytes of nothing in particular. */
void frames_send_body (Frames *self, int64_t id, size_t size);
