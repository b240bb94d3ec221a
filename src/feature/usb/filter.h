/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules for which devices something holds: `class,vendor,product,version,allow`, joined by `|`. The first rule that
 * matches decides; what none matches is refused. */
#pragma once

#include "feature/usb/device.h"

#include <usbredirfilter.h>

typedef struct CwUsbFilter CwUsbFilter;

/* NULL: text is no filter. */
CwUsbFilter *cw_usb_filter_parse (const char *text);
void cw_usb_filter_free (CwUsbFilter *self);

bool cw_usb_filter_allows (const CwUsbFilter *self, const SpiceUsbDevice *device);
/* Rules as they came from elsewhere. */
bool cw_usb_rules_allow (const struct usbredirfilter_rule *rules, int n_rules, const SpiceUsbDevice *device);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwUsbFilter, cw_usb_filter_free)
