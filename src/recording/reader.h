/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a recording, which may come from anybody. */
#pragma once

#include "recording/format.h"

typedef struct CwRecording CwRecording;

/* Fails with G_FILE_ERROR, or CW_ERROR_MALFORMED and CW_ERROR_UNSUPPORTED for what is no recording of ours. */
CwRecording *cw_recording_open (const char *path, GError **error);
CwRecording *cw_recording_new (GBytes *bytes, GError **error);
void cw_recording_unref (CwRecording *self);

/* Microseconds since 1970 at which it began. */
uint64_t cw_recording_begin (const CwRecording *self);

/* A place in a recording. Several go through it side by side; each keeps no more than its block. */
typedef struct {
  CwRecording *recording; /* a reference */
  size_t next;            /* offset in the file of the next block */
  size_t block_at;        /* of the present one */
  GBytes *block;          /* plain, or NULL */
  size_t at;              /* in block */
} CwRecordIter;

void cw_record_iter_init (CwRecordIter *self, CwRecording *recording);
void cw_record_iter_clear (CwRecordIter *self);

/* The next record, borrowed until the next call. False: the end, or with error set damage, named with its offset in the
 * file; what was read before stays good. */
bool cw_record_iter_next (CwRecordIter *self, CwRecord *record, GError **error);

/* The server's capabilities, from an OPENED record. */
bool cw_record_read_caps (const CwRecord *record, uint32_t *n_common, uint32_t *n_channel, const uint8_t **words,
                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwRecording, cw_recording_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CwRecordIter, cw_record_iter_clear)
