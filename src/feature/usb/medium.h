/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file or block device behind an emulated drive. What the page cache has is read at once; everything else by a
 * thread, so that a slow disk holds nobody's main loop. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct CwUsbMedium CwUsbMedium;

/* Opens path, which has to be a regular file or a block device and not empty. writable: for this drive alone; refused
 * when somebody else has locked it, or when its size is no multiple of block_size. Error: SPICE_CLIENT_ERROR, names
 * path and reason. */
CwUsbMedium *cw_usb_medium_open (const char *path, bool writable, uint32_t block_size, GError **error);
CwUsbMedium *cw_usb_medium_ref (CwUsbMedium *self);
void cw_usb_medium_unref (CwUsbMedium *self);

uint64_t cw_usb_medium_size (const CwUsbMedium *self);
bool cw_usb_medium_is_writable (const CwUsbMedium *self);
const char *cw_usb_medium_path (const CwUsbMedium *self);

/* Twenty characters at most; other files have others, and the same file has the same again. */
const char *cw_usb_medium_serial (const CwUsbMedium *self);

typedef void (*CwUsbMediumFunc) (gpointer data, bool ok);

/* done is called once, on the thread-default context of the caller; reading may call it at once. What is beyond the end
 * reads as zeros. The buffer is left alone until then. */
void cw_usb_medium_read (CwUsbMedium *self, uint64_t offset, uint8_t *buffer, size_t size, CwUsbMediumFunc done,
                         gpointer data);
void cw_usb_medium_write (CwUsbMedium *self, uint64_t offset, const uint8_t *buffer, size_t size, CwUsbMediumFunc done,
                          gpointer data);
void cw_usb_medium_flush (CwUsbMedium *self, CwUsbMediumFunc done, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwUsbMedium, cw_usb_medium_unref)
