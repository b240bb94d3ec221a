/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bits in the inputs of the render's target. */
#pragma once

/* Of the first byte. */
#define THREADS 0x01
#define TIGHT 0x02 /* limits that hold back nearly everything */
#define REFUSED 2  /* bits from here on: which of the larger allocations fails, from 1; 0: none */

#define CHANNEL 0x01
#define STEP 0x02
#define JOB 0x04
#define LAST_JOB 0x08
#define RARE 0xf0
#define RARE_RESET 0xf0
#define RARE_CLOSE 0xe0
#define RARE_CLEAR 0xd0
#define RARE_LATER 0xc0 /* all patience is at an end */
#define RARE_BUDGETS 0xb0
#define RARE_BEGIN 0xa0
