/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway inspect: what is in a recording. */
#include "commands.h"
#include "input.h"

#include "recording/inspect.h"

#include <errno.h>
#include <stdio.h>

static bool
fail_output (GError **error)
{
  g_set_error (error, STATUS_ERROR, STATUS_FILE, "the output cannot be written: %s", g_strerror (errno));
  return false;
}

static bool
print_text (const GString *text, GError **error)
{
  return fwrite (text->str, 1, text->len, stdout) == text->len || fail_output (error);
}

/* A damaged recording is shown as far as it is good. */
static bool
inspect (CwRecording *recording, bool messages, bool json, GError **error)
{
  g_autoptr (CwInspector) inspector = cw_inspector_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (CwRecordIter) iter = { 0 };
  g_autoptr (GError) damage = NULL;
  CwRecord record;

  cw_record_iter_init (&iter, recording);
  while (cw_record_iter_next (&iter, &record, &damage)) {
    cw_inspector_add (inspector, &record, messages ? text : NULL);
    if (messages && !print_text (text, error))
      return false;
    g_string_truncate (text, 0);
  }
  if (json)
    cw_inspector_print_json (inspector, text);
  else if (!messages)
    cw_inspector_print (inspector, text);
  if (!print_text (text, error))
    return false;
  if (fflush (stdout) != 0)
    return fail_output (error);
  if (damage)
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s", damage->message);
  return !damage;
}

static bool
run (int argc, char **argv, GError **error)
{
  gboolean messages = FALSE, json = FALSE;
  const GOptionEntry entries[] = {
    { "messages", 'm', 0, G_OPTION_ARG_NONE, &messages, "Print every message instead of statistics", NULL },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print the statistics as JSON", NULL },
    { NULL },
  };
  g_autoptr (CwRecording) recording = NULL;

  if (!command_parse (&command_inspect, NULL, entries, NULL, &argc, &argv, 1, 1, error))
    return false;
  if (messages && json) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--messages and --json exclude each other");
    return false;
  }
  recording = input_recording (argv[1], error);
  return recording && inspect (recording, messages, json, error);
}

const Command command_inspect = {
  .name = "inspect",
  .arguments = "FILE",
  .summary = "Show what is in a recording",
  .example = "caraway inspect session.rec",
  .run = run,
};
