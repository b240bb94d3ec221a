/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

/* Not by G_DEFINE_QUARK (): threads would share its variable without a lock. */
GQuark
cw_error_quark (void)
{
  return g_quark_from_static_string ("cw-error-quark");
}
