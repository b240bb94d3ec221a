/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other end of a connection, in the client's own thread: a proxy with a server behind it. It takes the good steps
 * of both, as far as it is let, and says whatever else it is told, through what has been set up by then or below it. */
#pragma once

#include <openssl/ssl.h>

#include <glib.h>
#include <stdbool.h>

typedef enum {
  FAR_GOOD_CERTIFICATE, /* of the CA, for localhost and 127.0.0.1 */
  FAR_OTHER_CERTIFICATE,
  FAR_OLD_CERTIFICATE,
  FAR_OWN_CERTIFICATE, /* self-signed */
  FAR_N_CERTIFICATES,
} FarCertificate;

typedef struct {
  bool has_proxy, has_proxy_tls, has_tls, has_sasl;
  int max_version;
  FarCertificate certificate;
  bool mini_header;
} FarEndSetup;

typedef struct FarEnd FarEnd;

/* What all of a process share; once. */
GBytes *far_end_ca (void);            /* PEM. Borrowed */
GBytes *far_end_key (FarCertificate); /* DER, public. Borrowed */

/* The same input is to meet the same random numbers. */
void far_end_seed (void);

FarEnd *far_end_new (const FarEndSetup *setup);
void far_end_free (FarEnd *self);

/* Takes fd, a connected socket. */
void far_end_take (FarEnd *self, int fd);

/* Reads what has come. Meanwhile a deaf one reads nothing. */
void far_end_hear (FarEnd *self);
void far_end_set_deaf (FarEnd *self, bool deaf);

/* The next thing that a proxy and a server do who mean well; false: they wait for the client, or all is done. */
bool far_end_step (FarEnd *self);

/* What the socket does not take at once is lost. */
void far_end_say (FarEnd *self, const void *data, size_t size);
void far_end_say_below (FarEnd *self, const void *data, size_t size);

/* One byte of those that leave, so many bytes from now, is altered. */
void far_end_flip (FarEnd *self, size_t at, uint8_t mask);

/* So many descriptors go with the next byte. */
void far_end_attach (FarEnd *self, unsigned n);

/* Of TLS: what comes beside data. */
void far_end_update_key (FarEnd *self);
void far_end_give_ticket (FarEnd *self);
void far_end_notify_close (FarEnd *self);

void far_end_end_writing (FarEnd *self);
void far_end_hang_up (FarEnd *self);
