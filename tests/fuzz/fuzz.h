/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entry point every fuzz target defines: any bytes, never a crash, hang or leak. Returns 0. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
