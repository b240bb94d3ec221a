/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A measured client on the public API alone, so that the same binary runs on any library of the name. */
#pragma once

#include <spice-client.h>
#include <stdbool.h>

/* What the command line asks for. */
typedef struct {
  const char *uri;
  unsigned sessions;    /* in this process, at once */
  unsigned cycles;      /* of connecting and disconnecting */
  unsigned size, count; /* of port writes */
  const char *port;     /* its name */
  const char *file;     /* its path */
  const char *ca;       /* the path of what a server's certificate has to be signed by; NULL: no TLS is used */
  bool stalls;          /* measure how long the main loop is held; costs some processor time itself */
} DriveOptions;

/* Ends the program with a message. */
G_NORETURN void drive_fail (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* " NAME=VALUE", all on the one line that a run prints. */
void drive_tell (const char *name, double value);

/* --- measure.c: this process --------------------------------------------------------------------------------- */

double drive_now_ms (void);
double drive_cpu_ms (void);
double drive_rss_kib (void);
double drive_peak_kib (void);
double drive_n_threads (void);

/* Timers of 1 ms at the priorities of I/O, of redrawing and of idle work; the longest gap between two turns of each,
 * less the time for which this thread was ready and had no processor; and the longest processor
 * time that it used in one, as a virtual machine that is stopped is neither. */
void drive_stalls_start (void);
void drive_stalls_tell (void);

/* --- client.c: a session that opens its channels --------------------------------------------------------------- */

typedef struct DriveClient DriveClient;
struct DriveClient {
  SpiceSession *session;
  unsigned n_displays, n_displays_closed;
  bool marked, drawn;
  double started_ms, picture_ms; /* when there was something to see; 0: not yet */
  double framebuffer_kib;
  uint64_t n_invalidates;
  SpiceChannel *port; /* of the wanted name, opened; borrowed */
  const char *port_name;
  bool failed;
};

DriveClient *drive_client_new (const DriveOptions *options);
void drive_client_connect (DriveClient *self);
bool drive_client_has_picture (const DriveClient *self);

/* Every display has been closed by the server. */
bool drive_client_has_ended (const DriveClient *self);

/* Disconnects and runs the loop until the session is gone. */
void drive_client_free (DriveClient *self);

/* Runs the loop until all of them are so; fails after the time limit. */
typedef bool (*DriveDone) (const DriveClient *client);
void drive_run_until (GPtrArray *clients, DriveDone done, const char *what);
void drive_run (unsigned ms);

/* --- the runs ------------------------------------------------------------------------------------------------ */

void drive_first (const DriveOptions *options);
void drive_cycles (const DriveOptions *options);
void drive_replay (const DriveOptions *options);
void drive_idle (const DriveOptions *options);
void drive_watch (const DriveOptions *options);
void drive_port (const DriveOptions *options);

/* No session: what the machine alone does to a main loop that is busy in short pieces. */
void drive_machine (const DriveOptions *options);

/* agent.c: with a guest agent */
void drive_send (const DriveOptions *options);
void drive_clipboard (const DriveOptions *options);

/* device.c: with a device */
void drive_cd (const DriveOptions *options);
void drive_sound (const DriveOptions *options);
