# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Linux that the tests start in QEMU: the distribution's kernel and an initramfs of its programs. Packages are
downloaded and unpacked, never installed, so it is the same whatever this machine has, and needs no rights. Made once, in the
user's cache, and again when a package has changed. As a program: makes it, if need be, and tells what it does."""
import fcntl
import hashlib
import lzma
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
MERGED = ["bin", "sbin", "lib", "lib64"]
INIT = Path(__file__).with_name("guest-init.sh")
# Of a kernel's package, what the modules above never need.
NOT_UNPACKED = [f"--exclude=*/kernel/{part}/*" for part in ("drivers/net", "drivers/gpu", "drivers/media", "net", "drivers/iio")]


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "caraway" / "guest"


class Apt:
    """The distribution's packages, as the lists of this machine have them, beside which nothing is installed."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        options = ["Dir::State::status=/dev/null", f"Dir::Cache={folder}", "Dir::Cache::pkgcache=packages",
                   "Dir::Cache::srcpkgcache=", "APT::Sandbox::User=root", "APT::Install-Recommends=false", "Acquire::Retries=3"]
        self.options = ["-q", *(word for option in options for word in ("-o", option))]

    def _run(self, *words, cwd=None):
        argv = [peers.which(words[0]), *self.options, *words[1:]]
        return peers.run(argv, cwd=cwd, seconds=300, env={"LC_ALL": "C"}).check().out

    def versions(self):
        """{package: version} of the kernel, the programs' packages, and what those need."""
        try:
            kernel = re.search(r"Depends: (linux-image-\S+)", self._run("apt-cache", "depends", "linux-image-amd64")).group(1)
            said = self._run("apt-get", "--simulate", "install", *PACKAGES)
            shown = self._run("apt-cache", "show", "--no-all-versions", kernel)
        except peers.Failed as error:
            why = "the lists of packages (apt-get update) do not have what the guest is made of"
            raise peers.Failed(why, *error.logs) from None
        return {**dict(re.findall(r"^Inst (\S+) \((\S+)", said, re.MULTILINE)),
                kernel: re.search(r"^Version: (\S+)", shown, re.MULTILINE).group(1)}

    def download(self, packages, folder):
        self._run("apt-get", "download", *packages, cwd=folder)
        return sorted(folder.glob("*.deb"))


def unpack(package, root):
    """Its files, in a tree whose /lib is a link to /usr/lib, as in whole installations."""
    with subprocess.Popen([peers.which("dpkg-deb"), "--fsys-tarfile", package], stdout=subprocess.PIPE) as files:
        tar = ["tar", "-x", "--no-same-owner", "--keep-directory-symlink", *NOT_UNPACKED, "-C", root]
        subprocess.run(tar, stdin=files.stdout, check=True)
    if files.returncode:
        raise peers.Failed(f"cannot unpack {package.name}")


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


class Guest:
    """The tree of unpacked packages, of which what is wanted goes into the archive."""

    def __init__(self, root, archive):
        self.root, self.archive = root, archive

    def add(self, path):
        """A file with what it links to; a program or library with the libraries it needs."""
        name = str(path.relative_to(self.root))
        if name in self.archive.names or path.is_dir():
            return
        if path.is_symlink():
            target = os.readlink(path)
            self.archive.add(name, stat.S_IFLNK | 0o777, target.encode())
            self.add(self.root / target.lstrip("/") if target.startswith("/") else Path(os.path.normpath(path.parent / target)))
            return
        content = path.read_bytes()
        self.archive.add(name, stat.S_IFREG | (path.stat().st_mode & 0o755), content)
        if content.startswith(b"\x7fELF"):
            self._add_libraries(path)

    def _add_libraries(self, path):
        said = subprocess.run([peers.which("objdump"), "-p", path], capture_output=True, text=True, check=True).stdout
        for library in re.findall(r"NEEDED +(\S+)", said):
            places = [self.root / "usr/lib64", *self.root.glob("usr/lib/*-linux-gnu"), *self.root.glob("usr/lib/*-linux-gnu/*")]
            self.add(next(place / library for place in places if (place / library).exists()))

    def add_programs(self):
        for program in PROGRAMS:
            self.add(next(path for path in (self.root / "usr" / folder / program for folder in ("bin", "sbin")) if path.exists()))
        for pattern in FILES:
            for path in sorted(self.root.glob(pattern)):
                self.add(path)
        # The loader, which programs name by a link of the whole tree.
        self.add(next(self.root.glob("usr/lib64/ld-linux*")))

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
            self.archive.add(f"modules/{module}.ko", stat.S_IFREG | 0o644, content)
        for module in MODULES:
            add(module)
        self.archive.add("modules/order", stat.S_IFREG | 0o644, "".join(f"{module}\n" for module in order).encode())


def bare_kernel(kernel):
    """Without what unpacks it, which takes QEMU's emulated processor as long as the rest of the start."""
    at = kernel.find(XZ)
    return lzma.LZMADecompressor().decompress(kernel[at:]) if at >= 0 else kernel


def make(apt, versions, folder, tell):
    with tempfile.TemporaryDirectory(prefix="caraway-guest-") as temporary:
        downloads, root = Path(temporary) / "packages", Path(temporary) / "root"
        downloads.mkdir()
        for name in MERGED:
            (root / "usr" / name).mkdir(parents=True)
            (root / name).symlink_to(f"usr/{name}")
        tell(f"downloads {len(versions)} packages, some 110 MB")
        packages = apt.download(versions, downloads)
        tell("unpacks them")
        for package in packages:
            unpack(package, root)
        tell("writes the kernel and the initramfs")
        (folder / "kernel").write_bytes(bare_kernel(next((root / "boot").glob("vmlinuz-*")).read_bytes()))
        with open(folder / "initramfs", "wb") as file:
            archive = Archive(file)
            for name in MERGED:
                archive.add(name, stat.S_IFLNK | 0o777, f"usr/{name}".encode())
            archive.add("init", stat.S_IFREG | 0o755, INIT.read_bytes())
            guest = Guest(root, archive)
            guest.add_programs()
            guest.add_modules()
            archive.end()


def image(tell=lambda _: None):
    """The folder with `kernel` and `initramfs`, made if need be."""
    place = cache()
    apt = Apt(place / "apt")
    recipe = hashlib.sha256(Path(__file__).read_bytes() + INIT.read_bytes()).hexdigest()[:12]
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            versions = apt.versions()
        except peers.Failed:
            # Without lists of packages, what was made when there were some is good enough.
            made = list(place.glob(f"{recipe}-*"))
            if not made:
                raise
            return made[0]
        made = place / f"{recipe}-{hashlib.sha256(repr(sorted(versions.items())).encode()).hexdigest()[:12]}"
        if not made.exists():
            start = time.monotonic()
            for old in [*place.glob("*-*"), *place.glob("unfinished")]:
                shutil.rmtree(old)
            unfinished = place / "unfinished"
            unfinished.mkdir()
            make(apt, versions, unfinished, tell)
            unfinished.rename(made)
            tell(f"made in {time.monotonic() - start:.0f} s")
        return made


if __name__ == "__main__":
    try:
        print(image(lambda what: print(f"the Linux of the guest tests: {what}", file=sys.stderr)))
    except (peers.Failed, peers.Missing) as why_not:
        sys.exit("\n".join(["the Linux of the guest tests cannot be made: " + str(why_not), *getattr(why_not, "logs", [])]))
