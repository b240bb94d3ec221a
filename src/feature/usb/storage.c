/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts: USB 2.0, chapter 9; USB Mass Storage Class, Bulk-Only Transport 1.0. */
#include "feature/usb/storage.h"

/* Request types and requests. */
enum {
  TO_DEVICE = 0x00,
  TO_ENDPOINT = 0x02,
  FROM_DEVICE = 0x80,
  FROM_ENDPOINT = 0x82,
  CLASS_TO_INTERFACE = 0x21,
  CLASS_FROM_INTERFACE = 0xa1,

  GET_STATUS = 0x00,
  CLEAR_FEATURE = 0x01,
  GET_DESCRIPTOR = 0x06,
  GET_CONFIGURATION = 0x08,
  SET_CONFIGURATION = 0x09,
  GET_INTERFACE = 0x0a,
  SET_INTERFACE = 0x0b,
  BULK_ONLY_RESET = 0xff,
  GET_MAX_LUN = 0xfe,

  ENDPOINT_HALT = 0,
};

enum {
  DESCRIPTOR_DEVICE = 1,
  DESCRIPTOR_CONFIGURATION = 2,
  DESCRIPTOR_STRING = 3,
  DESCRIPTOR_QUALIFIER = 6,
};

struct CwUsbStorage {
  CwScsi *unit;
  CwBulkOnly *bulk;
  uint16_t product;
  const char *product_name;
  char serial[21];
  uint8_t configuration;
};

/* clang-format off */
static const uint8_t configuration_descriptor[] = {
  0x09, 0x02, 0x20, 0x00, 0x01, 0x01, 0x00, 0x80, 0x32,
  0x09, 0x04, 0x00, 0x00, 0x02, 0x08, 0x06, 0x50, 0x00,
  0x07, 0x05, CW_USB_STORAGE_IN, 0x02, 0x00, 0x02, 0x00,
  0x07, 0x05, CW_USB_STORAGE_OUT, 0x02, 0x00, 0x02, 0x00,
};
static const uint8_t qualifier_descriptor[] = { 0x0a, 0x06, 0x00, 0x02, 0x00, 0x00, 0x00, 0x40, 0x01, 0x00 };
/* clang-format on */

static void
give (CwUsbControlAnswer *answer, const void *data, size_t size)
{
  memcpy (answer->data, data, size);
  answer->size = size;
  answer->status = CW_USB_SUCCESS;
}

static void
give_device (const CwUsbStorage *self, CwUsbControlAnswer *answer)
{
  const uint8_t descriptor[] = {
    18,
    DESCRIPTOR_DEVICE,
    0x00,
    0x02,
    0,
    0,
    0,
    64,
    CW_USB_STORAGE_VENDOR & 0xff,
    CW_USB_STORAGE_VENDOR >> 8,
    (uint8_t) self->product,
    (uint8_t) (self->product >> 8),
    CW_USB_STORAGE_VERSION & 0xff,
    CW_USB_STORAGE_VERSION >> 8,
    1,
    2,
    3,
    1, /* strings, configurations */
  };

  give (answer, descriptor, sizeof descriptor);
}

static void
give_string (const CwUsbStorage *self, unsigned index, CwUsbControlAnswer *answer)
{
  static const uint8_t languages[] = { 4, DESCRIPTOR_STRING, 0x09, 0x04 };
  const char *strings[] = { NULL, "Caraway", self->product_name, self->serial };
  size_t n;

  if (index == 0) {
    give (answer, languages, sizeof languages);
    return;
  }
  if (index >= G_N_ELEMENTS (strings))
    return;
  n = strlen (strings[index]);
  answer->data[0] = (uint8_t) (2 + 2 * n);
  answer->data[1] = DESCRIPTOR_STRING;
  for (size_t i = 0; i < n; i++) { /* ASCII, as UTF-16 */
    answer->data[2 + 2 * i] = (uint8_t) strings[index][i];
    answer->data[3 + 2 * i] = 0;
  }
  answer->size = 2 + 2 * n;
  answer->status = CW_USB_SUCCESS;
}

static void
get_descriptor (const CwUsbStorage *self, uint16_t value, CwUsbControlAnswer *answer)
{
  unsigned index = value & 0xff;

  switch (value >> 8) {
  case DESCRIPTOR_DEVICE:
    give_device (self, answer);
    break;
  case DESCRIPTOR_CONFIGURATION:
    if (index == 0)
      give (answer, configuration_descriptor, sizeof configuration_descriptor);
    break;
  case DESCRIPTOR_STRING:
    give_string (self, index, answer);
    break;
  case DESCRIPTOR_QUALIFIER:
    give (answer, qualifier_descriptor, sizeof qualifier_descriptor);
    break;
  default:
    break;
  }
}

static void
get_endpoint_status (const CwUsbStorage *self, uint16_t endpoint, CwUsbControlAnswer *answer)
{
  bool in = endpoint == CW_USB_STORAGE_IN;
  const uint8_t status[] = { cw_bulk_only_is_halted (self->bulk, in), 0 };
  static const uint8_t control[] = { 0, 0 };

  if (in || endpoint == CW_USB_STORAGE_OUT)
    give (answer, status, sizeof status);
  else if ((endpoint & 0x0f) == 0)
    give (answer, control, sizeof control);
}

static void
clear_endpoint (CwUsbStorage *self, uint16_t feature, uint16_t endpoint, CwUsbControlAnswer *answer)
{
  if (feature != ENDPOINT_HALT || (endpoint != CW_USB_STORAGE_IN && endpoint != CW_USB_STORAGE_OUT))
    return;
  give (answer, "", 0);
  cw_bulk_only_clear_halt (self->bulk, endpoint == CW_USB_STORAGE_IN);
}

static void
run_class_request (CwUsbStorage *self, uint8_t request_type, uint8_t request, CwUsbControlAnswer *answer)
{
  static const uint8_t max_unit = 0;

  if (request_type == CLASS_FROM_INTERFACE && request == GET_MAX_LUN) {
    give (answer, &max_unit, 1);
  } else if (request_type == CLASS_TO_INTERFACE && request == BULK_ONLY_RESET) {
    give (answer, "", 0);
    cw_bulk_only_reset (self->bulk, false);
  }
}

static void
run_standard_in (CwUsbStorage *self, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
                 CwUsbControlAnswer *answer)
{
  static const uint8_t zeros[2] = { 0 };

  switch (request) {
  case GET_STATUS:
    if (request_type == FROM_ENDPOINT)
      get_endpoint_status (self, index, answer);
    else
      give (answer, zeros, sizeof zeros);
    break;
  case GET_DESCRIPTOR:
    if (request_type == FROM_DEVICE)
      get_descriptor (self, value, answer);
    break;
  case GET_CONFIGURATION:
    give (answer, &self->configuration, 1);
    break;
  case GET_INTERFACE:
    give (answer, zeros, 1);
    break;
  default:
    break;
  }
}

static void
run_standard_out (CwUsbStorage *self, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
                  CwUsbControlAnswer *answer)
{
  if (request == CLEAR_FEATURE && request_type == TO_ENDPOINT)
    clear_endpoint (self, value, index, answer);
  else if (request == SET_CONFIGURATION && request_type == TO_DEVICE)
    answer->status = cw_usb_storage_set_configuration (self, (uint8_t) value);
  else if (request == SET_INTERFACE && value == 0 && index == 0)
    give (answer, "", 0);
}

void
cw_usb_storage_control (CwUsbStorage *self, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
                        uint16_t length, CwUsbControlAnswer *answer)
{
  answer->status = CW_USB_STALL;
  answer->size = 0;
  if (request_type == CLASS_FROM_INTERFACE || request_type == CLASS_TO_INTERFACE)
    run_class_request (self, request_type, request, answer);
  else if (request_type >= FROM_DEVICE && request_type <= FROM_ENDPOINT)
    run_standard_in (self, request_type, request, value, index, answer);
  else if (request_type <= TO_ENDPOINT)
    run_standard_out (self, request_type, request, value, index, answer);
  answer->size = MIN (answer->size, length);
}

void
cw_usb_storage_reset (CwUsbStorage *self)
{
  self->configuration = 0;
  cw_bulk_only_reset (self->bulk, true);
}

CwUsbStatus
cw_usb_storage_set_configuration (CwUsbStorage *self, uint8_t configuration)
{
  if (configuration > 1)
    return CW_USB_STALL;
  self->configuration = configuration;
  return CW_USB_SUCCESS;
}

uint8_t
cw_usb_storage_configuration (const CwUsbStorage *self)
{
  return self->configuration;
}

CwUsbStorage *
cw_usb_storage_new (CwScsiKind kind, const char *serial, const CwBulkOnlyObserver *observer, CwScsiEventFunc on_event,
                    gpointer data)
{
  CwUsbStorage *self = g_new0 (CwUsbStorage, 1);

  self->unit = cw_scsi_new (kind, serial, on_event, data);
  self->bulk = cw_bulk_only_new (self->unit, observer, data);
  self->product = kind == CW_SCSI_CD ? CW_USB_STORAGE_CD_PRODUCT : CW_USB_STORAGE_DISK_PRODUCT;
  self->product_name = kind == CW_SCSI_CD ? "Shared CD" : "Shared Disk";
  g_strlcpy (self->serial, serial, sizeof self->serial);
  return self;
}

void
cw_usb_storage_free (CwUsbStorage *self)
{
  if (!self)
    return;
  cw_bulk_only_free (self->bulk);
  cw_scsi_free (self->unit);
  g_free (self);
}

CwScsi *
cw_usb_storage_unit (CwUsbStorage *self)
{
  return self->unit;
}

CwBulkOnly *
cw_usb_storage_bulk (CwUsbStorage *self)
{
  return self->bulk;
}
