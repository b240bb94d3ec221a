/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/clipboard.h"

#include <string.h>

#define N_TYPES (CW_CLIPBOARD_TYPE_FILE_LIST + 1)

/* A question of the guest. */
typedef struct {
  uint32_t type;
  int64_t deadline;
} Question;

typedef struct {
  uint32_t serial; /* of the next grab, of either side */
  Question open[CW_CLIPBOARD_MAX_OPEN];
  unsigned n_open; /* oldest first */
} Selection;

/* Text that comes in parts is checked as it comes: at once it would take long. */
typedef struct {
  bool begun, is_text, is_bad;
  size_t at; /* in the message's body; up to there it is good */
} TextCheck;

struct CwClipboard {
  CwAgent *agent;
  const CwClipboardObserver *observer;
  gpointer data;
  int max;
  Selection selections[CW_CLIPBOARD_N_SELECTIONS];
  TextCheck check;
};

CwClipboard *
cw_clipboard_new (CwAgent *agent, const CwClipboardObserver *observer, gpointer data)
{
  CwClipboard *self = g_new0 (CwClipboard, 1);

  self->agent = agent;
  self->observer = observer;
  self->data = data;
  return self;
}

void
cw_clipboard_free (CwClipboard *self)
{
  g_free (self);
}

void
cw_clipboard_set_max (CwClipboard *self, int bytes)
{
  bool changed = self->max != bytes;

  self->max = bytes;
  cw_agent_set_max_clipboard (self->agent, bytes);
  if (changed)
    cw_clipboard_tell_max (self);
}

void
cw_clipboard_tell_max (CwClipboard *self)
{
  const CwAgentMaxClipboard max = { .max = self->max };

  if (cw_agent_can (self->agent, CW_AGENT_CAP_MAX_CLIPBOARD))
    cw_agent_send (self->agent, CW_AGENT_TYPE_MAX_CLIPBOARD, &max, 0);
}

void
cw_clipboard_reset (CwClipboard *self)
{
  memset (self->selections, 0, sizeof self->selections);
  self->check = (TextCheck){ 0 };
}

/* NULL: one that the agent does not know. */
static Selection *
selection_of (CwClipboard *self, unsigned selection)
{
  bool several = cw_agent_can (self->agent, CW_AGENT_CAP_CLIPBOARD_SELECTION);

  return selection < (several ? CW_CLIPBOARD_N_SELECTIONS : 1) ? &self->selections[selection] : NULL;
}

static void
send_content (CwClipboard *self, unsigned selection, uint32_t type, CwSlice content)
{
  const CwAgentClipboard clipboard = { .selection = (uint8_t) selection, .type = type, .data = content };

  cw_agent_send (self->agent, CW_AGENT_TYPE_CLIPBOARD, &clipboard, 0);
}

static void
send_nothing (CwClipboard *self, unsigned selection, uint32_t type)
{
  send_content (self, selection, type, (CwSlice){ NULL, 0 });
}

static void
close_question (Selection *selection, unsigned index)
{
  selection->n_open--;
  memmove (&selection->open[index], &selection->open[index + 1], (selection->n_open - index) * sizeof (Question));
}

static void
answer_oldest_with_nothing (CwClipboard *self, unsigned selection)
{
  uint32_t type = self->selections[selection].open[0].type;

  close_question (&self->selections[selection], 0);
  send_nothing (self, selection, type);
}

static void
answer_all_with_nothing (CwClipboard *self, unsigned selection)
{
  while (self->selections[selection].n_open > 0)
    answer_oldest_with_nothing (self, selection);
}

/* The guest's doings. */

/* Grabs that cross are told apart by their numbers, and the client's counts. A number ahead means that one was lost. */
static bool
is_stale (CwClipboard *self, Selection *selection, uint32_t serial)
{
  if (!cw_agent_can (self->agent, CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL))
    return false;
  if ((int32_t) (serial - selection->serial) < 0)
    return true;
  selection->serial = serial + 1;
  return false;
}

static void
handle_grab (CwClipboard *self, Selection *selection, const CwAgentClipboardGrab *grab)
{
  uint32_t types[N_TYPES];
  unsigned n = 0, seen = 0;

  if (is_stale (self, selection, grab->serial)) {
    g_debug ("agent: a clipboard grab that ours has crossed");
    return;
  }
  for (uint32_t i = 0; i < grab->n_types; i++)
    if (grab->types[i] != CW_CLIPBOARD_TYPE_NONE && grab->types[i] < N_TYPES && !(seen & 1u << grab->types[i])) {
      seen |= 1u << grab->types[i];
      types[n++] = grab->types[i];
    }
  answer_all_with_nothing (self, grab->selection);
  /* Of no type, too: what was there before is not there any more. */
  self->observer->grab (self->data, grab->selection, types, n);
}

static void
handle_request (CwClipboard *self, Selection *selection, const CwAgentClipboardRequest *request, int64_t now)
{
  if (selection->n_open == CW_CLIPBOARD_MAX_OPEN) {
    send_nothing (self, request->selection, request->type);
    return;
  }
  selection->open[selection->n_open++] = (Question){ request->type, now + CW_CLIPBOARD_PATIENCE };
  self->observer->request (self->data, request->selection, request->type);
}

/* How many characters of one byte come first: most text is nothing else, and GLib takes one at a time. */
static size_t
ascii_size (const uint8_t *data, size_t size)
{
  size_t n = 0;

  for (uint64_t word = 0; n + sizeof word <= size; n += sizeof word) {
    memcpy (&word, data + n, sizeof word);
    if (word & UINT64_C (0x8080808080808080))
      break;
  }
  while (n < size && data[n] < 0x80)
    n++;
  return n;
}

/* False: no text. last: nothing follows that could complete a character. */
static bool
check_text (TextCheck *check, CwSlice bytes, bool last)
{
  const char *text = (const char *) bytes.data, *end;

  if (check->at < bytes.size)
    check->at += ascii_size (bytes.data + check->at, bytes.size - check->at);
  while (check->at < bytes.size && !g_utf8_validate_len (text + check->at, bytes.size - check->at, &end)) {
    check->at = (size_t) (end - text);
    if (*end == '\0')
      check->at++; /* a character as others, though not GLib's */
    else if (!last && g_utf8_get_char_validated (end, (gssize) (bytes.size - check->at)) == (gunichar) -2)
      return true;
    else
      return false;
  }
  check->at = MAX (check->at, bytes.size);
  return true;
}

void
cw_clipboard_part (CwClipboard *self, CwSlice so_far)
{
  size_t head = cw_agent_can (self->agent, CW_AGENT_CAP_CLIPBOARD_SELECTION) ? 8 : 4;
  TextCheck *check = &self->check;
  uint32_t type;

  if (so_far.size < head)
    return;
  if (!check->begun) {
    memcpy (&type, so_far.data + head - sizeof type, sizeof type);
    *check = (TextCheck){ .begun = true, .is_text = GUINT32_FROM_LE (type) == CW_CLIPBOARD_TYPE_UTF8_TEXT, .at = head };
  }
  if (check->is_text && !check->is_bad)
    check->is_bad = !check_text (check, so_far, false);
}

static void
handle_content (CwClipboard *self, const CwAgentClipboard *clipboard, CwSlice whole)
{
  CwSlice content = clipboard->data;
  TextCheck check = self->check;

  self->check = (TextCheck){ 0 };
  if (clipboard->type == CW_CLIPBOARD_TYPE_UTF8_TEXT) {
    if (!check.begun)
      check.at = whole.size - content.size;
    if (check.is_bad || !check_text (&check, whole, true)) {
      g_debug ("agent: clipboard text that is not UTF-8, from byte %zu on", check.at);
      content.size = 0;
    } else if (content.size > 0 && content.data[content.size - 1] == '\0') {
      content.size--;
    }
  }
  self->observer->content (self->data, clipboard->selection, clipboard->type, content);
}

bool
cw_clipboard_handle (CwClipboard *self, const CwMessage *message, int64_t now)
{
  /* Each begins with the selection, which is 0 when it is not on the wire. */
  unsigned number = 0;
  Selection *selection;

  switch (message->type) {
  case CW_AGENT_TYPE_CLIPBOARD:
    number = ((const CwAgentClipboard *) message->data)->selection;
    break;
  case CW_AGENT_TYPE_CLIPBOARD_GRAB:
    number = ((const CwAgentClipboardGrab *) message->data)->selection;
    break;
  case CW_AGENT_TYPE_CLIPBOARD_REQUEST:
    number = ((const CwAgentClipboardRequest *) message->data)->selection;
    break;
  case CW_AGENT_TYPE_CLIPBOARD_RELEASE:
    number = ((const CwAgentClipboardRelease *) message->data)->selection;
    break;
  default:
    return false;
  }
  selection = selection_of (self, number);
  if (!selection) {
    self->check = (TextCheck){ 0 };
    g_debug ("agent: %s of selection %u", message->info->name, number);
  } else if (message->type == CW_AGENT_TYPE_CLIPBOARD) {
    handle_content (self, message->data, message->body);
  } else if (message->type == CW_AGENT_TYPE_CLIPBOARD_GRAB) {
    handle_grab (self, selection, message->data);
  } else if (message->type == CW_AGENT_TYPE_CLIPBOARD_REQUEST) {
    handle_request (self, selection, message->data, now);
  } else {
    self->observer->release (self->data, number);
  }
  return true;
}

/* The client's doings. */

void
cw_clipboard_grab (CwClipboard *self, unsigned selection, const uint32_t *types, unsigned n_types)
{
  Selection *of = selection_of (self, selection);
  CwAgentClipboardGrab grab = { .selection = (uint8_t) selection, .n_types = n_types, .types = types };

  if (!of || !cw_agent_can (self->agent, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND))
    return;
  grab.serial = of->serial;
  if (cw_agent_send (self->agent, CW_AGENT_TYPE_CLIPBOARD_GRAB, &grab, 0)
      && cw_agent_can (self->agent, CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL))
    of->serial++;
}

void
cw_clipboard_request (CwClipboard *self, unsigned selection, uint32_t type)
{
  const CwAgentClipboardRequest request = { .selection = (uint8_t) selection, .type = type };

  if (selection_of (self, selection))
    cw_agent_send (self->agent, CW_AGENT_TYPE_CLIPBOARD_REQUEST, &request, 0);
}

void
cw_clipboard_release (CwClipboard *self, unsigned selection)
{
  const CwAgentClipboardRelease release = { .selection = (uint8_t) selection };

  if (!selection_of (self, selection))
    return;
  answer_all_with_nothing (self, selection);
  if (cw_agent_can (self->agent, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND))
    cw_agent_send (self->agent, CW_AGENT_TYPE_CLIPBOARD_RELEASE, &release, 0);
}

/* A guest may ask for a large content again and again, and take none: only so much waits. */
static bool
fits_queue (CwClipboard *self, size_t size)
{
  size_t most = 2 * (self->max < 0 ? (size_t) G_MAXINT : (size_t) self->max) + CW_AGENT_LOW_WATER;

  return cw_agent_waiting_bytes (self->agent) <= most && size <= most - cw_agent_waiting_bytes (self->agent);
}

bool
cw_clipboard_answer (CwClipboard *self, unsigned selection, uint32_t type, CwSlice content)
{
  Selection *of = selection_of (self, selection);
  bool fits = self->max < 0 ? content.size <= G_MAXINT : content.size <= (size_t) self->max;
  unsigned i = 0;

  if (!of)
    return true;
  if (type == CW_CLIPBOARD_TYPE_NONE) {
    if (of->n_open > 0)
      answer_oldest_with_nothing (self, selection);
    return true;
  }
  while (i < of->n_open && of->open[i].type != type)
    i++;
  if (i < of->n_open)
    close_question (of, i);
  else if (!fits)
    return false; /* nobody asked */
  if (!fits || !fits_queue (self, content.size))
    send_nothing (self, selection, type);
  else
    send_content (self, selection, type, content);
  return fits;
}

int64_t
cw_clipboard_due (const CwClipboard *self)
{
  int64_t due = INT64_MAX;

  for (unsigned i = 0; i < CW_CLIPBOARD_N_SELECTIONS; i++)
    if (self->selections[i].n_open > 0)
      due = MIN (due, self->selections[i].open[0].deadline);
  return due;
}

void
cw_clipboard_expire (CwClipboard *self, int64_t now)
{
  for (unsigned i = 0; i < CW_CLIPBOARD_N_SELECTIONS; i++)
    while (self->selections[i].n_open > 0 && self->selections[i].open[0].deadline <= now)
      answer_oldest_with_nothing (self, i);
}
