/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of SpiceUsbDeviceManager. */
#include "base/i18n.h"
#include "feature/usb/manager.h"

#include "spice-client.h"

static void
set_unavailable (GError **error)
{
  g_set_error_literal (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                       _ ("USB redirection is not available here."));
}

/**
 * spice_usb_device_manager_get:
 * @session: a session
 * @err: why there is none
 *
 * Gets the USB device manager of a session, which is made by the first call. Devices that are there already are told of
 * by #SpiceUsbDeviceManager::device-added in a later turn.
 *
 * Returns: (transfer none): the manager; %NULL with #SPICE_CLIENT_ERROR_FAILED when this machine has no USB, or the
 *   library was built without it
 */
SpiceUsbDeviceManager *
spice_usb_device_manager_get (SpiceSession *session, GError **err)
{
  gpointer manager;

  g_return_val_if_fail (SPICE_IS_SESSION (session), NULL);
  g_return_val_if_fail (err == NULL || *err == NULL, NULL);

  manager = cw_feature_get (session, &cw_usb_feature);
  if (!manager)
    set_unavailable (err);
  return manager;
}

/**
 * spice_usb_device_manager_get_devices_with_filter:
 * @manager: a manager
 * @filter: (nullable): rules as for #SpiceUsbDeviceManager:auto-connect-filter, or %NULL for all devices
 *
 * The devices that pass a filter; NULL is the filter of the manager.
 *
 * Returns: (element-type SpiceUsbDevice) (transfer container): the devices of this machine that the filter allows; free
 * with g_ptr_array_unref()
 */
GPtrArray *
spice_usb_device_manager_get_devices_with_filter (SpiceUsbDeviceManager *manager, const gchar *filter)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), NULL);

  return manager->priv->hub ? cw_usb_hub_devices (manager->priv->hub, filter) : g_ptr_array_new ();
}

/**
 * spice_usb_device_manager_get_devices:
 * @manager: a manager
 *
 * The devices that can be offered to the guest.
 *
 * Returns: (element-type SpiceUsbDevice) (transfer container): the devices of this machine; free with
 * g_ptr_array_unref()
 */
GPtrArray *
spice_usb_device_manager_get_devices (SpiceUsbDeviceManager *manager)
{
  return spice_usb_device_manager_get_devices_with_filter (manager, NULL);
}

/**
 * spice_usb_device_manager_is_device_connected:
 * @manager: a manager
 * @device: a device
 *
 * Whether the device is plugged into the guest.
 *
 * Returns: whether the device is plugged into the guest, or about to be
 */
gboolean
spice_usb_device_manager_is_device_connected (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), FALSE);
  g_return_val_if_fail (device != NULL, FALSE);

  return manager->priv->hub && cw_usb_hub_is_connected (manager->priv->hub, device);
}

/* Without a hub there is nothing to do, but to say so. */
static bool
has_hub (SpiceUsbDeviceManager *manager, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  if (manager->priv->hub)
    return true;
  task = g_task_new (manager, cancellable, callback, data);
  set_unavailable (&error);
  g_task_return_error (task, error);
  return false;
}

/**
 * spice_usb_device_manager_connect_device_async:
 * @manager: a manager
 * @device: the device
 * @cancellable: (nullable): cancels waiting for the permission to use the device
 * @callback: (scope async) (nullable): called when it is done
 * @user_data: for @callback
 *
 * Takes a device from this machine and plugs it into the guest.
 */
void
spice_usb_device_manager_connect_device_async (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device,
                                               GCancellable *cancellable, GAsyncReadyCallback callback,
                                               gpointer user_data)
{
  g_return_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager));
  g_return_if_fail (device != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  if (has_hub (manager, cancellable, callback, user_data))
    cw_usb_hub_connect_async (manager->priv->hub, device, cancellable, G_OBJECT (manager), callback, user_data);
}

static gboolean
finish (SpiceUsbDeviceManager *manager, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, manager), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * spice_usb_device_manager_connect_device_finish:
 * @manager: the manager
 * @res: what the callback got
 * @err: why it failed
 *
 * Ends spice_usb_device_manager_connect_device_async().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED (the device is connected already, there is no free channel, the permission
 * could not be asked for, the system does not give the device), %SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED when the guest
 * does not take it, %SPICE_CLIENT_ERROR_USB_DEVICE_LOST when it has gone, and %G_IO_ERROR_CANCELLED, also when the user
 * refused the permission or the device was disconnected meanwhile.
 *
 * Returns: whether the device is connected; %FALSE with @err if not
 */
gboolean
spice_usb_device_manager_connect_device_finish (SpiceUsbDeviceManager *manager, GAsyncResult *res, GError **err)
{
  return finish (manager, res, err);
}

/**
 * spice_usb_device_manager_disconnect_device_async:
 * @manager: a manager
 * @device: the device
 * @cancellable: (nullable): makes the result an error; the device is disconnected all the same
 * @callback: (scope async) (nullable): called when it is done
 * @user_data: for @callback
 *
 * Takes a device back from the guest. A shared CD goes with that: #SpiceUsbDeviceManager::device-removed follows.
 */
void
spice_usb_device_manager_disconnect_device_async (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device,
                                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                                  gpointer user_data)
{
  g_return_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager));
  g_return_if_fail (device != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  if (has_hub (manager, cancellable, callback, user_data))
    cw_usb_hub_disconnect_async (manager->priv->hub, device, cancellable, G_OBJECT (manager), callback, user_data);
}

/**
 * spice_usb_device_manager_disconnect_device_finish:
 * @manager: the manager
 * @res: what the callback got
 * @err: why it failed
 *
 * Ends spice_usb_device_manager_disconnect_device_async().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED when the device is not connected, and %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether the device was disconnected; %FALSE with @err if not
 */
gboolean
spice_usb_device_manager_disconnect_device_finish (SpiceUsbDeviceManager *manager, GAsyncResult *res, GError **err)
{
  return finish (manager, res, err);
}

/**
 * spice_usb_device_manager_disconnect_device:
 * @manager: a manager
 * @device: the device
 *
 * Takes a device back from the guest at once; nothing happens when it is not connected.
 *
 * Deprecated: 0.35: use spice_usb_device_manager_disconnect_device_async()
 */
void
spice_usb_device_manager_disconnect_device (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device)
{
  g_return_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager));
  g_return_if_fail (device != NULL);

  if (manager->priv->hub)
    cw_usb_hub_disconnect (manager->priv->hub, device);
}

/**
 * spice_usb_device_manager_can_redirect_device:
 * @manager: a manager
 * @device: a device
 * @err: why not, for people
 *
 * Whether the device can be plugged into the guest now: there is a free channel, a connection, and no filter against
 * it.
 *
 * Returns: whether the device could be connected now, or is; %FALSE with #SPICE_CLIENT_ERROR_FAILED otherwise
 */
gboolean
spice_usb_device_manager_can_redirect_device (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device, GError **err)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), FALSE);
  g_return_val_if_fail (device != NULL, FALSE);
  g_return_val_if_fail (err == NULL || *err == NULL, FALSE);

  if (manager->priv->hub)
    return cw_usb_hub_can_connect (manager->priv->hub, device, err);
  set_unavailable (err);
  return FALSE;
}

/**
 * spice_usb_device_manager_is_redirecting:
 * @manager: a manager
 *
 * Whether a device is just being plugged in or out.
 *
 * Returns: whether connecting or disconnecting a device is under way. That it has changed is told by the callbacks of
 *   these only.
 */
gboolean
spice_usb_device_manager_is_redirecting (SpiceUsbDeviceManager *manager)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), FALSE);

  return manager->priv->hub && cw_usb_hub_is_redirecting (manager->priv->hub);
}

/**
 * spice_usb_device_manager_is_device_shared_cd:
 * @manager: a manager
 * @device: a device
 *
 * Whether the device is an emulated CD drive.
 *
 * Returns: whether the device is an emulated CD drive
 */
gboolean
spice_usb_device_manager_is_device_shared_cd (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), FALSE);
  g_return_val_if_fail (device != NULL, FALSE);

  return device->kind == CW_USB_CD;
}

static gboolean
add_drive (SpiceUsbDeviceManager *manager, CwUsbKind kind, const char *path, bool writable, GError **error)
{
  if (manager->priv->hub)
    return cw_usb_hub_add_drive (manager->priv->hub, kind, path, writable, error);
  set_unavailable (error);
  return FALSE;
}

/**
 * spice_usb_device_manager_create_shared_cd_device:
 * @manager: a manager
 * @filename: (type filename): an image (ISO 9660 and the like) or a block device
 * @err: why it cannot be shared
 *
 * Adds an emulated CD drive with this content, to be connected like any device.
 * #SpiceUsbDeviceManager::device-added follows.
 *
 * The error is %SPICE_CLIENT_ERROR_FAILED: the file cannot be opened, is neither a file nor a block device, or its size
 * is none of a medium.
 *
 * Returns: whether it was added; %FALSE with @err if not
 */
gboolean
spice_usb_device_manager_create_shared_cd_device (SpiceUsbDeviceManager *manager, gchar *filename, GError **err)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), FALSE);
  g_return_val_if_fail (filename != NULL, FALSE);
  g_return_val_if_fail (err == NULL || *err == NULL, FALSE);

  return add_drive (manager, CW_USB_CD, filename, false, err);
}

/**
 * spice_usb_device_manager_create_shared_disk_device:
 * @manager: a manager
 * @filename: (type filename): a raw image, or a block device; its size is a multiple of 512 bytes
 * @writable: whether the guest may write on it; then nobody else may have it open for writing
 * @error: why it cannot be shared
 *
 * Adds an emulated removable disk with this content, to be connected like any device.
 * #SpiceUsbDeviceManager::device-added follows. Not in other implementations of this interface.
 *
 * The error is %SPICE_CLIENT_ERROR_FAILED: the file cannot be opened, is neither a file nor a block device, its size is
 * none of a medium, or somebody else writes on it.
 *
 * Returns: whether it was added; %FALSE with @error if not
 */
gboolean
spice_usb_device_manager_create_shared_disk_device (SpiceUsbDeviceManager *manager, const gchar *filename,
                                                    gboolean writable, GError **error)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), FALSE);
  g_return_val_if_fail (filename != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return add_drive (manager, CW_USB_DISK, filename, writable, error);
}

/**
 * spice_usb_device_manager_set_medium_loaded:
 * @manager: a manager
 * @device: an emulated CD drive or disk
 * @loaded: whether its medium is to be in it
 * @error: why it cannot be done: the guest has locked the medium, or the device is a real one
 *
 * Ejects the medium of an emulated drive, or puts the same one in again. The drive stays connected. Not in other
 * implementations of this interface.
 *
 * The error is %SPICE_CLIENT_ERROR_FAILED.
 *
 * Returns: whether the medium is as wanted; %FALSE with @error if not
 */
gboolean
spice_usb_device_manager_set_medium_loaded (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device, gboolean loaded,
                                            GError **error)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), FALSE);
  g_return_val_if_fail (device != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (manager->priv->hub)
    return cw_usb_hub_set_loaded (manager->priv->hub, device, loaded, error);
  set_unavailable (error);
  return FALSE;
}

/**
 * spice_usb_device_manager_allocate_device_for_file_descriptor:
 * @manager: a manager
 * @file_descriptor: an opened node of a USB device, as portals give it; it has to stay open as long as the device is
 * used
 * @err: why it is none
 *
 * Makes a device of a descriptor, for programs that may not open the nodes themselves.
 *
 * The error is %SPICE_CLIENT_ERROR_FAILED: this is no USB device, or there is no USB here.
 *
 * Returns: (transfer full) (nullable): the device; %NULL with @err on failure
 */
SpiceUsbDevice *
spice_usb_device_manager_allocate_device_for_file_descriptor (SpiceUsbDeviceManager *manager, int file_descriptor,
                                                              GError **err)
{
  g_return_val_if_fail (SPICE_IS_USB_DEVICE_MANAGER (manager), NULL);
  g_return_val_if_fail (err == NULL || *err == NULL, NULL);

  if (manager->priv->hub)
    return cw_usb_hub_wrap (manager->priv->hub, file_descriptor, err);
  set_unavailable (err);
  return NULL;
}
