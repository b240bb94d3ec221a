/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stage nobody needs: from it on all bytes travel with their halves exchanged. It shows what adding one
 * takes: this file, and an entry in the row. */
#pragma once

#include "transport/stage.h"

extern const CwStage swap_stage;

/* Bytes 0xab become 0xba, and back. */
void swap_bytes (uint8_t *data, size_t size);
