/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clipboard that client and guest share: who owns which selection, and what is asked and answered about it. No I/O,
 * no main loop; time comes in as microseconds of the monotonic clock.
 *
 * Every question of the guest is answered, at the latest by CW_CLIPBOARD_PATIENCE with no data: programs there wait. */
#pragma once

#include "channel/main/agent.h"

#define CW_CLIPBOARD_N_SELECTIONS 3
#define CW_CLIPBOARD_PATIENCE (30 * G_USEC_PER_SEC)

/* Questions of the guest about one selection that may be open; more are answered with no data at once. */
#define CW_CLIPBOARD_MAX_OPEN 16

typedef struct CwClipboard CwClipboard;

/* What the guest does. All may do anything but free the clipboard. */
typedef struct {
  /* It owns the selection and has these types, each once, all of them known ones. */
  void (*grab) (gpointer data, unsigned selection, const uint32_t *types, unsigned n_types);
  /* It wants the client's content; answer by cw_clipboard_answer (). */
  void (*request) (gpointer data, unsigned selection, uint32_t type);
  /* Its content, valid during the call. Text is UTF-8; what should be and is not comes as no data. */
  void (*content) (gpointer data, unsigned selection, uint32_t type, CwSlice content);
  void (*release) (gpointer data, unsigned selection);
} CwClipboardObserver;

/* agent must outlive it. */
CwClipboard *cw_clipboard_new (CwAgent *agent, const CwClipboardObserver *observer, gpointer data);
void cw_clipboard_free (CwClipboard *self);

/* What content may have, in bytes, -1: no limit. The agent is told at once, if it wants to know. */
void cw_clipboard_set_max (CwClipboard *self, int bytes);
void cw_clipboard_tell_max (CwClipboard *self);

/* The agent has come, gone, or begun anew. */
void cw_clipboard_reset (CwClipboard *self);

/* A message of the agent about the clipboard. False: it is about something else. */
bool cw_clipboard_handle (CwClipboard *self, const CwMessage *message, int64_t now);
/* More of a long CLIPBOARD, as from CwAgentObserver. */
void cw_clipboard_part (CwClipboard *self, CwSlice so_far);

/* What the client does. Nothing happens for a selection that the agent does not know. */
void cw_clipboard_grab (CwClipboard *self, unsigned selection, const uint32_t *types, unsigned n_types);
void cw_clipboard_request (CwClipboard *self, unsigned selection, uint32_t type);
void cw_clipboard_release (CwClipboard *self, unsigned selection);

/* type NONE answers the oldest question with no data. False: the content is larger than the maximum, and the question
 * was answered with no data. */
bool cw_clipboard_answer (CwClipboard *self, unsigned selection, uint32_t type, CwSlice content);

/* When cw_clipboard_expire () has to be called; INT64_MAX: not at all. */
int64_t cw_clipboard_due (const CwClipboard *self);
void cw_clipboard_expire (CwClipboard *self, int64_t now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwClipboard, cw_clipboard_free)
