/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the device server does with the channel of a device. */
#pragma once

#include "server.h"

/* What is told on a line of its own when the channel is over. */
G_NORETURN void device_fail (const char *format, ...) G_GNUC_PRINTF (1, 2);
void device_say (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* usb.c: reads the emulated CD of the channel as Linux does, and compares it with the file. */
void device_read_cd (PeerIo *io, const char *path);

/* sound.c: so many seconds of Opus packets in time. */
void device_play_opus (PeerIo *io, unsigned seconds);
/* Raw packets, now and then a loud one; how long each took until it was written into the FIFO of that path. */
void device_play_raw (PeerIo *io, unsigned seconds, const char *path);
