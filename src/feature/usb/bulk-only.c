/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts: USB Mass Storage Class, Bulk-Only Transport 1.0; its thirteen cases are in plan (). One packet of each
 * endpoint is looked at again whenever something has changed, in pump (). */
#include "feature/usb/bulk-only.h"

#define COMMAND_SIZE 31
#define COMMAND_SIGNATURE 0x43425355 /* "USBC" */
#define STATUS_SIZE 13
#define STATUS_SIGNATURE 0x53425355 /* "USBS" */

/* A place for what is read that is kept for the next time; systems read 120 KiB or less at a time. */
#define KEPT_SIZE (256 * 1024)

typedef enum {
  PHASE_COMMAND,
  PHASE_IN,     /* data goes to the host */
  PHASE_OUT,    /* data comes from the host */
  PHASE_FLUSH,  /* the host waits */
  PHASE_STATUS, /* the host has to fetch the status */
  PHASE_BROKEN, /* after nonsense: everything stalls until a reset */
} Phase;

typedef enum {
  STATUS_GOOD = 0,
  STATUS_FAILED = 1,
  STATUS_PHASE_ERROR = 2,
} Status;

typedef struct {
  uint64_t id;
  size_t size;
  uint8_t *data; /* OUT */
} Packet;

struct CwBulkOnly {
  CwScsi *unit;
  const CwBulkOnlyObserver *observer;
  gpointer data;

  Phase phase;
  bool in_halted, out_halted;
  bool pumping;
  GQueue in, out;             /* Packet */
  size_t in_bytes, out_bytes; /* asked for in them, and brought */

  /* The command under way. */
  uint32_t tag;
  uint64_t host_size; /* what the host announced */
  uint64_t moved;     /* bytes that counted so far */
  uint64_t to_move;   /* bytes that are to count */
  uint64_t dropped;   /* bytes of the host that nobody wants */
  Phase after_flush;
  Status status;
  CwScsiResult result;

  /* What the observer is at. */
  bool busy, stale; /* stale: for a command that was given up */
  uint8_t *buffer;
  size_t buffer_size;
  uint8_t *room; /* the buffer of reading, or what may become it; NULL while it is the host's */
  size_t room_size;
  Packet *served; /* taken out of its queue; NULL when cancelled meanwhile */
};

static void
packet_free (Packet *packet)
{
  if (!packet)
    return;
  g_free (packet->data);
  g_free (packet);
}

static size_t *
bytes_in (CwBulkOnly *self, GQueue *queue)
{
  return queue == &self->in ? &self->in_bytes : &self->out_bytes;
}

static Packet *
take_packet (CwBulkOnly *self, GQueue *queue)
{
  Packet *packet = g_queue_pop_head (queue);

  if (packet)
    *bytes_in (self, queue) -= packet->size;
  return packet;
}

/* Takes packet. */
static void
answer_in (CwBulkOnly *self, Packet *packet, CwUsbStatus status, const uint8_t *bytes, size_t size)
{
  uint64_t id = packet->id;

  packet_free (packet);
  self->observer->in_done (self->data, id, status, bytes, size);
}

/* Takes packet. */
static void
answer_out (CwBulkOnly *self, Packet *packet, CwUsbStatus status)
{
  uint64_t id = packet->id;
  size_t size = status == CW_USB_SUCCESS ? packet->size : 0;

  packet_free (packet);
  self->observer->out_done (self->data, id, status, size);
}

static void
break_down (CwBulkOnly *self)
{
  self->phase = PHASE_BROKEN;
  self->in_halted = self->out_halted = true;
}

static void
end_data (CwBulkOnly *self)
{
  self->phase = PHASE_STATUS;
}

static uint64_t
device_size (const CwScsiResult *result)
{
  return result->action == CW_SCSI_REPLY ? result->reply.size : result->size;
}

/* What the host expects, H, against what the device is going to do, D: how much moves, and whether the two agree. */
static void
plan (CwBulkOnly *self, bool host_in)
{
  const CwScsiResult *result = &self->result;
  uint64_t device = result->action == CW_SCSI_FLUSH ? 0 : device_size (result);
  bool device_out = result->action == CW_SCSI_WRITE || result->action == CW_SCSI_TAKE;
  bool clash = device > 0 && self->host_size > 0 && device_out == host_in;

  self->status = result->failed ? STATUS_FAILED : STATUS_GOOD;
  if (clash || device > self->host_size)
    self->status = STATUS_PHASE_ERROR;
  self->to_move = clash ? 0 : MIN (device, self->host_size);
  self->phase = self->host_size == 0 ? PHASE_STATUS : host_in ? PHASE_IN : PHASE_OUT;
  if (result->action == CW_SCSI_FLUSH) {
    self->after_flush = self->phase;
    self->phase = PHASE_FLUSH;
  }
}

static bool
is_command (const Packet *packet)
{
  const uint8_t *at = packet->data;
  uint32_t signature;

  if (packet->size != COMMAND_SIZE)
    return false;
  memcpy (&signature, at, sizeof signature);
  return GUINT32_FROM_LE (signature) == COMMAND_SIGNATURE && (at[12] & 0x7f) == 0 && (at[13] & 0xf0) == 0 && at[14] >= 1
         && at[14] <= 16;
}

/* Takes packet. */
static void
take_command (CwBulkOnly *self, Packet *packet)
{
  const uint8_t *at = packet->data;
  uint32_t size;
  bool host_in;

  if (!is_command (packet)) {
    break_down (self);
    answer_out (self, packet, CW_USB_STALL);
    return;
  }
  memcpy (&self->tag, at + 4, sizeof self->tag); /* given back as it came */
  memcpy (&size, at + 8, sizeof size);
  self->host_size = GUINT32_FROM_LE (size);
  host_in = at[12] & 0x80;
  self->moved = self->dropped = 0;
  cw_scsi_run (self->unit, at[13], at + 15, at[14], &self->result);
  plan (self, host_in);
  answer_out (self, packet, CW_USB_SUCCESS);
}

/* Takes packet. */
static void
send_status (CwBulkOnly *self, Packet *packet)
{
  uint8_t bytes[STATUS_SIZE];
  uint32_t signature = GUINT32_TO_LE (STATUS_SIGNATURE);
  uint32_t residue = GUINT32_TO_LE ((uint32_t) (self->host_size - self->moved));

  if (packet->size < STATUS_SIZE) {
    answer_in (self, packet, CW_USB_BABBLE, NULL, 0);
    return;
  }
  memcpy (bytes, &signature, 4);
  memcpy (bytes + 4, &self->tag, 4);
  memcpy (bytes + 8, &residue, 4);
  bytes[12] = (uint8_t) self->status;
  self->phase = PHASE_COMMAND;
  answer_in (self, packet, CW_USB_SUCCESS, bytes, sizeof bytes);
}

static bool
get_buffer (CwBulkOnly *self, size_t size)
{
  if (!self->room || self->room_size < size) {
    g_free (self->room);
    self->room = g_try_malloc (size);
    self->room_size = size;
  }
  self->buffer = self->room;
  self->buffer_size = size;
  return self->buffer != NULL;
}

static void
drop_buffer (CwBulkOnly *self)
{
  if (self->buffer != self->room)
    g_free (self->buffer);
  self->buffer = NULL;
}

/* The data ends here for the host; what it has not got is the residue. */
static void
stall_in (CwBulkOnly *self, Packet *packet)
{
  self->in_halted = true;
  end_data (self);
  if (packet)
    answer_in (self, packet, CW_USB_STALL, NULL, 0);
}

static void
fail_medium (CwBulkOnly *self, CwScsiSense sense)
{
  cw_scsi_fail (self->unit, sense);
  self->status = STATUS_FAILED;
}

/* So many bytes have been given to an IN packet that asked for `asked`. */
static void
moved_in (CwBulkOnly *self, size_t size, size_t asked)
{
  self->moved += size;
  if (self->moved < self->to_move)
    return;
  /* A packet that is not full tells the host; else it goes on asking for what it expects, and is told by a stall. */
  if (size < asked || self->moved % CW_BULK_ONLY_PACKET != 0 || self->moved == self->host_size)
    end_data (self);
}

/* Takes packet. */
static void
send_data (CwBulkOnly *self, Packet *packet)
{
  uint64_t left = self->to_move - self->moved;
  size_t size = (size_t) MIN (left, packet->size), asked = packet->size;

  if (left == 0) {
    stall_in (self, packet);
  } else if (size == 0) {
    answer_in (self, packet, CW_USB_SUCCESS, NULL, 0);
  } else if (self->result.action == CW_SCSI_REPLY) {
    const uint8_t *bytes = self->result.reply.data + self->moved;

    moved_in (self, size, asked);
    answer_in (self, packet, CW_USB_SUCCESS, bytes, size);
  } else if (!get_buffer (self, size)) {
    fail_medium (self, CW_SENSE_MEDIUM_READ);
    stall_in (self, packet);
  } else {
    self->served = packet;
    self->busy = true;
    self->observer->read (self->data, self->result.offset + self->moved, self->buffer, size);
  }
}

static void
sent_from_medium (CwBulkOnly *self, bool ok)
{
  Packet *packet = g_steal_pointer (&self->served);
  g_autofree uint8_t *bytes = NULL;
  size_t asked = packet ? packet->size : self->buffer_size, room_size = self->room_size;

  drop_buffer (self);
  if (!ok) {
    fail_medium (self, CW_SENSE_MEDIUM_READ);
    stall_in (self, packet);
    return;
  }
  if (!packet) /* cancelled: the host knows nothing of these bytes */
    return;
  bytes = g_steal_pointer (&self->room);
  moved_in (self, self->buffer_size, asked);
  answer_in (self, packet, CW_USB_SUCCESS, bytes, self->buffer_size);
  if (!self->room && room_size <= KEPT_SIZE) {
    self->room = g_steal_pointer (&bytes);
    self->room_size = room_size;
  }
}

static void
moved_out (CwBulkOnly *self, size_t wanted, size_t size)
{
  self->moved += wanted;
  self->dropped += size - wanted;
  if (self->moved + self->dropped >= self->host_size)
    end_data (self);
}

/* Takes packet. */
static void
take_data (CwBulkOnly *self, Packet *packet)
{
  uint64_t left = self->to_move - self->moved;
  size_t wanted = (size_t) MIN (left, packet->size);

  if (packet->size > self->host_size - self->moved - self->dropped) { /* more than was announced */
    self->status = STATUS_PHASE_ERROR;
    end_data (self);
    answer_out (self, packet, CW_USB_STALL);
  } else if (wanted == 0 || self->result.action != CW_SCSI_WRITE) {
    moved_out (self, wanted, packet->size);
    answer_out (self, packet, CW_USB_SUCCESS);
  } else {
    self->served = packet;
    self->buffer = g_steal_pointer (&packet->data);
    self->buffer_size = wanted;
    self->busy = true;
    self->observer->write (self->data, self->result.offset + self->moved, self->buffer, wanted);
  }
}

static void
written_to_medium (CwBulkOnly *self, bool ok)
{
  Packet *packet = g_steal_pointer (&self->served);
  size_t size = packet ? packet->size : self->buffer_size;

  drop_buffer (self);
  if (!ok) { /* the rest is taken and dropped */
    fail_medium (self, CW_SENSE_MEDIUM_WRITE);
    self->to_move = self->moved;
  }
  moved_out (self, ok ? self->buffer_size : 0, size);
  if (packet)
    answer_out (self, packet, CW_USB_SUCCESS);
}

/* One packet; false: there is none to go on with. */
static bool
step (CwBulkOnly *self)
{
  bool has_in = !g_queue_is_empty (&self->in), has_out = !g_queue_is_empty (&self->out);

  if (self->busy)
    return false;
  if (self->in_halted && has_in) {
    answer_in (self, take_packet (self, &self->in), CW_USB_STALL, NULL, 0);
    return true;
  }
  if (self->out_halted && has_out) {
    answer_out (self, take_packet (self, &self->out), CW_USB_STALL);
    return true;
  }
  if (self->phase == PHASE_COMMAND && has_out) {
    take_command (self, take_packet (self, &self->out));
  } else if (self->phase == PHASE_FLUSH) {
    self->busy = true;
    self->observer->flush (self->data);
  } else if (self->phase == PHASE_IN && has_in) {
    send_data (self, take_packet (self, &self->in));
  } else if (self->phase == PHASE_OUT && has_out) {
    take_data (self, take_packet (self, &self->out));
  } else if (self->phase == PHASE_STATUS && has_in) {
    send_status (self, take_packet (self, &self->in));
  } else {
    return false;
  }
  return true;
}

/* Callbacks come back here; the outermost call does the work. */
static void
pump (CwBulkOnly *self)
{
  if (self->pumping)
    return;
  self->pumping = true;
  while (step (self))
    ;
  self->pumping = false;
}

void
cw_bulk_only_medium_done (CwBulkOnly *self, bool ok)
{
  g_assert (self->busy);

  self->busy = false;
  if (self->stale) {
    self->stale = false;
    drop_buffer (self);
    g_clear_pointer (&self->served, packet_free);
  } else if (self->phase == PHASE_IN) {
    sent_from_medium (self, ok);
  } else if (self->phase == PHASE_OUT) {
    written_to_medium (self, ok);
  } else {
    if (!ok)
      fail_medium (self, CW_SENSE_MEDIUM_WRITE);
    self->phase = self->after_flush;
  }
  pump (self);
}

static bool
has_room (CwBulkOnly *self, GQueue *queue, size_t size)
{
  return queue->length < CW_BULK_ONLY_MAX_WAITING && size <= CW_BULK_ONLY_MAX_SIZE - *bytes_in (self, queue);
}

void
cw_bulk_only_in (CwBulkOnly *self, uint64_t id, size_t size)
{
  Packet *packet = g_new0 (Packet, 1);

  *packet = (Packet){ .id = id, .size = size };
  if (!has_room (self, &self->in, size)) {
    answer_in (self, packet, CW_USB_INVALID, NULL, 0);
    return;
  }
  self->in_bytes += size;
  g_queue_push_tail (&self->in, packet);
  pump (self);
}

void
cw_bulk_only_out (CwBulkOnly *self, uint64_t id, const uint8_t *data, size_t size)
{
  Packet *packet = g_new0 (Packet, 1);
  bool fits = has_room (self, &self->out, size);

  *packet = (Packet){ .id = id, .size = size, .data = fits ? g_try_malloc (MAX (size, 1)) : NULL };
  if (!packet->data) {
    answer_out (self, packet, CW_USB_INVALID);
    return;
  }
  if (size > 0)
    memcpy (packet->data, data, size);
  self->out_bytes += size;
  g_queue_push_tail (&self->out, packet);
  pump (self);
}

static Packet *
find_packet (CwBulkOnly *self, GQueue *queue, uint64_t id)
{
  for (GList *at = queue->head; at; at = at->next) {
    Packet *packet = at->data;

    if (packet->id != id)
      continue;
    g_queue_delete_link (queue, at);
    *bytes_in (self, queue) -= packet->size;
    return packet;
  }
  return NULL;
}

void
cw_bulk_only_cancel (CwBulkOnly *self, uint64_t id)
{
  bool serves_in = self->busy && self->result.action == CW_SCSI_READ;
  Packet *packet = find_packet (self, &self->in, id);

  if (packet) {
    answer_in (self, packet, CW_USB_CANCELLED, NULL, 0);
  } else if ((packet = find_packet (self, &self->out, id))) {
    answer_out (self, packet, CW_USB_CANCELLED);
  } else if (self->served && self->served->id == id) {
    packet = g_steal_pointer (&self->served);
    if (serves_in)
      answer_in (self, packet, CW_USB_CANCELLED, NULL, 0);
    else
      answer_out (self, packet, CW_USB_CANCELLED);
  }
}

static void
cancel_all (CwBulkOnly *self)
{
  Packet *packet;

  if (self->served)
    cw_bulk_only_cancel (self, self->served->id);
  while ((packet = take_packet (self, &self->in)))
    answer_in (self, packet, CW_USB_CANCELLED, NULL, 0);
  while ((packet = take_packet (self, &self->out)))
    answer_out (self, packet, CW_USB_CANCELLED);
}

void
cw_bulk_only_reset (CwBulkOnly *self, bool usb)
{
  cancel_all (self);
  self->stale = self->busy;
  self->phase = PHASE_COMMAND;
  if (usb)
    self->in_halted = self->out_halted = false;
  cw_scsi_reset (self->unit);
}

void
cw_bulk_only_clear_halt (CwBulkOnly *self, bool in)
{
  /* Only a reset mends what nonsense has broken. */
  if (self->phase == PHASE_BROKEN)
    return;
  if (in)
    self->in_halted = false;
  else
    self->out_halted = false;
  pump (self);
}

bool
cw_bulk_only_is_halted (const CwBulkOnly *self, bool in)
{
  return in ? self->in_halted : self->out_halted;
}

bool
cw_bulk_only_is_busy (const CwBulkOnly *self)
{
  return self->busy;
}

CwBulkOnly *
cw_bulk_only_new (CwScsi *unit, const CwBulkOnlyObserver *observer, gpointer data)
{
  CwBulkOnly *self = g_new0 (CwBulkOnly, 1);

  self->unit = unit;
  self->observer = observer;
  self->data = data;
  g_queue_init (&self->in);
  g_queue_init (&self->out);
  return self;
}

void
cw_bulk_only_free (CwBulkOnly *self)
{
  g_assert (!self->busy);

  g_queue_clear_full (&self->in, (GDestroyNotify) packet_free);
  g_queue_clear_full (&self->out, (GDestroyNotify) packet_free);
  g_free (self->room);
  g_free (self);
}
