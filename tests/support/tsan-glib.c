/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells ThreadSanitizer how GLib synchronises threads: GLib is not instrumented and does so by futexes and atomics the
 * sanitizer cannot see. Every function that the project uses for it passes through here, in thread-sanitized builds
 * only, so that no report is made up and no suppressions are needed. */
#include <dlfcn.h>
#include <gio/gio.h>
#include <pthread.h>

/* GObject's and GIO's own calls are to come here too. */
#pragma GCC visibility push(default)

void __tsan_acquire (void *address);
void __tsan_release (void *address);
void AnnotateIgnoreWritesBegin (const char *file, int line);
void AnnotateIgnoreWritesEnd (const char *file, int line);
void AnnotateIgnoreReadsBegin (const char *file, int line);
void AnnotateIgnoreReadsEnd (const char *file, int line);

#define REAL(function)                                                                                                 \
  ({                                                                                                                   \
    static gpointer real;                                                                                              \
    gpointer found = __atomic_load_n (&real, __ATOMIC_RELAXED);                                                        \
                                                                                                                       \
    if (!found)                                                                                                        \
      __atomic_store_n (&real, found = dlsym (RTLD_NEXT, #function), __ATOMIC_RELAXED);                                \
    (__typeof__ (&function)) found;                                                                                    \
  })

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean locked = REAL (g_mutex_trylock) (mutex);

  if (locked)
    __tsan_acquire (mutex);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  __tsan_release (mutex);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return signalled;
}

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  gboolean last;

  __tsan_release (count);
  last = REAL (g_atomic_ref_count_dec) (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

/* The last reference runs the function that frees the data, inside. */
void
g_bytes_unref (GBytes *bytes)
{
  if (bytes) {
    __tsan_release (bytes);
    __tsan_acquire (bytes);
  }
  REAL (g_bytes_unref) (bytes);
}

/* Texts are made when they are first asked for, and kept for all threads. */
const char *
g_strerror (int number)
{
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  const char *text;

  pthread_mutex_lock (&mutex);
  text = REAL (g_strerror) (number);
  pthread_mutex_unlock (&mutex);
  return text;
}

/* Whoever gives the last reference back frees what the others have written, be it a thread of GIO's. */
void (g_object_unref) (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
  REAL (g_object_unref) (object);
}

/* Who had to wait for another thread sees what that has made. */
gboolean (g_once_init_enter) (volatile void *location)
{
  gboolean is_first = REAL (g_once_init_enter) (location);

  if (!is_first)
    __tsan_acquire ((void *) location);
  return is_first;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  REAL (g_once_init_leave) (location, result);
}

/* What a task's thread did before its result is seen by who asks for that. */
void
g_task_return_boolean (GTask *task, gboolean result)
{
  __tsan_release (task);
  REAL (g_task_return_boolean) (task, result);
}

void
g_task_return_int (GTask *task, gssize result)
{
  __tsan_release (task);
  REAL (g_task_return_int) (task, result);
}

void
g_task_return_pointer (GTask *task, gpointer result, GDestroyNotify destroy)
{
  __tsan_release (task);
  REAL (g_task_return_pointer) (task, result, destroy);
}

void
g_task_return_error (GTask *task, GError *error)
{
  __tsan_release (task);
  REAL (g_task_return_error) (task, error);
}

gboolean
g_task_propagate_boolean (GTask *task, GError **error)
{
  __tsan_acquire (task);
  return REAL (g_task_propagate_boolean) (task, error);
}

gssize
g_task_propagate_int (GTask *task, GError **error)
{
  __tsan_acquire (task);
  return REAL (g_task_propagate_int) (task, error);
}

gpointer
g_task_propagate_pointer (GTask *task, GError **error)
{
  __tsan_acquire (task);
  return REAL (g_task_propagate_pointer) (task, error);
}

/* What was written before pushing is seen by the function of the pool. What GLib allocates for itself, any of its
 * threads may free. */
typedef struct {
  GFunc func;
  gpointer data;
} Pool;

static void
run (gpointer item, gpointer data)
{
  Pool *self = data;

  __tsan_acquire (self);
  __tsan_acquire (item);
  self->func (item, self->data);
  __tsan_release (self);
}

GThreadPool *
g_thread_pool_new (GFunc func, gpointer data, gint max_threads, gboolean exclusive, GError **error)
{
  Pool *self = g_new (Pool, 1); /* never freed: a thread may outlive its pool */
  GThreadPool *pool;

  *self = (Pool){ func, data };
  AnnotateIgnoreWritesBegin (__FILE__, __LINE__);
  pool = REAL (g_thread_pool_new) (run, self, max_threads, exclusive, error);
  AnnotateIgnoreWritesEnd (__FILE__, __LINE__);
  __tsan_release (self);
  return pool;
}

/* Waiting for what is still at work, or giving up what is not, is when the caller sees all that was done. */
void
g_thread_pool_free (GThreadPool *pool, gboolean immediate, gboolean wait)
{
  Pool *self;

  /* The last of its threads frees it, if nobody waits. */
  AnnotateIgnoreReadsBegin (__FILE__, __LINE__);
  self = pool->user_data;
  AnnotateIgnoreReadsEnd (__FILE__, __LINE__);
  __tsan_release (self);
  AnnotateIgnoreWritesBegin (__FILE__, __LINE__);
  REAL (g_thread_pool_free) (pool, immediate, wait);
  AnnotateIgnoreWritesEnd (__FILE__, __LINE__);
  if (wait)
    __tsan_acquire (self);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer item, GError **error)
{
  gboolean pushed;

  __tsan_release (item);
  AnnotateIgnoreWritesBegin (__FILE__, __LINE__);
  pushed = REAL (g_thread_pool_push) (pool, item, error);
  AnnotateIgnoreWritesEnd (__FILE__, __LINE__);
  return pushed;
}

/* What was done before an item went into a queue is seen by who takes it out. */
void
g_async_queue_push (GAsyncQueue *queue, gpointer item)
{
  __tsan_release (item);
  AnnotateIgnoreWritesBegin (__FILE__, __LINE__);
  REAL (g_async_queue_push) (queue, item);
  AnnotateIgnoreWritesEnd (__FILE__, __LINE__);
}

#define TAKE(function, ...)                                                                                            \
  ({                                                                                                                   \
    gpointer item;                                                                                                     \
                                                                                                                       \
    AnnotateIgnoreWritesBegin (__FILE__, __LINE__);                                                                    \
    item = REAL (function) (__VA_ARGS__);                                                                              \
    AnnotateIgnoreWritesEnd (__FILE__, __LINE__);                                                                      \
    if (item)                                                                                                          \
      __tsan_acquire (item);                                                                                           \
    item;                                                                                                              \
  })

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  return TAKE (g_async_queue_pop, queue);
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  return TAKE (g_async_queue_try_pop, queue);
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  return TAKE (g_async_queue_timeout_pop, queue, timeout);
}
