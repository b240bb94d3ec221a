/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text of QMP. The first byte says how it is cut; however that is, the same is understood. */
#include "feature/qmp/qmp.h"
#include "fuzz/fuzz.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>

static void
on_reply (gpointer data, const gint64 *id, JsonNode *value, const char *error)
{
  CwQmpMachine machine;

  if ((value == NULL) == (error == NULL))
    abort ();
  if (value && cw_qmp_read_status (value, &machine) && !machine.status)
    abort ();
  g_string_append_printf (data, "r%" G_GINT64_FORMAT "%s", id ? *id : -1, error ? error : "");
}

static void
on_event (gpointer data, const char *name, JsonNode *value)
{
  g_autofree char *text = value ? json_to_string (value, FALSE) : NULL;

  g_string_append_printf (data, "e%s%s", name, text ? text : "");
}

static void
on_junk (gpointer data, const char *why)
{
  g_string_append (data, why);
}

static GString *
understand (const uint8_t *data, size_t size, size_t piece)
{
  static const CwQmpEvents events = { on_reply, on_event, on_junk };
  GString *said = g_string_new (NULL);
  CwQmp qmp;

  cw_qmp_init (&qmp, &events, said);
  for (size_t at = 0; at < size; at += piece)
    cw_qmp_push (&qmp, (CwSlice){ data + at, MIN (piece, size - at) });
  cw_qmp_clear (&qmp);
  return said;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GString *whole, *cut;

  if (size < 2)
    return 0;
  whole = understand (data + 1, size - 1, size);
  cut = understand (data + 1, size - 1, 1 + data[0]);
  if (!g_string_equal (whole, cut))
    abort ();
  g_string_free (whole, TRUE);
  g_string_free (cut, TRUE);
  return 0;
}
