/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_SURFACES 1024
#define SCANOUT_MAX (64 << 20)

enum { COOKIE_NONE, COOKIE_GL_DRAW };

struct DemoDevice {
  QXLInstance instance;
  int index;
  guint8 *primary; /* memory the server draws surface 0 into */
  gsize primary_size, primary_stride;
  guint32 primary_format;
  DemoOracle *oracle;
  GHashTable *storages; /* surface id → GBytes */
  GPtrArray *configs;   /* monitor configurations: read by the worker at its own time, so kept to the end */

  GMutex lock;
  GCond drained;
  GQueue commands, cursors; /* DemoCommand */
  guint64 sent;
  bool is_gl_drawing; /* clients have not answered yet */
};

static DemoDevice *
from_instance (QXLInstance *instance)
{
  return SPICE_CONTAINEROF (instance, DemoDevice, instance);
}

static void
attached_worker (QXLInstance *instance)
{
}

static void
set_compression_level (QXLInstance *instance, int level)
{
}

static void
get_init_info (QXLInstance *instance, QXLDevInitInfo *info)
{
  *info = (QXLDevInitInfo){
    .num_memslots_groups = 1, .num_memslots = 1, .memslot_gen_bits = 1, .memslot_id_bits = 1, .n_surfaces = MAX_SURFACES
  };
}

static int
take (DemoDevice *self, GQueue *queue, QXLCommandExt *out)
{
  DemoCommand *command;

  g_mutex_lock (&self->lock);
  command = g_queue_pop_head (queue);
  if (command) {
    *out = command->ext;
    self->sent++;
  }
  if (g_queue_is_empty (&self->commands) && g_queue_is_empty (&self->cursors))
    g_cond_broadcast (&self->drained);
  g_mutex_unlock (&self->lock);
  return command != NULL;
}

static int
is_empty (DemoDevice *self, GQueue *queue)
{
  int empty;

  g_mutex_lock (&self->lock);
  empty = g_queue_is_empty (queue);
  g_mutex_unlock (&self->lock);
  return empty;
}

static int
get_command (QXLInstance *instance, QXLCommandExt *out)
{
  return take (from_instance (instance), &from_instance (instance)->commands, out);
}

static int
req_cmd_notification (QXLInstance *instance)
{
  return is_empty (from_instance (instance), &from_instance (instance)->commands);
}

static int
get_cursor_command (QXLInstance *instance, QXLCommandExt *out)
{
  return take (from_instance (instance), &from_instance (instance)->cursors, out);
}

static int
req_cursor_notification (QXLInstance *instance)
{
  return is_empty (from_instance (instance), &from_instance (instance)->cursors);
}

static void
release_resource (QXLInstance *instance, QXLReleaseInfoExt release)
{
  demo_command_free (demo_command_from_release (release.info));
}

static void
notify_update (QXLInstance *instance, uint32_t update_id)
{
}

static int
flush_resources (QXLInstance *instance)
{
  return 0;
}

static void
async_complete (QXLInstance *instance, uint64_t cookie)
{
  DemoDevice *self = from_instance (instance);

  if (cookie != COOKIE_GL_DRAW)
    return;
  g_mutex_lock (&self->lock);
  self->is_gl_drawing = false;
  g_cond_broadcast (&self->drained);
  g_mutex_unlock (&self->lock);
}

static void
update_area_complete (QXLInstance *instance, uint32_t surface, QXLRect *rects, uint32_t n)
{
}

static void
set_client_capabilities (QXLInstance *instance, uint8_t present, uint8_t caps[SPICE_CAPABILITIES_SIZE])
{
}

static int
client_monitors_config (QXLInstance *instance, VDAgentMonitorsConfig *config)
{
  return 0;
}

static const QXLInterface interface = {
  .base = { SPICE_INTERFACE_QXL, "caraway demo", SPICE_INTERFACE_QXL_MAJOR, SPICE_INTERFACE_QXL_MINOR },
  .attached_worker = attached_worker,
  .set_compression_level = set_compression_level,
  .get_init_info = get_init_info,
  .get_command = get_command,
  .req_cmd_notification = req_cmd_notification,
  .release_resource = release_resource,
  .get_cursor_command = get_cursor_command,
  .req_cursor_notification = req_cursor_notification,
  .notify_update = notify_update,
  .flush_resources = flush_resources,
  .async_complete = async_complete,
  .update_area_complete = update_area_complete,
  .set_client_capabilities = set_client_capabilities,
  .client_monitors_config = client_monitors_config,
};

DemoDevice *
demo_device_new (SpiceServer *server, int index, guint heads)
{
  DemoDevice *self = g_new0 (DemoDevice, 1);
  QXLDevMemSlot slot = { .virt_end = UINTPTR_MAX, .qxl_ram_size = UINT32_MAX };
  g_autofree char *path = g_strdup_printf ("pci/0000/%02x.0", 2 + index);

  g_mutex_init (&self->lock);
  g_cond_init (&self->drained);
  g_queue_init (&self->commands);
  g_queue_init (&self->cursors);
  self->oracle = demo_oracle_new ();
  self->storages = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_bytes_unref);
  self->configs = g_ptr_array_new_with_free_func (g_free);
  self->index = index;
  self->instance.id = index;
  self->instance.base.sif = &interface.base;
  spice_server_add_interface (server, &self->instance.base);
  spice_qxl_set_device_info (&self->instance, path, 0, heads);
  spice_qxl_add_memslot (&self->instance, &slot);
  return self;
}

/* To be called when the server is gone: it owned the commands it had taken. */
void
demo_device_free (DemoDevice *self)
{
  g_queue_clear_full (&self->commands, (GDestroyNotify) demo_command_free);
  g_queue_clear_full (&self->cursors, (GDestroyNotify) demo_command_free);
  g_hash_table_unref (self->storages);
  g_ptr_array_unref (self->configs);
  demo_oracle_free (self->oracle);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->drained);
  g_free (self->primary);
  g_free (self);
}

static void
push (DemoDevice *self, GQueue *queue, DemoCommand *command)
{
  g_mutex_lock (&self->lock);
  g_queue_push_tail (queue, command);
  g_mutex_unlock (&self->lock);
  spice_qxl_wakeup (&self->instance);
}

bool
demo_device_drain (DemoDevice *self, int timeout_ms)
{
  gint64 until = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  bool empty = true;

  g_mutex_lock (&self->lock);
  while (empty && !(g_queue_is_empty (&self->commands) && g_queue_is_empty (&self->cursors)))
    empty = g_cond_wait_until (&self->drained, &self->lock, until);
  g_mutex_unlock (&self->lock);
  return empty;
}

static bool
check_size (int width, int height, GError **error)
{
  if (width >= 1 && height >= 1 && width <= 8192 && height <= 8192)
    return true;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "surface size %dx%d is not 1…8192", width, height);
  return false;
}

bool
demo_device_set_mode (DemoDevice *self, guint32 format, int width, int height, GError **error)
{
  QXLDevSurfaceCreate create = { 0 };

  if (!check_size (width, height, error))
    return false;
  if (format != SPICE_SURFACE_FMT_32_xRGB && format != SPICE_SURFACE_FMT_16_555 && format != SPICE_SURFACE_FMT_16_565) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "surface format %u cannot be the primary's", format);
    return false;
  }
  if (!demo_device_drain (self, DEMO_DRAIN_MS)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the server left commands in the queue for %d ms",
                 DEMO_DRAIN_MS);
    return false;
  }
  if (self->primary)
    spice_qxl_destroy_primary_surface (&self->instance, 0);
  g_free (self->primary);
  self->primary_format = format;
  self->primary_stride = ((gsize) width * (format == SPICE_SURFACE_FMT_32_xRGB ? 4 : 2) + 3) & ~(gsize) 3;
  self->primary_size = self->primary_stride * height;
  self->primary = g_malloc0 (self->primary_size);
  create.width = width;
  create.height = height;
  create.stride = self->primary_stride;
  create.format = format;
  create.type = QXL_SURF_TYPE_PRIMARY;
  create.mouse_mode = TRUE; /* absolute positions are welcome once there is a tablet */
  create.mem = (guintptr) self->primary;
  spice_qxl_create_primary_surface (&self->instance, 0, &create);
  demo_oracle_surface_create (self->oracle, 0, format, width, height);
  return true;
}

static gsize
row_size (guint32 format, int width)
{
  gsize bits = format & 0x3f;

  return (width * bits + 31) / 32 * 4;
}

bool
demo_device_create_surface (DemoDevice *self, guint32 id, guint32 format, int width, int height, GError **error)
{
  g_autoptr (GBytes) storage = NULL;
  gsize size;

  if (!check_size (width, height, error))
    return false;
  if (id == 0 || id >= MAX_SURFACES || demo_oracle_has_surface (self->oracle, id, NULL, NULL, NULL)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "surface id %u is in use or not 1…%d", id,
                 MAX_SURFACES - 1);
    return false;
  }
  size = row_size (format, width) * height;
  storage = g_bytes_new_take (g_malloc0 (size), size);
  push (self, &self->commands, demo_command_surface_create (id, format, width, height, storage));
  g_hash_table_insert (self->storages, GUINT_TO_POINTER (id), g_steal_pointer (&storage));
  demo_oracle_surface_create (self->oracle, id, format, width, height);
  return true;
}

bool
demo_device_destroy_surface (DemoDevice *self, guint32 id, GError **error)
{
  GBytes *storage = g_hash_table_lookup (self->storages, GUINT_TO_POINTER (id));

  if (!storage) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no off-screen surface %u", id);
    return false;
  }
  push (self, &self->commands, demo_command_surface_destroy (id, storage));
  g_hash_table_remove (self->storages, GUINT_TO_POINTER (id));
  demo_oracle_surface_destroy (self->oracle, id);
  return true;
}

static bool
has_surface (DemoDevice *self, int id, GError **error)
{
  if (demo_oracle_has_surface (self->oracle, id, NULL, NULL, NULL))
    return true;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no surface %d", id);
  return false;
}

bool
demo_device_draw (DemoDevice *self, const DemoOp *op, GError **error)
{
  const DemoPicture *read[] = { op->src, op->pattern, op->mask };

  if (!has_surface (self, op->surface, error))
    return false;
  for (guint i = 0; i < G_N_ELEMENTS (read); i++) {
    if (read[i] && read[i]->surface >= 0 && !has_surface (self, read[i]->surface, error))
      return false;
  }
  push (self, &self->commands, demo_command_draw (op));
  demo_oracle_draw (self->oracle, op);
  return true;
}

void
demo_device_set_heads (DemoDevice *self, const DemoHead *heads, guint n, guint max_allowed)
{
  QXLMonitorsConfig *config = g_malloc0 (sizeof *config + n * sizeof (QXLHead));

  config->count = n;
  config->max_allowed = max_allowed;
  for (guint i = 0; i < n; i++)
    config->heads[i]
        = (QXLHead){ .id = i, .x = heads[i].x, .y = heads[i].y, .width = heads[i].width, .height = heads[i].height };
  g_ptr_array_add (self->configs, config);
  spice_qxl_monitors_config_async (&self->instance, (guintptr) config, 0, COOKIE_NONE);
}

/* The server's library ends the program when it is given another content before that. */
static bool
await_gl_answers (DemoDevice *self, GError **error)
{
  gint64 until = g_get_monotonic_time () + DEMO_DRAIN_MS * G_TIME_SPAN_MILLISECOND;
  bool answered = true;

  g_mutex_lock (&self->lock);
  while (answered && self->is_gl_drawing)
    answered = g_cond_wait_until (&self->drained, &self->lock, until);
  g_mutex_unlock (&self->lock);
  if (!answered)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "clients have not drawn the last scanout for %d ms",
                 DEMO_DRAIN_MS);
  return answered;
}

/* As much of the picture as the memory has room for. */
static int
make_scanout (const DemoScanout *scanout)
{
  int fd = memfd_create ("demo-scanout", MFD_CLOEXEC);
  guint8 *memory = MAP_FAILED;

  if (fd >= 0 && ftruncate (fd, (off_t) scanout->size) == 0)
    memory = mmap (NULL, scanout->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    close (fd);
    return -1;
  }
  for (int row = 0; row < scanout->height; row++) {
    int y = scanout->y0top ? row : scanout->height - 1 - row;

    for (int x = 0; x < scanout->width; x++) {
      gsize at = (gsize) row * scanout->stride + 4 * (gsize) x;

      if (at + 4 > scanout->size)
        break;
      memory[at] = (guint8) (5 * x + scanout->seed);
      memory[at + 1] = (guint8) (3 * y);
      memory[at + 2] = (guint8) ((x ^ y) + scanout->seed);
    }
  }
  munmap (memory, scanout->size);
  return fd;
}

bool
demo_device_scanout (DemoDevice *self, const DemoScanout *scanout, GError **error)
{
  int fd;

  if (!check_size (scanout->width, scanout->height, error) || !await_gl_answers (self, error))
    return false;
  fd = scanout->size > 0 && scanout->size <= SCANOUT_MAX ? make_scanout (scanout) : -1;
  if (fd < 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "no memory of %" G_GSIZE_FORMAT " bytes",
                 scanout->size);
    return false;
  }
  g_mutex_lock (&self->lock);
  self->is_gl_drawing = true;
  g_mutex_unlock (&self->lock);
  /* The server closes it. */
  spice_qxl_gl_scanout (&self->instance, fd, scanout->width, scanout->height, scanout->stride, scanout->format,
                        scanout->y0top);
  spice_qxl_gl_draw_async (&self->instance, 0, 0, scanout->width, scanout->height, COOKIE_GL_DRAW);
  return true;
}

bool
demo_device_scanout_off (DemoDevice *self, GError **error)
{
  if (!await_gl_answers (self, error))
    return false;
  spice_qxl_gl_scanout (&self->instance, -1, 0, 0, 0, 0, FALSE);
  return true;
}

void
demo_device_push_cursor (DemoDevice *self, DemoCommand *command)
{
  push (self, &self->cursors, command);
}

guint
demo_device_queued (DemoDevice *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = g_queue_get_length (&self->commands) + g_queue_get_length (&self->cursors);
  g_mutex_unlock (&self->lock);
  return n;
}

guint64
demo_device_sent (DemoDevice *self)
{
  guint64 n;

  g_mutex_lock (&self->lock);
  n = self->sent;
  g_mutex_unlock (&self->lock);
  return n;
}

DemoOracle *
demo_device_oracle (DemoDevice *self)
{
  return self->oracle;
}

static guint32
widen (guint value, guint bits)
{
  return (value << (8 - bits) | value >> (2 * bits - 8)) & 0xff;
}

static guint32
server_pixel (DemoDevice *self, int x, int y)
{
  const guint8 *row = self->primary + self->primary_stride * y;
  guint32 word = 0;

  if (self->primary_format == SPICE_SURFACE_FMT_32_xRGB) {
    memcpy (&word, row + 4 * x, 4);
    return word & 0xffffff;
  }
  memcpy (&word, row + 2 * x, 2);
  word = GUINT32_FROM_LE (word);
  if (self->primary_format == SPICE_SURFACE_FMT_16_565)
    return widen (word >> 11 & 31, 5) << 16 | widen (word >> 5 & 63, 6) << 8 | widen (word & 31, 5);
  return widen (word >> 10 & 31, 5) << 16 | widen (word >> 5 & 31, 5) << 8 | widen (word & 31, 5);
}

guint
demo_device_check (DemoDevice *self, int *first_x, int *first_y, guint32 *server, guint32 *oracle)
{
  QXLRect area = { 0 }, dirty;
  int width, height;
  guint n = 0;

  demo_oracle_has_surface (self->oracle, 0, &width, &height, NULL);
  demo_device_drain (self, DEMO_DRAIN_MS);
  area.right = width;
  area.bottom = height;
  spice_qxl_update_area (&self->instance, 0, &area, &dirty, 1, 0);
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      guint32 ours = demo_oracle_shown (self->oracle, 0, x, y), theirs = server_pixel (self, x, y);

      if (ours == theirs)
        continue;
      if (n++ == 0) {
        *first_x = x;
        *first_y = y;
        *server = theirs;
        *oracle = ours;
      }
    }
  }
  return n;
}
