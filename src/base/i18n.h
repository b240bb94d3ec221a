/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that programs show to people: _("…") here, in po/POTFILES, translated by the library's own domain. */
#pragma once

#include <glib/gi18n-lib.h>
