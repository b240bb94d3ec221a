/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands for qmp.c in a library built without json-glib. */
#include "feature/qmp/qmp.h"

const bool cw_qmp_built = false;

void
cw_qmp_init (CwQmp *self, const CwQmpEvents *events, gpointer data)
{
}

void
cw_qmp_clear (CwQmp *self)
{
}

void
cw_qmp_push (CwQmp *self, CwSlice bytes)
{
}

void
cw_qmp_reset (CwQmp *self)
{
}

bool
cw_qmp_read_status (JsonNode *value, CwQmpMachine *machine)
{
  return false;
}
