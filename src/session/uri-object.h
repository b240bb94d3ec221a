/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making SpiceURI objects. */
#pragma once

#include "session/uri.h"
#include "spice-uri.h"

/* NULL and error for text that is no proxy's address. */
SpiceURI *cw_uri_object_new (const char *text, GError **error);
