/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resolver.h"

#include <gio/gio.h>

typedef struct {
  GResolver parent;
} TestResolver;

typedef struct {
  GResolverClass parent;
} TestResolverClass;

static GType test_resolver_get_type (void);
G_DEFINE_TYPE (TestResolver, test_resolver, G_TYPE_RESOLVER)

static gboolean
keep_looking (gpointer task)
{
  return !g_task_return_error_if_cancelled (task);
}

static void
lookup_async (GResolver *resolver, const char *name, GResolverNameLookupFlags flags, GCancellable *cancellable,
              GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, data);
  GList *list = NULL;

  if (g_str_equal (name, "never.test")) {
    g_autoptr (GSource) source = g_timeout_source_new (5);

    g_task_attach_source (task, source, keep_looking);
    return;
  }
  if ((flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY) == 0) {
    if (g_str_equal (name, "two.test"))
      list = g_list_append (list, g_inet_address_new_from_string ("127.0.0.2"));
    list = g_list_append (list, g_inet_address_new_from_string ("127.0.0.1"));
  }
  if ((flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY) == 0 && g_str_equal (name, "both.test"))
    list = g_list_append (list, g_inet_address_new_from_string ("::1"));
  if (list)
    g_task_return_pointer (task, list, (GDestroyNotify) g_resolver_free_addresses);
  else
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such address");
}

static GList *
lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_resolver_init (TestResolver *self)
{
}

static void
test_resolver_class_init (TestResolverClass *class)
{
  GResolverClass *resolver = G_RESOLVER_CLASS (class);

  resolver->lookup_by_name_with_flags_async = lookup_async;
  resolver->lookup_by_name_with_flags_finish = lookup_finish;
}

static GResolver *system_resolver;

void
resolver_begin (void)
{
  g_autoptr (GResolver) resolver = g_object_new (test_resolver_get_type (), NULL);

  system_resolver = g_resolver_get_default ();
  g_resolver_set_default (resolver);
}

void
resolver_end (void)
{
  g_resolver_set_default (system_resolver);
  g_clear_object (&system_resolver);
}
