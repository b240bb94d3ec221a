/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers and cards that come and go, and a server that says anything: each byte is an event, some with a payload. What
 * is checked is that never more than one request is outstanding. */
#include "base/protocol.h"
#include "feature/smartcard/vsc.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

static char readers[4];
static int outstanding;

static void
on_send (gpointer data, uint32_t type, uint32_t id, CwSlice bytes)
{
  bool request = type == CW_VSC_TYPE_READER_ADD || type == CW_VSC_TYPE_READER_REMOVE || type == CW_VSC_TYPE_ATR
                 || type == CW_VSC_TYPE_CARD_REMOVE;

  if (type == CW_VSC_TYPE_ATR && bytes.size > CW_VSC_MAX_ATR)
    abort ();
  outstanding += request;
  if (outstanding > 1)
    abort ();
}

static void
on_command (gpointer data, gpointer reader, CwSlice apdu)
{
  if ((char *) reader < readers || (char *) reader >= readers + sizeof readers)
    abort ();
  cw_vsc_answer (data, reader, apdu);
}

static void
on_refused (gpointer data, gpointer reader)
{
}

/* A request is answered by any Error: it is not outstanding from when the library looks at it. */
static void
take (CwVsc *vsc, uint8_t what, CwSlice rest)
{
  uint32_t type = what & 15, id = rest.size > 0 ? rest.data[0] & 3 : CW_VSC_UNDEFINED_READER;

  if (type == CW_VSC_TYPE_ERROR && outstanding > 0)
    outstanding--;
  cw_vsc_take (vsc, type, id, (CwSlice){ rest.data, MIN (rest.size, 60) });
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const CwVscEvents events = { on_send, on_command, on_refused };
  CwVsc vsc;

  outstanding = 0;
  cw_vsc_init (&vsc, &events, &vsc);
  for (size_t i = 0; i < size; i++) {
    CwSlice rest = { data + i + 1, size - i - 1 };
    gpointer reader = &readers[data[i] & 3];

    switch (data[i] >> 5) {
    case 0:
      cw_vsc_add_reader (&vsc, reader, "reader");
      break;
    case 1:
      cw_vsc_remove_reader (&vsc, reader);
      break;
    case 2:
      cw_vsc_insert_card (&vsc, reader, rest);
      break;
    case 3:
      cw_vsc_remove_card (&vsc, reader);
      break;
    default:
      take (&vsc, data[i], rest);
    }
  }
  cw_vsc_clear (&vsc);
  return 0;
}
