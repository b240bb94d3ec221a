/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest with a webdav channel to a shared folder: its frames, and requests in them. */
#pragma once

#include "../session/steps.h"

#define WEBDAV_HEADER 10 /* of a frame */

typedef struct {
  char *top, *folder; /* the shared one is inside */
  Steps *steps;
  SpiceSession *session;
  SpiceChannel *channel;
  GByteArray *stream; /* what has come of frames that are not taken yet */
  gint64 last_id;
  char *token, *tag; /* of the last answer that had one */
} WebdavCase;

/* A folder with a few files and links, and what is beside it; the channel's port is open. */
void webdav_begin (WebdavCase *self);
void webdav_end (WebdavCase *self);

void webdav_set_open (WebdavCase *self, bool open);

/* NULL: there is no such file. */
char *webdav_content_of (WebdavCase *self, const char *name);

/* Of a WebdavCase: nothing in the folder is on its way to its name. */
bool webdav_has_no_upload (gpointer self);
/* The process has none of a folder's files open; the path of the folder itself, not of a link. */
bool webdav_has_no_file (gpointer folder);
/* One is that would stay there if the program ended. */
bool webdav_upload_is_named (WebdavCase *self);

/* At most 65535 bytes; none: the connection's end. */
void webdav_send_frame (WebdavCase *self, gint64 id, const void *bytes, size_t size);
/* As many frames as it takes. */
void webdav_say (WebdavCase *self, gint64 id, const char *text, size_t size);
/* Frames for a message. */
void webdav_add_frame (GByteArray *message, gint64 id, const void *bytes, size_t size);
void webdav_add_text (GByteArray *message, gint64 id, const char *text, size_t size);
/* In messages as large as may be, the first one of at most so many bytes; the frames stay. Another thread does it, as
 * the client of this one has to read what is more than the system keeps. */
typedef struct WebdavSpeech WebdavSpeech;
WebdavSpeech *webdav_start (WebdavCase *self, const GByteArray *frames, size_t first);
bool webdav_is_over (gpointer speech);
/* Waits until it is over. */
void webdav_finish (WebdavSpeech *speech);

/* The content of the next frame, which has to be of this connection; NULL: its end. */
GBytes *webdav_next_frame (WebdavCase *self, gint64 id);

/* What comes of the connection up to its end. */
GString *webdav_hear_all (WebdavCase *self, gint64 id);

/* On a connection of its own, to its end. In headers, %t is the last token, %e the last tag. */
GString *webdav_request (WebdavCase *self, const char *method, const char *path, const char *headers, const char *body,
                         size_t size);

typedef struct {
  const char *method, *path, *headers, *body;
  unsigned status;
  const char *with, *without; /* what the answer has to contain, and must not; or NULL. Tags hold any digits */
} WebdavRow;

void webdav_run_rows (WebdavCase *self, const WebdavRow *rows, size_t n);
