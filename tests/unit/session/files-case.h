/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that a program copies to a guest, for tests that go step by step. */
#pragma once

#include "agent-server.h"
#include "spice-file-transfer-task.h"

#define FILES_CASE_CAPS 0x354f7

typedef struct {
  AgentServer *server;
  SpiceSession *session;
  SpiceMainChannel *main;
  char *folder;
  GString *told;    /* the ends of tasks and of the operation, in order */
  GPtrArray *tasks; /* a reference to each */
  GError *error;    /* of the operation */
  bool over;
  goffset current, total; /* of the progress callback */
  double progress;        /* of the first task, so far */
} FilesCase;

void files_case_begin (FilesCase *self, bool agent, uint32_t caps);
void files_case_end (FilesCase *self);
/* The half of it that is left when the session is gone. */
void files_case_clear (FilesCase *self);

void files_case_tell (FilesCase *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void files_case_expect_told (FilesCase *self, const char *expected);

/* A file of the folder, with bytes i * 31 >> 3. */
GFile *files_case_make (FilesCase *self, const char *name, size_t size);

/* Begins to copy; second may be NULL. */
void files_case_copy (FilesCase *self, GFile *first, GFile *second, GCancellable *cancellable);
void files_case_copy_all (FilesCase *self, GFile **files, GCancellable *cancellable);
SpiceFileTransferTask *files_case_task (FilesCase *self, unsigned index);
void files_case_wait (FilesCase *self);

/* As the guest's agent: a status; waits for a START, and lets its content come. */
void files_case_say (FilesCase *self, uint32_t id, uint32_t result);
void files_case_allow (FilesCase *self, uint32_t id);
