/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/frame-report.h"

/* Frames that are late one after the other are reported at once. */
#define MAX_LATE_IN_A_ROW 3

void
cw_frame_report_activate (CwFrameReport *self, const CwMsgDisplayStreamActivateReport *activate)
{
  *self = (CwFrameReport){ .active = true,
                           .stream_id = activate->stream_id,
                           .unique_id = activate->unique_id,
                           .window = activate->max_window_size,
                           .timeout_ms = activate->timeout_ms };
}

static bool
is_due (const CwFrameReport *self, int64_t now)
{
  return self->n_frames >= self->window || now - self->begun >= (int64_t) self->timeout_ms * 1000
         || self->n_late_in_a_row >= MAX_LATE_IN_A_ROW;
}

bool
cw_frame_report_count (CwFrameReport *self, int64_t now, uint32_t stamp, int32_t margin, const CwMediaTime *media,
                       CwMsgcDisplayStreamReport *report)
{
  if (!self->active)
    return false;
  if (self->n_frames == 0) {
    self->first_stamp = stamp;
    self->begun = now;
  }
  self->n_frames++;
  self->n_drops += margin < 0;
  self->n_late_in_a_row = margin < 0 ? self->n_late_in_a_row + 1 : 0;
  if (!is_due (self, now))
    return false;
  *report = (CwMsgcDisplayStreamReport){
    .stream_id = self->stream_id,
    .unique_id = self->unique_id,
    .start_frame_mm_time = self->first_stamp,
    .end_frame_mm_time = stamp,
    .num_frames = self->n_frames,
    .num_drops = self->n_drops,
    .last_frame_delay = margin,
    .audio_delay = media->sound ? media->audio_delay : UINT32_MAX,
  };
  self->n_frames = self->n_drops = self->n_late_in_a_row = 0;
  return true;
}
