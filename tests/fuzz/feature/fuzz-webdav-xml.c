/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XML bodies of WebDAV requests, and what is made of the names in them. */
#include "feature/webdav/xml.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

static void
check_property (const CwWebdavProperty *property)
{
  GString *text = g_string_new ("<r xmlns:D=\"DAV:\"><prop>");
  g_auto (CwWebdavXml) again = { 0 };
  const CwWebdavProperty *found;

  cw_webdav_xml_property (text, property, NULL);
  g_string_append (text, "</prop></r>");
  if (!cw_webdav_xml_parse (&again, text->str, text->len) || again.properties->len != 1)
    abort ();
  found = again.properties->pdata[0];
  if (!g_str_equal (found->name, property->name) || !g_str_equal (found->space, property->space))
    abort ();
  g_string_free (text, TRUE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (CwWebdavXml) xml = { 0 };
  bool ok = cw_webdav_xml_parse (&xml, (const char *) data, size);

  if (xml.properties->len > CW_WEBDAV_MAX_PROPERTIES || (ok && size > 0 && !xml.root))
    abort ();
  for (guint i = 0; ok && i < xml.properties->len; i++)
    check_property (xml.properties->pdata[i]);
  return 0;
}
