/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "descriptors.h"

#include "client.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 64

int
descriptors_count (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  int n = 0;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
    g_autofree char *what = g_file_read_link (path, NULL);

    n += g_strcmp0 (what, "anon_inode:[eventfd]") != 0;
  }
  return n;
}

static bool
are_so_many (gpointer data)
{
  return descriptors_count () == *(const int *) data;
}

int
descriptors_left (int before)
{
  client_run_until (CLIENT_PATIENCE, are_so_many, &before);
  return descriptors_count () - before;
}

bool
descriptors_send (PeerIo *io, const int *fds, unsigned n)
{
  char byte = '@';
  struct iovec vector = { &byte, 1 };
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE (MOST * sizeof (int))];
  } control = { 0 };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

  g_assert_cmpuint (n, <=, MOST);
  if (n > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE (n * sizeof *fds);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN (n * sizeof *fds);
    memcpy (CMSG_DATA (&control.header), fds, n * sizeof *fds);
  }
  return sendmsg (io->fd, &message, MSG_NOSIGNAL) == 1;
}

int
descriptors_memory (size_t size)
{
  int fd = memfd_create ("scanout", MFD_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, (off_t) size), ==, 0);
  return fd;
}
