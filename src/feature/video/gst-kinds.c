/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/video/gst-kinds.h"

/* Of the hardware's plug-ins those that decode a frame when it comes: the stateless ones and NVIDIA's. They register
 * elements only where the hardware has them, and they say before the first picture what they cannot decode, as are most
 * of the 4:4:4 that servers encode. Only software that takes it counts as such. */
const CwGstKind cw_gst_kinds[CW_GST_N_KINDS] = {
  [CW_GST_H264] = { "video/x-h264,stream-format=byte-stream,alignment=au",
                    "h264parse ! ",
                    { "vah264dec", "v4l2slh264dec", "nvh264dec" },
                    "h264parse ! avdec_h264 thread-type=slice",
                    { "videoparsersbad", "libav" } },
  [CW_GST_VP8] = { "video/x-vp8", "", { "vavp8dec", "v4l2slvp8dec", "nvvp8dec" }, "vp8dec", { "vpx" } },
  [CW_GST_VP9] = { "video/x-vp9", "vp9parse ! ", { "vavp9dec", "v4l2slvp9dec", "nvvp9dec" }, "vp9dec", { "vpx" } },
  [CW_GST_H265] = { "video/x-h265,stream-format=byte-stream,alignment=au",
                    "h265parse ! ",
                    { "vah265dec", "v4l2slh265dec", "nvh265dec" },
                    "h265parse ! avdec_h265 thread-type=slice",
                    { "videoparsersbad", "libav" } },
};

/* Looking for the files costs next to nothing; asking GStreamer would load it all. */
static bool
has_plugin (const char *name)
{
  static const char *const variables[]
      = { "GST_PLUGIN_PATH_1_0", "GST_PLUGIN_PATH", "GST_PLUGIN_SYSTEM_PATH_1_0", "GST_PLUGIN_SYSTEM_PATH" };
  g_autoptr (GString) path = g_string_new (NULL);
  g_auto (GStrv) folders = NULL;
  bool system = true, found = false;

  for (size_t i = 0; i < G_N_ELEMENTS (variables); i++) {
    const char *value = g_getenv (variables[i]);

    system = system && (i < 2 || !value);
    if (value)
      g_string_append_printf (path, "%s:", value);
  }
  g_string_append (path, system ? GST_PLUGINS_DIR : "");
  folders = g_strsplit (path->str, ":", -1);
  for (char **folder = folders; *folder && !found; folder++) {
    g_autofree char *file = g_strdup_printf ("%s/libgst%s.so", *folder, name);

    found = **folder && g_file_test (file, G_FILE_TEST_EXISTS);
  }
  return found;
}

bool
cw_gst_kind_is_available (const CwGstKind *self)
{
  for (unsigned i = 0; self->plugins[i]; i++) {
    if (!has_plugin (self->plugins[i]))
      return false;
  }
  /* It has changed its name on the way. */
  return has_plugin ("app") && (has_plugin ("videoconvertscale") || has_plugin ("videoconvert"));
}

/* Who does not want an element gives it rank NONE, as by GST_PLUGIN_FEATURE_RANK. */
static bool
has_element (const char *name)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (name);

  return factory && gst_plugin_feature_get_rank (GST_PLUGIN_FEATURE (factory)) > GST_RANK_NONE;
}

unsigned
cw_gst_kind_choose (const CwGstKind *self, uint32_t passed_over)
{
  for (unsigned i = 0; i < CW_GST_SOFTWARE; i++) {
    if (!(passed_over & (1u << i)) && has_element (self->hardware[i]))
      return i;
  }
  return CW_GST_SOFTWARE;
}

/* Hardware otherwise waits for pictures that come later and are shown earlier, of which there are none. */
static void
set_without_delay (GstElement *decoder)
{
  static const struct {
    const char *name, *value;
  } properties[] = { { "compliance", "flexible" }, { "max-display-delay", "0" } };

  for (size_t i = 0; i < G_N_ELEMENTS (properties); i++) {
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (decoder), properties[i].name))
      gst_util_set_object_arg (G_OBJECT (decoder), properties[i].name, properties[i].value);
  }
}

GstElement *
cw_gst_kind_make_pipeline (const CwGstKind *self, unsigned decoder, const char *sink)
{
  bool hardware = decoder < CW_GST_SOFTWARE;
  /* Live: decoders ask whether it is, and do not hold pictures back then. The filter is one for system memory, in which
   * hardware has to leave them. */
  g_autofree char *line
      = g_strdup_printf ("appsrc name=source is-live=true ! %s%s%s ! videoconvert ! "
                         "video/x-raw,width=[1,%d],height=[1,%d] ! %s",
                         hardware ? self->parser : "", hardware ? self->hardware[decoder] : self->software,
                         hardware ? " name=decoder" : "", CW_GST_MAX_SIDE, CW_GST_MAX_SIDE, sink);
  GstElement *pipeline = gst_parse_launch_full (line, NULL, GST_PARSE_FLAG_FATAL_ERRORS, NULL);
  g_autoptr (GstElement) element = pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "decoder") : NULL;

  if (element)
    set_without_delay (element);
  return pipeline;
}

/* VP8 has no parser that would say how large it is, which hardware wants to know: RFC 6386, 9.1. */
static bool
read_vp8_size (CwSlice frame, int *width, int *height)
{
  const uint8_t *p = frame.data;

  if (frame.size < 10 || (p[0] & 1) || p[3] != 0x9d || p[4] != 0x01 || p[5] != 0x2a)
    return false;
  *width = (p[6] | p[7] << 8) & 0x3fff;
  *height = (p[8] | p[9] << 8) & 0x3fff;
  return true;
}

GstCaps *
cw_gst_kind_read_caps (const CwGstKind *self, CwSlice frame)
{
  GstCaps *caps;
  int width, height;

  if (self != &cw_gst_kinds[CW_GST_VP8] || !read_vp8_size (frame, &width, &height))
    return NULL;
  caps = gst_caps_from_string (self->caps);
  gst_caps_set_simple (caps, "width", G_TYPE_INT, width, "height", G_TYPE_INT, height, NULL);
  return caps;
}
