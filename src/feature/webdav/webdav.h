/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session's WebDAV server, as its channels and its property webdav-server see it. */
#pragma once

#include "feature/webdav/tube.h"
#include "session/feature.h"

extern const CwFeature cw_webdav_feature;

/* A connection to the server, as cw_webdav_tube_new () makes it; NULL when there is no server to be had. */
CwWebdavTube *cw_webdav_connect (SpiceSession *session, GMainContext *context, GSourceFunc ready, gpointer data);

/* The property: its type, and the object for the application's own folders. NULL when the library was built without. */
GType cw_webdav_server_type (void);
GObject *cw_webdav_server_object (SpiceSession *session);
