/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XML bodies of WebDAV requests, as far as they are looked at. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define CW_WEBDAV_MAX_PROPERTIES 100

typedef struct {
  char *space; /* namespace */
  char *name;  /* letters, digits, ".", "_" and "-" only */
} CwWebdavProperty;

typedef struct {
  char *root;            /* local name of the root element, or NULL: the body was empty */
  GPtrArray *properties; /* CwWebdavProperty: what stands inside "prop" elements */
  bool shared;           /* there is an element "shared" */
  bool names_only;       /* the root holds an element "propname" */
} CwWebdavXml;

/* False: it is not well-formed, or beyond the limit. */
bool cw_webdav_xml_parse (CwWebdavXml *self, const char *text, gsize size);
void cw_webdav_xml_clear (CwWebdavXml *self);

/* Appends the element of a property, with content (already escaped) or empty. */
void cw_webdav_xml_property (GString *text, const CwWebdavProperty *property, const char *content);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CwWebdavXml, cw_webdav_xml_clear)
