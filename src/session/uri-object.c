/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceURI: the address of a proxy. */
#include "session/uri-object.h"

#include "base/wipe.h"

typedef enum {
  PROP_0,
  PROP_SCHEME,
  PROP_HOSTNAME,
  PROP_USER,
  PROP_PASSWORD,
  N_STRINGS,
  PROP_PORT = N_STRINGS,
  N_PROPERTIES,
} Property;

struct _SpiceURI {
  GObject parent;
  char *strings[N_STRINGS];
  guint port;
};

struct _SpiceURIClass {
  GObjectClass parent_class;
};

static GParamSpec *properties[N_PROPERTIES];

/**
 * SpiceURI:
 *
 * The address of a proxy.
 *
 * It has no signals of its own and belongs to no thread, but only one may use it at a time; that of a session is its
 * session's.
 */
G_DEFINE_TYPE (SpiceURI, spice_uri, G_TYPE_OBJECT)

static const char *
get_string (SpiceURI *self, Property id)
{
  g_return_val_if_fail (SPICE_IS_URI (self), NULL);

  return self->strings[id];
}

/* The value may be the present one. */
static void
replace (SpiceURI *self, Property id, const char *value)
{
  char *copy = g_strdup (value);

  g_clear_pointer (&self->strings[id], cw_wipe_string);
  self->strings[id] = copy;
}

static void
set_string (SpiceURI *self, Property id, const char *value)
{
  g_return_if_fail (SPICE_IS_URI (self));

  replace (self, id, value);
  g_object_notify_by_pspec (G_OBJECT (self), properties[id]);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceURI *self = SPICE_URI (object);

  if (id == PROP_PORT)
    g_value_set_uint (value, self->port);
  else if (id > PROP_0 && id < N_STRINGS)
    g_value_set_string (value, self->strings[id]);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpiceURI *self = SPICE_URI (object);

  if (id == PROP_PORT)
    self->port = g_value_get_uint (value);
  else if (id > PROP_0 && id < N_STRINGS)
    replace (self, id, g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
finalize (GObject *object)
{
  for (Property id = PROP_SCHEME; id < N_STRINGS; id++)
    g_clear_pointer (&SPICE_URI (object)->strings[id], cw_wipe_string);
  G_OBJECT_CLASS (spice_uri_parent_class)->finalize (object);
}

static GParamSpec *
string_spec (const char *name, const char *blurb)
{
  return g_param_spec_string (name, name, blurb, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
}

static void
spice_uri_class_init (SpiceURIClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->finalize = finalize;
  /**
   * SpiceURI:scheme:
   *
   * "http" or "https"; %NULL when nothing is set. The object keeps a copy of each string.
   */
  properties[PROP_SCHEME] = string_spec ("scheme", "http or https");
  /**
   * SpiceURI:hostname:
   *
   * Name or address of the proxy; %NULL when nothing is set.
   */
  properties[PROP_HOSTNAME] = string_spec ("hostname", "Name or address of the proxy");
  /**
   * SpiceURI:user:
   *
   * User name for the proxy, not escaped; %NULL: none.
   */
  properties[PROP_USER] = string_spec ("user", "User name for the proxy");
  /**
   * SpiceURI:password:
   *
   * Password for the proxy, not escaped; %NULL: none.
   */
  properties[PROP_PASSWORD] = string_spec ("password", "Password for the proxy");
  /**
   * SpiceURI:port:
   *
   * Port of the proxy.
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", "port", "Port of the proxy", 0, G_MAXUINT, 0,
                                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
spice_uri_init (SpiceURI *self)
{
}

SpiceURI *
cw_uri_object_new (const char *text, GError **error)
{
  g_auto (CwProxyUri) proxy = { 0 };
  SpiceURI *self;

  if (!cw_proxy_uri_parse (text, &proxy, error))
    return NULL;
  self = g_object_new (SPICE_TYPE_URI, "scheme", proxy.scheme, "hostname", proxy.host, "port", proxy.port, "user",
                       proxy.user, NULL);
  replace (self, PROP_PASSWORD, proxy.password); /* as a property it would be copied, and the copy not wiped */
  return self;
}

/**
 * spice_uri_get_scheme:
 * @uri: an address
 *
 * The scheme, "http" or "https".
 *
 * Returns: (nullable): "http" or "https"
 */
const gchar *
spice_uri_get_scheme (SpiceURI *uri)
{
  return get_string (uri, PROP_SCHEME);
}

/**
 * spice_uri_set_scheme:
 * @uri: an address
 * @scheme: (nullable): "http" or "https"
 *
 * Sets the scheme, "http" or "https".
 */
void
spice_uri_set_scheme (SpiceURI *uri, const gchar *scheme)
{
  set_string (uri, PROP_SCHEME, scheme);
}

/**
 * spice_uri_get_hostname:
 * @uri: an address
 *
 * The name or address of the proxy.
 *
 * Returns: (nullable): name or address of the proxy
 */
const gchar *
spice_uri_get_hostname (SpiceURI *uri)
{
  return get_string (uri, PROP_HOSTNAME);
}

/**
 * spice_uri_set_hostname:
 * @uri: an address
 * @hostname: (nullable): name or address of the proxy
 *
 * Sets the name or address of the proxy.
 */
void
spice_uri_set_hostname (SpiceURI *uri, const gchar *hostname)
{
  set_string (uri, PROP_HOSTNAME, hostname);
}

/**
 * spice_uri_get_port:
 * @uri: an address
 *
 * The port of the proxy.
 *
 * Returns: the port
 */
guint
spice_uri_get_port (SpiceURI *uri)
{
  g_return_val_if_fail (SPICE_IS_URI (uri), 0);

  return uri->port;
}

/**
 * spice_uri_set_port:
 * @uri: an address
 * @port: the port
 *
 * Sets the port of the proxy.
 */
void
spice_uri_set_port (SpiceURI *uri, guint port)
{
  g_return_if_fail (SPICE_IS_URI (uri));

  uri->port = port;
  g_object_notify_by_pspec (G_OBJECT (uri), properties[PROP_PORT]);
}

/**
 * spice_uri_get_user:
 * @uri: an address
 *
 * The name of the user at the proxy.
 *
 * Returns: (nullable): the user name
 */
const gchar *
spice_uri_get_user (SpiceURI *uri)
{
  return get_string (uri, PROP_USER);
}

/**
 * spice_uri_set_user:
 * @uri: an address
 * @user: (nullable): the user name
 *
 * Sets the name of the user at the proxy.
 */
void
spice_uri_set_user (SpiceURI *uri, const gchar *user)
{
  set_string (uri, PROP_USER, user);
}

/**
 * spice_uri_get_password:
 * @uri: an address
 *
 * The password for the proxy.
 *
 * Returns: (nullable): the password
 */
const gchar *
spice_uri_get_password (SpiceURI *uri)
{
  return get_string (uri, PROP_PASSWORD);
}

/**
 * spice_uri_set_password:
 * @uri: an address
 * @password: (nullable): the password
 *
 * Sets the password for the proxy.
 */
void
spice_uri_set_password (SpiceURI *uri, const gchar *password)
{
  set_string (uri, PROP_PASSWORD, password);
}

/**
 * spice_uri_to_string:
 * @uri: an address
 *
 * Writes the URI, the password included.
 *
 * Returns: (transfer full): the address as text, %NULL without scheme or host
 */
gchar *
spice_uri_to_string (SpiceURI *uri)
{
  g_return_val_if_fail (SPICE_IS_URI (uri), NULL);

  return cw_proxy_uri_compose (uri->strings[PROP_SCHEME], uri->strings[PROP_HOSTNAME], uri->port,
                               uri->strings[PROP_USER], uri->strings[PROP_PASSWORD]);
}
