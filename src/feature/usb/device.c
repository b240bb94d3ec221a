/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/usb/device.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_FORMAT "%s %s %s at %d-%d"
#define MAX_WIDTH 1000

G_DEFINE_BOXED_TYPE (SpiceUsbDevice, spice_usb_device, cw_usb_device_ref, cw_usb_device_unref)

/* Whoever made the device chose the bytes. */
static char *
make_showable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text ? text : "", -1);
  g_autoptr (GString) shown = g_string_new (NULL);

  for (const char *at = valid; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (g_unichar_isprint (c))
      g_string_append_unichar (shown, c);
  }
  return g_strdup (g_strstrip (shown->str));
}

SpiceUsbDevice *
cw_usb_device_new (CwUsbKind kind, const CwUsbIdentity *identity, const char *manufacturer, const char *product,
                   gpointer backend, GDestroyNotify free_backend)
{
  SpiceUsbDevice *self = g_new0 (SpiceUsbDevice, 1);
  const char *name;

  g_atomic_ref_count_init (&self->refs);
  self->kind = kind;
  self->identity = *identity;
  self->manufacturer = make_showable (manufacturer);
  self->product = make_showable (product);
  /* Many name the maker in the product again. */
  name = self->product + strlen (self->manufacturer);
  if (*self->manufacturer && g_str_has_prefix (self->product, self->manufacturer) && *name == ' ')
    memmove (self->product, name + 1, strlen (name));
  self->backend = backend;
  self->free_backend = free_backend;
  return self;
}

SpiceUsbDevice *
cw_usb_device_ref (SpiceUsbDevice *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
cw_usb_device_unref (SpiceUsbDevice *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->opened)
    self->free_opened (self->opened);
  self->free_backend (self->backend);
  if (self->keeps)
    self->free_keeps (self->keeps);
  g_free (self->manufacturer);
  g_free (self->product);
  g_free (self);
}

typedef struct {
  const char *texts[3];
  int numbers[2];
} Arguments;

/* One conversion of a format; at is behind its %. Widths and precisions of printf are understood. Returns what follows.
 * What names no argument, or one of another kind, stands as it is. */
static const char *
convert (GString *to, const char *at, const Arguments *arguments, unsigned *next)
{
  const char *begin = at - 1;
  char *end;
  bool left = false, zeros = false;
  int width = 0, precision = -1;
  unsigned which = (unsigned) strtoul (at, &end, 10);

  if (end > at && *end == '$')
    at = end + 1;
  else
    which = ++*next;
  for (; *at == '-' || *at == '0'; at++) {
    left |= *at == '-';
    zeros |= *at == '0';
  }
  width = (int) MIN (strtoul (at, &end, 10), MAX_WIDTH);
  at = end;
  if (*at == '.') {
    precision = (int) MIN (strtoul (at + 1, &end, 10), MAX_WIDTH);
    at = end;
  }
  if (*at == 's' && which >= 1 && which <= 3)
    g_string_append_printf (to, "%*.*s", left ? -width : width, precision < 0 ? G_MAXINT : precision,
                            arguments->texts[which - 1]);
  else if ((*at == 'd' || *at == 'i' || *at == 'u') && (which == 4 || which == 5))
    g_string_append_printf (to, zeros ? "%0*d" : "%*d", left && !zeros ? -width : width, arguments->numbers[which - 4]);
  else
    g_string_append_len (to, begin, at - begin + (*at ? 1 : 0));
  return *at ? at + 1 : at;
}

/* printf itself would make whoever wrote the format the master of this program. */
static char *
format_description (const char *format, const Arguments *arguments)
{
  GString *text = g_string_new (NULL);
  unsigned next = 0;

  while (*format) {
    if (*format != '%') {
      g_string_append_c (text, *format++);
    } else if (format[1] == '%') {
      g_string_append_c (text, '%');
      format += 2;
    } else {
      format = convert (text, format + 1, arguments, &next);
    }
  }
  return g_string_free (text, FALSE);
}

/**
 * spice_usb_device_get_description:
 * @device: a device
 * @format: (nullable): a format as of printf with five arguments, which may be taken by position, or %NULL for the
 * usual one: manufacturer and product (strings), `[vendor:product]` in hexadecimal (string, empty without these), bus
 * and address (integers)
 *
 * Describes a device to people.
 *
 * Returns: (transfer full): the description
 */
gchar *
spice_usb_device_get_description (SpiceUsbDevice *device, const gchar *format)
{
  const CwUsbIdentity *identity;
  g_autofree char *ids = NULL;

  g_return_val_if_fail (device != NULL, NULL);

  identity = &device->identity;
  if (identity->vendor != 0 && identity->product != 0)
    ids = g_strdup_printf ("[%04x:%04x]", identity->vendor, identity->product);
  return format_description (format ? format : DEFAULT_FORMAT,
                             &(Arguments){ { device->manufacturer, device->product, ids ? ids : "" },
                                           { identity->bus, identity->address } });
}

/**
 * spice_usb_device_get_libusb_device:
 * @device: a device
 *
 * The device in libusb's eyes.
 *
 * Returns: (transfer none) (nullable): the `libusb_device`, %NULL for an emulated one
 */
gconstpointer
spice_usb_device_get_libusb_device (const SpiceUsbDevice *device)
{
  g_return_val_if_fail (device != NULL, NULL);

  return device->kind == CW_USB_REAL ? device->backend : NULL;
}
