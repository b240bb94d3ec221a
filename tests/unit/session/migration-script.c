/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "migration-script.h"

#include <string.h>

static GMutex lock; /* of what follows, and of the logs */
static GCond changed;
static unsigned n_happened;

static bool
read_message (PeerIo *io, uint16_t *type, GByteArray *body)
{
  uint8_t header[6];

  if (!peer_read (io, header, sizeof header))
    return false;
  *type = (uint16_t) (header[0] | header[1] << 8);
  g_byte_array_set_size (body, header[2] | (unsigned) header[3] << 8 | (unsigned) header[4] << 16);
  return body->len == 0 || peer_read (io, body->data, body->len);
}

static void
log_message (GString *log, uint16_t type, const GByteArray *body)
{
  g_mutex_lock (&lock);
  g_string_append_printf (log, "%u ", type);
  if (type == CW_MSGC_MIGRATE_DATA)
    g_string_append_printf (log, "(%s) ",
                            body->len == strlen (MIGRATION_BLOB) && memcmp (body->data, MIGRATION_BLOB, body->len) == 0
                                ? "blob"
                                : "?");
  g_mutex_unlock (&lock);
}

static bool
expect (PeerIo *io, uint16_t wanted, GString *log)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  uint16_t type = 0;

  while (type != wanted) {
    if (!read_message (io, &type, body))
      return false;
    /* Pings and the like are not what this is about. */
    if (type > CW_MSGC_PONG)
      log_message (log, type, body);
  }
  return true;
}

static bool
begin (PeerIo *io, const Step *step, unsigned port)
{
  const char *host = step->host ? step->host : "127.0.0.1";
  CwSlice text = { (const uint8_t *) host, strlen (host) + 1 };
  CwMsgMainMigrateBegin plain = { .dst = { .port = (uint16_t) port, .sport = 0xffff, .host = text } };
  CwMsgMainMigrateBeginSeamless seamless = { .dst = plain.dst, .src_mig_version = 1 };
  CwMsgMainMigrateSwitchHost other = { .port = plain.dst.port, .sport = 0xffff, .host = text };

  if (step->type == CW_MSG_MAIN_MIGRATE_BEGIN)
    return server_send (io, step->type, &plain);
  if (step->type == CW_MSG_MAIN_MIGRATE_SWITCH_HOST)
    return server_send (io, step->type, &other);
  return server_send (io, step->type, &seamless);
}

void
migration_set_count (unsigned n)
{
  g_mutex_lock (&lock);
  n_happened = n;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

void
migration_count (void)
{
  g_mutex_lock (&lock);
  n_happened++;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

void
migration_await (unsigned n)
{
  g_mutex_lock (&lock);
  while (n_happened < n)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
}

void
migration_run_script (PeerIo *io, const Step *step, unsigned port, GString *log)
{
  bool there = true;

  for (; there && step && step->op != END && step->op != CLOSE; step++) {
    if (step->op == SEND && step->type == CW_MSG_MIGRATE_DATA)
      there = server_send_bytes (io, CW_MSG_MIGRATE_DATA, MIGRATION_BLOB, strlen (MIGRATION_BLOB));
    else if (step->op == SEND)
      there = server_send (io, (uint16_t) step->type, step->data);
    else if (step->op == BEGIN)
      there = begin (io, step, port);
    else if (step->op == EXPECT)
      there = expect (io, (uint16_t) step->type, log);
    else if (step->op == AWAIT)
      migration_await (step->type);
    else if (step->op == COUNT)
      migration_count ();
  }
  g_main_context_wakeup (NULL);
  if (there && (!step || step->op == END))
    server_hold (io);
}

char *
migration_heard (GString *const *logs, unsigned n_logs)
{
  GString *text = g_string_new (NULL);

  g_mutex_lock (&lock);
  for (unsigned i = 0; i < n_logs; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "/ " : "", logs[i]->str);
  g_mutex_unlock (&lock);
  return g_string_free (text, FALSE);
}
