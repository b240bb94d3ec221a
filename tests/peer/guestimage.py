# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Linux that the tests start in QEMU: the distribution's kernel and an initramfs of its programs. Packages are
unpacked, never installed (packages.py). As a program: makes it, if need be, and tells what it does."""
import lzma
import re
import stat
import sys
from pathlib import Path

import packages
import peers

PACKAGES = ["busybox-static", "pcscd", "libccid", "opensc", "spice-webdavd", "curl", "alsa-utils", "eject"]
PROGRAMS = ["busybox", "pcscd", "opensc-tool", "pkcs15-tool", "pkcs15-crypt", "dbus-daemon", "avahi-daemon", "spice-webdavd",
            "curl", "aplay", "arecord", "amixer", "eject"]
# What programs look for by name.
FILES = ["usr/lib/*/libgcc_s.so.1", "usr/lib/*/libpcsclite.so.1", "usr/lib/pcsc/drivers/**/*", "etc/libccid_Info.plist",
         "usr/share/alsa/**/*"]
MODULES = ["virtio_pci", "virtio_console", "xhci_pci", "uhci_hcd", "usb_storage", "sr_mod", "sd_mod", "isofs", "vfat",
           "nls_cp437", "nls_ascii", "snd_hda_codec_generic", "snd_hda_intel"]
XZ = b"\xfd7zXZ\0"
INIT = Path(__file__).with_name("guest-init.sh")
# Of a kernel's package, what the modules above never need.
NOT_UNPACKED = [f"*/kernel/{part}/*" for part in ("drivers/net", "drivers/gpu", "drivers/media", "net", "drivers/iio")]


def versions(apt):
    """{package: version} of the kernel, the programs' packages, and what those need."""
    try:
        kernel = re.search(r"Depends: (linux-image-\S+)", apt.run("apt-cache", "depends", "linux-image-amd64")).group(1)
        shown = apt.run("apt-cache", "show", "--no-all-versions", kernel)
        return {**apt.closure(*PACKAGES), kernel: re.search(r"^Version: (\S+)", shown, re.MULTILINE).group(1)}
    except peers.Failed as error:
        why = "the lists of packages (apt-get update) do not have what the guest is made of"
        raise peers.Failed(why, *error.logs) from None


class Archive:
    """An initramfs: a cpio archive of the “newc” kind."""

    def __init__(self, file):
        self.file, self.names = file, set()

    def add(self, name, mode, content=b""):
        if name in self.names:
            return
        parent = str(Path(name).parent)
        if parent != ".":
            self.add(parent, stat.S_IFDIR | 0o755)
        self.names.add(name)
        self._entry(name, mode, content)

    def _entry(self, name, mode, content=b""):
        raw = name.encode() + b"\0"
        fields = [len(self.names), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(raw), 0]
        self._write(b"070701" + b"".join(b"%08x" % field for field in fields) + raw)
        self._write(content)

    def _write(self, data):
        self.file.write(data + bytes(-len(data) % 4))

    def end(self):
        self._entry("TRAILER!!!", 0)


class Guest(packages.Choice):
    """What goes into the archive."""

    def add_files(self):
        self.add_programs(PROGRAMS)
        for pattern in FILES:
            for path in sorted(self.root.glob(pattern)):
                self.add(path)

    def add_modules(self):
        """In the order in which they have to be loaded."""
        paths = self.root.glob("usr/lib/modules/*/kernel/**/*.ko*")
        found = {re.sub(r"\.ko.*", "", path.name).replace("-", "_"): path for path in paths}
        order = []

        def add(module):
            if module in order:
                return
            path = found[module]
            content = path.read_bytes()
            content = lzma.decompress(content) if path.suffix == ".xz" else content
            for needed in re.search(rb"\0depends=([^\0]*)\0", content).group(1).decode().split(","):
                if needed:
                    add(needed.replace("-", "_"))
            order.append(module)
            self.target.add(f"modules/{module}.ko", stat.S_IFREG | 0o644, content)
        for module in MODULES:
            add(module)
        self.target.add("modules/order", stat.S_IFREG | 0o644, "".join(f"{module}\n" for module in order).encode())


def bare_kernel(kernel):
    """Without what unpacks it, which takes QEMU's emulated processor as long as the rest of the start."""
    at = kernel.find(XZ)
    return lzma.LZMADecompressor().decompress(kernel[at:]) if at >= 0 else kernel


def make(apt, versions, folder, temporary, tell):
    root = packages.unpacked(apt, versions, temporary, tell, NOT_UNPACKED)
    tell("writes the kernel and the initramfs")
    (folder / "kernel").write_bytes(bare_kernel(next((root / "boot").glob("vmlinuz-*")).read_bytes()))
    with open(folder / "initramfs", "wb") as file:
        archive = Archive(file)
        for name in packages.MERGED:
            archive.add(name, stat.S_IFLNK | 0o777, f"usr/{name}".encode())
        archive.add("init", stat.S_IFREG | 0o755, INIT.read_bytes())
        guest = Guest(root, archive)
        guest.add_files()
        guest.add_modules()
        archive.end()


def find(folder):
    apt = packages.Apt(folder)
    return apt, versions(apt)


def image(tell=lambda _: None):
    """The folder with `kernel` and `initramfs`, made if need be."""
    return packages.kept("guest", Path(__file__).read_bytes() + INIT.read_bytes(), find,
                         lambda *what: make(*what, tell), tell)


if __name__ == "__main__":
    try:
        print(image(lambda what: print(f"the Linux of the guest tests: {what}", file=sys.stderr)))
    except (peers.Failed, peers.Missing) as why_not:
        sys.exit("\n".join(["the Linux of the guest tests cannot be made: " + str(why_not), *getattr(why_not, "logs", [])]))
