/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcacard, loaded when smartcards are first wanted: with it and what it needs (NSS, PC/SC) every program would take a
 * fifth more to start. */
#pragma once

#include <glib.h>
#include <libcacard.h>
#include <stdbool.h>

#define CW_CACARD_FUNCTIONS(X)                                                                                         \
  X (vcard_emul_force_card_insert)                                                                                     \
  X (vcard_emul_force_card_remove)                                                                                     \
  X (vcard_emul_init)                                                                                                  \
  X (vcard_emul_options)                                                                                               \
  X (vevent_delete)                                                                                                    \
  X (vevent_wait_next_vevent)                                                                                          \
  X (vreader_free)                                                                                                     \
  X (vreader_get_name)                                                                                                 \
  X (vreader_power_on)                                                                                                 \
  X (vreader_reference)                                                                                                \
  X (vreader_xfr_bytes)

typedef struct {
#define X(name) __typeof__ (&name) name;
  CW_CACARD_FUNCTIONS (X)
#undef X
} CwCacard;

/* NULL until loaded. */
extern CwCacard cw_cacard;

/* Once, before any of its functions is called; stays. */
bool cw_cacard_load (GError **error);

#define vcard_emul_force_card_insert cw_cacard.vcard_emul_force_card_insert
#define vcard_emul_force_card_remove cw_cacard.vcard_emul_force_card_remove
#define vcard_emul_init cw_cacard.vcard_emul_init
#define vcard_emul_options cw_cacard.vcard_emul_options
#define vevent_delete cw_cacard.vevent_delete
#define vevent_wait_next_vevent cw_cacard.vevent_wait_next_vevent
#define vreader_free cw_cacard.vreader_free
#define vreader_get_name cw_cacard.vreader_get_name
#define vreader_power_on cw_cacard.vreader_power_on
#define vreader_reference cw_cacard.vreader_reference
#define vreader_xfr_bytes cw_cacard.vreader_xfr_bytes
