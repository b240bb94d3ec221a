/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-decoder.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

static const char *const names[N_FAKES] = { "vavp8dec", "v4l2slvp8dec" };

static struct {
  /* All atomic: workers make and run the elements. */
  int fault; /* FakeFault */
  int n_made, n_frames, n_gone;
  int live, device_memory, no_delay, flexible;
} fakes[N_FAKES];

static GMutex lock; /* of what follows */
static GCond changed;
static bool may_complain, has_complained;

typedef struct {
  GstBin parent;
} Fake;

typedef struct {
  GstBinClass parent;
  unsigned index;
} FakeClass;

enum { PROP_MAX_DISPLAY_DELAY = 1, PROP_COMPLIANCE };

/* As hardware it wants to know a size. */
#define CAPS "video/x-vp8,width=[1,4096],height=[1,4096]"

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));
static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                               GST_STATIC_CAPS ("video/x-raw(memory:Device); video/x-raw"));

static unsigned
index_of (gpointer fake)
{
  return G_TYPE_INSTANCE_GET_CLASS (fake, G_TYPE_FROM_INSTANCE (fake), FakeClass)->index;
}

static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer index)
{
  GstElement *element = GST_ELEMENT (gst_pad_get_parent (pad));
  g_autoptr (GstPad) src = gst_element_get_static_pad (element, "src");
  g_autoptr (GstCaps) device = gst_caps_from_string ("video/x-raw(memory:Device)");
  g_autoptr (GstCaps) taken = gst_pad_peer_query_caps (src, NULL);
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (pad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  gst_query_unref (query);
  g_atomic_int_set (&fakes[GPOINTER_TO_UINT (index)].live, live);
  g_atomic_int_set (&fakes[GPOINTER_TO_UINT (index)].device_memory, gst_caps_can_intersect (taken, device));
  g_atomic_int_inc (&fakes[GPOINTER_TO_UINT (index)].n_frames);
  gst_object_unref (element);
  return GST_PAD_PROBE_OK;
}

/* Decoders take caps that are no more general than what they know, not what just fits. */
static gboolean
on_query (GstPad *pad, GstObject *element, GstQuery *query)
{
  bool refuses = g_atomic_int_get (&fakes[index_of (element)].fault) == FAKE_REFUSES_CAPS;
  g_autoptr (GstCaps) known = gst_caps_from_string (refuses ? "video/x-vp8,profile=(string)3" : CAPS);
  GstCaps *caps;

  if (GST_QUERY_TYPE (query) != GST_QUERY_ACCEPT_CAPS)
    return gst_pad_query_default (pad, element, query);
  gst_query_parse_accept_caps (query, &caps);
  gst_query_set_accept_caps_result (query, gst_caps_is_subset (caps, known));
  return TRUE;
}

static void
add_pad (Fake *self, GstElement *inner, const char *name)
{
  g_autoptr (GstPad) target = gst_element_get_static_pad (inner, name);
  GstPad *pad = gst_ghost_pad_new (name, target);

  gst_element_add_pad (GST_ELEMENT (self), pad);
  if (g_str_equal (name, "sink")) {
    gst_pad_set_query_function (pad, on_query);
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, GUINT_TO_POINTER (index_of (self)), NULL);
  }
}

static void
constructed (GObject *object)
{
  static const char *const front[] = {
    [FAKE_WORKS] = "identity",
    [FAKE_DOES_NOT_START] = "identity",
    [FAKE_REFUSES_CAPS] = "identity",
    [FAKE_FAILS_AT_FIRST] = "identity error-after=1",
    [FAKE_FAILS_AT_THIRD] = "identity error-after=3",
    [FAKE_IS_MUTE] = "identity drop-probability=1",
    [FAKE_COMPLAINS] = "identity error-after=1",
  };
  unsigned index = index_of (object);
  g_autofree char *line = g_strdup_printf ("%s ! vp8dec", front[g_atomic_int_get (&fakes[index].fault)]);
  GstElement *inner = gst_parse_bin_from_description (line, TRUE, NULL);

  g_assert_nonnull (inner);
  gst_bin_add (GST_BIN (object), inner);
  add_pad ((Fake *) object, inner, "sink");
  add_pad ((Fake *) object, inner, "src");
  g_atomic_int_inc (&fakes[index].n_made);
}

static void
finalize (GObject *object)
{
  g_atomic_int_inc (&fakes[index_of (object)].n_gone);
  G_OBJECT_CLASS (g_type_class_peek (GST_TYPE_BIN))->finalize (object);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  unsigned index = index_of (object);

  if (id == PROP_MAX_DISPLAY_DELAY)
    g_atomic_int_set (&fakes[index].no_delay, g_value_get_int (value) == 0);
  else
    g_atomic_int_set (&fakes[index].flexible, g_str_equal (g_value_get_string (value), "flexible"));
}

static void
complain (GstElement *element)
{
  g_mutex_lock (&lock);
  while (!may_complain)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
  GST_ELEMENT_ERROR (element, STREAM, DECODE, ("still something"), (NULL));
  g_mutex_lock (&lock);
  has_complained = true;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

void
fake_complain (void)
{
  g_mutex_lock (&lock);
  may_complain = true;
  g_cond_broadcast (&changed);
  while (!has_complained)
    g_cond_wait (&changed, &lock);
  may_complain = has_complained = false;
  g_mutex_unlock (&lock);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange change)
{
  GstElementClass *parent = g_type_class_peek (GST_TYPE_BIN);
  int fault = g_atomic_int_get (&fakes[index_of (element)].fault);

  if (change == GST_STATE_CHANGE_NULL_TO_READY && fault == FAKE_DOES_NOT_START) {
    GST_ELEMENT_ERROR (element, RESOURCE, OPEN_READ, ("no such device"), (NULL));
    return GST_STATE_CHANGE_FAILURE;
  }
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY && fault == FAKE_COMPLAINS)
    complain (element);
  return parent->change_state (element, change);
}

static void
class_init (gpointer class, gpointer index)
{
  GObjectClass *object_class = class;
  GstElementClass *element_class = class;

  ((FakeClass *) class)->index = GPOINTER_TO_UINT (index);
  object_class->constructed = constructed;
  object_class->finalize = finalize;
  object_class->set_property = set_property;
  g_object_class_install_property (object_class, PROP_MAX_DISPLAY_DELAY,
                                   g_param_spec_int ("max-display-delay", NULL, NULL, -1, 16, -1, G_PARAM_WRITABLE));
  g_object_class_install_property (object_class, PROP_COMPLIANCE,
                                   g_param_spec_string ("compliance", NULL, NULL, NULL, G_PARAM_WRITABLE));
  element_class->change_state = change_state;
  gst_element_class_set_static_metadata (element_class, "Fake", "Codec/Decoder/Video/Hardware", "VP8", "nobody");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
}

static void
set_rank (const char *name, guint rank)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (name);

  if (factory)
    gst_plugin_feature_set_rank (GST_PLUGIN_FEATURE (factory), rank);
}

void
fake_register (void)
{
  for (unsigned i = 0; i < N_FAKES; i++) {
    const GTypeInfo info = {
      .class_size = sizeof (FakeClass),
      .class_init = class_init,
      .class_data = GUINT_TO_POINTER (i),
      .instance_size = sizeof (Fake),
    };
    g_autofree char *type_name = g_strdup_printf ("Fake-%s", names[i]);

    g_assert_true (gst_element_register (NULL, names[i], GST_RANK_PRIMARY,
                                         g_type_register_static (GST_TYPE_BIN, type_name, &info, 0)));
  }
  set_rank ("nvvp8dec", GST_RANK_NONE);
}

void
fake_reset (void)
{
  for (unsigned i = 0; i < N_FAKES; i++) {
    int *const all[] = { &fakes[i].fault, &fakes[i].n_made,        &fakes[i].n_frames, &fakes[i].n_gone,
                         &fakes[i].live,  &fakes[i].device_memory, &fakes[i].no_delay, &fakes[i].flexible };

    /* A worker may still make the pipeline of a decoder that is closed. */
    for (unsigned j = 0; j < G_N_ELEMENTS (all); j++)
      g_atomic_int_set (all[j], 0);
    set_rank (names[i], GST_RANK_NONE);
  }
}

void
fake_want (unsigned index, FakeFault fault)
{
  g_atomic_int_set (&fakes[index].fault, (int) fault);
  set_rank (names[index], GST_RANK_PRIMARY);
}

unsigned
fake_n_made (unsigned index)
{
  return (unsigned) g_atomic_int_get (&fakes[index].n_made);
}

bool
fake_is_kept (unsigned index)
{
  return g_atomic_int_get (&fakes[index].n_gone) < g_atomic_int_get (&fakes[index].n_made);
}

unsigned
fake_n_frames (unsigned index)
{
  return (unsigned) g_atomic_int_get (&fakes[index].n_frames);
}

char *
fake_seen (void)
{
  GString *seen = g_string_new (NULL);

  for (unsigned i = 0; i < N_FAKES; i++) {
    if (fake_n_frames (i) > 0)
      g_string_append_printf (seen, "%s:%s%s%s%s", names[i], g_atomic_int_get (&fakes[i].live) ? " live" : "",
                              g_atomic_int_get (&fakes[i].device_memory) ? " device-memory" : "",
                              g_atomic_int_get (&fakes[i].no_delay) ? " no-delay" : "",
                              g_atomic_int_get (&fakes[i].flexible) ? " flexible" : "");
  }
  return g_string_free (seen, FALSE);
}

GPtrArray *
fake_film (unsigned width, unsigned height, unsigned n_frames, unsigned (*luma) (unsigned frame))
{
  g_autofree char *line = g_strdup_printf (
      "appsrc name=source format=time caps=video/x-raw,format=I420,width=%u,height=%u,framerate=30/1 ! "
      "vp8enc deadline=1 keyframe-max-dist=1000 ! appsink name=sink sync=false",
      width, height);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GPtrArray *frames = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  const unsigned n_rows = GST_ROUND_UP_2 (height);
  const gsize luma_size = (gsize) GST_ROUND_UP_4 (width) * n_rows;
  const gsize chroma_size = (gsize) GST_ROUND_UP_4 (GST_ROUND_UP_2 (width) / 2) * n_rows; /* both */

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (unsigned i = 0; i < n_frames; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, luma_size + chroma_size, NULL);

    gst_buffer_memset (buffer, 0, (guint8) luma (i), luma_size);
    gst_buffer_memset (buffer, luma_size, 128, chroma_size);
    GST_BUFFER_PTS (buffer) = i * GST_SECOND / 30;
    GST_BUFFER_DURATION (buffer) = GST_SECOND / 30;
    gst_app_src_push_buffer (GST_APP_SRC (source), buffer);
  }
  gst_app_src_end_of_stream (GST_APP_SRC (source));
  for (unsigned i = 0; i < n_frames; i++) {
    GstSample *sample = gst_app_sink_pull_sample (GST_APP_SINK (sink));
    GstMapInfo map;

    g_assert_nonnull (sample);
    g_assert_true (gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ));
    g_assert_cmpint (map.data[0] & 1, ==, i > 0); /* key frame */
    g_ptr_array_add (frames, g_bytes_new (map.data, map.size));
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return frames;
}
