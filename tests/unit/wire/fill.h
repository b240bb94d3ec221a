/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and compares structs of any described type, for tests that hold for all messages. */
#pragma once

#include "wire/tables.h"

#include <glib.h>

/* Fills out (zeroed) with a value that can be written; small counts, all kinds of numbers. What it points to lives as
 * long as memory, a GPtrArray that frees its elements. */
void cw_fill (GRand *rand, GPtrArray *memory, uint32_t context, const CwTypeInfo *type, void *out);

/* Compares what is on the wire; false and the field's path in where. */
bool cw_same (const CwTypeInfo *type, uint32_t context, const void *a, const void *b, GString *where);
