/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dictionary of GLZ: the images decoded last by all display channels of a session, by their ids. Every function
 * may be called from any thread; none blocks longer than a short critical section. */
#pragma once

#include "base/pixels.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest window a server accepts, in pixels; no GLZ image is larger. */
#define CW_GLZ_WINDOW_MAX_PIXELS ((uint64_t) 1 << 25)

/* Images (decoded or known to have failed) a window holds at most, so that tiny ones cannot fill the memory. */
#define CW_GLZ_WINDOW_MAX_IMAGES ((size_t) 1 << 18)

typedef struct CwGlzWindow CwGlzWindow;

/* max_pixels is the window size announced to the server. The window never retains more than twice that: beyond it, it
 * stops waiting for missing ids and then drops its oldest images. */
CwGlzWindow *cw_glz_window_new (uint64_t max_pixels);
CwGlzWindow *cw_glz_window_ref (CwGlzWindow *self);
void cw_glz_window_unref (CwGlzWindow *self);

/* Starts a new dictionary with id 0 (connect, reconnect, host switch; not on seamless migration). All waiters are
 * notified; decoders made before fail at their next step. */
void cw_glz_window_clear (CwGlzWindow *self);

/* Arranges that notify (data) is called exactly once: from the thread that stores the image id, that finds that it
 * will never come (its decoding failed, the window moved past it), or that clears the window. notify runs without the
 * window's lock and may call the window, but should only queue work. Returns false, without calling notify, if there
 * is nothing to wait for: step the decoder again. */
bool cw_glz_window_wait_for (CwGlzWindow *self, uint64_t id, void (*notify) (gpointer data), gpointer data);

/* Withdraws a wait. False if there is none such (any more): notify has been or is about to be called. */
bool cw_glz_window_cancel_wait (CwGlzWindow *self, void (*notify) (gpointer data), gpointer data);

/* For tests and statistics. */
bool cw_glz_window_contains (CwGlzWindow *self, uint64_t id);
size_t cw_glz_window_n_images (CwGlzWindow *self);
uint64_t cw_glz_window_n_pixels (CwGlzWindow *self);
size_t cw_glz_window_n_waiters (CwGlzWindow *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwGlzWindow, cw_glz_window_unref)
