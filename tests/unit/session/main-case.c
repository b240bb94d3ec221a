/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "main-case.h"

#include <string.h>

/* Signals, in order. */
static GString *
told (void)
{
  static GString *text;

  if (!text)
    text = g_string_new (NULL);
  return text;
}

void
main_case_tell (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (told (), format, arguments);
  va_end (arguments);
  g_string_append (told (), "; ");
}

bool
main_case_has_told (const char *text)
{
  return strstr (told ()->str, text) != NULL;
}

void
main_case_expect_told (const char *expected)
{
  g_assert_cmpstr (told ()->str, ==, expected);
  g_string_truncate (told (), 0);
}

static void
on_notify (GObject *channel, GParamSpec *pspec, gpointer data)
{
  int mode;
  gboolean connected;

  g_object_get (channel, "mouse-mode", &mode, "agent-connected", &connected, NULL);
  if (strcmp (pspec->name, "mouse-mode") == 0)
    main_case_tell ("notify mouse-mode %d", mode);
  if (strcmp (pspec->name, "agent-connected") == 0)
    main_case_tell ("notify agent-connected %d", connected);
}

static void
on_mouse_update (SpiceMainChannel *channel, gpointer data)
{
  main_case_tell ("mouse-update");
}

static void
on_agent_update (SpiceMainChannel *channel, gpointer data)
{
  main_case_tell ("agent-update");
}

void
main_case_listen (SpiceMainChannel *channel)
{
  g_string_truncate (told (), 0);
  g_signal_connect (channel, "notify", G_CALLBACK (on_notify), NULL);
  g_signal_connect (channel, "main-mouse-update", G_CALLBACK (on_mouse_update), NULL);
  g_signal_connect (channel, "main-agent-update", G_CALLBACK (on_agent_update), NULL);
}

void
main_case_begin (MainCase *self, uint32_t caps)
{
  self->server = agent_server_new ();
  self->session = agent_server_session (self->server, true);
  self->main = agent_server_main (self->session);
  agent_server_skip_start (self->server);
  agent_server_grant (self->server, true);
  agent_server_send (self->server, CW_MSG_MAIN_AGENT_TOKEN, &(CwMsgMainAgentToken){ 10 });
  if (caps != 0)
    agent_server_announce (self->server, 0, caps);
  agent_server_skip_wishes (self->server);
  main_case_listen (self->main);
}

void
main_case_end (MainCase *self)
{
  client_end (self->session);
  agent_server_free (self->server);
}

static void
ignore_critical (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  ++*(unsigned *) data;
}

void
main_case_expect_critical (void (*call) (SpiceMainChannel *main), SpiceMainChannel *main)
{
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  unsigned n = 0;
  GLogFunc before = g_log_set_default_handler (ignore_critical, &n);

  call (main);
  g_log_set_default_handler (before, NULL);
  g_log_set_always_fatal (fatal);
  g_assert_cmpuint (n, ==, 1);
}
