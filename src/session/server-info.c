/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the session knows of the server it is connected to, and the caches its display channels share. */
#include "session/registry.h"
#include "session/session.h"

#include <string.h>

#define MAX_NAME 4096

/* Bytes; budgets of the image cache and of the dictionary window are announced in pixels of four bytes. */
#define DEFAULT_CACHE_SIZE (80 * 1024 * 1024)
#define MIN_GLZ_WINDOW_SIZE (12 * 1024 * 1024)
#define MAX_GLZ_WINDOW_SIZE (64 * 1024 * 1024)
#define BYTES_PER_PIXEL 4

CwRenderGroup *
cw_session_render_group (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;

  if (!priv->render_group) {
    priv->render_group = cw_render_group_new (NULL, NULL);
    cw_render_group_set_decoders (priv->render_group, cw_registry.decoders);
  }
  return priv->render_group;
}

/* What the server is told is what is kept to. */
void
cw_session_budgets (SpiceSession *self, uint32_t *cache, uint32_t *glz_window)
{
  *cache = (uint32_t) self->priv->cache_size / BYTES_PER_PIXEL;
  *glz_window = (uint32_t) self->priv->glz_window_size / BYTES_PER_PIXEL;
}

void
cw_session_server_init (SpiceSession *self, const CwMsgMainInit *init)
{
  SpiceSessionPrivate *priv = self->priv;
  uint32_t cache, glz_window;

  if (!priv->migration)
    cw_session_drop_stale (self);
  priv->connection_id = init->session_id;
  if (priv->cache_size == 0)
    priv->cache_size = DEFAULT_CACHE_SIZE;
  if (priv->glz_window_size == 0)
    priv->glz_window_size = (int) CLAMP (init->ram_hint / 2, MIN_GLZ_WINDOW_SIZE, MAX_GLZ_WINDOW_SIZE);
  cw_session_budgets (self, &cache, &glz_window);
  cw_render_group_set_budgets (cw_session_render_group (self), glz_window, cache);
  cw_session_server_time (self, init->multi_media_time);
}

void
cw_session_server_name (SpiceSession *self, CwSlice name)
{
  size_t size = strnlen ((const char *) name.data, MIN (name.size, MAX_NAME));

  g_free (self->priv->name);
  self->priv->name = g_utf8_make_valid ((const char *) name.data, (gssize) size);
  cw_session_notify (self, CW_SESSION_NAME_CHANGED);
}

void
cw_session_server_uuid (SpiceSession *self, const uint8_t uuid[16])
{
  memcpy (self->priv->uuid, uuid, sizeof self->priv->uuid);
  cw_session_notify (self, CW_SESSION_UUID_CHANGED);
}

void
cw_session_forget_server (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;

  g_clear_pointer (&priv->name, g_free);
  memset (priv->uuid, 0, sizeof priv->uuid);
  priv->connection_id = 0;
  if (priv->render_group)
    cw_render_group_clear (priv->render_group);
}
