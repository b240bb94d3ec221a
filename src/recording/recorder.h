/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a recording. Records are gathered into blocks here, and compressed and written by a thread, so that whoever
 * records never waits for a disk. */
#pragma once

#include "link/caps.h"
#include "recording/format.h"

typedef struct CwRecorder CwRecorder;

/* Creates the file, which must not be there, or truncates it. */
CwRecorder *cw_recorder_new (const char *path, GError **error);

void cw_recorder_opened (CwRecorder *self, uint8_t channel_type, uint8_t channel_id, const CwCaps *common,
                         const CwCaps *channel, bool mini_header);
void cw_recorder_message (CwRecorder *self, uint8_t channel_type, uint8_t channel_id, uint16_t type, uint64_t serial,
                          CwSlice body);
void cw_recorder_closed (CwRecorder *self, uint8_t channel_type, uint8_t channel_id);

/* Waits until all is written, and frees. False: what the disk said first. */
bool cw_recorder_finish (CwRecorder *self, GError **error);
