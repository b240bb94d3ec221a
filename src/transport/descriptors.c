/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/descriptors.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
cw_descriptors_steal (CwDescriptors *self, unsigned i)
{
  int fd = i < self->n ? self->fds[i] : -1;

  if (fd >= 0)
    self->fds[i] = -1;
  return fd;
}

void
cw_descriptors_close (CwDescriptors *self)
{
  for (unsigned i = 0; i < self->n; i++)
    if (self->fds[i] >= 0)
      close (self->fds[i]);
  self->n = 0;
}

void
cw_descriptor_queue_push (CwDescriptorQueue *self, uint64_t position, int fd)
{
  if (self->n == G_N_ELEMENTS (self->entries)) {
    close (fd);
    return;
  }
  self->entries[self->n].position = position;
  self->entries[self->n++].fd = fd;
}

static void
remove_first (CwDescriptorQueue *self, unsigned n)
{
  self->n -= n;
  memmove (self->entries, self->entries + n, self->n * sizeof self->entries[0]);
}

void
cw_descriptor_queue_drop (CwDescriptorQueue *self, uint64_t position)
{
  unsigned n = 0;

  while (n < self->n && self->entries[n].position < position)
    close (self->entries[n++].fd);
  remove_first (self, n);
}

void
cw_descriptor_queue_take (CwDescriptorQueue *self, uint64_t position, CwDescriptors *out)
{
  unsigned n = 0;

  cw_descriptor_queue_drop (self, position);
  out->n = 0;
  for (; n < self->n && self->entries[n].position == position; n++) {
    if (out->n < G_N_ELEMENTS (out->fds))
      out->fds[out->n++] = self->entries[n].fd;
    else
      close (self->entries[n].fd);
  }
  remove_first (self, n);
}

static void
collect (struct msghdr *message, int *fds, unsigned *n_fds)
{
  for (struct cmsghdr *control = CMSG_FIRSTHDR (message); control; control = CMSG_NXTHDR (message, control)) {
    size_t n = (control->cmsg_len - CMSG_LEN (0)) / sizeof *fds;

    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
      continue;
    for (size_t i = 0; i < n; i++) {
      int fd;

      memcpy (&fd, CMSG_DATA (control) + i * sizeof fd, sizeof fd);
      if (*n_fds < CW_DESCRIPTORS_WAITING_MAX)
        fds[(*n_fds)++] = fd;
      else
        close (fd);
    }
  }
}

ssize_t
cw_descriptors_receive (int socket, void *data, size_t size, int fds[CW_DESCRIPTORS_WAITING_MAX], unsigned *n_fds)
{
  union {
    char bytes[CMSG_SPACE (CW_DESCRIPTORS_WAITING_MAX * sizeof (int))];
    struct cmsghdr alignment;
  } control;
  struct iovec vector = { data, size };
  struct msghdr message
      = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
  ssize_t n = TEMP_FAILURE_RETRY (recvmsg (socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));

  *n_fds = 0;
  if (n >= 0)
    collect (&message, fds, n_fds);
  return n;
}
