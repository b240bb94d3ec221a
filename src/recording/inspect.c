/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording/inspect.h"

#include "recording/reader.h"
#include "wire/frame.h"
#include "wire/types.h"

#include <string.h>

typedef struct {
  uint64_t count, bytes;
} Sum;

typedef struct {
  uint16_t type;
  Sum sum;
} Kind;

typedef struct {
  uint8_t type, id;
  Sum sum;
  uint64_t damaged;
  GArray *kinds;                      /* Kind, by ascending type */
  uint8_t codecs[CW_MAX_NUM_STREAMS]; /* of its videos, by their ids, as they were last begun */
} Channel;

struct CwInspector {
  uint64_t last_us;
  GPtrArray *channels; /* Channel, as they first appear */
  Sum images[256];     /* by CwImageType; bytes as compressed */
  uint64_t pixels[256];
  Sum frames[256];      /* by CwVideoCodecType; 0: of no video that has begun */
  uint64_t images_kept; /* stored into the cache */
  uint64_t palettes, palette_hits, cursors, cursor_hits;
};

static void
free_channel (gpointer data)
{
  Channel *self = data;

  g_array_unref (self->kinds);
  g_free (self);
}

CwInspector *
cw_inspector_new (void)
{
  CwInspector *self = g_new0 (CwInspector, 1);

  self->channels = g_ptr_array_new_with_free_func (free_channel);
  return self;
}

void
cw_inspector_free (CwInspector *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->channels);
  g_free (self);
}

static Channel *
channel_of (CwInspector *self, const CwRecord *record)
{
  Channel *channel;

  for (guint i = 0; i < self->channels->len; i++) {
    channel = g_ptr_array_index (self->channels, i);
    if (channel->type == record->channel_type && channel->id == record->channel_id)
      return channel;
  }
  channel = g_new0 (Channel, 1);
  channel->type = record->channel_type;
  channel->id = record->channel_id;
  channel->kinds = g_array_new (FALSE, TRUE, sizeof (Kind));
  g_ptr_array_add (self->channels, channel);
  return channel;
}

static void
add (Sum *sum, uint64_t bytes)
{
  sum->count++;
  sum->bytes += bytes;
}

static void
count_kind (Channel *channel, uint16_t type, uint64_t bytes)
{
  guint i = 0;

  while (i < channel->kinds->len && g_array_index (channel->kinds, Kind, i).type < type)
    i++;
  if (i == channel->kinds->len || g_array_index (channel->kinds, Kind, i).type != type) {
    Kind kind = { .type = type };

    g_array_insert_val (channel->kinds, i, kind);
  }
  add (&g_array_index (channel->kinds, Kind, i).sum, bytes);
}

static uint64_t
image_bytes (const CwWireImage *image)
{
  switch (image->type) {
  case CW_IMAGE_TYPE_BITMAP:
    return image->bitmap.data.size;
  case CW_IMAGE_TYPE_LZ_PLT:
    return image->lz_plt.data.size;
  case CW_IMAGE_TYPE_ZLIB_GLZ_RGB:
    return image->zlib_glz_rgb.data.size;
  case CW_IMAGE_TYPE_JPEG_ALPHA:
    return image->jpeg_alpha.data.size;
  case CW_IMAGE_TYPE_FROM_CACHE:
  case CW_IMAGE_TYPE_FROM_CACHE_LOSSLESS:
  case CW_IMAGE_TYPE_SURFACE:
    return 0;
  default:
    return image->quic.data.size; /* the plain compressed ones share their layout */
  }
}

static void
count_image (const void *item, gpointer data)
{
  const CwWireImage *image = item;
  CwInspector *self = data;
  unsigned flags = image->type == CW_IMAGE_TYPE_BITMAP   ? image->bitmap.flags
                   : image->type == CW_IMAGE_TYPE_LZ_PLT ? image->lz_plt.flags
                                                         : 0;

  add (&self->images[image->type], image_bytes (image));
  self->pixels[image->type] += (uint64_t) image->width * image->height;
  if (image->flags & (CW_IMAGE_FLAG_CACHE_ME | CW_IMAGE_FLAG_CACHE_REPLACE_ME))
    self->images_kept++;
  if (flags & CW_BITMAP_FLAG_PAL_CACHE_ME)
    self->palettes++;
  if (flags & CW_BITMAP_FLAG_PAL_FROM_CACHE)
    self->palette_hits++;
}

static void
count_cursor (const void *item, gpointer data)
{
  const CwWireCursor *cursor = item;
  CwInspector *self = data;

  if (cursor->flags & CW_CURSOR_FLAG_NONE)
    return;
  self->cursors++;
  if (cursor->flags & CW_CURSOR_FLAG_FROM_CACHE)
    self->cursor_hits++;
}

static void
count_frame (CwInspector *self, const Channel *channel, uint32_t id, CwSlice data)
{
  add (&self->frames[id < CW_MAX_NUM_STREAMS ? channel->codecs[id] : 0], data.size);
}

static void
count_video (CwInspector *self, Channel *channel, const CwMessage *message)
{
  const CwMsgDisplayStreamCreate *create = message->data;
  const CwMsgDisplayStreamData *frame = message->data;
  const CwMsgDisplayStreamDataSized *sized = message->data;

  switch (message->type) {
  case CW_MSG_DISPLAY_STREAM_CREATE:
    if (create->id < CW_MAX_NUM_STREAMS)
      channel->codecs[create->id] = create->codec_type;
    break;
  case CW_MSG_DISPLAY_STREAM_DATA:
    count_frame (self, channel, frame->id, frame->data);
    break;
  case CW_MSG_DISPLAY_STREAM_DATA_SIZED:
    count_frame (self, channel, sized->id, sized->data);
    break;
  default:
    break;
  }
}

/* The name a message has among those of its channel; to be freed. */
static char *
message_name (uint8_t channel, uint16_t type)
{
  const CwMessageInfo *info = cw_message_info ((CwChannelType) channel, CW_FROM_SERVER, type);

  return info ? g_strdup (info->name) : g_strdup_printf ("message-%u", type);
}

static char *
channel_name (uint8_t type, uint8_t id)
{
  const char *name = cw_channel_type_name (type);

  return name ? g_strdup_printf ("%s:%u", name, id) : g_strdup_printf ("channel-%u:%u", type, id);
}

static void
add_message (CwInspector *self, Channel *channel, uint16_t type, uint64_t serial, CwSlice bytes, GString *out)
{
  g_autoptr (GBytes) body = g_bytes_new (bytes.data, bytes.size);
  g_autoptr (CwMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  count_kind (channel, type, bytes.size);
  if (!cw_message_info ((CwChannelType) channel->type, CW_FROM_SERVER, type))
    return;
  message = cw_message_parse ((CwChannelType) channel->type, CW_FROM_SERVER, type, serial, body, &error);
  if (!message) {
    channel->damaged++;
    if (out)
      g_string_append_printf (out, "  damaged: %s\n", error->message);
    return;
  }
  if (channel->type == CW_CHANNEL_DISPLAY)
    count_video (self, channel, message);
  if (message->info->layout->n_fields > 0) {
    cw_message_visit (message, &cw_type_image, count_image, self);
    cw_message_visit (message, &cw_type_cursor, count_cursor, self);
  }
  if (out) {
    GString *text = g_string_new (NULL);

    cw_message_print (message, text);
    g_string_append (out, strchr (text->str, '\n') + 1); /* its first line is the name */
    g_string_free (text, TRUE);
  }
}

/* A list stands for the messages in it. */
static void
add_list (CwInspector *self, Channel *channel, const CwRecord *record, GString *out)
{
  CwSubList list;
  CwSubMessage sub;
  g_autoptr (GError) error = NULL;

  if (cw_sub_list_init (&list, record->payload, 0, &error)) {
    while (cw_sub_list_next (&list, &sub, &error)) {
      if (out) {
        g_autofree char *name = message_name (channel->type, sub.type);

        g_string_append_printf (out, "  in it: %s, %zu bytes\n", name, sub.body.size);
      }
      add_message (self, channel, sub.type, record->serial, sub.body, out);
    }
  }
  if (!error)
    return;
  channel->damaged++;
  if (out)
    g_string_append_printf (out, "  damaged: %s\n", error->message);
}

static void
print_caps (const CwRecord *record, GString *out)
{
  uint32_t n_common, n_channel;
  const uint8_t *words;

  if (!cw_record_read_caps (record, &n_common, &n_channel, &words, NULL))
    return;
  for (uint32_t i = 0; i < n_common + n_channel; i++) {
    uint32_t word;

    memcpy (&word, words + 4 * (size_t) i, sizeof word);
    g_string_append_printf (out, "  %s capabilities = 0x%08x\n", i < n_common ? "common" : "channel",
                            GUINT32_FROM_LE (word));
  }
}

static void
print_head (const CwRecord *record, GString *out)
{
  g_autofree char *channel = channel_name (record->channel_type, record->channel_id);
  g_autofree char *name = record->kind == CW_RECORD_MESSAGE  ? message_name (record->channel_type, record->type)
                          : record->kind == CW_RECORD_OPENED ? g_strdup ("opened")
                          : record->kind == CW_RECORD_CLOSED ? g_strdup ("closed")
                                                             : g_strdup_printf ("record-%u", record->kind);

  g_string_append_printf (out, "%" G_GUINT64_FORMAT ".%06u %s %s", record->time_us / G_USEC_PER_SEC,
                          (unsigned) (record->time_us % G_USEC_PER_SEC), channel, name);
  if (record->kind == CW_RECORD_MESSAGE)
    g_string_append_printf (out, ", serial %" G_GUINT64_FORMAT ", %zu bytes", record->serial, record->payload.size);
  g_string_append_c (out, '\n');
}

void
cw_inspector_add (CwInspector *self, const CwRecord *record, GString *out)
{
  Channel *channel = channel_of (self, record);

  self->last_us = MAX (self->last_us, record->time_us);
  if (out)
    print_head (record, out);
  if (record->kind == CW_RECORD_OPENED && out)
    print_caps (record, out);
  if (record->kind != CW_RECORD_MESSAGE)
    return;
  add (&channel->sum, record->payload.size);
  if (record->type == CW_MSG_LIST) {
    count_kind (channel, record->type, record->payload.size);
    add_list (self, channel, record, out);
  } else {
    add_message (self, channel, record->type, record->serial, record->payload, out);
  }
}

static uint64_t
image_hits (const CwInspector *self)
{
  return self->images[CW_IMAGE_TYPE_FROM_CACHE].count + self->images[CW_IMAGE_TYPE_FROM_CACHE_LOSSLESS].count;
}

static char *
image_name (unsigned type)
{
  const char *name = cw_value_name (&cw_values_image_type, type);

  return name ? g_strdup (name) : g_strdup_printf ("type-%u", type);
}

static char *
codec_name (unsigned type)
{
  const char *name = cw_value_name (&cw_values_video_codec_type, type);

  return name ? g_strdup (name) : type == 0 ? g_strdup ("unknown") : g_strdup_printf ("type-%u", type);
}

static void
print_videos (const CwInspector *self, GString *out)
{
  bool any = false;

  for (unsigned i = 0; i < G_N_ELEMENTS (self->frames); i++) {
    g_autofree char *name = codec_name (i);

    if (self->frames[i].count == 0)
      continue;
    if (!any)
      g_string_append (out, "\nVideos                               frames          bytes\n");
    any = true;
    g_string_append_printf (out, "  %-30s %10" G_GUINT64_FORMAT " %14" G_GUINT64_FORMAT "\n", name,
                            self->frames[i].count, self->frames[i].bytes);
  }
}

void
cw_inspector_print (CwInspector *self, GString *out)
{
  g_string_append_printf (out, "%.3f seconds, %u channels\n", (double) self->last_us / G_USEC_PER_SEC,
                          self->channels->len);
  for (guint i = 0; i < self->channels->len; i++) {
    const Channel *channel = g_ptr_array_index (self->channels, i);
    g_autofree char *name = channel_name (channel->type, channel->id);

    g_string_append_printf (out, "\n%-32s %10" G_GUINT64_FORMAT " messages %12" G_GUINT64_FORMAT " bytes\n", name,
                            channel->sum.count, channel->sum.bytes);
    for (guint k = 0; k < channel->kinds->len; k++) {
      const Kind *kind = &g_array_index (channel->kinds, Kind, k);
      g_autofree char *what = message_name (channel->type, kind->type);

      g_string_append_printf (out, "  %-30s %10" G_GUINT64_FORMAT " %21" G_GUINT64_FORMAT "\n", what, kind->sum.count,
                              kind->sum.bytes);
    }
    if (channel->damaged > 0)
      g_string_append_printf (out, "  %-30s %10" G_GUINT64_FORMAT "\n", "(damaged)", channel->damaged);
  }
  g_string_append (out, "\nImages                                count          bytes         pixels\n");
  for (unsigned i = 0; i < G_N_ELEMENTS (self->images); i++) {
    g_autofree char *name = image_name (i);

    if (self->images[i].count > 0)
      g_string_append_printf (out, "  %-30s %10" G_GUINT64_FORMAT " %14" G_GUINT64_FORMAT " %14" G_GUINT64_FORMAT "\n",
                              name, self->images[i].count, self->images[i].bytes, self->pixels[i]);
  }
  print_videos (self, out);
  g_string_append_printf (out,
                          "\nCaches: images %" G_GUINT64_FORMAT " hits, %" G_GUINT64_FORMAT
                          " stored; palettes %" G_GUINT64_FORMAT " hits, %" G_GUINT64_FORMAT
                          " stored; cursors %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " shapes were hits\n",
                          image_hits (self), self->images_kept, self->palette_hits, self->palettes, self->cursor_hits,
                          self->cursors);
}

static void
print_json_channel (const Channel *channel, GString *out)
{
  g_autofree char *name = channel_name (channel->type, channel->id);

  g_string_append_printf (out,
                          "    {\"channel\": \"%s\", \"messages\": %" G_GUINT64_FORMAT ", \"bytes\": %" G_GUINT64_FORMAT
                          ", \"damaged\": %" G_GUINT64_FORMAT ", \"kinds\": {",
                          name, channel->sum.count, channel->sum.bytes, channel->damaged);
  for (guint k = 0; k < channel->kinds->len; k++) {
    const Kind *kind = &g_array_index (channel->kinds, Kind, k);
    g_autofree char *what = message_name (channel->type, kind->type);

    g_string_append_printf (out, "%s\"%s\": {\"messages\": %" G_GUINT64_FORMAT ", \"bytes\": %" G_GUINT64_FORMAT "}",
                            k > 0 ? ", " : "", what, kind->sum.count, kind->sum.bytes);
  }
  g_string_append (out, "}}");
}

static void
print_json_videos (const CwInspector *self, GString *out)
{
  const char *separator = "";

  g_string_append (out, ",\n  \"videos\": {");
  for (unsigned i = 0; i < G_N_ELEMENTS (self->frames); i++) {
    g_autofree char *name = codec_name (i);

    if (self->frames[i].count == 0)
      continue;
    g_string_append_printf (out,
                            "%s\n    \"%s\": {\"frames\": %" G_GUINT64_FORMAT ", \"bytes\": %" G_GUINT64_FORMAT "}",
                            separator, name, self->frames[i].count, self->frames[i].bytes);
    separator = ",";
  }
  g_string_append (out, "\n  }");
}

void
cw_inspector_print_json (CwInspector *self, GString *out)
{
  const char *separator = "";

  g_string_append_printf (out, "{\n  \"microseconds\": %" G_GUINT64_FORMAT ",\n  \"channels\": [", self->last_us);
  for (guint i = 0; i < self->channels->len; i++) {
    g_string_append (out, i > 0 ? ",\n" : "\n");
    print_json_channel (g_ptr_array_index (self->channels, i), out);
  }
  g_string_append (out, "\n  ],\n  \"images\": {");
  for (unsigned i = 0; i < G_N_ELEMENTS (self->images); i++) {
    g_autofree char *name = image_name (i);

    if (self->images[i].count == 0)
      continue;
    g_string_append_printf (out,
                            "%s\n    \"%s\": {\"images\": %" G_GUINT64_FORMAT ", \"bytes\": %" G_GUINT64_FORMAT
                            ", \"pixels\": %" G_GUINT64_FORMAT "}",
                            separator, name, self->images[i].count, self->images[i].bytes, self->pixels[i]);
    separator = ",";
  }
  g_string_append (out, "\n  }");
  print_json_videos (self, out);
  g_string_append_printf (out,
                          ",\n  \"caches\": {\"image-hits\": %" G_GUINT64_FORMAT
                          ", \"images-stored\": %" G_GUINT64_FORMAT ", \"palette-hits\": %" G_GUINT64_FORMAT
                          ", \"palettes-stored\": %" G_GUINT64_FORMAT ", \"cursors\": %" G_GUINT64_FORMAT
                          ", \"cursor-hits\": %" G_GUINT64_FORMAT "}\n}\n",
                          image_hits (self), self->images_kept, self->palette_hits, self->palettes, self->cursors,
                          self->cursor_hits);
}
