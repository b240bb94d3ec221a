/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/tls-stage.h"

#include "base/error.h"
#include "base/i18n.h"
#include "transport/connect.h"
#include "transport/proxy.h"
#include "transport/stream.h"
#include "transport/tls-sessions.h"
#include "transport/tls.h"

typedef struct {
  CwTlsParams *params;
  CwTlsStream *stream; /* borrowed from the connection; NULL before the first step */
  char *key;           /* of its sessions */
  bool to_proxy;
} TlsStage;

static gpointer
stage_new (CwTlsParams *params, bool to_proxy)
{
  TlsStage *self = g_new0 (TlsStage, 1);

  self->params = params;
  self->to_proxy = to_proxy;
  return self;
}

static gpointer
make (const CwConnectParams *params, GError **error)
{
  TlsStage *self;

  if (!params->tls)
    return NULL;
  self = stage_new (cw_tls_params_copy (params->tls, params->host), false);
  self->key = cw_tls_sessions_key (self->params, params->host, params->port);
  return self;
}

/* A proxy may be known to the system or to those who give a CA for the server. */
static gpointer
make_to_proxy (const CwConnectParams *params, GError **error)
{
  CwTlsParams tls = { .verify = CW_VERIFY_HOSTNAME, .system_too = true };

  if (!cw_connect_uses_proxy (params) || !params->proxy->is_tls)
    return NULL;
  tls.host = params->proxy->host;
  tls.ca = params->tls ? params->tls->ca : NULL;
  tls.ca_file = params->tls ? params->tls->ca_file : NULL;
  return stage_new (cw_tls_params_copy (&tls, NULL), true);
}

/* Programs know GIO's errors of proxies. */
static void
propagate (const TlsStage *self, GError *problem, GError **error)
{
  if (self->to_proxy && problem->domain == CW_ERROR) {
    g_set_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, _ ("The proxy: %s"), problem->message);
    g_error_free (problem);
  } else {
    g_propagate_prefixed_error (error, problem, "%s", self->to_proxy ? _ ("The proxy: ") : "");
  }
}

static bool
begin (TlsStage *self, CwConnection *connection, GError **error)
{
  self->stream = cw_tls_stream_new (connection->stream, self->params, self->key, error);
  if (!self->stream)
    return false;
  g_object_unref (connection->stream);
  connection->stream = G_IO_STREAM (self->stream);
  connection->is_tls = !self->to_proxy;
  return true;
}

static CwStageStatus
step (gpointer data, CwStageIo *io, GError **error)
{
  TlsStage *self = data;
  GError *problem = NULL;

  if (!self->stream && !begin (self, io->connection, &problem)) {
    propagate (self, problem, error);
    return CW_STAGE_FAILED;
  }
  if (cw_tls_stream_handshake (self->stream, &io->progress, &problem))
    return CW_STAGE_DONE;
  if (!g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    propagate (self, problem, error);
    return CW_STAGE_FAILED;
  }
  g_clear_error (&problem);
  io->condition = cw_stream_awaits (io->connection->stream, false);
  return io->condition != 0 ? CW_STAGE_WAITS : CW_STAGE_AGAIN;
}

static void
leave (gpointer data)
{
  TlsStage *self = data;

  cw_tls_params_free (self->params);
  g_free (self->key);
  g_free (self);
}

const CwStage cw_proxy_tls_stage = {
  .name = "TLS to the proxy",
  .failure = CW_CONNECT_FAILURE_CONNECT,
  .limit = CW_STAGE_CONNECT_TIME,
  .late = N_ ("The proxy did not answer in time during the TLS handshake"),
  .make = make_to_proxy,
  .step = step,
  .free = leave,
};

const CwStage cw_tls_stage = {
  .name = "TLS",
  .failure = CW_CONNECT_FAILURE_TLS,
  .limit = CW_STAGE_SILENCE,
  .late = N_ ("The server did not answer in time during the TLS handshake"),
  .make = make,
  .step = step,
  .free = leave,
};
