/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server of a session. It works with files and waits for them, so it has a thread of its own; but a program that
 * has asked for the object behind webdav-server adds folders to it as it likes, and then all is done in its thread. */
#include "feature/webdav/requests.h"
#include "feature/webdav/webdav.h"

#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  gatomicrefcount refs;
  GMainContext *context;
  GMainLoop *loop; /* of the thread; NULL: the owner's context */
  CwShare *share;
  PhodavVirtualDir *folders; /* the application's; NULL: made by the thread */
  PhodavServer *phodav;
  CwWebdavRequests *requests;
  CwWebdavBodies *bodies;
  int silent; /* the other end of what the server listens on, or -1 */
} Server;

typedef struct {
  SpiceSession *session; /* borrowed */
  CwShare *share;
  Server *server;       /* or NULL: nobody has connected yet */
  PhodavServer *object; /* of the property, or NULL */
  PhodavVirtualDir *folders;
} Webdav;

static void
unref_server (gpointer data)
{
  Server *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  cw_share_unref (self->share);
  g_clear_object (&self->folders);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_main_context_unref (self->context);
  g_free (self);
}

static PhodavVirtualDir *
new_folders (void)
{
  PhodavVirtualDir *root = phodav_virtual_dir_new_root (), *clipboard;

  clipboard = phodav_virtual_dir_new_dir (root, SPICE_WEBDAV_CLIPBOARD_FOLDER_PATH, NULL);
  g_clear_object (&clipboard); /* the root holds it */
  return root;
}

/* What follows runs in the server's thread. */

/* The server closes each connection after its first answer unless it listens: it does, on a socket that only this
 * process has both ends of. */
static void
keep_connections (Server *self)
{
  g_autoptr (GSocket) socket = NULL;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
    return;
  self->silent = fds[1];
  socket = g_socket_new_from_fd (fds[0], NULL);
  if (!socket)
    close (fds[0]);
  else
    soup_server_listen_socket (phodav_server_get_soup_server (self->phodav), socket, 0, NULL);
}

static void
open_server (Server *self)
{
  g_autoptr (GFile) root = NULL;

  if (!self->folders)
    self->folders = new_folders ();
  root = cw_share_root (self->share, G_FILE (self->folders));
  self->bodies = cw_webdav_bodies_new ();
  self->phodav = phodav_server_new_for_root_file (root);
  self->requests = cw_webdav_requests_new (self->phodav, self->share, root, self->bodies);
  keep_connections (self);
}

static void
close_server (Server *self)
{
  soup_server_disconnect (phodav_server_get_soup_server (self->phodav));
  g_clear_object (&self->phodav);
  g_clear_pointer (&self->requests, cw_webdav_requests_free);
  g_clear_pointer (&self->bodies, cw_webdav_bodies_unref);
  if (self->silent >= 0)
    close (self->silent);
  self->silent = -1;
  g_clear_object (&self->folders);
}

typedef struct {
  Server *server;     /* strong */
  CwWebdavTube *tube; /* likewise */
} Client;

static void
free_client (gpointer data)
{
  Client *self = data;

  cw_webdav_tube_unref (self->tube);
  unref_server (self->server);
  g_free (self);
}

static gboolean
accept_client (gpointer data)
{
  Client *self = data;
  g_autoptr (GIOStream) stream = cw_webdav_tube_stream (self->tube, self->server->context, self->server->bodies);
  g_autoptr (GSocketAddress) here = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  /* What nobody takes closes itself. */
  if (self->server->phodav
      && !soup_server_accept_iostream (phodav_server_get_soup_server (self->server->phodav), stream, here, here,
                                       &error))
    g_debug ("webdav: %s", error->message);
  return G_SOURCE_REMOVE;
}

static gpointer
serve (gpointer data)
{
  Server *self = data;

  g_main_context_push_thread_default (self->context);
  open_server (self);
  g_main_loop_run (self->loop);
  close_server (self);
  /* What is still on its way finds no server, or nobody at the other end. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  unref_server (self);
  return NULL;
}

/* From here on in the owner's thread. */

static gboolean
quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

/* Nobody waits for the thread: it may be in the middle of a large file. */
static void
stop_server (Webdav *self)
{
  Server *server = g_steal_pointer (&self->server);
  g_autoptr (GSource) source = NULL;

  if (!server)
    return;
  if (server->loop) {
    source = g_idle_source_new ();
    g_source_set_priority (source, G_PRIORITY_HIGH);
    g_source_set_callback (source, quit, g_main_loop_ref (server->loop), (GDestroyNotify) g_main_loop_unref);
    g_source_attach (source, server->context);
  } else {
    close_server (server);
  }
  unref_server (server);
}

static void
start_server (Webdav *self)
{
  Server *server = g_new0 (Server, 1);
  g_autoptr (GThread) thread = NULL;
  g_autoptr (GError) error = NULL;

  g_atomic_ref_count_init (&server->refs);
  server->silent = -1;
  server->share = cw_share_ref (self->share);
  if (!self->folders) {
    server->context = g_main_context_new ();
    server->loop = g_main_loop_new (server->context, FALSE);
    g_atomic_ref_count_inc (&server->refs);
    thread = g_thread_try_new ("webdav", serve, server, &error);
    if (!thread) {
      g_warning ("webdav: %s", error->message);
      unref_server (server);
      unref_server (server);
      return;
    }
  } else {
    server->context = g_main_context_ref_thread_default ();
    server->folders = g_object_ref (self->folders);
    open_server (server);
  }
  self->server = server;
}

CwWebdavTube *
cw_webdav_connect (SpiceSession *session, GMainContext *context, GSourceFunc ready, gpointer data)
{
  Webdav *self = cw_feature_get (session, &cw_webdav_feature);
  CwWebdavTube *tube;
  Client *client;

  if (!self->server)
    start_server (self);
  if (!self->server)
    return NULL;
  tube = cw_webdav_tube_new (context, self->server->context, ready, data);
  client = g_new (Client, 1);
  *client = (Client){ self->server, cw_webdav_tube_ref (tube) };
  g_atomic_ref_count_inc (&self->server->refs);
  g_main_context_invoke_full (self->server->context, G_PRIORITY_DEFAULT, accept_client, client, free_client);
  return tube;
}

GType
cw_webdav_server_type (void)
{
  return PHODAV_TYPE_SERVER;
}

GObject *
cw_webdav_server_object (SpiceSession *session)
{
  Webdav *self = cw_feature_get (session, &cw_webdav_feature);

  if (!self->object) {
    stop_server (self);
    self->folders = new_folders ();
    self->object = phodav_server_new_for_root_file (G_FILE (self->folders));
    g_object_bind_property (session, "share-dir-ro", self->object, "read-only",
                            G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  }
  return G_OBJECT (self->object);
}

static void
update_share (Webdav *self)
{
  g_autofree char *folder = NULL;
  gboolean read_only;

  g_object_get (self->session, "shared-dir", &folder, "share-dir-ro", &read_only, NULL);
  cw_share_set (self->share, folder, read_only);
}

static gpointer
attach (SpiceSession *session)
{
  Webdav *self = g_new0 (Webdav, 1);

  self->session = session;
  self->share = cw_share_new ();
  update_share (self);
  return self;
}

static void
detach (gpointer data)
{
  Webdav *self = data;

  stop_server (self);
  /* A thread that has not heard of it yet shares nothing any more. */
  cw_share_set (self->share, NULL, true);
  cw_share_unref (self->share);
  g_clear_object (&self->object);
  g_clear_object (&self->folders);
  g_free (self);
}

static void
property_changed (gpointer data, const char *name)
{
  if (g_str_equal (name, "shared-dir") || g_str_equal (name, "share-dir-ro"))
    update_share (data);
}

const CwFeature cw_webdav_feature = {
  .name = "webdav",
  .attach = attach,
  .detach = detach,
  .property_changed = property_changed,
};
