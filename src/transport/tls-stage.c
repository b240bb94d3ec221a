/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/tls-stage.h"

#include "transport/connect.h"
#include "transport/stream.h"
#include "transport/tls.h"

static gpointer
make (const CwConnectParams *params, GError **error)
{
  return params->tls ? cw_tls_params_copy (params->tls, params->host) : NULL;
}

static bool
begin (const CwTlsParams *params, CwConnection *connection, GError **error)
{
  CwTlsStream *stream = cw_tls_stream_new (connection->stream, params, error);

  if (!stream)
    return false;
  g_object_unref (connection->stream);
  connection->stream = G_IO_STREAM (stream);
  connection->is_tls = true;
  return true;
}

static CwStageStatus
step (gpointer self, CwStageIo *io, GError **error)
{
  CwConnection *connection = io->connection;
  GError *problem = NULL;

  if (!connection->is_tls && !begin (self, connection, error))
    return CW_STAGE_FAILED;
  if (cw_tls_stream_handshake (CW_TLS_STREAM (connection->stream), &io->progress, &problem))
    return CW_STAGE_DONE;
  if (!g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    g_propagate_error (error, problem);
    return CW_STAGE_FAILED;
  }
  g_clear_error (&problem);
  io->condition = cw_stream_awaits (connection->stream, false);
  return io->condition != 0 ? CW_STAGE_WAITS : CW_STAGE_AGAIN;
}

static void
leave (gpointer self)
{
  cw_tls_params_free (self);
}

const CwStage cw_tls_stage = {
  .name = "TLS",
  .failure = CW_CONNECT_FAILURE_TLS,
  .limit = CW_STAGE_SILENCE,
  .late = "The server did not answer in time during the TLS handshake",
  .make = make,
  .step = step,
  .free = leave,
};
