/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hostile guest on a usbredir stream with an emulated drive: its bytes come in pieces of any size. Input: the size of
 * the pieces, then the bytes behind a good hello. */
#include "feature/usb/redir.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <usbredirparser.h>

#define MEDIUM_SIZE 16384

static void
on_send (gpointer data, GBytes *bytes)
{
  volatile uint8_t sum = 0;
  gsize size;
  const uint8_t *at = g_bytes_get_data (bytes, &size);

  for (gsize i = 0; i < size; i++)
    sum ^= at[i];
  (void) sum;
}

static void
on_device_failed (gpointer data, const GError *error)
{
  if (!error)
    abort ();
}

static void
on_filter_changed (gpointer data)
{
}

static CwUsbDrive *
make_drive (void)
{
  int fd = memfd_create ("medium", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (CwUsbMedium) medium = NULL;

  if (fd < 0 || ftruncate (fd, MEDIUM_SIZE) != 0)
    abort ();
  medium = cw_usb_medium_open (path, false, 2048, NULL);
  close (fd);
  if (!medium)
    abort ();
  return cw_usb_drive_new (CW_SCSI_CD, medium, NULL, NULL);
}

/* A hello with all capabilities, as the reference guest sends it. */
static void
greet (CwUsbRedir *redir)
{
  uint8_t hello[12 + 64 + 4] = { 0 };

  hello[4] = 68;
  memcpy (hello + 12, "guest", 5);
  hello[76] = 0xff;
  if (!cw_usb_redir_take (redir, hello, sizeof hello, NULL))
    abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const CwUsbRedirEvents events = { on_send, on_device_failed, on_filter_changed };
  g_autoptr (CwUsbRedir) redir = NULL;
  g_autoptr (CwUsbDrive) drive = NULL;
  size_t piece;

  if (size < 1)
    return 0;
  drive = make_drive ();
  redir = cw_usb_redir_new (&events, NULL);
  cw_usb_redir_plug_drive (redir, drive);
  if (data[0] & 0x80)
    greet (redir);
  piece = (data[0] & 0x7f) + 1;
  for (size_t at = 1; at < size; at += piece) {
    g_autoptr (GError) error = NULL;

    if (!cw_usb_redir_take (redir, data + at, MIN (piece, size - at), &error)) {
      if (!error)
        abort ();
      break;
    }
  }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
