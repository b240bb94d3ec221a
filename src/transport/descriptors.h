/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File descriptors that come beside the bytes of a unix socket (SCM_RIGHTS). Whoever holds one closes it. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CW_DESCRIPTORS_MAX 4          /* of one message: the planes of a picture */
#define CW_DESCRIPTORS_WAITING_MAX 16 /* received and not claimed yet; more are closed */

typedef struct {
  int fds[CW_DESCRIPTORS_MAX];
  unsigned n;
} CwDescriptors;

/* The i-th, which is the caller's from now on; -1 when there is none, or no more. */
int cw_descriptors_steal (CwDescriptors *self, unsigned i);
void cw_descriptors_close (CwDescriptors *self);

/* Those that have come, with the position in the stream of the byte they came with. Zero-initialised = empty. */
typedef struct {
  struct {
    uint64_t position;
    int fd;
  } entries[CW_DESCRIPTORS_WAITING_MAX];
  unsigned n;
} CwDescriptorQueue;

void cw_descriptor_queue_push (CwDescriptorQueue *self, uint64_t position, int fd);

/* Those that came with the byte at position; more than a message can have are closed, and so are all before it. */
void cw_descriptor_queue_take (CwDescriptorQueue *self, uint64_t position, CwDescriptors *out);

/* Closes those that came before position. */
void cw_descriptor_queue_drop (CwDescriptorQueue *self, uint64_t position);

/* Like recv () without blocking, and puts what comes beside the bytes into fds. The system ends such a read with the
 * bytes that the descriptors came with. *n_fds is at most CW_DESCRIPTORS_WAITING_MAX; the system closes what is more.
 */
ssize_t cw_descriptors_receive (int socket, void *data, size_t size, int fds[CW_DESCRIPTORS_WAITING_MAX],
                                unsigned *n_fds);
