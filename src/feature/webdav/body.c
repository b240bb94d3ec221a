/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/webdav/body.h"
#include "base/i18n.h"

#include <stdint.h>
#include <unistd.h>

struct CwWebdavBodies {
  unsigned refs;
  GPtrArray *all; /* borrowed: each is there as long as it lives */
};

struct CwWebdavBody {
  unsigned refs;
  CwWebdavBodies *owner;
  int fd;
  uint8_t *memory;
  goffset at; /* of the part */
  size_t size;
  bool filled;
};

CwWebdavBodies *
cw_webdav_bodies_new (void)
{
  CwWebdavBodies *self = g_new0 (CwWebdavBodies, 1);

  self->refs = 1;
  self->all = g_ptr_array_new ();
  return self;
}

CwWebdavBodies *
cw_webdav_bodies_ref (CwWebdavBodies *self)
{
  self->refs++;
  return self;
}

void
cw_webdav_bodies_unref (CwWebdavBodies *self)
{
  if (--self->refs > 0)
    return;
  g_ptr_array_unref (self->all);
  g_free (self);
}

CwWebdavBody *
cw_webdav_bodies_find (CwWebdavBodies *self, const void *bytes, size_t size, goffset *at)
{
  for (unsigned i = 0; i < self->all->len; i++) {
    CwWebdavBody *body = self->all->pdata[i];
    size_t offset = (uintptr_t) bytes - (uintptr_t) body->memory;

    if (offset < body->size && size <= body->size - offset) {
      *at = body->at + (goffset) offset;
      return body;
    }
  }
  return NULL;
}

CwWebdavBody *
cw_webdav_body_new (CwWebdavBodies *owner, int fd, size_t size)
{
  CwWebdavBody *self = g_new0 (CwWebdavBody, 1);

  self->refs = 1;
  self->owner = cw_webdav_bodies_ref (owner);
  self->fd = fd;
  self->memory = g_malloc (MAX (size, 1));
  g_ptr_array_add (owner->all, self);
  return self;
}

void
cw_webdav_body_unref (CwWebdavBody *self)
{
  if (--self->refs > 0)
    return;
  g_ptr_array_remove_fast (self->owner->all, self);
  cw_webdav_bodies_unref (self->owner);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->memory);
  g_free (self);
}

static void
unref_body (gpointer data)
{
  cw_webdav_body_unref (data);
}

GBytes *
cw_webdav_body_part (CwWebdavBody *self, goffset at, size_t size)
{
  self->at = at;
  self->size = size;
  self->filled = false;
  self->refs++;
  return g_bytes_new_with_free_func (self->memory, size, unref_body, self);
}

GBytes *
cw_webdav_body_broken (CwWebdavBodies *owner)
{
  CwWebdavBody *self = cw_webdav_body_new (owner, -1, 1);
  GBytes *part = cw_webdav_body_part (self, 0, 1);

  cw_webdav_body_unref (self);
  return part;
}

int
cw_webdav_body_fd (const CwWebdavBody *self)
{
  return self->fd;
}

bool
cw_webdav_body_fill (CwWebdavBody *self, GError **error)
{
  size_t done = self->filled ? self->size : 0;

  while (done < self->size) {
    ssize_t n
        = TEMP_FAILURE_RETRY (pread (self->fd, self->memory + done, self->size - done, self->at + (goffset) done));

    if (n <= 0) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("The file has changed."));
      return false;
    }
    done += (size_t) n;
  }
  self->filled = true;
  return true;
}
