/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command-line options for programs that show a session. */
#pragma once

#include <glib.h>
#include "spice-session.h"

G_BEGIN_DECLS

GOptionGroup *spice_get_option_group (void);
void spice_set_session_option (SpiceSession *session);

G_END_DECLS
