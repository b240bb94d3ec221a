/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/jpeg-reader.h"

#include "base/error.h"
#include "codec/clear-x.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/* Baseline coding spends two bits or more on a block of 64 samples. Whatever the sampling factors are, the components
 * of 32×32 pixels have nine blocks at least; so a byte of file never gives this many pixels. */
#define MAX_PIXELS_PER_BYTE 512

#define ROWS_AT_ONCE 8

struct CwJpegReader {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  bool created;
  jmp_buf escape;   /* valid only inside cw_jpeg_reader_decode() */
  CwPixels *pixels; /* here and not on the stack, because the library jumps out on error */
};

G_NORETURN static void
on_error (j_common_ptr info)
{
  CwJpegReader *self = info->client_data;

  longjmp (self->escape, 1);
}

/* Warnings mean that the library would invent pixels. Those about oddities outside of the picture's data do no harm. */
static void
on_message (j_common_ptr info, int level)
{
  if (level >= 0)
    return;
  switch (info->err->msg_code) {
  case JWRN_ADOBE_XFORM:
  case JWRN_JFIF_MAJOR:
  case JWRN_EXTRANEOUS_DATA:
    return;
  default:
    on_error (info);
  }
}

static void
on_output (j_common_ptr info)
{
}

static void
source_start_or_end (j_decompress_ptr info)
{
}

static boolean
source_fill (j_decompress_ptr info)
{
  ERREXIT (info, JERR_INPUT_EOF);
  return FALSE;
}

static void
source_skip (j_decompress_ptr info, long n)
{
  if (n <= 0)
    return;
  if ((unsigned long) n > info->src->bytes_in_buffer)
    ERREXIT (info, JERR_INPUT_EOF);
  info->src->next_input_byte += n;
  info->src->bytes_in_buffer -= n;
}

CwJpegReader *
cw_jpeg_reader_new (void)
{
  CwJpegReader *self = g_new0 (CwJpegReader, 1);

  self->info.err = jpeg_std_error (&self->errors);
  self->info.client_data = self;
  self->errors.error_exit = on_error;
  self->errors.emit_message = on_message;
  self->errors.output_message = on_output;
  self->source.init_source = source_start_or_end;
  self->source.fill_input_buffer = source_fill;
  self->source.skip_input_data = source_skip;
  self->source.resync_to_restart = jpeg_resync_to_restart;
  self->source.term_source = source_start_or_end;
  return self;
}

void
cw_jpeg_reader_free (CwJpegReader *self)
{
  if (self->created)
    jpeg_destroy_decompress (&self->info);
  g_free (self);
}

static bool
check_header (const struct jpeg_decompress_struct *info, const CwJpegFile *file, GError **error)
{
  if ((file->width > 0 || file->height > 0)
      && (info->image_width != file->width || info->image_height != file->height)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "jpeg: %u×%u pixels, %u×%u announced", info->image_width,
                 info->image_height, file->width, file->height);
    return false;
  }
  if (info->num_components != 1 && info->num_components != 3) {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "jpeg: %d components, only 1 or 3 are supported",
                 info->num_components);
    return false;
  }
  if (info->progressive_mode || info->arith_code || info->comps_in_scan != info->num_components) {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "jpeg: %s coding is not supported",
                 info->progressive_mode ? "progressive"
                 : info->arith_code     ? "arithmetic"
                                        : "multiple-scan");
    return false;
  }
  if ((uint64_t) info->image_width * info->image_height > (uint64_t) file->data.size * MAX_PIXELS_PER_BYTE) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "jpeg: %u×%u pixels cannot come from %zu bytes",
                 info->image_width, info->image_height, file->data.size);
    return false;
  }
  return true;
}

static void
read_rows (struct jpeg_decompress_struct *info, CwPixels *pixels, unsigned flags)
{
  while (info->output_scanline < info->output_height) {
    uint32_t y = info->output_scanline, n = MIN (info->output_height - y, ROWS_AT_ONCE);
    JSAMPROW rows[ROWS_AT_ONCE];

    for (uint32_t i = 0; i < n; i++)
      rows[i] = cw_pixels_row (pixels, flags & CW_JPEG_BOTTOM_UP ? pixels->height - 1 - (y + i) : y + i);
    n = jpeg_read_scanlines (info, rows, n);
    if (n == 0)
      ERREXIT (info, JERR_INPUT_EOF);
    for (uint32_t i = 0; i < n && !(flags & CW_JPEG_ALPHA); i++)
      cw_clear_x ((uint32_t *) (void *) rows[i], pixels->width);
  }
}

/* The part that the library may jump out of: nothing in it may need cleaning up. */
static bool
read_file (CwJpegReader *self, const CwJpegFile *file, GError **error)
{
  struct jpeg_decompress_struct *info = &self->info;

  if (!self->created) {
    jpeg_create_decompress (info);
    self->created = true;
  }
  self->source.next_input_byte = file->data.data;
  self->source.bytes_in_buffer = file->data.size;
  info->src = &self->source;
  jpeg_read_header (info, TRUE);
  if (!check_header (info, file, error))
    return false;
  self->pixels = cw_pixels_new_in (file->pool, file->flags & CW_JPEG_ALPHA ? CW_PIXELS_BGRA : CW_PIXELS_BGRX,
                                   info->image_width, info->image_height, false, error);
  if (!self->pixels)
    return false;
  cw_pixels_unalign (self->pixels); /* the library is such a writer, and here they are read at once */
  info->out_color_space = file->flags & CW_JPEG_ALPHA ? JCS_EXT_BGRA : JCS_EXT_BGRX;
  info->dct_method = file->flags & CW_JPEG_FAST ? JDCT_IFAST : JDCT_ISLOW;
  info->do_fancy_upsampling = file->flags & CW_JPEG_FAST ? FALSE : TRUE;
  jpeg_start_decompress (info);
  read_rows (info, self->pixels, file->flags);
  jpeg_finish_decompress (info);
  return true;
}

bool
cw_jpeg_reader_decode (CwJpegReader *self, const CwJpegFile *file, CwPixels **out, GError **error)
{
  if (setjmp (self->escape) != 0) {
    char message[JMSG_LENGTH_MAX];

    self->errors.format_message ((j_common_ptr) &self->info, message);
    g_set_error (error, CW_ERROR, self->errors.msg_code == JERR_OUT_OF_MEMORY ? CW_ERROR_MEMORY : CW_ERROR_MALFORMED,
                 "jpeg: file of %zu bytes, at %zu: %s", file->data.size, file->data.size - self->source.bytes_in_buffer,
                 message);
  } else if (read_file (self, file, error)) {
    *out = g_steal_pointer (&self->pixels);
    return true;
  }
  g_clear_pointer (&self->pixels, cw_pixels_unref);
  if (self->created)
    jpeg_abort_decompress (&self->info);
  else
    jpeg_destroy_decompress (&self->info);
  return false;
}
