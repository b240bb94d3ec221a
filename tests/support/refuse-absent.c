/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where calls cannot be redirected none fails. */
#include "refuse.h"

void
refuse_next (unsigned n, size_t at_least)
{
}

bool
refuse_has (void)
{
  return false;
}

void
refuse_none (void)
{
}
