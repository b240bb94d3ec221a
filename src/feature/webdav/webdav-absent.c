/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands for the server in a library built without libphodav. */
#include "feature/webdav/webdav.h"

const CwFeature cw_webdav_feature = { .name = "webdav" };

CwWebdavTube *
cw_webdav_connect (SpiceSession *session, GMainContext *context, GSourceFunc ready, gpointer data)
{
  return NULL;
}

GType
cw_webdav_server_type (void)
{
  return G_TYPE_OBJECT;
}

GObject *
cw_webdav_server_object (SpiceSession *session)
{
  return NULL;
}
