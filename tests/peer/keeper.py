# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a machine in libvirt's session for as long as it runs itself: keeper.py FILE, its description. Every line it reads is
a path that the machine's screen is written to, as a pixmap; it answers with a line."""
import sys

import libvirt

connection = libvirt.open("qemu:///session")
with open(sys.argv[1], encoding="utf-8") as description:
    machine = connection.createXML(description.read(), libvirt.VIR_DOMAIN_START_AUTODESTROY)
print("started", flush=True)
for line in sys.stdin:
    stream = connection.newStream()
    machine.screenshot(stream, 0)
    with open(line.rstrip("\n"), "wb") as file:
        stream.recvAll(lambda stream, data, opaque: file.write(data), None)
    stream.finish()
    print("written", flush=True)
