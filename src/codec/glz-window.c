/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/glz-window.h"

#include "base/error.h"
#include "codec/glz-store.h"

/* An image, or the knowledge that there will be none. */
typedef struct {
  uint64_t id;
  CwPixels *pixels; /* NULL: decoding failed */
  uint64_t oldest;  /* id that this image and all later ones may refer to at most */
} Entry;

typedef struct {
  uint64_t id;
  void (*notify) (gpointer data);
  gpointer data;
} Waiter;

struct CwGlzWindow {
  gatomicrefcount ref_count;
  uint64_t max_pixels;
  GMutex lock;
  /* All below under the lock. */
  uint64_t generation; /* counts clears */
  uint64_t head;       /* everything older has been released */
  uint64_t tail;       /* everything older is there, has failed, or is not waited for any more */
  uint64_t n_pixels;   /* of the images held */
  GTree *entries;      /* by id: Entry.id → Entry */
  GArray *waiters;     /* Waiter */
  GPtrArray *released; /* CwPixels taken out since the lock was taken */
};

/* What a change of the window leads to, to be done without the lock. */
typedef struct {
  GArray *waiters;
  GPtrArray *released;
} Consequences;

static gint
compare_ids (gconstpointer a, gconstpointer b, gpointer data)
{
  const uint64_t *x = a, *y = b;

  return *x < *y ? -1 : *x > *y;
}

static GTree *
entries_new (void)
{
  return g_tree_new_full (compare_ids, NULL, NULL, g_free);
}

static GPtrArray *
released_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) cw_pixels_unref);
}

CwGlzWindow *
cw_glz_window_new (uint64_t max_pixels)
{
  CwGlzWindow *self = g_new0 (CwGlzWindow, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->max_pixels = MIN (max_pixels, CW_GLZ_WINDOW_MAX_PIXELS);
  g_mutex_init (&self->lock);
  self->entries = entries_new ();
  self->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  self->released = released_new ();
  return self;
}

CwGlzWindow *
cw_glz_window_ref (CwGlzWindow *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

uint64_t
cw_glz_window_max_pixels (CwGlzWindow *self)
{
  return self->max_pixels;
}

/* Whether the image may still come. */
static bool
is_pending (CwGlzWindow *self, uint64_t id)
{
  return id >= self->tail && !g_tree_lookup (self->entries, &id);
}

/* Takes the waiters out whose wait is over, or all, and the images released; called with the lock. */
static Consequences
take_consequences (CwGlzWindow *self, bool all)
{
  Consequences result = { g_array_new (FALSE, FALSE, sizeof (Waiter)), self->released };

  for (guint i = 0; i < self->waiters->len;) {
    Waiter *waiter = &g_array_index (self->waiters, Waiter, i);

    if (!all && is_pending (self, waiter->id)) {
      i++;
    } else {
      g_array_append_val (result.waiters, *waiter);
      g_array_remove_index_fast (self->waiters, i);
    }
  }
  self->released = released_new ();
  return result;
}

/* Called without the lock. */
static void
carry_out (Consequences *self)
{
  for (guint i = 0; i < self->waiters->len; i++) {
    Waiter *waiter = &g_array_index (self->waiters, Waiter, i);

    waiter->notify (waiter->data);
  }
  g_array_unref (self->waiters);
  g_ptr_array_unref (self->released);
}

static Entry *
oldest_entry (CwGlzWindow *self)
{
  GTreeNode *node = g_tree_node_first (self->entries);

  return node ? g_tree_node_value (node) : NULL;
}

static void
remove_entry (CwGlzWindow *self, Entry *entry)
{
  if (entry->pixels) {
    self->n_pixels -= (uint64_t) entry->pixels->width * entry->pixels->height;
    g_ptr_array_add (self->released, entry->pixels);
  }
  g_tree_remove (self->entries, &entry->id);
}

void
cw_glz_window_unref (CwGlzWindow *self)
{
  Entry *entry;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  while ((entry = oldest_entry (self)))
    remove_entry (self, entry);
  g_tree_unref (self->entries);
  g_array_unref (self->waiters);
  g_ptr_array_unref (self->released);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
release_before (CwGlzWindow *self, uint64_t head)
{
  Entry *entry;

  if (head <= self->head)
    return;
  self->head = head;
  while ((entry = oldest_entry (self)) && entry->id < head)
    remove_entry (self, entry);
}

/* Moves the tail over everything that has arrived without a gap, and with it the head. */
static void
advance (CwGlzWindow *self)
{
  GTreeNode *node = g_tree_lookup_node (self->entries, &self->tail);
  uint64_t head = self->head;

  while (node) {
    Entry *entry = g_tree_node_value (node);

    if (entry->id != self->tail)
      break;
    self->tail++;
    head = MAX (head, entry->oldest);
    node = g_tree_node_next (node);
  }
  release_before (self, head);
}

static bool
is_too_full (CwGlzWindow *self)
{
  return self->n_pixels > 2 * self->max_pixels || g_tree_nnodes (self->entries) > (gint) CW_GLZ_WINDOW_MAX_IMAGES;
}

/* A correct server keeps far below these limits as long as no ids are missing. So first stop waiting for the missing
 * ones, which lets their successors release what is old; if that is not enough, drop what is oldest. */
static void
enforce_limits (CwGlzWindow *self)
{
  GTreeNode *node;
  Entry *entry;

  while (is_too_full (self) && (node = g_tree_lower_bound (self->entries, &self->tail))) {
    self->tail = ((Entry *) g_tree_node_value (node))->id;
    advance (self);
  }
  while (is_too_full (self) && (entry = oldest_entry (self)))
    release_before (self, entry->id + 1);
}

/* Adds an entry, or puts it in place of one that failed, and releases what it makes obsolete. */
static void
insert (CwGlzWindow *self, uint64_t id, CwPixels *pixels, uint64_t oldest)
{
  Entry *entry = g_new (Entry, 1);

  *entry = (Entry){ .id = id, .pixels = pixels, .oldest = oldest };
  g_tree_replace (self->entries, &entry->id, entry);
  if (pixels)
    self->n_pixels += (uint64_t) pixels->width * pixels->height;
  advance (self);
  enforce_limits (self);
}

void
cw_glz_window_clear (CwGlzWindow *self)
{
  Consequences consequences;
  Entry *entry;

  g_mutex_lock (&self->lock);
  while ((entry = oldest_entry (self)))
    remove_entry (self, entry);
  self->generation++;
  self->head = 0;
  self->tail = 0;
  consequences = take_consequences (self, true);
  g_mutex_unlock (&self->lock);
  carry_out (&consequences);
}

bool
cw_glz_window_wait_for (CwGlzWindow *self, uint64_t id, void (*notify) (gpointer data), gpointer data)
{
  Waiter waiter = { id, notify, data };
  bool pending;

  g_mutex_lock (&self->lock);
  pending = is_pending (self, id);
  if (pending)
    g_array_append_val (self->waiters, waiter);
  g_mutex_unlock (&self->lock);
  return pending;
}

bool
cw_glz_window_cancel_wait (CwGlzWindow *self, void (*notify) (gpointer data), gpointer data)
{
  bool found = false;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->waiters->len && !found; i++) {
    Waiter *waiter = &g_array_index (self->waiters, Waiter, i);

    found = waiter->notify == notify && waiter->data == data;
    if (found)
      g_array_remove_index_fast (self->waiters, i);
  }
  g_mutex_unlock (&self->lock);
  return found;
}

/* Checks that the image id can be stored; called with the lock. */
static bool
check_new (CwGlzWindow *self, uint64_t id, uint64_t generation, GError **error)
{
  const Entry *entry;

  if (generation != self->generation) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "glz: image %" G_GUINT64_FORMAT " belongs to a dictionary that ended",
                 id);
    return false;
  }
  if (id < self->head) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED,
                 "glz: id %" G_GUINT64_FORMAT " is below the released %" G_GUINT64_FORMAT, id, self->head);
    return false;
  }
  entry = g_tree_lookup (self->entries, &id);
  if (entry && entry->pixels) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "glz: id %" G_GUINT64_FORMAT " has been decoded already", id);
    return false;
  }
  return true;
}

bool
cw_glz_window_begin (CwGlzWindow *self, uint64_t id, uint64_t *generation, GError **error)
{
  bool ok;

  g_mutex_lock (&self->lock);
  *generation = self->generation;
  ok = check_new (self, id, self->generation, error);
  g_mutex_unlock (&self->lock);
  return ok;
}

CwGlzLookup
cw_glz_window_lookup (CwGlzWindow *self, uint64_t id, uint64_t generation, CwPixels **pixels)
{
  CwGlzLookup result = CW_GLZ_LOOKUP_GONE;
  const Entry *entry;

  g_mutex_lock (&self->lock);
  if (generation == self->generation) {
    entry = g_tree_lookup (self->entries, &id);
    if (entry && entry->pixels) {
      *pixels = cw_pixels_ref (entry->pixels);
      result = CW_GLZ_LOOKUP_FOUND;
    } else if (is_pending (self, id)) {
      result = CW_GLZ_LOOKUP_PENDING;
    }
  }
  g_mutex_unlock (&self->lock);
  return result;
}

bool
cw_glz_window_store (CwGlzWindow *self, uint64_t id, uint32_t win_head_dist, uint64_t generation, CwPixels *pixels,
                     GError **error)
{
  Consequences consequences;
  bool ok;

  g_mutex_lock (&self->lock);
  ok = check_new (self, id, generation, error);
  if (ok)
    insert (self, id, cw_pixels_ref (pixels), id - win_head_dist);
  consequences = take_consequences (self, false);
  g_mutex_unlock (&self->lock);
  carry_out (&consequences);
  return ok;
}

void
cw_glz_window_fail (CwGlzWindow *self, uint64_t id, uint64_t generation)
{
  Consequences consequences;

  g_mutex_lock (&self->lock);
  if (check_new (self, id, generation, NULL) && !g_tree_lookup (self->entries, &id))
    insert (self, id, NULL, 0);
  consequences = take_consequences (self, false);
  g_mutex_unlock (&self->lock);
  carry_out (&consequences);
}

bool
cw_glz_window_contains (CwGlzWindow *self, uint64_t id)
{
  const Entry *entry;
  bool found;

  g_mutex_lock (&self->lock);
  entry = g_tree_lookup (self->entries, &id);
  found = entry && entry->pixels != NULL;
  g_mutex_unlock (&self->lock);
  return found;
}

size_t
cw_glz_window_n_images (CwGlzWindow *self)
{
  size_t n;

  g_mutex_lock (&self->lock);
  n = g_tree_nnodes (self->entries);
  g_mutex_unlock (&self->lock);
  return n;
}

uint64_t
cw_glz_window_n_pixels (CwGlzWindow *self)
{
  uint64_t n;

  g_mutex_lock (&self->lock);
  n = self->n_pixels;
  g_mutex_unlock (&self->lock);
  return n;
}

size_t
cw_glz_window_n_waiters (CwGlzWindow *self)
{
  size_t n;

  g_mutex_lock (&self->lock);
  n = self->waiters->len;
  g_mutex_unlock (&self->lock);
  return n;
}
