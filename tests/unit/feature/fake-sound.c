/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-sound.h"

#include <gst/audio/streamvolume.h>
#include <gst/base/gstbasesink.h>
#include <gst/base/gstpushsrc.h>
#include <stdbool.h>

#define RANK (GST_RANK_PRIMARY + 1000)
#define PACKET 1920 /* bytes: 10 ms */
#define CAPS "audio/x-raw, format=S16LE, layout=interleaved, rate=48000, channels=2"

FakeSound fake_speaker, fake_microphone;

static GstStaticPadTemplate speaker_pad
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));
static GstStaticPadTemplate microphone_pad
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

enum {
  PROP_0,
  PROP_VOLUME,
  PROP_MUTE,
};

typedef GstBaseSink CwFakeSpeaker;
typedef GstBaseSinkClass CwFakeSpeakerClass;
typedef GstPushSrc CwFakeMicrophone;
typedef GstPushSrcClass CwFakeMicrophoneClass;

G_GNUC_BEGIN_IGNORE_DEPRECATIONS
static GType cw_fake_speaker_get_type (void);
G_DEFINE_TYPE_WITH_CODE (CwFakeSpeaker, cw_fake_speaker, GST_TYPE_BASE_SINK,
                         G_IMPLEMENT_INTERFACE (GST_TYPE_STREAM_VOLUME, NULL))
static GType cw_fake_microphone_get_type (void);
G_DEFINE_TYPE_WITH_CODE (CwFakeMicrophone, cw_fake_microphone, GST_TYPE_PUSH_SRC,
                         G_IMPLEMENT_INTERFACE (GST_TYPE_STREAM_VOLUME, NULL))
G_GNUC_END_IGNORE_DEPRECATIONS

static FakeSound *
device_of (gpointer element)
{
  return GST_IS_BASE_SINK (element) ? &fake_speaker : &fake_microphone;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_VOLUME)
    g_atomic_int_set (&device_of (object)->volume, (gint) (g_value_get_double (value) * 100 + 0.5));
  else
    g_atomic_int_set (&device_of (object)->mute, g_value_get_boolean (value));
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_VOLUME)
    g_value_set_double (value, g_atomic_int_get (&device_of (object)->volume) / 100.);
  else
    g_value_set_boolean (value, g_atomic_int_get (&device_of (object)->mute));
}

static bool
open_device (GstElement *element, FakeSound *device)
{
  g_usleep ((gulong) g_atomic_int_get (&device->slow));
  if (g_atomic_int_get (&device->broken)) {
    g_atomic_int_inc (&device->n_refused);
    GST_ELEMENT_ERROR (element, RESOURCE, OPEN_READ_WRITE, ("no such device"), (NULL));
    return false;
  }
  g_atomic_int_inc (&device->n_opened);
  if (g_atomic_int_add (&device->n_open, 1) > 0)
    g_atomic_int_set (&device->shared, 1);
  return true;
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange change)
{
  gpointer parent = GST_IS_BASE_SINK (element) ? cw_fake_speaker_parent_class : cw_fake_microphone_parent_class;
  FakeSound *device = device_of (element);
  GstStateChangeReturn result;

  if (change == GST_STATE_CHANGE_NULL_TO_READY && !open_device (element, device))
    return GST_STATE_CHANGE_FAILURE;
  result = GST_ELEMENT_CLASS (parent)->change_state (element, change);
  if (change == GST_STATE_CHANGE_READY_TO_NULL) {
    g_usleep ((gulong) g_atomic_int_get (&device->slow));
    g_atomic_int_inc (&device->n_closed);
    g_atomic_int_add (&device->n_open, -1);
  }
  return result;
}

/* Whether the device is still there. */
static bool
carry (gpointer element)
{
  FakeSound *device = device_of (element);

  if (g_atomic_int_compare_and_exchange (&device->vanishes, 1, 0)) {
    GST_ELEMENT_ERROR (element, RESOURCE, READ, ("the device is gone"), (NULL));
    return false;
  }
  g_atomic_int_inc (&device->n_buffers);
  return true;
}

static GstFlowReturn
render (GstBaseSink *sink, GstBuffer *buffer)
{
  return carry (sink) ? GST_FLOW_OK : GST_FLOW_ERROR;
}

static GstFlowReturn
create (GstPushSrc *source, GstBuffer **buffer)
{
  g_usleep (5000);
  if (!carry (source))
    return GST_FLOW_ERROR;
  *buffer = gst_buffer_new_allocate (NULL, PACKET, NULL);
  gst_buffer_memset (*buffer, 0, 1, PACKET);
  return GST_FLOW_OK;
}

static void
init_class (gpointer class, GstStaticPadTemplate *pad, const char *kind)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  GST_ELEMENT_CLASS (class)->change_state = change_state;
  g_object_class_override_property (object_class, PROP_VOLUME, "volume");
  g_object_class_override_property (object_class, PROP_MUTE, "mute");
  gst_element_class_add_static_pad_template (class, pad);
  gst_element_class_set_static_metadata (class, kind, kind, kind, "the tests");
}

static void
cw_fake_speaker_class_init (CwFakeSpeakerClass *class)
{
  init_class (class, &speaker_pad, "Sink/Audio");
  class->render = render;
}

static void
cw_fake_speaker_init (CwFakeSpeaker *self)
{
}

static void
cw_fake_microphone_class_init (CwFakeMicrophoneClass *class)
{
  init_class (class, &microphone_pad, "Source/Audio");
  class->create = create;
}

static void
cw_fake_microphone_init (CwFakeMicrophone *self)
{
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_base_src_set_do_timestamp (GST_BASE_SRC (self), TRUE);
}

/* Those of the machine would be tried when these fail. */
static void
hide_others (void)
{
  GList *all
      = gst_element_factory_list_get_elements (GST_ELEMENT_FACTORY_TYPE_MEDIA_AUDIO | GST_ELEMENT_FACTORY_TYPE_SINK
                                                   | GST_ELEMENT_FACTORY_TYPE_SRC,
                                               GST_RANK_MARGINAL);

  for (GList *at = all; at; at = at->next)
    gst_plugin_feature_set_rank (at->data, GST_RANK_NONE);
  gst_plugin_feature_list_free (all);
}

void
fake_sound_register (void)
{
  gst_init (NULL, NULL);
  hide_others ();
  gst_element_register (NULL, "cwfakespeaker", RANK, cw_fake_speaker_get_type ());
  gst_element_register (NULL, "cwfakemicrophone", RANK, cw_fake_microphone_get_type ());
  fake_sound_reset ();
}

void
fake_sound_reset (void)
{
  fake_speaker = fake_microphone = (FakeSound){ .volume = 100 };
}
