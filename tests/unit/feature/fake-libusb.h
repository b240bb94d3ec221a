/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A libusb of the test's, which fails where it is told to. */
#pragma once

#include <glib.h>
#include <libusb.h>
#include <stdbool.h>

#define FAKE_BUS 250 /* no machine has so many: its names are not found in sysfs */

struct libusb_device {
  int refs;
  uint8_t address, class;
  unsigned n_interfaces; /* 0: it has no active configuration */
  bool is_broken;        /* it does not tell what it is */
  bool is_drive;
};

typedef struct {
  int init, hotplug, list, open, wrap, claim, reset; /* what these return */
  bool has_hotplug;
  int n_exits, n_registered, n_opened, n_handled;
  libusb_device **devices;
  int n_devices;
  libusb_hotplug_callback_fn on_hotplug;
  void *hotplug_data;
  libusb_pollfd_added_cb on_added;
  libusb_pollfd_removed_cb on_removed;
  void *notifier_data;
  int fd;                /* watched from the beginning */
  libusb_device *behind; /* the handle */
  int n_claimed, n_transfers;
  struct libusb_transfer *submitted; /* or NULL */
  bool is_cancelled;
  GString *told;
} FakeLibusb;

extern FakeLibusb fake;

/* Somewhere to point to. */
extern char fake_context, fake_handle;
#define FAKE_CONTEXT ((libusb_context *) &fake_context)
#define FAKE_HANDLE ((libusb_device_handle *) &fake_handle)

/* Ends the control transfer that has been submitted. */
void fake_complete (enum libusb_transfer_status status, const void *answer, int size);
