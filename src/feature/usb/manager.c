/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceUsbDeviceManager: the type, and the feature that brings it into a session. Its functions are in
 * manager-calls.c. */
#include "feature/usb/manager.h"

#include "base/i18n.h"
#include "base/protocol.h"
#include "session/options.h"
#include "spice-client.h"

#define DEFAULT_AUTO_FILTER "0x03,-1,-1,-1,0|-1,-1,-1,-1,1" /* no keyboards and mice */

enum {
  PROP_0,
  PROP_SESSION,
  PROP_AUTO_CONNECT,
  PROP_AUTO_CONNECT_FILTER,
  PROP_REDIRECT_ON_CONNECT,
  PROP_FREE_CHANNELS,
  N_PROPERTIES,
};

enum {
  DEVICE_ADDED,
  DEVICE_REMOVED,
  AUTO_CONNECT_FAILED,
  DEVICE_ERROR,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

static void initable_interface_init (GInitableIface *interface);

/**
 * SpiceUsbDeviceManager:
 *
 * USB devices of this machine, and emulated ones, for the guest.
 *
 * Its functions are to be called, and its signals come, in the thread of the session's main context.
 */
G_DEFINE_TYPE_WITH_CODE (SpiceUsbDeviceManager, spice_usb_device_manager, G_TYPE_OBJECT,
                         G_ADD_PRIVATE (SpiceUsbDeviceManager)
                             G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_interface_init))

static void
on_added (gpointer data, SpiceUsbDevice *device)
{
  g_signal_emit (data, signals[DEVICE_ADDED], 0, device);
}

static void
on_removed (gpointer data, SpiceUsbDevice *device)
{
  g_signal_emit (data, signals[DEVICE_REMOVED], 0, device);
}

static void
on_auto_failed (gpointer data, SpiceUsbDevice *device, GError *error)
{
  g_signal_emit (data, signals[AUTO_CONNECT_FAILED], 0, device, error);
}

static void
on_failed (gpointer data, SpiceUsbDevice *device, GError *error)
{
  g_signal_emit (data, signals[DEVICE_ERROR], 0, device, error);
}

static void
on_free_channels_changed (gpointer data)
{
  g_object_notify_by_pspec (data, properties[PROP_FREE_CHANNELS]);
}

static const CwUsbHubEvents hub_events = { on_added, on_removed, on_auto_failed, on_failed, on_free_channels_changed };

static gboolean
initable_init (GInitable *initable, GCancellable *cancellable, GError **error)
{
  SpiceUsbDeviceManager *self = SPICE_USB_DEVICE_MANAGER (initable);
  SpiceUsbDeviceManagerPrivate *priv = self->priv;

  if (!priv->session) {
    g_set_error_literal (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                         _ ("A USB device manager needs a session."));
    return FALSE;
  }
  if (!priv->hub)
    priv->hub = cw_usb_hub_new (priv->session, &hub_events, self, error);
  if (!priv->hub)
    return FALSE;
  cw_usb_hub_set_auto (priv->hub, priv->auto_connect);
  cw_usb_hub_set_auto_filter (priv->hub, priv->auto_connect_filter);
  cw_usb_hub_set_redirect_filter (priv->hub, priv->redirect_on_connect);
  return TRUE;
}

static void
initable_interface_init (GInitableIface *interface)
{
  interface->init = initable_init;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceUsbDeviceManagerPrivate *priv = SPICE_USB_DEVICE_MANAGER (object)->priv;

  switch (id) {
  case PROP_SESSION:
    g_value_set_object (value, priv->session);
    break;
  case PROP_AUTO_CONNECT:
    g_value_set_boolean (value, priv->auto_connect);
    break;
  case PROP_AUTO_CONNECT_FILTER:
    g_value_set_string (value, priv->auto_connect_filter);
    break;
  case PROP_REDIRECT_ON_CONNECT:
    g_value_set_string (value, priv->redirect_on_connect);
    break;
  case PROP_FREE_CHANNELS:
    g_value_set_int (value, priv->hub ? cw_usb_hub_free_channels (priv->hub) : 0);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
replace (char **place, const char *text)
{
  g_free (*place);
  *place = g_strdup (text);
}

/* The first one is set before there is a hub; it is known to be good. */
static void
set_auto_filter (SpiceUsbDeviceManagerPrivate *priv, const char *text)
{
  if (priv->hub && !cw_usb_hub_set_auto_filter (priv->hub, text))
    g_warning ("'%.256s' is no filter for USB devices", text ? text : "");
  else
    replace (&priv->auto_connect_filter, text);
}

static void
set_redirect_filter (SpiceUsbDeviceManagerPrivate *priv, const char *text)
{
  if (priv->hub && !cw_usb_hub_set_redirect_filter (priv->hub, text))
    g_warning ("'%.256s' is no filter for USB devices", text);
  else
    replace (&priv->redirect_on_connect, text);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpiceUsbDeviceManagerPrivate *priv = SPICE_USB_DEVICE_MANAGER (object)->priv;

  switch (id) {
  case PROP_SESSION:
    g_set_weak_pointer (&priv->session, g_value_get_object (value));
    break;
  case PROP_AUTO_CONNECT:
    priv->auto_connect = g_value_get_boolean (value);
    if (priv->hub)
      cw_usb_hub_set_auto (priv->hub, priv->auto_connect);
    break;
  case PROP_AUTO_CONNECT_FILTER:
    set_auto_filter (priv, g_value_get_string (value));
    break;
  case PROP_REDIRECT_ON_CONNECT:
    set_redirect_filter (priv, g_value_get_string (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
close_hub (SpiceUsbDeviceManager *self)
{
  CwUsbHub *hub = g_steal_pointer (&self->priv->hub);

  if (!hub)
    return;
  cw_usb_hub_close (hub);
  cw_usb_hub_unref (hub);
}

static void
dispose (GObject *object)
{
  SpiceUsbDeviceManager *self = SPICE_USB_DEVICE_MANAGER (object);

  close_hub (self);
  g_clear_weak_pointer (&self->priv->session);
  G_OBJECT_CLASS (spice_usb_device_manager_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  SpiceUsbDeviceManagerPrivate *priv = SPICE_USB_DEVICE_MANAGER (object)->priv;

  g_free (priv->auto_connect_filter);
  g_free (priv->redirect_on_connect);
  G_OBJECT_CLASS (spice_usb_device_manager_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags readwrite = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * SpiceUsbDeviceManager:session:
   *
   * The session. It is not kept alive.
   */
  properties[PROP_SESSION] = g_param_spec_object ("session", "Session", "The session of the manager",
                                                  SPICE_TYPE_SESSION, readwrite | G_PARAM_CONSTRUCT_ONLY);
  /**
   * SpiceUsbDeviceManager:auto-connect:
   *
   * Whether devices that are plugged in from now on are connected by themselves.
   */
  properties[PROP_AUTO_CONNECT]
      = g_param_spec_boolean ("auto-connect", "Auto-connect", "Connect new devices by itself", FALSE, readwrite);
  /**
   * SpiceUsbDeviceManager:auto-connect-filter:
   *
   * Which devices may be connected by themselves: rules `class,vendor,product,version,allow` joined by `|`; numbers are
   * decimal or hexadecimal (0x), -1 is any, the first rule that matches decides. What is no filter leaves the old one.
   */
  properties[PROP_AUTO_CONNECT_FILTER]
      = g_param_spec_string ("auto-connect-filter", "Auto-connect filter", "Which devices are connected by themselves",
                             DEFAULT_AUTO_FILTER, readwrite | G_PARAM_CONSTRUCT);
  /**
   * SpiceUsbDeviceManager:redirect-on-connect:
   *
   * Which devices are connected when the session gets USB channels, as for
   * #SpiceUsbDeviceManager:auto-connect-filter; %NULL: none. Shared CDs are connected whatever the filter.
   */
  properties[PROP_REDIRECT_ON_CONNECT]
      = g_param_spec_string ("redirect-on-connect", "Redirect on connect",
                             "Which devices are connected with the session", NULL, readwrite);
  /**
   * SpiceUsbDeviceManager:free-channels:
   *
   * How many more devices can be connected.
   */
  properties[PROP_FREE_CHANNELS]
      = g_param_spec_int ("free-channels", "Free channels", "How many more devices can be connected", 0, G_MAXINT, 0,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (class, N_PROPERTIES, properties);
}

static void
install_signals (SpiceUsbDeviceManagerClass *class)
{
  GType type = G_OBJECT_CLASS_TYPE (class);

  /**
   * SpiceUsbDeviceManager::device-added:
   * @manager: the manager
   * @device: the device
   *
   * A device has been plugged into this machine, or was there when the manager was made.
   */
  signals[DEVICE_ADDED] = g_signal_new ("device-added", type, G_SIGNAL_RUN_FIRST,
                                        G_STRUCT_OFFSET (SpiceUsbDeviceManagerClass, device_added), NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, SPICE_TYPE_USB_DEVICE);
  /**
   * SpiceUsbDeviceManager::device-removed:
   * @manager: the manager
   * @device: the device
   *
   * A device has gone from this machine. It was disconnected before.
   */
  signals[DEVICE_REMOVED] = g_signal_new ("device-removed", type, G_SIGNAL_RUN_FIRST,
                                          G_STRUCT_OFFSET (SpiceUsbDeviceManagerClass, device_removed), NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, SPICE_TYPE_USB_DEVICE);
  /**
   * SpiceUsbDeviceManager::auto-connect-failed:
   * @manager: the manager
   * @device: the device
   * @error: why; the text begins with a description of the device
   *
   * A device could not be connected by itself.
   */
  signals[AUTO_CONNECT_FAILED] = g_signal_new ("auto-connect-failed", type, G_SIGNAL_RUN_FIRST,
                                               G_STRUCT_OFFSET (SpiceUsbDeviceManagerClass, auto_connect_failed), NULL,
                                               NULL, NULL, G_TYPE_NONE, 2, SPICE_TYPE_USB_DEVICE, G_TYPE_ERROR);
  /**
   * SpiceUsbDeviceManager::device-error:
   * @manager: the manager
   * @device: the device
   * @error: why; the text begins with a description of the device
   *
   * A connected device was given up. It is disconnected already.
   */
  signals[DEVICE_ERROR] = g_signal_new ("device-error", type, G_SIGNAL_RUN_FIRST,
                                        G_STRUCT_OFFSET (SpiceUsbDeviceManagerClass, device_error), NULL, NULL, NULL,
                                        G_TYPE_NONE, 2, SPICE_TYPE_USB_DEVICE, G_TYPE_ERROR);
}

static void
spice_usb_device_manager_class_init (SpiceUsbDeviceManagerClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  install_properties (object_class);
  install_signals (class);
}

static void
spice_usb_device_manager_init (SpiceUsbDeviceManager *self)
{
  self->priv = spice_usb_device_manager_get_instance_private (self);
}

/* The feature */

static gpointer
attach (SpiceSession *session)
{
  g_autoptr (GError) error = NULL;
  gpointer manager = g_initable_new (SPICE_TYPE_USB_DEVICE_MANAGER, NULL, &error, "session", session, NULL);

  if (!manager)
    g_debug ("%s", error->message);
  return manager;
}

static void
detach (gpointer data)
{
  close_hub (data);
  g_object_unref (data);
}

static void
channel_added (gpointer data, SpiceChannel *channel)
{
  cw_usb_hub_channel_added (SPICE_USB_DEVICE_MANAGER (data)->priv->hub, channel);
}

static void
channel_removed (gpointer data, SpiceChannel *channel)
{
  cw_usb_hub_channel_removed (SPICE_USB_DEVICE_MANAGER (data)->priv->hub, channel);
}

static void
share_cds (SpiceUsbDeviceManager *manager, const char *const *paths)
{
  for (; paths && *paths; paths++) {
    g_autoptr (GError) error = NULL;

    if (!spice_usb_device_manager_create_shared_cd_device (manager, (char *) *paths, &error))
      g_warning ("'%s' cannot be shared as a CD: %s", *paths, error->message);
  }
  cw_usb_options_shared ();
}

static void
apply_options (SpiceSession *session)
{
  CwUsbOptions options = cw_usb_options ();
  g_autoptr (GError) error = NULL;
  SpiceUsbDeviceManager *manager;

  if (!options.usb_auto_filter && !options.usb_connect_filter && !options.shared_cds)
    return;
  manager = spice_usb_device_manager_get (session, &error);
  if (!manager) {
    g_warning ("options for USB devices have no effect: %s", error->message);
    return;
  }
  if (options.usb_auto_filter)
    g_object_set (manager, "auto-connect-filter", options.usb_auto_filter, NULL);
  if (options.usb_connect_filter)
    g_object_set (manager, "redirect-on-connect", options.usb_connect_filter, NULL);
  share_cds (manager, options.shared_cds);
}

static const int channel_types[] = { CW_CHANNEL_USBREDIR, 0 };

const CwFeature cw_usb_feature = {
  .name = "usb",
  .channel_types = channel_types,
  .attach = attach,
  .detach = detach,
  .channel_added = channel_added,
  .channel_removed = channel_removed,
  .apply_options = apply_options,
};
