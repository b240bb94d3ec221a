/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for numbers, from the tables. */
#include "wire/types.h"

#include <glib.h>

const char *
cw_value_name (const CwValuesInfo *self, uint64_t value)
{
  for (unsigned i = 0; i < self->n_values; i++)
    if (self->values[i].value == value)
      return self->values[i].name;
  return NULL;
}

const char *
cw_channel_type_name (unsigned type)
{
  return cw_value_name (&cw_values_channel_type, type);
}
