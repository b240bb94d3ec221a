#!/bin/busybox sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first process of the tests' Linux: devices, and a shell on a virtio port. What else runs, the tests start there.
export PATH=/usr/sbin:/usr/bin HOME=/
/bin/busybox mkdir -p /dev /proc /run/avahi-daemon /run/dbus /sys /tmp /mnt
/bin/busybox --install -s /usr/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do
  insmod "/modules/$module.ko" || echo "no $module"
done </modules/order
echo 0 >/sys/module/usb_storage/parameters/delay_use  # seconds until a new disk is looked at
echo 0 >/sys/module/snd_hda_intel/parameters/power_save # a card that sleeps hears of a new volume when it wakes up
ip link set lo up

# What udev would do.
mkdir /dev/virtio-ports
for port in /sys/class/virtio-ports/*; do
  ln -s "/dev/${port##*/}" "/dev/virtio-ports/$(cat "$port/name")"
done

# What the packages' scripts would do.
printf '%s\n' 'root:x:0:0::/:/bin/sh' 'avahi:x:1:1::/:/bin/false' >/etc/passwd
printf '%s\n' 'root:x:0:' 'avahi:x:1:' 'netdev:x:2:' >/etc/group
echo '[server]' >/etc/avahi.conf
cat >/etc/dbus.conf <<'END'
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
END

while :; do
  sh <>/dev/virtio-ports/caraway.shell >&0 2>&1
  sleep 1
done
