# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packages of the distribution that are downloaded and unpacked, never installed, so that it needs no rights and is the same
whatever this machine has; and what is made of them, kept in the user's cache."""
import fcntl
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import peers

MERGED = ["bin", "sbin", "lib", "lib64"]
AT_ONCE = 50  # packages, between two words about the download


class Apt:
    """The distribution's packages, as the lists of this machine have them, beside which nothing is installed."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.options = self._words("Dir::State::status=/dev/null", f"Dir::Cache={folder}", "Dir::Cache::pkgcache=packages",
                                   "Dir::Cache::srcpkgcache=", "APT::Sandbox::User=root", "APT::Install-Recommends=false",
                                   "Acquire::Retries=3")

    @staticmethod
    def _words(*options):
        return ["-q", *(word for option in options for word in ("-o", option))]

    def run(self, *words, cwd=None, seconds=300):
        argv = [peers.which(words[0]), *self.options, *words[1:]]
        return peers.run(argv, cwd=cwd, seconds=seconds, env={"LC_ALL": "C"}).check().out

    def closure(self, *packages):
        """{package: version} of these and all that they need."""
        return dict(re.findall(r"^Inst (\S+) \((\S+)", self.run("apt-get", "--simulate", "install", *packages), re.MULTILINE))

    def download(self, packages, folder, tell):
        names = sorted(packages)
        for at in range(0, len(names), AT_ONCE):
            tell(f"downloads packages, {at} of {len(names)} are there")
            self.run("apt-get", "download", *names[at:at + AT_ONCE], cwd=folder, seconds=1200)
        return sorted(folder.glob("*.deb"))


class OtherSuite(Apt):
    """Another suite of where the distribution of this machine comes from; its lists are kept in a folder of their own."""

    def __init__(self, folder, suite, package):
        """The sources are those that have the package in this machine's suite."""
        super().__init__(folder)
        said = self.run("apt-cache", "madison", package)
        found = dict.fromkeys(re.findall(r"\| (\S+) [^/\s]+/(\S+) \S+ Packages$", said, re.MULTILINE))
        if not found:
            raise peers.Failed(f"the lists of packages (apt-get update) do not have {package}")
        for place in (folder / "state/lists/partial", folder / "archives/partial"):
            place.mkdir(parents=True, exist_ok=True)
        self.sources = folder / "sources.list"
        self.options += self._words(f"Dir::State={folder}/state", f"Dir::Etc::sourcelist={self.sources}",
                                    "Dir::Etc::sourceparts=/dev/null", "Dir::Etc::preferences=/dev/null",
                                    "Dir::Etc::preferencesparts=/dev/null", "Acquire::Languages=none",
                                    "APT::Get::AllowUnauthenticated=false")
        self._update(suite, found)

    def _update(self, suite, found):
        name = re.search(r"^ID=\"?(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE).group(1)
        keys = Path(f"/usr/share/keyrings/{name}-archive-keyring.gpg")
        signed = f"[signed-by={keys}] " if keys.exists() else ""
        logs = []
        for address, component in found:
            self.sources.write_text(f"deb {signed}{address} {suite} {component}\n")
            try:
                self.run("apt-get", "--error-on=any", "update")
                return
            except peers.Failed as error:
                # A source of corrections, say, has no such suite.
                logs += error.logs
        raise peers.Failed(f"no source of this machine's packages gives the suite “{suite}”", *logs)


def unpack(package, root, leave_out=()):
    """Its files, in a tree whose /lib is a link to /usr/lib, as in whole installations; without those of the patterns."""
    with subprocess.Popen([peers.which("dpkg-deb"), "--fsys-tarfile", package], stdout=subprocess.PIPE) as files:
        excluded = [f"--exclude={pattern}" for pattern in leave_out]
        tar = ["tar", "-x", "--no-same-owner", "--keep-directory-symlink", *excluded, "-C", root]
        subprocess.run(tar, stdin=files.stdout, check=True)
    if files.returncode:
        raise peers.Failed(f"cannot unpack {package.name}")


def unpacked(apt, versions, folder, tell, leave_out=()):
    """A tree, in the folder, of what the packages have."""
    downloads, root = folder / "packages", folder / "root"
    downloads.mkdir()
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    packages = apt.download(versions, downloads, tell)
    tell("unpacks them")
    for package in packages:
        unpack(package, root, leave_out)
    return root


class Folder:
    """A folder for what is chosen of a tree."""

    def __init__(self, path):
        self.path, self.names = path, set()

    def add(self, name, mode, content):
        self.names.add(name)
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(mode):
            path.symlink_to(content.decode())
            return
        path.write_bytes(content)
        path.chmod(stat.S_IMODE(mode))


class Choice:
    """A tree of unpacked packages, of which what is wanted goes into a Folder, or what else has its `add` and `names`."""

    def __init__(self, root, target):
        self.root, self.target = root, target

    def add(self, path):
        """A file with what it links to; a program or library with the libraries it needs."""
        name = str(path.relative_to(self.root))
        if name in self.target.names or path.is_dir():
            return
        if path.is_symlink():
            link = os.readlink(path)
            self.target.add(name, stat.S_IFLNK | 0o777, link.encode())
            self.add(self.root / link.lstrip("/") if link.startswith("/") else Path(os.path.normpath(path.parent / link)))
            return
        content = path.read_bytes()
        self.target.add(name, stat.S_IFREG | (path.stat().st_mode & 0o755), content)
        if content.startswith(b"\x7fELF"):
            self._add_libraries(path)

    def _add_libraries(self, path):
        said = subprocess.run([peers.which("objdump"), "-p", path], capture_output=True, text=True, check=True).stdout
        for library in re.findall(r"NEEDED +(\S+)", said):
            places = [self.root / "usr/lib64", *self.root.glob("usr/lib/*-linux-gnu"), *self.root.glob("usr/lib/*-linux-gnu/*")]
            self.add(next(place / library for place in places if (place / library).exists()))

    def add_programs(self, names):
        for name in names:
            self.add(next(path for path in (self.root / "usr" / folder / name for folder in ("bin", "sbin")) if path.exists()))
        # The loader, which programs name by a link of the whole tree.
        self.add(next(self.root.glob("usr/lib64/ld-linux*")))


def kept(name, recipe, find, make, tell=lambda _: None):
    """The folder of that name in the user's cache as make (apt, versions, folder, temporary folder) has made it: once, and
    again when the recipe, some bytes, has changed, or one of the versions. find (folder) is the Apt that has the packages and
    their versions."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    place = Path(base) / "caraway" / name
    place.mkdir(parents=True, exist_ok=True)
    recipe = hashlib.sha256(Path(__file__).read_bytes() + recipe).hexdigest()[:12]
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            apt, versions = find(place / "apt")
        except peers.Failed:
            # Without lists of packages, what was made when there were some is good enough.
            made = list(place.glob(f"{recipe}-*"))
            if not made:
                raise
            tell("the lists of packages cannot be had; takes what was made with earlier ones")
            return made[0]
        made = place / f"{recipe}-{hashlib.sha256(repr(sorted(versions.items())).encode()).hexdigest()[:12]}"
        if not made.exists():
            start = time.monotonic()
            for old in [*place.glob("*-*"), *place.glob("unfinished")]:
                shutil.rmtree(old)
            unfinished = place / "unfinished"
            unfinished.mkdir()
            with tempfile.TemporaryDirectory(prefix="caraway-packages-") as temporary:
                make(apt, versions, unfinished, Path(temporary))
            unfinished.rename(made)
            tell(f"made in {time.monotonic() - start:.0f} s")
        return made
