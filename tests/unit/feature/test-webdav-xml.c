/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XML of WebDAV requests: what is taken from it, and what is refused. */
#include "feature/webdav/xml.h"

#include <string.h>

#define D "<D:propfind xmlns:D=\"DAV:\">"

/* read: root, names and namespaces of the properties, what else was there; NULL: it is refused. */
static const struct {
  const char *text, *read;
} rows[] = {
  { "", "(none)" },
  { "<propfind/>", "propfind" },
  { D "<D:allprop/></D:propfind>", "propfind" },
  { D "<D:prop><D:getetag/></D:prop></D:propfind>", "propfind DAV:|getetag" },
  { D "<D:prop><D:a/><b/></D:prop></D:propfind>", "propfind DAV:|a |b" },
  { "<propfind xmlns=\"DAV:\"><prop><a/></prop></propfind>", "propfind DAV:|a" },
  { "<a xmlns:x=\"urn:x\" xmlns=\"urn:y\"><prop><x:b/><c/></prop></a>", "a urn:x|b urn:y|c" },
  /* The namespace may be told by the property itself; an attribute of that name is none. */
  { "<a><prop><x:b xmlns:x=\"urn:x\"/></prop></a>", "a urn:x|b" },
  { "<a xmlnsx=\"urn:x\"><prop><x:b/></prop></a>", "a |b" },
  /* What a property holds is no property, and what comes after is none either. */
  { "<a><prop><b><c/></b><d/></prop><e/></a>", "a |b |d" },
  { "<a><set><prop><b/></prop></set><remove><prop><c/></prop></remove></a>", "a |b |c" },
  { "<a><prop><prop/></prop></a>", "a |prop" },
  { "<prop><a/></prop>", "prop |a" },
  { "<lockinfo><lockscope><shared/></lockscope></lockinfo>", "lockinfo shared" },
  { "<lockinfo><lockscope><exclusive/></lockscope></lockinfo>", "lockinfo" },
  { D "<D:propname/></D:propfind>", "propfind names" },
  { D "<D:prop><D:propname/></D:prop></D:propfind>", "propfind DAV:|propname" },
  { "<a><prop><_b-c.9/></prop></a>", "a |_b-c.9" },
  { "<a><prop><b\303\274/></prop></a>", NULL },
  { "<a><prop><x:9/></prop></a>", NULL },
  { "<a><prop><x:/></prop></a>", NULL },
  { "<a><prop><x:y:z/></prop></a>", NULL },
  { "<a/><b/>", NULL },
  { "<a>", NULL },
  { "text", NULL },
  { " ", NULL },
};

static char *
read_back (const CwWebdavXml *xml)
{
  g_autoptr (GString) text = g_string_new (xml->root ? xml->root : "(none)");

  for (guint i = 0; i < xml->properties->len; i++) {
    const CwWebdavProperty *property = xml->properties->pdata[i];

    g_string_append_printf (text, " %s|%s", property->space, property->name);
  }
  g_string_append (text, xml->shared ? " shared" : "");
  g_string_append (text, xml->names_only ? " names" : "");
  return g_strdup (text->str);
}

static void
test_parsed (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_auto (CwWebdavXml) xml = { 0 };
    bool ok = cw_webdav_xml_parse (&xml, rows[i].text, strlen (rows[i].text));
    g_autofree char *read = ok ? read_back (&xml) : NULL;

    g_assert_cmpstr (read, ==, rows[i].read);
  }
}

static bool
parse_many (unsigned n, unsigned *n_read)
{
  g_autoptr (GString) text = g_string_new ("<a><prop>");
  g_auto (CwWebdavXml) xml = { 0 };
  bool ok;

  for (unsigned i = 0; i < n; i++)
    g_string_append (text, "<b/>");
  g_string_append (text, "</prop></a>");
  ok = cw_webdav_xml_parse (&xml, text->str, text->len);
  *n_read = xml.properties->len;
  return ok;
}

static void
test_limit (void)
{
  unsigned n;

  g_assert_true (parse_many (100, &n));
  g_assert_cmpuint (n, ==, 100);
  g_assert_false (parse_many (101, &n));
  g_assert_cmpuint (n, ==, 100);
}

static void
test_written (void)
{
  static const struct {
    CwWebdavProperty property;
    const char *content, *text;
  } written[] = {
    { { (char *) "DAV:", (char *) "a" }, "b", "<D:a>b</D:a>" },
    { { (char *) "DAV:", (char *) "a" }, "", "<D:a/>" },
    { { (char *) "DAV:", (char *) "a" }, NULL, "<D:a/>" },
    { { (char *) "x<", (char *) "a" }, "b", "<P:a xmlns:P=\"x&lt;\">b</P:a>" },
    { { (char *) "", (char *) "a" }, NULL, "<P:a xmlns:P=\"\"/>" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (written); i++) {
    g_autoptr (GString) text = g_string_new ("-");

    cw_webdav_xml_property (text, &written[i].property, written[i].content);
    g_assert_cmpstr (text->str + 1, ==, written[i].text);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webdav-xml/parsed", test_parsed);
  g_test_add_func ("/webdav-xml/limit", test_limit);
  g_test_add_func ("/webdav-xml/written", test_written);
  return g_test_run ();
}
