/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links with SASL, against the server half of Cyrus' library; then the same with bytes that no server should send. */
#include "sasl-server.h"

#include "base/buffer.h"

#include <string.h>

typedef struct {
  const char *name;
  const char *mechanisms; /* NULL: what the server offers */
  unsigned tls_bits;
  const char *user, *password;
  int code; /* CwErrorCode; -1: the link is made */
} Case;

static const Case cases[] = {
  { "C9-plain", "PLAIN", 256, "fred", "secret", -1 },
  { "scram-sha-1", "SCRAM-SHA-1", 256, "fred", "secret", -1 },
  { "scram-sha-256", "SCRAM-SHA-256", 256, "fred", "secret", -1 },
  { "digest-md5-tls", "DIGEST-MD5", 256, "fred", "secret", -1 },
  { "digest-md5", "DIGEST-MD5", 0, "fred", "secret", -1 },
  { "cram-md5", "CRAM-MD5", 256, "fred", "secret", -1 },
  { "all-tls", NULL, 256, "fred", "secret", -1 },
  { "all", NULL, 0, "fred", "secret", -1 },
  { "commas", ",DIGEST-MD5,", 0, "fred", "secret", -1 },
  { "underscore", "NO_SUCH,DIGEST-MD5", 0, "fred", "secret", -1 },
  { "blanks", "NO-SUCH  DIGEST-MD5", 0, "fred", "secret", -1 },
  { "C9-wrong-plain", "PLAIN", 256, "fred", "Secret", CW_ERROR_AUTH_USER_AND_PASSWORD },
  { "wrong-scram", "SCRAM-SHA-256", 256, "fred", "Secret", CW_ERROR_AUTH_USER_AND_PASSWORD },
  { "wrong-digest", "DIGEST-MD5", 0, "fred", "Secret", CW_ERROR_AUTH_USER_AND_PASSWORD },
  { "wrong-user", "SCRAM-SHA-256", 256, "nobody", "secret", CW_ERROR_AUTH_USER_AND_PASSWORD },
  { "no-password", "SCRAM-SHA-256", 256, "fred", NULL, CW_ERROR_AUTH_USER_AND_PASSWORD },
  { "no-user", "DIGEST-MD5", 0, NULL, "secret", CW_ERROR_AUTH_USER_AND_PASSWORD },
  { "nobody", "PLAIN", 256, NULL, NULL, CW_ERROR_AUTH_USER_AND_PASSWORD },
  { "plain-without-tls", "PLAIN", 0, "fred", "secret", CW_ERROR_AUTH },
  { "scram-without-tls", "SCRAM-SHA-256,PLAIN", 0, "fred", "secret", CW_ERROR_AUTH },
  { "C9-nothing-known", "NO-SUCH,OTHER", 256, "fred", "secret", CW_ERROR_AUTH },
  { "no-list", "", 256, "fred", "secret", CW_ERROR_AUTH },
  { "only-commas", ",, ,", 256, "fred", "secret", CW_ERROR_AUTH },
  { "part-of-name", "SCRAM-SHA-2567", 256, "fred", "secret", CW_ERROR_AUTH },
  { "no-name", "PLAIN\nDIGEST-MD5", 256, "fred", "secret", CW_ERROR_MALFORMED },
  { "high-bytes", "PL\xc3\x84IN", 256, "fred", "secret", CW_ERROR_MALFORMED },
};

static CwLink *
new_link (const char *user, const char *password, unsigned bits)
{
  CwLinkParams params = { .connection_id = 1, .channel_type = 2, .credentials = { user, password, NULL } };
  CwSaslPeer peer = { "localhost", "127.0.0.1;4711", "127.0.0.1;5900", bits };
  CwLink *link = cw_link_new (&params, NULL);

  cw_link_set_peer (link, &peer);
  return link;
}

/* Lets both talk until the server is through, or one of them gives up. change, if any, gets each answer of the server
 * before the client. */
static void
talk (SaslServer *server, CwLink *link, void (*change) (SaslServer *server, uint8_t *answer, size_t size))
{
  while (cw_link_status (link) == CW_LINK_RUNNING && !server->complete) {
    g_autoptr (GBytes) said = cw_link_take_output (link);
    g_autoptr (GBytes) answer = NULL;
    g_autofree uint8_t *copy = NULL;
    size_t size;

    g_assert_nonnull (said);
    answer = sasl_server_answer (server, said);
    if (!answer) {
      cw_link_feed_end (link, NULL);
      return;
    }
    copy = g_memdup2 (g_bytes_get_data (answer, &size), g_bytes_get_size (answer));
    if (change)
      change (server, copy, size);
    sasl_feed (link, copy, size);
  }
}

/* The layer has to carry anything, however it is cut, and more than it ever keeps. */
static void
check_layer (SaslServer *server, CwSaslLayer *layer)
{
  g_autofree uint8_t *data = g_malloc (50000);
  g_autofree uint8_t *back = g_malloc (50000);
  g_auto (CwBuffer) coded = { 0 };
  g_autoptr (GError) error = NULL;
  size_t got = 0;

  for (size_t i = 0; i < 50000; i++)
    data[i] = (uint8_t) (i * 7 + i / 251);
  for (size_t all = 0; all < 500000; all += 5000) {
    size_t at = all % 50000;
    g_autoptr (GBytes) packet = sasl_server_seal (server, data + at, 5000);
    const uint8_t *bytes = g_bytes_get_data (packet, NULL);

    for (size_t i = 0; i < g_bytes_get_size (packet); i += 333) {
      CwSlice piece = { bytes + i, MIN (333, g_bytes_get_size (packet) - i) };

      g_assert_true (cw_sasl_layer_feed (layer, piece, &error));
      got += cw_sasl_layer_read (layer, back + got, 1);
      got += cw_sasl_layer_read (layer, back + got, 50000 - got);
    }
    g_assert_cmpmem (back, got, data, at + 5000);
    got %= 50000;
  }
  cw_buffer_init (&coded, 100000);
  g_assert_true (cw_sasl_layer_encode (layer, (CwSlice){ data, 50000 }, &coded, &error));
  {
    g_autoptr (GBytes) all = g_bytes_new (coded.data, coded.size);
    g_autoptr (GBytes) plain = sasl_server_unseal (server, all);

    g_assert_cmpmem (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), data, 50000);
  }
}

/* Both results, the second through the layer and with the beginning of what follows. */
static void
finish (SaslServer *server, CwLink *link)
{
  bool layered = cw_link_wanted (link) > 0 && server->bits == 0;
  CwSaslLayer *layer;

  g_assert_cmpuint (cw_link_wanted (link), ==, 4);
  sasl_feed (link, "\0\0\0\0", 4);
  g_assert_cmpuint (cw_link_wanted (link), ==, 4);
  if (layered) {
    g_autoptr (GBytes) first = sasl_server_seal (server, "\0\0", 2);
    g_autoptr (GBytes) second = sasl_server_seal (server, "\0\0more", 6);
    char more[8] = "";

    sasl_feed (link, g_bytes_get_data (first, NULL), g_bytes_get_size (first));
    g_assert_cmpint (cw_link_status (link), ==, CW_LINK_RUNNING);
    sasl_feed (link, g_bytes_get_data (second, NULL), g_bytes_get_size (second));
    g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
    layer = cw_link_take_layer (link);
    g_assert_nonnull (layer);
    g_assert_cmpuint (cw_sasl_layer_read (layer, more, sizeof more), ==, 4);
    g_assert_cmpmem (more, 4, "more", 4);
    check_layer (server, layer);
    cw_sasl_layer_free (layer);
  } else {
    sasl_feed (link, "\0\0\0\0", 4);
    g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
    g_assert_null (cw_link_take_layer (link));
  }
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (CwLink) link = new_link (c->user, c->password, c->tls_bits);
  SaslServer server;

  sasl_server_open (&server, link, c->tls_bits, c->mechanisms);
  talk (&server, link, NULL);
  if (c->code < 0) {
    g_assert_no_error (cw_link_error (link));
    finish (&server, link);
  } else {
    g_assert_error (cw_link_error (link), CW_ERROR, c->code);
    g_assert_cmpint (cw_link_failure (link), ==,
                     c->code == CW_ERROR_MALFORMED ? CW_CONNECT_FAILURE_LINK : CW_CONNECT_FAILURE_AUTH);
    /* What is not known is asked for before the server is told anything. */
    if (!c->user || !c->password)
      g_assert_cmpstr (cw_link_error (link)->message, ==, "The server wants a user name and a password.");
  }
  sasl_server_close (&server);
}

/* A server says nothing after its result until it is told something: none is waited for. */
static void
test_result_alone (void)
{
  g_autoptr (CwLink) link = new_link ("fred", "secret", 0);
  g_autoptr (GBytes) packet = NULL;
  SaslServer server;

  sasl_server_open (&server, link, 0, "DIGEST-MD5");
  talk (&server, link, NULL);
  g_assert_no_error (cw_link_error (link));
  sasl_feed (link, "\0\0\0\0", 4);
  packet = sasl_server_seal (&server, "\0\0\0\0", 4);
  sasl_feed (link, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  sasl_server_close (&server);
}

/* The proof comes with the last answer: one wrong bit in it, and it is not the server that knows the password. */
static void
break_proof (SaslServer *server, uint8_t *answer, size_t size)
{
  if (server->complete)
    answer[size - 6] ^= 1;
}

/* A server that does not know the password says that all is well. */
static void
claim_success (SaslServer *server, uint8_t *answer, size_t size)
{
  answer[size - 1] = 1;
}

typedef struct {
  const char *name;
  const char *mechanism;
  unsigned tls_bits;
  void (*change) (SaslServer *server, uint8_t *answer, size_t size);
} Forged;

static const Forged forged[] = {
  { "scram-sha-256-proof", "SCRAM-SHA-256", 256, break_proof },
  { "scram-sha-1-proof", "SCRAM-SHA-1", 256, break_proof },
  { "digest-md5-proof", "DIGEST-MD5", 0, break_proof },
  { "digest-md5-tls-proof", "DIGEST-MD5", 256, break_proof },
  { "scram-sha-256-claim", "SCRAM-SHA-256", 256, claim_success },
  { "digest-md5-claim", "DIGEST-MD5", 0, claim_success },
};

static void
test_forged (gconstpointer data)
{
  const Forged *c = data;
  g_autoptr (CwLink) link = new_link ("fred", "secret", c->tls_bits);
  SaslServer server;

  sasl_server_open (&server, link, c->tls_bits, c->mechanism);
  talk (&server, link, c->change);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_FAILED);
  g_assert_nonnull (cw_link_error (link));
  sasl_server_close (&server);
}

typedef struct {
  const char *name;
  unsigned n_bytes; /* of bytes, in place of the server's first answer */
  const char *bytes;
  int code;
  const char *text; /* NULL: any */
} Broken;

static const Broken broken[] = {
  { "huge", 4, "\xff\xff\xff\xff", CW_ERROR_LIMIT },
  { "beyond-limit", 4, "\x01\x00\x10\x00", CW_ERROR_LIMIT },
  { "no-nul", 8, "\3\0\0\0abc\0", CW_ERROR_MALFORMED, "sasl answer: data: last byte is 99, not 0" },
  { "error-reply", 4, "REDQ", CW_ERROR_MALFORMED },
  { "complete-with-nothing", 5, "\0\0\0\0\1", -1 },
  { "nonsense", 9, "\4\0\0\0abc\0\0", -1 },
};

static void
test_broken (gconstpointer data)
{
  const Broken *c = data;
  g_autoptr (CwLink) link = new_link ("fred", "secret", 256);
  SaslServer server;

  sasl_server_open (&server, link, 256, "SCRAM-SHA-256");
  sasl_feed (link, c->bytes, c->n_bytes);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_FAILED);
  if (c->code >= 0)
    g_assert_error (cw_link_error (link), CW_ERROR, c->code);
  if (c->text)
    g_assert_nonnull (strstr (cw_link_error (link)->message, c->text));
  sasl_server_close (&server);
}

/* The longest list is looked at, one that is longer is not. */
static void
test_list_size (void)
{
  for (unsigned size = 300; size <= 301; size++) {
    g_autoptr (CwLink) link = new_link ("fred", "secret", 256);
    g_autofree char *list = g_strnfill (size, 'A');
    int code = size > 300 ? CW_ERROR_LIMIT : CW_ERROR_AUTH;
    SaslServer server;

    sasl_server_open (&server, link, 256, list);
    g_assert_error (cw_link_error (link), CW_ERROR, code);
    sasl_server_close (&server);
  }
}

static void
test_longest_answer (void)
{
  g_autoptr (CwLink) link = new_link ("fred", "secret", 256);
  SaslServer server;

  sasl_server_open (&server, link, 256, "SCRAM-SHA-256");
  sasl_feed (link, "\x00\x00\x10\x00", 4);
  g_assert_cmpint (cw_link_status (link), !=, CW_LINK_FAILED);
  sasl_server_close (&server);
}

static void
test_result (void)
{
  g_autoptr (CwLink) link = new_link ("fred", "secret", 256);
  SaslServer server;

  sasl_server_open (&server, link, 256, "PLAIN");
  talk (&server, link, NULL);
  sasl_feed (link, "\1\0\0\0", 4);
  g_assert_error (cw_link_error (link), CW_ERROR, CW_ERROR_AUTH_USER_AND_PASSWORD);
  g_assert_cmpint (cw_link_failure (link), ==, CW_CONNECT_FAILURE_AUTH);
  sasl_server_close (&server);
}

/* Packets that break the layer end it; none of them makes it wait for more than the server was told. */
static void
test_bad_packets (void)
{
  static const Broken packets[] = {
    { "huge", 4, "\xff\xff\xff\xff", CW_ERROR_LIMIT, "size: 4294967295 > 100000" },
    { "too-large", 4, "\x00\x01\x86\xa1", CW_ERROR_LIMIT, "size: 100001 > 100000" },
    { "largest", 4, "\x00\x01\x86\xa0", -1 },
    { "little-endian", 4, "\x10\x00\x00\x00", CW_ERROR_LIMIT },
    { "empty", 4, "\0\0\0\0", CW_ERROR_SECURITY },
    { "nonsense", 24,
      "\0\0\0\x14"
      "aaaaaaaaaaaaaaaaaaaa",
      CW_ERROR_SECURITY },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (packets); i++) {
    g_autoptr (CwLink) link = new_link ("fred", "secret", 0);
    SaslServer server;

    sasl_server_open (&server, link, 0, "DIGEST-MD5");
    talk (&server, link, NULL);
    sasl_feed (link, "\0\0\0\0", 4);
    sasl_feed (link, packets[i].bytes, packets[i].n_bytes);
    if (packets[i].code < 0)
      g_assert_cmpuint (cw_link_wanted (link), ==, 100000);
    else
      g_assert_error (cw_link_error (link), CW_ERROR, packets[i].code);
    if (packets[i].text)
      g_assert_nonnull (strstr (cw_link_error (link)->message, packets[i].text));
    sasl_server_close (&server);
  }
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  sasl_servers_begin ();
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/sasl/%s", cases[i].name);

    g_test_add_data_func (path, &cases[i], test_case);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (forged); i++) {
    g_autofree char *path = g_strdup_printf ("/sasl/forged/%s", forged[i].name);

    g_test_add_data_func (path, &forged[i], test_forged);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (broken); i++) {
    g_autofree char *path = g_strdup_printf ("/sasl/broken/%s", broken[i].name);

    g_test_add_data_func (path, &broken[i], test_broken);
  }
  g_test_add_func ("/sasl/list-size", test_list_size);
  g_test_add_func ("/sasl/longest-answer", test_longest_answer);
  g_test_add_func ("/sasl/result", test_result);
  g_test_add_func ("/sasl/result-alone", test_result_alone);
  g_test_add_func ("/sasl/bad-packets", test_bad_packets);
  result = g_test_run ();
  sasl_servers_end ();
  return result;
}
