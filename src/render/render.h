/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The display without I/O: a display channel's messages in, pixels and events out.
 *
 * Messages are pushed in wire order; pushing does the cache bookkeeping and starts the decoding of images on the
 * worker pool. cw_render_step() draws, in wire order, whatever has become ready, and calls the events. Everything
 * here belongs to one thread, the owner's, except the wake callback. A session's display channels share one
 * CwRenderGroup and one owner. */
#pragma once

#include "base/error.h"
#include "base/geometry.h"
#include "base/worker-pool.h"
#include "render/video.h"
#include "wire/message.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct CwRender CwRender;
typedef struct CwRenderGroup CwRenderGroup;

/* Limits of all channels of a group together; 0 takes the default. What is counted in pixels counts one for a pixel of
 * any depth, as servers do. */
typedef struct {
  uint64_t glz_window_pixels;  /* as announced by DISPLAY_INIT; default 2^24 */
  uint64_t image_cache_pixels; /* as announced by DISPLAY_INIT; four times this ends the channel; default 20971520 */
  uint64_t queue_bytes;        /* messages waiting before channels report full; default 4 MiB */
  uint32_t queue_ops;          /* the same, in operations of each channel; default 2048 */
  uint64_t in_flight_bytes;    /* pixels of images not drawn yet before channels report full; default 96 MiB */
  uint64_t ahead_bytes;        /* those of them that are decoded; more are not started; default 16 MiB */
  uint64_t here_bytes;         /* images that take so many or less are decoded on the owner's thread; default 64 KiB */
  uint64_t decoded_bytes;      /* cached images that take more may be kept as they came; default 256 KiB */
  uint64_t surface_bytes;      /* all surfaces; more ends the channel; default 1 GiB */
  uint32_t n_surfaces;         /* more ends the channel; default 10000 */
  int64_t wait_us;             /* for an image that another channel has to bring; then the one waiting ends; 30 s */
} CwRenderLimits;

/* pool may be NULL for that of the process, limits too. Takes its own reference to the pool. */
CwRenderGroup *cw_render_group_new (CwWorkerPool *pool, const CwRenderLimits *limits);
CwRenderGroup *cw_render_group_ref (CwRenderGroup *self);
void cw_render_group_unref (CwRenderGroup *self);

/* What DISPLAY_INIT is going to announce, when that becomes known only after construction (the RAM hint of
 * MAIN_INIT). Applies at once to the cache, to the GLZ window from the next clear on or while it is unused. */
void cw_render_group_set_budgets (CwRenderGroup *self, uint64_t glz_window_pixels, uint64_t image_cache_pixels);

/* What decodes video beside MJPEG: up to NULL, the first of a codec that is available. Kept, not copied. */
void cw_render_group_set_decoders (CwRenderGroup *self, const CwVideoDecoder *const *decoders);

/* Whether there is a decoder for a CW_VIDEO_CODEC_TYPE_…. */
bool cw_render_group_can_decode (CwRenderGroup *self, uint8_t codec);

/* Forgets the image cache and the GLZ window: disconnect and host switch. The renders are to be reset as well. */
void cw_render_group_clear (CwRenderGroup *self);

typedef struct {
  uint32_t surface_id;
  uint32_t format; /* CW_SURFACE_FMT_… */
  uint32_t width, height;
  uint32_t stride; /* bytes; 4 * width whatever the format */
  uint8_t *data;
  bool primary;
  bool streaming; /* STREAMING_MODE was asked for */
} CwSurfaceInfo;

typedef struct {
  uint32_t time;        /* multimedia time, milliseconds */
  bool sound;           /* is being played: pictures have to keep time with it */
  uint32_t audio_delay; /* milliseconds, while it is */
} CwMediaTime;

/* Called from inside cw_render_step(), in wire order relative to the drawing. A callback may run a nested main loop,
 * may close the render and may drop the last outside reference. All must be set. */
typedef struct {
  /* data stays at this address and readable until primary_destroy returns (or the render is freed). */
  void (*primary_create) (gpointer data, const CwSurfaceInfo *info);
  void (*primary_destroy) (gpointer data);
  /* One rectangle of the damage merged since the last event, within the primary. Flushed before every other event
   * and at the end of a step. */
  void (*invalidate) (gpointer data, const CwRect *box);
  void (*mark) (gpointer data); /* only if there is a primary */
  void (*reset) (gpointer data);
  void (*monitors) (gpointer data, const CwMsgDisplayMonitorsConfig *config);
  /* A message about contents in video memory, which the render knows nothing of: its turn has come. */
  void (*video_memory) (gpointer data, const CwMessage *message);
  /* An operation that cannot be drawn (on a surface of 1 bit) was passed over: once for each operation's name. */
  void (*unsupported) (gpointer data, const char *operation);
  /* A video begins on a surface of STREAMING_MODE. pipeline: a GstPipeline, TRUE if it is shown elsewhere; NULL: it is
   * going to be drawn. */
  bool (*video_overlay) (gpointer data, gpointer pipeline);
  /* Also called from inside cw_render_push(): no more may be done than what they say. */
  CwMediaTime (*media_time) (gpointer data);
  void (*stream_report) (gpointer data, const CwMsgcDisplayStreamReport *report); /* to be sent */
  /* The content of a message was bad: nothing more will be drawn, the channel is to be closed. */
  void (*failed) (gpointer data, const GError *error);
} CwRenderObserver;

/* wake is called from any thread, at most once between two steps, when step has something to do again; it must only
 * schedule a step and must not call back into the render. It is not called any more after close. */
CwRender *cw_render_new (CwRenderGroup *shared, const CwRenderObserver *observer, gpointer observer_data,
                         void (*wake) (gpointer data), gpointer wake_data);
CwRender *cw_render_ref (CwRender *self);
void cw_render_unref (CwRender *self); /* closes when the last reference goes */

/* Takes a server message of the display channel (base messages and WAIT_FOR_CHANNELS, also the waits inside
 * INVAL_ALL_PIXMAPS, are the channel's own business). Keeps a reference. Never blocks. Nothing is drawn before the
 * next step, which the caller schedules. After FALSE the channel is to be closed. Fails too when the render is closed
 * or has failed before. */
bool cw_render_push (CwRender *self, CwMessage *message, GError **error);

/* Draws what is ready, until about budget_us microseconds after now, which is the monotonic time. Returns the monotonic
 * time at which the next step is due: 0 if the budget ended first, CW_RENDER_NEVER if a wake is going to say. A call
 * from inside an observer's function does nothing. */
#define CW_RENDER_NEVER (-1)
int64_t cw_render_step (CwRender *self, int64_t now, int64_t budget_us);

/* A wake has come since the last step began. */
bool cw_render_is_woken (CwRender *self);

/* More is queued than should be: stop reading until a later step has made this FALSE. */
bool cw_render_is_full (CwRender *self);

/* Nothing waits to be drawn or decoded. */
bool cw_render_is_idle (CwRender *self);

/* The serial of the oldest message whose cache bookkeeping still waits for a sibling channel (a FROM_CACHE of an image
 * that is not there yet); 0 if none. A sibling's WAIT_FOR_CHANNELS must not take it for processed. */
uint64_t cw_render_first_waiting_serial (CwRender *self);

/* A surface as it is now. FALSE if there is none of this id. */
bool cw_render_get_surface (CwRender *self, uint32_t surface_id, CwSurfaceInfo *info);

/* Gives up memory that is kept for the next images, this channel's and others', and has been unused for so long: for
 * when there has been nothing to draw for a while. */
void cw_render_trim (CwRender *self, int64_t unused_us);

/* A connection begins: siblings may wait for images that this channel is going to bring. A new render has begun. */
void cw_render_begin (CwRender *self);

/* The connection ended and may come back: drops what is queued, the palettes and all surfaces but the primary, which
 * stays as it is; nobody waits for its images any more. No events; may be called from inside one. Also ends the failed
 * state. */
void cw_render_reset (CwRender *self);

/* As reset, and nothing goes on with the connection elsewhere either: if no sibling is at work, the server has
 * forgotten what the channels of this client share, and begins anew with cache and dictionary; so do we. */
void cw_render_end_connection (CwRender *self);

/* The channel ended: as that, and nothing is accepted any more. Running jobs finish into nothing. */
void cw_render_close (CwRender *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwRender, cw_render_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwRenderGroup, cw_render_group_unref)
