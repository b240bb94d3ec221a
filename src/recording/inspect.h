/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in a recording, for people and programs. */
#pragma once

#include "recording/format.h"

typedef struct CwInspector CwInspector;

CwInspector *cw_inspector_new (void);
void cw_inspector_free (CwInspector *self);

/* Counts a record; with out, also appends it in readable form. */
void cw_inspector_add (CwInspector *self, const CwRecord *record, GString *out);

/* Messages, bytes, codecs and cache hits so far. */
void cw_inspector_print (CwInspector *self, GString *out);
void cw_inspector_print_json (CwInspector *self, GString *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwInspector, cw_inspector_free)
