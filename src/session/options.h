/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of the public interface whose values are no properties of a session. */
#pragma once

/* The process's, as long as no other command line is parsed; NULL: not given. */
typedef struct {
  const char *usb_auto_filter;    /* devices to connect when they are plugged in */
  const char *usb_connect_filter; /* devices to connect at the start */
  const char *const *shared_cds;  /* files or devices the guest sees as CDs */
} CwUsbOptions;

CwUsbOptions cw_usb_options (void);

/* The CDs are in a drive of a session: of one for the whole process, or each session's guest would have them. */
void cw_usb_options_shared (void);
