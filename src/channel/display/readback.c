/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contents in video memory as pixels, for programs that have no GPU at hand. The buffer belongs to others, who may say
 * anything about it and change it meanwhile. */
#include "base/i18n.h"
#include "base/pixels.h"
#include "channel/display/display.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FOURCC(text)                                                                                                   \
  ((uint32_t) (text)[0] | (uint32_t) (text)[1] << 8 | (uint32_t) (text)[2] << 16 | (uint32_t) (text)[3] << 24)

#define PIXEL_SIZE 4

/* Where the upper eight bits of each colour begin in a little-endian pixel. */
typedef struct {
  char name[5];
  uint8_t red, green, blue;
} Format;

static const Format formats[] = {
  { "XR24", 16, 8, 0 },  { "AR24", 16, 8, 0 },  { "XB24", 0, 8, 16 },  { "AB24", 0, 8, 16 },
  { "RX24", 24, 16, 8 }, { "RA24", 24, 16, 8 }, { "BX24", 8, 16, 24 }, { "BA24", 8, 16, 24 },
  { "XR30", 22, 12, 2 }, { "AR30", 22, 12, 2 }, { "XB30", 2, 12, 22 }, { "AB30", 2, 12, 22 },
};

static const Format *
find_format (uint32_t fourcc)
{
  for (size_t i = 0; i < G_N_ELEMENTS (formats); i++)
    if (FOURCC (formats[i].name) == fourcc)
      return &formats[i];
  return NULL;
}

/* Bytes from the buffer's beginning to the picture's end. */
static uint64_t
picture_end (const SpiceGlPlanes *planes)
{
  return planes->offset[0] + (planes->height - UINT64_C (1)) * planes->stride[0] + UINT64_C (4) * planes->width;
}

static bool
check_layout (const SpiceGlPlanes *planes, GError **error)
{
  if (planes->modifier != CW_DRM_MODIFIER_LINEAR && planes->modifier != CW_DRM_MODIFIER_UNKNOWN) {
    g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
        _ ("The guest's picture lies in video memory in a layout that only its driver knows (modifier 0x%llx)."),
        (unsigned long long) planes->modifier);
    return false;
  }
  if (planes->n_planes != 1 || !find_format (planes->format)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                 _ ("The guest's picture in video memory has a format that cannot be read (0x%08x, planes: %u)."),
                 planes->format, planes->n_planes);
    return false;
  }
  return true;
}

static bool
check_size (const SpiceGlPlanes *planes, GError **error)
{
  uint64_t width = planes->width, height = planes->height;

  if (width > 0 && height > 0 && width <= CW_PIXELS_MAX_SIDE && height <= CW_PIXELS_MAX_SIDE
      && width * height <= CW_PIXELS_MAX_AREA && planes->stride[0] >= width * PIXEL_SIZE)
    return true;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _ ("The guest's picture in video memory has an impossible size (%ux%u, rows of %u bytes)."),
               planes->width, planes->height, planes->stride[0]);
  return false;
}

/* Only memory: reading a file may take for ever. */
static bool
check_buffer (const SpiceGlPlanes *planes, bool *is_dma_buf, GError **error)
{
  struct statfs system;
  struct stat status;

  if (fstatfs (planes->fd[0], &system) != 0 || fstat (planes->fd[0], &status) != 0
      || (system.f_type != DMA_BUF_MAGIC && system.f_type != TMPFS_MAGIC)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         _ ("What the server passed for the guest's picture is neither video nor shared memory."));
    return false;
  }
  if (status.st_size < 0 || picture_end (planes) > (uint64_t) status.st_size) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("The guest's picture would end at byte %llu of its buffer in video memory, which has %llu."),
                 (unsigned long long) picture_end (planes), (unsigned long long) status.st_size);
    return false;
  }
  *is_dma_buf = system.f_type == DMA_BUF_MAGIC;
  return true;
}

static bool
fail (int code, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("The guest's picture in video memory cannot be read: %s"), g_strerror (code));
  return false;
}

/* Through a pipe, that it is the system that touches the mapping: where there is nothing any more, because the buffer
 * has shrunk or a device is gone, it returns EFAULT, and this process is not ended by SIGBUS. */
static bool
copy (const int pipe[2], uint8_t *dest, const uint8_t *mapped, size_t size)
{
  while (size > 0) {
    ssize_t n = TEMP_FAILURE_RETRY (write (pipe[1], mapped, size));
    ssize_t left = n;

    if (n <= 0)
      return false;
    mapped += n;
    size -= (size_t) n;
    while (left > 0) {
      n = TEMP_FAILURE_RETRY (read (pipe[0], dest, (size_t) left));
      if (n <= 0)
        return false;
      dest += n;
      left -= n;
    }
  }
  return true;
}

static void
convert (const Format *format, uint32_t *row, uint32_t width)
{
  for (uint32_t x = 0; x < width; x++) {
    uint32_t pixel = GUINT32_FROM_LE (row[x]);

    row[x] = 0xff000000 | (pixel >> format->red & 0xff) << 16 | (pixel >> format->green & 0xff) << 8
             | (pixel >> format->blue & 0xff);
  }
}

static bool
copy_rows (const SpiceGlPlanes *planes, const uint8_t *mapped, uint8_t *pixels, GError **error)
{
  const Format *format = find_format (planes->format);
  size_t row_size = (size_t) planes->width * PIXEL_SIZE;
  int pipe[2];
  bool ok = true;
  int code;

  if (pipe2 (pipe, O_CLOEXEC | O_NONBLOCK) != 0)
    return fail (errno, error);
  for (size_t y = 0; y < planes->height && ok; y++) {
    uint8_t *row = pixels + (planes->y0top ? y : planes->height - 1 - y) * row_size;

    ok = copy (pipe, row, mapped + planes->offset[0] + y * planes->stride[0], row_size);
    if (ok)
      convert (format, (uint32_t *) (void *) row, planes->width);
  }
  code = errno;
  close (pipe[0]);
  close (pipe[1]);
  return ok || fail (code, error);
}

/* Waits until the GPU has written what it is told to, and makes the caches agree. Drivers without this need none. */
static void
synchronise (int fd, uint64_t flags)
{
  struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_READ };

  while (ioctl (fd, DMA_BUF_IOCTL_SYNC, &sync) != 0 && (errno == EINTR || errno == EAGAIN))
    ;
}

static bool
read_pixels (const SpiceGlPlanes *planes, bool is_dma_buf, uint8_t *pixels, GError **error)
{
  size_t size = (size_t) picture_end (planes);
  uint8_t *mapped;
  bool ok;

  if (size != picture_end (planes))
    return fail (EFBIG, error);
  mapped = mmap (NULL, size, PROT_READ, MAP_SHARED, planes->fd[0], 0);
  if (mapped == MAP_FAILED)
    return fail (errno, error);
  if (is_dma_buf)
    synchronise (planes->fd[0], DMA_BUF_SYNC_START);
  ok = copy_rows (planes, mapped, pixels, error);
  if (is_dma_buf)
    synchronise (planes->fd[0], DMA_BUF_SYNC_END);
  munmap (mapped, size);
  return ok;
}

/**
 * spice_display_channel_read_gl_scanout:
 * @channel: a display channel
 * @width: (out): in pixels
 * @height: (out): in pixels
 * @error: (nullable): where to store why it cannot be read
 *
 * Reads what the guest shows in video memory, without a GPU. That works where the picture lies there in one plane of
 * rows, in 32 bits a pixel, and where its driver lets it be mapped; a server that does not tell how it lies is taken to
 * mean rows. To have a picture that the guest is not just changing, read it in a handler of
 * #SpiceDisplayChannel::gl-draw, before spice_display_channel_gl_draw_done().
 *
 * Errors are of #GIOErrorEnum: %G_IO_ERROR_NOT_FOUND where nothing is shown in video memory, %G_IO_ERROR_NOT_SUPPORTED
 * where only a GPU can read it, %G_IO_ERROR_INVALID_DATA where the server says what cannot be, and others that the
 * system has told.
 *
 * Returns: (transfer full): the pixels, each 32 bits 0xffRRGGBB in the order of this machine, the upper row first and
 * no bytes between rows; or %NULL
 */
GBytes *
spice_display_channel_read_gl_scanout (SpiceDisplayChannel *channel, guint *width, guint *height, GError **error)
{
  const SpiceGlPlanes *planes;
  g_autofree uint8_t *pixels = NULL;
  bool is_dma_buf;
  size_t size;

  g_return_val_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel), NULL);
  g_return_val_if_fail (width != NULL && height != NULL, NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  planes = channel->priv->planes;
  if (!planes) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("The guest shows nothing in video memory."));
    return NULL;
  }
  if (!check_layout (planes, error) || !check_size (planes, error) || !check_buffer (planes, &is_dma_buf, error))
    return NULL;
  size = (size_t) planes->width * planes->height * PIXEL_SIZE;
  pixels = g_try_malloc (size);
  if (!pixels) {
    fail (ENOMEM, error);
    return NULL;
  }
  if (!read_pixels (planes, is_dma_buf, pixels, error))
    return NULL;
  *width = planes->width;
  *height = planes->height;
  return g_bytes_new_take (g_steal_pointer (&pixels), size);
}
