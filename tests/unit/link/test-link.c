/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's side is written here byte by byte, with a real RSA key that decrypts the ticket. */
#include "base/buffer.h"
#include "link/link.h"
#include "link/ticket.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define REDQ 0x51444552

typedef struct {
  uint32_t magic, major, size; /* size 0: as long as it is */
  uint32_t error;
  EVP_PKEY *key;
  uint32_t n_common, n_channel, caps_offset;
  const uint32_t *words;
  unsigned n_words;
} Reply;

static const uint32_t usual_words[] = { 0x0b, 0x6fbf };

static Reply
usual_reply (EVP_PKEY *key)
{
  return (Reply){ REDQ, 2, 0, 0, key, 1, 1, 178, usual_words, 2 };
}

static GBytes *
reply_bytes (const Reply *reply)
{
  CwBuffer out;
  uint8_t key[162] = { 0 };
  unsigned char *at = key;

  if (reply->key) {
    g_assert_cmpint (i2d_PUBKEY (reply->key, NULL), <=, (int) sizeof key);
    i2d_PUBKEY (reply->key, &at);
  }
  cw_buffer_init (&out, 1 << 20);
  cw_buffer_u32 (&out, reply->magic);
  cw_buffer_u32 (&out, reply->major);
  cw_buffer_u32 (&out, 2);
  cw_buffer_u32 (&out, reply->size != 0 ? reply->size : 178 + 4 * reply->n_words);
  cw_buffer_u32 (&out, reply->error);
  cw_buffer_append (&out, key, sizeof key);
  cw_buffer_u32 (&out, reply->n_common);
  cw_buffer_u32 (&out, reply->n_channel);
  cw_buffer_u32 (&out, reply->caps_offset);
  for (unsigned i = 0; i < reply->n_words; i++)
    cw_buffer_u32 (&out, reply->words[i]);
  return cw_buffer_steal (&out);
}

static CwLink *
new_link (const char *password)
{
  g_autoptr (GError) error = NULL;
  CwLinkParams params
      = { .connection_id = 0x01020304, .channel_type = 2, .channel_id = 3, .credentials.password = password };
  CwLink *self = cw_link_new (&params, &error);

  g_assert_no_error (error);
  return self;
}

/* Feeds in pieces of step bytes, never more than wanted at once, and returns how many were taken. */
static size_t
feed (CwLink *self, GBytes *bytes, size_t step)
{
  size_t size, at = 0;
  const uint8_t *data = g_bytes_get_data (bytes, &size);

  while (at < size && cw_link_wanted (self) > 0) {
    size_t n = MIN (MIN (step, size - at), cw_link_wanted (self));

    g_assert_cmpuint (cw_link_feed (self, data + at, n), ==, n);
    at += n;
  }
  return at;
}

static void
feed_reply (CwLink *self, const Reply *reply)
{
  g_autoptr (GBytes) bytes = reply_bytes (reply);

  feed (self, bytes, SIZE_MAX);
}

static void
feed_result (CwLink *self, uint32_t result)
{
  uint32_t le = GUINT32_TO_LE (result);

  g_assert_cmpuint (cw_link_wanted (self), ==, 4);
  g_assert_cmpuint (cw_link_feed (self, &le, 4), ==, 4);
}

static void
drop_output (CwLink *self)
{
  GBytes *out = cw_link_take_output (self);

  g_assert_nonnull (out);
  g_bytes_unref (out);
  g_assert_null (cw_link_take_output (self));
}

static void
decrypt (EVP_PKEY *key, const uint8_t *ticket, const char *expected)
{
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new (key, NULL);
  uint8_t plain[128];
  size_t size = sizeof plain;

  g_assert_cmpint (EVP_PKEY_decrypt_init (ctx), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (ctx, RSA_PKCS1_OAEP_PADDING), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_oaep_md (ctx, EVP_sha1 ()), ==, 1);
  g_assert_cmpint (EVP_PKEY_decrypt (ctx, plain, &size, ticket, 128), ==, 1);
  g_assert_cmpmem (plain, size, expected, strlen (expected) + 1);
  EVP_PKEY_CTX_free (ctx);
}

static void
test_exchange (gconstpointer data)
{
  size_t step = GPOINTER_TO_SIZE (data);
  const uint8_t caps = cw_sasl_is_available () ? 0x0f : 0x0b;
  EVP_PKEY *key = EVP_RSA_gen (1024);
  g_autoptr (CwLink) link = new_link ("secret");
  g_autoptr (GBytes) message = cw_link_take_output (link);
  const uint8_t expected[] = { 'R', 'E', 'D', 'Q', 2, 0, 0, 0, 2, 0, 0, 0, 22, 0, 0,  0, /* header */
                               4,   3,   2,   1,   2, 3, 1, 0, 0, 0, 0, 0, 0,  0, 18, 0, 0, 0, caps, 0, 0, 0 };
  Reply reply = usual_reply (key);
  g_autoptr (GBytes) bytes = reply_bytes (&reply);
  g_autoptr (GBytes) ticket = NULL;
  const uint8_t *out;
  size_t size;

  g_assert_cmpmem (g_bytes_get_data (message, NULL), g_bytes_get_size (message), expected, sizeof expected);
  g_assert_cmpuint (feed (link, bytes, step), ==, g_bytes_get_size (bytes));
  ticket = cw_link_take_output (link);
  out = g_bytes_get_data (ticket, &size);
  g_assert_cmpuint (size, ==, 4 + 128);
  g_assert_cmpmem (out, 4, "\1\0\0\0", 4);
  decrypt (key, out + 4, "secret");

  feed_result (link, 0);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  g_assert_cmpuint (cw_link_wanted (link), ==, 0);
  g_assert_true (cw_link_mini_header (link));
  g_assert_true (cw_caps_test (cw_link_peer_channel_caps (link), 14));
  g_assert_false (cw_caps_test (cw_link_peer_channel_caps (link), 12));
  g_assert_false (cw_caps_test (cw_link_peer_channel_caps (link), 4711));
  cw_link_feed_end (link, NULL);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  g_assert_null (cw_link_error (link));
  EVP_PKEY_free (key);
}

/* A message goes behind the ticket by itself, with the header both have agreed on. */
static void
test_first_message (gconstpointer data)
{
  bool mini = GPOINTER_TO_INT (data);
  EVP_PKEY *key = EVP_RSA_gen (1024);
  g_autoptr (GBytes) body = g_bytes_new_static ("body", 4);
  const CwLinkParams params = { .channel_type = 2, .first_type = 0x0107, .first_body = body };
  g_autoptr (CwLink) link = cw_link_new (&params, NULL);
  Reply reply = mini ? usual_reply (key) : (Reply){ REDQ, 2, 0, 0, key, 0, 0, 0xffffffff, NULL, 0 };
  g_autoptr (GBytes) ticket = NULL, first = NULL;

  drop_output (link);
  g_assert_false (cw_link_sent_first (link));
  feed_reply (link, &reply);
  ticket = cw_link_take_output (link);
  first = cw_link_take_output (link);
  g_assert_null (cw_link_take_output (link));
  g_assert_cmpuint (g_bytes_get_size (ticket), ==, mini ? 4 + 128 : 128);
  if (mini)
    g_assert_cmpmem (g_bytes_get_data (first, NULL), g_bytes_get_size (first), "\7\1\4\0\0\0body", 10);
  else
    g_assert_cmpmem (g_bytes_get_data (first, NULL), g_bytes_get_size (first),
                     "\1\0\0\0\0\0\0\0\7\1\4\0\0\0\0\0\0\0body", 22);
  g_assert_true (cw_link_sent_first (link));
  feed_result (link, 0);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  EVP_PKEY_free (key);
}

/* An old server: no capability at all, so no mechanism word and full headers. */
static void
test_without_caps (void)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  g_autoptr (CwLink) link = new_link (NULL);
  Reply reply = { REDQ, 2, 0, 0, key, 0, 0, 0xffffffff, NULL, 0 };
  g_autoptr (GBytes) ticket = NULL;

  drop_output (link);
  feed_reply (link, &reply);
  ticket = cw_link_take_output (link);
  g_assert_cmpuint (g_bytes_get_size (ticket), ==, 128);
  decrypt (key, g_bytes_get_data (ticket, NULL), "");
  feed_result (link, 0);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  g_assert_false (cw_link_mini_header (link));
  EVP_PKEY_free (key);
}

static void
test_own_caps (void)
{
  g_auto (CwCaps) common = CW_CAPS_INIT;
  g_auto (CwCaps) channel = CW_CAPS_INIT;
  EVP_PKEY *key = EVP_RSA_gen (1024);
  Reply reply = usual_reply (key);
  CwLinkParams params = { .channel_type = 1, .common_caps = &common, .channel_caps = &channel };
  g_autoptr (GError) error = NULL;
  g_autoptr (CwLink) link = NULL;
  g_autoptr (GBytes) message = NULL;

  g_assert_true (cw_caps_set (&common, CW_COMMON_CAP_AUTH_SELECTION));
  g_assert_true (cw_caps_set (&channel, 33));
  link = cw_link_new (&params, &error);
  g_assert_no_error (error);
  message = cw_link_take_output (link);
  g_assert_cmpuint (g_bytes_get_size (message), ==, 16 + 18 + 12);
  g_assert_cmpmem ((const uint8_t *) g_bytes_get_data (message, NULL) + 34, 12, "\1\0\0\0\0\0\0\0\2\0\0\0", 12);
  feed_reply (link, &reply);
  drop_output (link);
  feed_result (link, 0);
  g_assert_false (cw_link_mini_header (link)); /* the server has it, we have not */
  /* A message of 4094 bytes goes, a word more does not. */
  g_assert_true (cw_caps_set (&channel, 32 * 1018 - 1));
  cw_link_free (cw_link_new (&params, &error));
  g_assert_no_error (error);
  g_assert_true (cw_caps_set (&channel, 32 * 1018));
  g_assert_null (cw_link_new (&params, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  EVP_PKEY_free (key);
}

/* Without SASL on our side, a server that has nothing else is of no use. */
static void
test_sasl_only (void)
{
  g_auto (CwCaps) common = CW_CAPS_INIT;
  EVP_PKEY *key = EVP_RSA_gen (1024);
  const uint32_t words[] = { 0x0d };
  Reply reply = { REDQ, 2, 0, 0, key, 1, 0, 178, words, 1 };
  CwLinkParams params = { .channel_type = 1, .common_caps = &common };
  g_autoptr (CwLink) link = NULL;

  g_assert_true (cw_caps_set (&common, CW_COMMON_CAP_AUTH_SELECTION));
  link = cw_link_new (&params, NULL);
  drop_output (link);
  feed_reply (link, &reply);
  g_assert_error (cw_link_error (link), CW_ERROR, CW_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (cw_link_error (link)->message, "SASL"));
  EVP_PKEY_free (key);
}

typedef struct {
  const char *name;
  uint32_t offset; /* of a u32 in the reply that is overwritten */
  uint32_t value;
  CwConnectFailure failure;
  CwErrorCode code;
} BadReply;

static const BadReply bad_replies[] = {
  { "magic", 0, 0x58585858, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "major-3", 4, 3, CW_CONNECT_FAILURE_LINK, CW_ERROR_UNSUPPORTED },
  { "major-1", 4, 1, CW_CONNECT_FAILURE_LINK, CW_ERROR_UNSUPPORTED },
  { "size-0", 12, 0, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "size-177", 12, 177, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "size-16385", 12, 16385, CW_CONNECT_FAILURE_LINK, CW_ERROR_LIMIT },
  { "size-4GiB", 12, UINT32_MAX, CW_CONNECT_FAILURE_LINK, CW_ERROR_LIMIT },
  { "error-1", 16, 1, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE },
  { "error-3", 16, 3, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE },
  { "error-5", 16, 5, CW_CONNECT_FAILURE_NEED_SECURED, CW_ERROR_SECURITY },
  { "error-6", 16, 6, CW_CONNECT_FAILURE_LINK, CW_ERROR_SECURITY },
  { "error-7", 16, 7, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE },
  { "error-4711", 16, 4711, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE },
  { "common-3", 182, 3, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "common-wraps", 182, 0xffffffff, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "channel-2", 186, 2, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "channel-wraps", 186, 0xffffffff, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "offset-187", 190, 187, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "offset-179", 190, 179, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "offset-wraps", 190, 0xfffffffc, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED },
  { "no-mechanism", 194, 0x09, CW_CONNECT_FAILURE_LINK, CW_ERROR_UNSUPPORTED },
  { "key-broken", 20, 0, CW_CONNECT_FAILURE_LINK, CW_ERROR_SECURITY },
};

static void
test_bad_reply (gconstpointer data)
{
  const BadReply *bad = data;
  EVP_PKEY *key = EVP_RSA_gen (1024);
  Reply reply = usual_reply (key);
  g_autoptr (GBytes) good = reply_bytes (&reply);
  g_autofree uint8_t *bytes = g_memdup2 (g_bytes_get_data (good, NULL), g_bytes_get_size (good));
  g_autoptr (GBytes) changed = NULL;
  g_autoptr (CwLink) link = new_link ("x");
  uint32_t le = GUINT32_TO_LE (bad->value);

  memcpy (bytes + bad->offset, &le, 4);
  changed = g_bytes_new (bytes, g_bytes_get_size (good));
  drop_output (link);
  feed (link, changed, SIZE_MAX);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_FAILED);
  g_assert_cmpint (cw_link_failure (link), ==, bad->failure);
  g_assert_error (cw_link_error (link), CW_ERROR, (int) bad->code);
  g_assert_null (strstr (cw_link_error (link)->message, "SASL")); /* that is not what it wants */
  g_assert_null (cw_link_take_output (link));                     /* nothing more is said to such a server */
  g_assert_cmpuint (ERR_peek_error (), ==, 0);                    /* nor left for others to find */
  g_assert_cmpuint (cw_link_wanted (link), ==, 0);
  EVP_PKEY_free (key);
}

typedef struct {
  const char *name;
  uint32_t result;
  CwConnectFailure failure;
  CwErrorCode code;
  const char *says;
} BadResult;

static const BadResult bad_results[] = {
  { "permission-denied", 7, CW_CONNECT_FAILURE_AUTH, CW_ERROR_AUTH, "refused the password" },
  { "error", 1, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE, "unspecified error" },
  { "need-secured", 5, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE, "needs a secured connection" },
  { "bad-connection-id", 8, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE, "unknown connection id" },
  { "not-available", 9, CW_CONNECT_FAILURE_LINK, CW_ERROR_STATE, "does not exist" },
  { "ten", 10, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED, "10 > 9" },
  { "second-reply", REDQ, CW_CONNECT_FAILURE_LINK, CW_ERROR_MALFORMED, "refused the kind of authentication" },
};

static void
test_bad_result (gconstpointer data)
{
  const BadResult *bad = data;
  EVP_PKEY *key = EVP_RSA_gen (1024);
  Reply reply = usual_reply (key);
  g_autoptr (CwLink) link = new_link ("x");

  drop_output (link);
  feed_reply (link, &reply);
  drop_output (link);
  feed_result (link, bad->result);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_FAILED);
  g_assert_cmpint (cw_link_failure (link), ==, bad->failure);
  g_assert_error (cw_link_error (link), CW_ERROR, (int) bad->code);
  g_assert_nonnull (strstr (cw_link_error (link)->message, bad->says));
  g_assert_null (strstr (cw_link_error (link)->message, "59 bytes")); /* the password is short */
  EVP_PKEY_free (key);
}

static void
test_key (EVP_PKEY *key, const char *named)
{
  Reply reply = usual_reply (key);
  g_autoptr (CwLink) link = new_link ("x");

  drop_output (link);
  feed_reply (link, &reply);
  g_assert_error (cw_link_error (link), CW_ERROR, CW_ERROR_SECURITY);
  g_assert_nonnull (strstr (cw_link_error (link)->message, named));
  g_assert_null (cw_link_take_output (link));
  EVP_PKEY_free (key);
}

static void
test_other_keys (void)
{
  test_key (EVP_EC_gen ("P-256"), "EC");
  test_key (EVP_RSA_gen (768), "768");
  test_key (EVP_PKEY_Q_keygen (NULL, NULL, "ED25519"), "ED25519");
}

static void
test_long_password (void)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  Reply reply = usual_reply (key);
  g_autofree char *longest = g_strnfill (60, 'p');
  g_autofree char *longer = g_strnfill (61, 'p');
  g_autoptr (CwLink) good = new_link (longest);
  g_autoptr (CwLink) bad = new_link (longer);
  g_autoptr (GBytes) ticket = NULL;

  drop_output (good);
  feed_reply (good, &reply);
  ticket = cw_link_take_output (good);
  decrypt (key, (const uint8_t *) g_bytes_get_data (ticket, NULL) + 4, longest);
  feed_result (good, CW_LINK_ERR_PERMISSION_DENIED);
  g_assert_nonnull (strstr (cw_link_error (good)->message, "59 bytes"));

  drop_output (bad);
  feed_reply (bad, &reply);
  g_assert_error (cw_link_error (bad), CW_ERROR, CW_ERROR_AUTH);
  g_assert_cmpint (cw_link_failure (bad), ==, CW_CONNECT_FAILURE_AUTH);
  g_assert_null (cw_link_take_output (bad));
  EVP_PKEY_free (key);
}

/* Whatever the step, an early end is an error; and it changes nothing after the end. */
static void
test_eof (void)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  Reply reply = usual_reply (key);
  g_autoptr (GBytes) bytes = reply_bytes (&reply);
  g_autoptr (GError) later = g_error_new_literal (G_FILE_ERROR, 7, "later");

  for (size_t n = 0; n <= g_bytes_get_size (bytes); n++) {
    g_autoptr (CwLink) link = new_link ("x");
    g_autoptr (GBytes) part = g_bytes_new_from_bytes (bytes, 0, n);

    feed (link, part, SIZE_MAX);
    cw_link_feed_end (link, NULL);
    g_assert_error (cw_link_error (link), CW_ERROR, CW_ERROR_CLOSED);
    g_assert_cmpint (cw_link_failure (link), ==, CW_CONNECT_FAILURE_LINK);
    cw_link_feed_end (link, later);
    g_assert_error (cw_link_error (link), CW_ERROR, CW_ERROR_CLOSED);
    g_assert_cmpuint (cw_link_feed (link, "more", 4), ==, 0);
  }
  EVP_PKEY_free (key);
}

typedef struct {
  const char *bytes; /* what the server says first */
  const char *named;
} Banner;

/* All are shorter than a header, so whoever waits for one waits for ever. */
static const Banner banners[] = {
  { "RFB 003.008\n", "a VNC server" },
  { "HTTP/1.1 400\r\n", "a web server" },
  { "SSH-2.0-x\r\n", "an SSH server" },
  { "\x15\x03\x01\x00\x02\x02\x46", "a port for secured connections" },
  { "RF", "a VNC server" },
  { "?", "\"?\"" },
  { "RED!", "\"RED!\"" },
  { "{\"QMP\": {", "QEMU's machine protocol" },
};

static void
test_banner (gconstpointer data)
{
  const Banner *banner = data;
  g_autoptr (CwLink) link = new_link ("x");
  g_autoptr (GBytes) bytes = g_bytes_new_static (banner->bytes, strlen (banner->bytes));

  feed (link, bytes, SIZE_MAX);
  g_assert_error (cw_link_error (link), CW_ERROR, CW_ERROR_MALFORMED);
  g_assert_cmpint (cw_link_failure (link), ==, CW_CONNECT_FAILURE_LINK);
  g_assert_true (g_str_has_prefix (cw_link_error (link)->message, "This is not a SPICE server"));
  g_assert_nonnull (strstr (cw_link_error (link)->message, banner->named));
}

/* The first wrong byte is enough, and no right one is. */
static void
test_banner_by_bytes (void)
{
  g_autoptr (CwLink) link = new_link ("x");

  g_assert_cmpuint (cw_link_feed (link, "R", 1), ==, 1);
  g_assert_cmpuint (cw_link_feed (link, "E", 1), ==, 1);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_RUNNING);
  g_assert_cmpuint (cw_link_feed (link, "X", 1), ==, 1);
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_FAILED);
}

/* A broken stream keeps its own error, and says what was awaited. */
static void
test_broken_stream (void)
{
  g_autoptr (CwLink) link = new_link ("x");
  g_autoptr (GError) error = g_error_new_literal (g_quark_from_static_string ("stream"), 7, "reset");

  cw_link_feed_end (link, error);
  g_assert_cmpint (cw_link_failure (link), ==, CW_CONNECT_FAILURE_LINK);
  g_assert_error (cw_link_error (link), error->domain, 7);
  g_assert_cmpstr (cw_link_error (link)->message, ==, "The connection failed while its link reply was awaited: reset");
}

/* An exponent of another size makes another form: the other way reads it. */
static void
test_small_exponent (void)
{
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
  BIGNUM *three = BN_new ();
  EVP_PKEY *key = NULL;
  g_autoptr (CwLink) link = new_link ("secret");
  g_autoptr (GBytes) ticket = NULL;
  Reply reply;

  BN_set_word (three, 3);
  g_assert_cmpint (EVP_PKEY_keygen_init (ctx), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_keygen_bits (ctx, 1024), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set1_rsa_keygen_pubexp (ctx, three), ==, 1);
  g_assert_cmpint (EVP_PKEY_generate (ctx, &key), ==, 1);
  reply = usual_reply (key);
  drop_output (link);
  feed_reply (link, &reply);
  ticket = cw_link_take_output (link);
  g_assert_nonnull (ticket);
  decrypt (key, (const uint8_t *) g_bytes_get_data (ticket, NULL) + 4, "secret");
  EVP_PKEY_CTX_free (ctx);
  BN_free (three);
  EVP_PKEY_free (key);
}

/* Whatever the steps are, a piece is taken whole as long as the link wants more, and nothing behind it. */
static void
test_any_piece (void)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  Reply reply = usual_reply (key);
  g_autoptr (GBytes) bytes = reply_bytes (&reply);
  size_t size;
  const uint8_t *data = g_bytes_get_data (bytes, &size);

  for (size_t first = 1; first < size; first++) {
    g_autoptr (CwLink) link = new_link ("x");

    g_assert_cmpuint (cw_link_feed (link, data, first), ==, first);
    g_assert_cmpuint (cw_link_feed (link, data + first, size - first), ==, size - first);
    drop_output (link);
    feed_result (link, 0);
    g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  }
  EVP_PKEY_free (key);
}

/* Capabilities of the channel alone, and common ones alone: the offset is of whatever there is. */
static void
test_one_list (void)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);

  for (uint32_t common = 0; common < 2; common++) {
    Reply reply = { REDQ, 2, 0, 0, key, common, 1 - common, 178, usual_words, 1 };
    g_autoptr (CwLink) link = new_link ("x");

    drop_output (link);
    feed_reply (link, &reply);
    drop_output (link);
    feed_result (link, 0);
    g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
    for (unsigned cap = 0; cap < 32; cap++) {
      bool has = usual_words[0] >> cap & 1;

      g_assert_cmpint (cw_caps_test (cw_link_peer_common_caps (link), cap), ==, has && common);
      g_assert_cmpint (cw_caps_test (cw_link_peer_channel_caps (link), cap), ==, has && !common);
    }
  }
  EVP_PKEY_free (key);
}

static void
test_largest_reply (void)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  uint32_t n_words = (16384 - 178) / 4;
  g_autofree uint32_t *words = g_new0 (uint32_t, n_words);
  Reply reply = { REDQ, 2, 16384, 0, key, 1, n_words - 1, 178, words, n_words };
  g_autoptr (CwLink) link = new_link ("x");

  words[0] = 0x0b;
  words[n_words - 1] = 0x80;
  drop_output (link);
  feed_reply (link, &reply);
  g_assert_cmpuint (cw_link_feed (link, "\0\0", 2), ==, 2); /* what is left of the size is no word */
  drop_output (link);
  feed_result (link, 0);
  g_assert_true (cw_caps_test (cw_link_peer_channel_caps (link), 32 * (n_words - 2) + 7));
  EVP_PKEY_free (key);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/link/exchange/at-once", GSIZE_TO_POINTER (SIZE_MAX), test_exchange);
  g_test_add_data_func ("/link/exchange/byte-by-byte", GSIZE_TO_POINTER (1), test_exchange);
  g_test_add_data_func ("/link/C2-first-message/mini", GINT_TO_POINTER (true), test_first_message);
  g_test_add_data_func ("/link/C2-first-message/full", GINT_TO_POINTER (false), test_first_message);
  g_test_add_func ("/link/C10-without-caps", test_without_caps);
  g_test_add_func ("/link/one-list", test_one_list);
  g_test_add_func ("/link/own-caps", test_own_caps);
  g_test_add_func ("/link/sasl-only", test_sasl_only);
  g_test_add_func ("/link/other-keys", test_other_keys);
  g_test_add_func ("/link/C8-long-password", test_long_password);
  g_test_add_func ("/link/eof", test_eof);
  g_test_add_func ("/link/any-piece", test_any_piece);
  g_test_add_func ("/link/largest-reply", test_largest_reply);
  g_test_add_func ("/link/banner-by-bytes", test_banner_by_bytes);
  g_test_add_func ("/link/broken-stream", test_broken_stream);
  g_test_add_func ("/link/small-exponent", test_small_exponent);
  for (unsigned i = 0; i < G_N_ELEMENTS (banners); i++) {
    g_autofree char *path = g_strdup_printf ("/link/banner/%u", i);

    g_test_add_data_func (path, &banners[i], test_banner);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (bad_replies); i++) {
    g_autofree char *path = g_strdup_printf ("/link/bad-reply/%s", bad_replies[i].name);

    g_test_add_data_func (path, &bad_replies[i], test_bad_reply);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (bad_results); i++) {
    g_autofree char *path = g_strdup_printf ("/link/bad-result/%s", bad_results[i].name);

    g_test_add_data_func (path, &bad_results[i], test_bad_result);
  }
  return g_test_run ();
}
