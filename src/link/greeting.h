/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other servers say first, so that an error can name them. */
#pragma once

#include "base/slice.h"

/* "a VNC server" and the like for the beginning of what a server said; NULL when it is none of those known. */
const char *cw_greeting_name (CwSlice bytes);

/* "This is not a SPICE server …" with the bytes quoted; to be freed. */
char *cw_greeting_describe (CwSlice bytes);
