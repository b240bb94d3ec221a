/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* g_thread_try_new() in place of GLib's own: here it can be told that there are no threads to be had. */
#pragma once

#include <glib.h>

extern gint no_threads;
