/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server wants to know of a stream's frames: how many came late, and how early the last one was. */
#pragma once

#include "render/render.h"

typedef struct {
  bool active;
  uint32_t stream_id, unique_id, window, timeout_ms;
  /* Since the last report. */
  uint32_t n_frames, n_drops, n_late_in_a_row, first_stamp;
  int64_t begun;
} CwFrameReport;

void cw_frame_report_activate (CwFrameReport *self, const CwMsgDisplayStreamActivateReport *activate);

/* A frame has arrived, margin milliseconds before it is due. TRUE: *report is to be sent. */
bool cw_frame_report_count (CwFrameReport *self, int64_t now, uint32_t stamp, int32_t margin, const CwMediaTime *media,
                            CwMsgcDisplayStreamReport *report);
