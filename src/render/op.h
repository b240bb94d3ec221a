/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What waits in a render's queue, and what is known of each kind of message. */
#pragma once

#include "base/slab.h"
#include "canvas/draw.h"
#include "render/image.h"
#include "render/state.h"
#include "render/streams.h"

/* An operation's images have the numbers that its own functions give them, in the order of their fields in the message;
 * its mask comes after them. */
#define CW_OP_MAX_IMAGES 2
#define CW_OPERAND_MASK CW_OP_MAX_IMAGES
#define CW_N_OPERANDS (CW_OP_MAX_IMAGES + 1)

typedef struct {
  CwImage *image;           /* or */
  CwRenderSurface *surface; /* for SURFACE images */
} CwOperand;

/* What an operation needs while it is drawn: there is one of these for all that wait. */
typedef struct {
  CwDrawTarget on;
  CwDraw draw;
} CwDrawing;

typedef struct CwOpInfo CwOpInfo;
typedef struct CwOp CwOp;

struct CwOp {
  GList link;           /* in the queue it waits in */
  const CwOpInfo *info; /* NULL: fails with error */
  CwMessage *message;   /* NULL for operations that no message is behind */
  GError *error;
  uint64_t queue_bytes;  /* what it counts for in the queue */
  uint64_t flight_bytes; /* what its decoded images count for */
  uint64_t decoded_here; /* pixels of images to be decoded when its turn comes */

  unsigned n_resolved;     /* images done so far; there may have to be a pause between two */
  CwRenderSurface *target; /* also of creations and destructions; NULL: unknown */
  CwOperand operands[CW_N_OPERANDS];
  CwStream *stream; /* of a message about one, or NULL */
  uint64_t frame;   /* its number; 0: there is none */

  CwDrawing *drawing; /* borrowed; NULL: not begun */
  size_t done;        /* of a piecewise one, in bytes */
};

typedef enum {
  CW_OP_DRAW,        /* on a surface, has a display base */
  CW_OP_UNSUPPORTED, /* images are handled, nothing is drawn; has a display base if it has images */
  CW_OP_ORDERED,     /* done at once when its turn comes */
  CW_OP_PIECEWISE,   /* likewise, but for what takes long */
  CW_OP_IMMEDIATE,   /* done when pushed; never queued */
} CwOpKind;

/* One row per message. */
struct CwOpInfo {
  uint16_t type;
  CwOpKind kind;
  /* Names images; what the message leaves out stays NULL. NULL: there are none. */
  void (*images) (const void *data, const CwWireImage *images[CW_OP_MAX_IMAGES]);
  size_t mask; /* where the message has its CwWireQMask; 0: nowhere */
  /* Values that have no meaning, when the message is pushed. NULL: all have. */
  bool (*check) (const void *data, GError **error);
  /* All kinds but those that draw: what has to be done when it is pushed; operations to be queued on account of it
   * are added to follow_ups. */
  bool (*accept) (CwRenderState *state, CwOp *op, const void *data, GQueue *follow_ups, GError **error);
  /* CW_OP_ORDERED: when its turn comes. */
  bool (*apply) (CwRenderState *state, const CwOp *op, const void *data, GError **error);
  /* CW_OP_PIECEWISE: does about as much as drawing takes between two looks at the clock. FALSE: there is more to do. */
  bool (*piece) (CwRenderState *state, CwOp *op);
  /* CW_OP_DRAW: prepares op->drawing->draw when its turn comes; the region in it is not empty. */
  bool (*prepare) (CwOp *op, const void *data, GError **error);
};

/* memory: where it is taken from. */
CwOp *cw_op_new (CwSlab *memory, const CwOpInfo *info, CwMessage *message);
void cw_op_free (CwOp *self);

/* Queues of operations, by their own links. */
static inline void
cw_op_queue_push (GQueue *queue, CwOp *op)
{
  g_queue_push_tail_link (queue, &op->link);
}

static inline CwOp *
cw_op_queue_pop (GQueue *queue)
{
  GList *link = g_queue_pop_head_link (queue);

  return link ? link->data : NULL;
}

/* PENDING as long as an operand is; then FAILED if one failed, with its error. */
CwImageState cw_op_poll (CwOp *self, CwWaker *waker, const GError **error);

/* A draw operation whose turn has come; nobody else uses drawing until it is freed. *unsupported names what cannot be
 * drawn; nothing is started then. An empty region is started too. */
bool cw_op_start (CwOp *self, CwDrawing *drawing, const char **unsupported, GError **error);

/* NULL if its message has none. */
static inline const CwWireQMask *
cw_op_mask (const CwOp *self)
{
  return self->info->mask > 0 ? G_STRUCT_MEMBER_P (self->message->data, self->info->mask) : NULL;
}

/* Rows of messages that draw, in draw-ops.c, of those about video, in stream-ops.c, and of all
 * others, in state-ops.c. */
extern const CwOpInfo cw_draw_ops[];
extern const unsigned cw_n_draw_ops;
extern const CwOpInfo cw_stream_ops[];
extern const unsigned cw_n_stream_ops;
extern const CwOpInfo cw_state_ops[];
extern const unsigned cw_n_state_ops;
