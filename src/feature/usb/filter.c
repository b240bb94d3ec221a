/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/usb/filter.h"

struct CwUsbFilter {
  struct usbredirfilter_rule *rules;
  int n_rules;
};

CwUsbFilter *
cw_usb_filter_parse (const char *text)
{
  struct usbredirfilter_rule *rules = NULL;
  CwUsbFilter *self;
  int n_rules = 0;

  if (!text || usbredirfilter_string_to_rules (text, ",", "|", &rules, &n_rules) != 0)
    return NULL;
  self = g_new (CwUsbFilter, 1);
  *self = (CwUsbFilter){ rules, n_rules };
  return self;
}

void
cw_usb_filter_free (CwUsbFilter *self)
{
  if (!self)
    return;
  usbredirfilter_free (self->rules);
  g_free (self);
}

bool
cw_usb_rules_allow (const struct usbredirfilter_rule *rules, int n_rules, const SpiceUsbDevice *device)
{
  const CwUsbIdentity *identity = &device->identity;
  uint8_t classes[CW_USB_MAX_INTERFACES], subclasses[CW_USB_MAX_INTERFACES], protocols[CW_USB_MAX_INTERFACES];

  for (unsigned i = 0; i < identity->n_interfaces; i++) {
    classes[i] = identity->interfaces[i].class;
    subclasses[i] = identity->interfaces[i].subclass;
    protocols[i] = identity->interfaces[i].protocol;
  }
  return usbredirfilter_check (rules, n_rules, identity->class.class, identity->class.subclass,
                               identity->class.protocol, classes, subclasses, protocols, (int) identity->n_interfaces,
                               identity->vendor, identity->product, identity->version, 0)
         == 0;
}

bool
cw_usb_filter_allows (const CwUsbFilter *self, const SpiceUsbDevice *device)
{
  return cw_usb_rules_allow (self->rules, self->n_rules, device);
}
