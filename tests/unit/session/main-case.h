/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A main channel with a guest agent, for tests that go step by step, and the signals it emits as a text. */
#pragma once

#include "agent-server.h"

/* What an agent of today can do, and one of old. */
#define MAIN_CASE_CAPS 0x354f7

typedef struct {
  AgentServer *server;
  SpiceSession *session;
  SpiceMainChannel *main;
} MainCase;

/* With an agent that has said what it can do; caps 0: it has said nothing. Nothing is under way. */
void main_case_begin (MainCase *self, uint32_t caps);
void main_case_end (MainCase *self);

/* Forgets what was told; from now on mouse mode and agent are, in order. */
void main_case_listen (SpiceMainChannel *channel);
void main_case_tell (const char *format, ...) G_GNUC_PRINTF (1, 2);
bool main_case_has_told (const char *text);
void main_case_expect_told (const char *expected);

/* Criticals are part of the contract: call gives exactly one. */
void main_case_expect_critical (void (*call) (SpiceMainChannel *main), SpiceMainChannel *main);
