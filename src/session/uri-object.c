/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceURI: the address of a proxy as an object. */
#include "session/uri-object.h"

struct _SpiceURI {
  GObject parent;
  char *scheme;
  char *hostname;
  guint port;
  char *user;
  char *password;
};

struct _SpiceURIClass {
  GObjectClass parent_class;
};

enum {
  PROP_0,
  PROP_SCHEME,
  PROP_HOSTNAME,
  PROP_PORT,
  PROP_USER,
  PROP_PASSWORD,
};

G_DEFINE_TYPE (SpiceURI, spice_uri, G_TYPE_OBJECT)

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceURI *self = SPICE_URI (object);

  switch (id) {
  case PROP_SCHEME:
    g_value_set_string (value, self->scheme);
    break;
  case PROP_HOSTNAME:
    g_value_set_string (value, self->hostname);
    break;
  case PROP_PORT:
    g_value_set_uint (value, self->port);
    break;
  case PROP_USER:
    g_value_set_string (value, self->user);
    break;
  case PROP_PASSWORD:
    g_value_set_string (value, self->password);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
replace (char **place, const char *value)
{
  char *copy = g_strdup (value);

  g_free (*place);
  *place = copy;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpiceURI *self = SPICE_URI (object);

  switch (id) {
  case PROP_SCHEME:
    replace (&self->scheme, g_value_get_string (value));
    break;
  case PROP_HOSTNAME:
    replace (&self->hostname, g_value_get_string (value));
    break;
  case PROP_PORT:
    self->port = g_value_get_uint (value);
    break;
  case PROP_USER:
    replace (&self->user, g_value_get_string (value));
    break;
  case PROP_PASSWORD:
    replace (&self->password, g_value_get_string (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
finalize (GObject *object)
{
  SpiceURI *self = SPICE_URI (object);

  g_free (self->scheme);
  g_free (self->hostname);
  g_free (self->user);
  g_free (self->password);
  G_OBJECT_CLASS (spice_uri_parent_class)->finalize (object);
}

static void
install_string (GObjectClass *class, guint id, const char *name, const char *blurb)
{
  g_object_class_install_property (class, id,
                                   g_param_spec_string (name, name, blurb, NULL,
                                                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
spice_uri_class_init (SpiceURIClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->finalize = finalize;
  install_string (object_class, PROP_SCHEME, "scheme", "http or https");
  install_string (object_class, PROP_HOSTNAME, "hostname", "Name or address of the proxy");
  g_object_class_install_property (object_class, PROP_PORT,
                                   g_param_spec_uint ("port", "port", "Port of the proxy", 0, G_MAXUINT, 0,
                                                      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  install_string (object_class, PROP_USER, "user", "User name for the proxy");
  install_string (object_class, PROP_PASSWORD, "password", "Password for the proxy");
}

static void
spice_uri_init (SpiceURI *self)
{
}

SpiceURI *
cw_uri_object_new (const char *text, GError **error)
{
  g_auto (CwProxyUri) proxy = { 0 };

  if (!cw_proxy_uri_parse (text, &proxy, error))
    return NULL;
  return g_object_new (SPICE_TYPE_URI, "scheme", proxy.scheme, "hostname", proxy.host, "port", proxy.port, "user",
                       proxy.user, "password", proxy.password, NULL);
}

/**
 * spice_uri_get_scheme:
 * @uri: an address
 *
 * Returns:: "http" or "https"
 */
const gchar *
spice_uri_get_scheme (SpiceURI *uri)
{
  g_return_val_if_fail (SPICE_IS_URI (uri), NULL);

  return uri->scheme;
}

/**
 * spice_uri_set_scheme:
 * @uri: an address
 * @scheme: "http" or "https"
 */
void
spice_uri_set_scheme (SpiceURI *uri, const gchar *scheme)
{
  g_return_if_fail (SPICE_IS_URI (uri));

  g_object_set (uri, "scheme", scheme, NULL);
}

/**
 * spice_uri_get_hostname:
 * @uri: an address
 *
 * Returns:: name or address of the host
 */
const gchar *
spice_uri_get_hostname (SpiceURI *uri)
{
  g_return_val_if_fail (SPICE_IS_URI (uri), NULL);

  return uri->hostname;
}

/**
 * spice_uri_set_hostname:
 * @uri: an address
 * @hostname: name or address of the host
 */
void
spice_uri_set_hostname (SpiceURI *uri, const gchar *hostname)
{
  g_return_if_fail (SPICE_IS_URI (uri));

  g_object_set (uri, "hostname", hostname, NULL);
}

/**
 * spice_uri_get_port:
 * @uri: an address
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
 */
void
spice_uri_set_port (SpiceURI *uri, guint port)
{
  g_return_if_fail (SPICE_IS_URI (uri));

  g_object_set (uri, "port", port, NULL);
}

/**
 * spice_uri_get_user:
 * @uri: an address
 *
 * Returns:: the user name
 */
const gchar *
spice_uri_get_user (SpiceURI *uri)
{
  g_return_val_if_fail (SPICE_IS_URI (uri), NULL);

  return uri->user;
}

/**
 * spice_uri_set_user:
 * @uri: an address
 * @user: the user name
 */
void
spice_uri_set_user (SpiceURI *uri, const gchar *user)
{
  g_return_if_fail (SPICE_IS_URI (uri));

  g_object_set (uri, "user", user, NULL);
}

/**
 * spice_uri_get_password:
 * @uri: an address
 *
 * Returns:: the password
 */
const gchar *
spice_uri_get_password (SpiceURI *uri)
{
  g_return_val_if_fail (SPICE_IS_URI (uri), NULL);

  return uri->password;
}

/**
 * spice_uri_set_password:
 * @uri: an address
 * @password: the password
 */
void
spice_uri_set_password (SpiceURI *uri, const gchar *password)
{
  g_return_if_fail (SPICE_IS_URI (uri));

  g_object_set (uri, "password", password, NULL);
}

/**
 * spice_uri_to_string:
 * @uri: an address
 *
 * Returns: (transfer full): the address as text, %NULL without scheme or host
 */
gchar *
spice_uri_to_string (SpiceURI *uri)
{
  g_return_val_if_fail (SPICE_IS_URI (uri), NULL);

  return cw_proxy_uri_compose (uri->scheme, uri->hostname, uri->port, uri->user, uri->password);
}
