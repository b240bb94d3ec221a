/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

/* clang-format off */
G_DEFINE_QUARK (cw-error-quark, cw_error)
/* clang-format on */
