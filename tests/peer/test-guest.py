# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a client lends a machine, used by a Linux that runs in it: CDs and disks by the kernel's drivers, a card by pcscd and
OpenSC, a folder by spice-webdavd and curl. The tests share one machine, and each has a session of its own."""
import base64
import hashlib
import random
import re
import sys
import tempfile
from pathlib import Path

import cards
import guest
import peers
import tap
import usbmedia
from usbclient import Client, GLib, Spice
from usbmedia import Medium

FOLDER = "org.spice-space.webdav.0"
DEVICES = ["-device", "qemu-xhci,id=usb", "-chardev", "spicevmc,name=usbredir,id=slot",
           "-device", "usb-redir,chardev=slot,bus=usb.0",
           # Beside the faster controller this reader loses packets.
           "-device", "piix3-usb-uhci,id=slow", "-device", "usb-ccid,bus=slow.0",
           "-chardev", "spicevmc,name=smartcard,id=card", "-device", "ccid-card-passthru,chardev=card",
           "-chardev", f"spiceport,name={FOLDER},id=folder", "-device", f"virtserialport,chardev=folder,name={FOLDER}"]
machine = None  # set by main ()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def sum_of(path):
    return machine.run(f"sha256sum {path}").split()[0]


class Lender(Client):
    """A client whose main loop runs while the guest does."""

    wants = ()  # types of channels

    def __init__(self):
        super().__init__(machine.uri)

    def on_channel(self, channel):
        if isinstance(channel, self.wants):
            channel.connect()

    def __enter__(self):
        machine.wait = self.wait
        return self

    def __exit__(self, kind, error, trace):
        machine.wait = machine.wait_alone
        if error is None:
            self.close()
        self.session.disconnect()
        self.settle()


class Drives(Lender):
    def __enter__(self):
        super().__enter__()
        machine.run("umount -l /mnt; true")  # what a test that failed has left
        self.session.connect()
        self.wait(lambda: self.manager.props.free_channels == 1, "the USB channel")
        return self

    def plug_in(self, path, node, **disk):
        """Until the guest has its node."""
        device = self.add(path, **disk)
        tap.equal(self.connect_device(device), (True, None))
        machine.until(f"test -b /dev/{node} && test $(cat /sys/block/{node}/size) -gt 8")
        return device

    def plug_out(self, device, node):
        tap.equal(self.disconnect_device(device), (True, None))
        machine.until(f"! test -e /sys/block/{node}")

    def load(self, device, loaded):
        try:
            return self.manager.set_medium_loaded(device, loaded)
        except GLib.Error as error:
            return error.message


def disk_of(node):
    """What the kernel knows: size in bytes, whether it is read-only, vendor and model."""
    size, *rest = machine.run(f"cd /sys/block/{node}; cat size ro device/vendor device/model").splitlines()
    return int(size) * 512, rest[0] == "1", *(text.strip() for text in rest[1:])


@tap.test("a shared CD: the guest reads it whole, mounts it and reads its files; what it has mounted stays in the drive")
def cd():
    files = {"DATA.BIN": random.Random(1).randbytes(5_000_000), "README.TXT": b"Hello, guest\n"}
    content = usbmedia.iso(files)
    with Medium(content, ".iso") as medium, Drives() as client:
        device = client.plug_in(medium.path, "sr0")
        tap.equal(disk_of("sr0"), (len(content), True, "Caraway", "Shared CD"))
        tap.equal(sum_of("/dev/sr0"), sha256(content), "the sum of the whole CD")
        machine.run("mount -t iso9660 -o ro /dev/sr0 /mnt")
        tap.equal(machine.run("ls /mnt").split(), ["data.bin", "readme.txt"])
        tap.equal(sum_of("/mnt/data.bin"), sha256(files["DATA.BIN"]))
        tap.equal(machine.run("cat /mnt/readme.txt"), "Hello, guest")
        refusal = client.load(device, False)
        tap.true(isinstance(refusal, str) and "locked" in refusal, f"ejected while it was mounted: {refusal}")
        tap.equal(sum_of("/mnt/data.bin"), sha256(files["DATA.BIN"]))
        machine.run("umount /mnt")
        tap.true("ead-only" in machine.run("dd if=/dev/zero of=/dev/sr0 count=1", status=1), "written")
        client.plug_out(device, "sr0")


def changes():
    """How often the kernel has told that the CD was changed."""
    return machine.run("grep -c '^DISK_MEDIA_CHANGE=1' /tmp/events; true")


@tap.test("a CD is ejected and put in again, by the guest and from here, and the guest is told; another one has its content")
def changed_cd():
    first, second = (usbmedia.iso({"DATA.BIN": random.Random(seed).randbytes(300_000 * seed)}) for seed in (2, 3))
    with Medium(first, ".iso") as medium, Medium(second, ".iso") as other, Drives() as client:
        device = client.plug_in(medium.path, "sr0")
        machine.background("events", "uevent env")
        machine.run("echo 100 >/sys/block/sr0/events_poll_msecs")
        seen = int(changes())

        def wait_change():
            nonlocal seen
            machine.until(f"test $(grep -c '^DISK_MEDIA_CHANGE=1' /tmp/events) -gt {seen}")
            seen = int(changes())
        steps = [lambda: machine.run("eject /dev/sr0"), lambda: machine.run("eject -t /dev/sr0"),
                 lambda: tap.equal(client.load(device, False), True), lambda: tap.equal(client.load(device, True), True)]
        for number, step in enumerate(steps):
            step()
            wait_change()
            if number % 2 == 0:
                tap.true("No medium" in machine.run("head -c 1 /dev/sr0", status=1), "there is a medium")
            else:
                tap.equal(sum_of("/dev/sr0"), sha256(first), f"after step {number}")
        machine.run("killall uevent")
        client.plug_out(device, "sr0")
        client.wait(lambda: client.devices() == [], "the CD to go")
        device = client.plug_in(other.path, "sr0")
        tap.equal(sum_of("/dev/sr0"), sha256(second), "the other CD")
        client.plug_out(device, "sr0")


@tap.test("a writable disk: what the guest writes, blocks and files, is in the image once it is synchronized; read-only none is")
def disk():
    with Medium(random.Random(4).randbytes(8 << 20), ".img") as medium, Drives() as client:
        image = Path(medium.path)
        device = client.plug_in(medium.path, "sda", writable=True)
        tap.equal(disk_of("sda"), (8 << 20, False, "Caraway", "Shared Disk"))
        tap.equal(sum_of("/dev/sda"), sha256(image.read_bytes()), "the sum of the disk as it was")
        machine.run("dd if=/dev/urandom of=/dev/sda bs=1000 seek=77 count=3000 conv=fsync")
        tap.equal(sha256(image.read_bytes()), sum_of("/dev/sda"), "the image, with blocks written")
        machine.run("mkdosfs /dev/sda && mount -t vfat /dev/sda /mnt")
        refusal = client.load(device, False)
        tap.true(isinstance(refusal, str) and "locked" in refusal, f"ejected while it was mounted: {refusal}")
        machine.run("for i in 1 2 3; do dd if=/dev/urandom of=/mnt/file$i bs=300k count=$i; done")
        sums = machine.run("sha256sum /mnt/*")
        machine.run("umount /mnt")
        content = image.read_bytes()
        tap.equal(sha256(content), sum_of("/dev/sda"), "the image, with files written")
        client.plug_out(device, "sda")
        tap.equal(sha256(image.read_bytes()), sha256(content), "the image, when the disk is gone")
        client.wait(lambda: client.devices() == [], "the disk to go")
        read_only_disk(client, medium.path, sums)
        tap.equal(sha256(image.read_bytes()), sha256(content), "the image, when it was read-only")


def read_only_disk(client, path, sums):
    device = client.plug_in(path, "sda", writable=False)
    tap.equal(disk_of("sda")[:2], (8 << 20, True))
    tap.true("ead-only" in machine.run("dd if=/dev/zero of=/dev/sda count=1", status=1), "written")
    machine.run("mount -t vfat -o ro /dev/sda /mnt")
    tap.equal(machine.run("sha256sum /mnt/*"), sums, "the files")
    machine.run("! mount -o remount,rw /mnt && ! touch /mnt/new")
    machine.run("umount /mnt")
    client.plug_out(device, "sda")


class Holder(Lender):
    """With a card."""

    wants = (Spice.SmartcardChannel,)

    def __init__(self, database):
        super().__init__()
        self.session.set_property("enable-smartcard", True)
        self.session.set_property("smartcard-db", f"sql:{database}")
        self.session.set_property("smartcard-certificates", cards.CERTIFICATES)
        self.cards = Spice.SmartcardManager.get()
        self.news = []
        for signal in ("card-inserted", "card-removed"):
            self.cards.connect(signal, lambda *_, signal=signal: self.news.append(signal))

    def wait_card(self, there):
        machine.until(f"opensc-tool --list-readers | grep '^0  *{'Yes' if there else 'No'}'")


def pem(text):
    """The bytes of a certificate."""
    return base64.b64decode(re.search("-----BEGIN CERTIFICATE-----(.*?)-----END", text, re.DOTALL).group(1))


def sign(folder):
    """The card's key signs what the guest has; whether that is so, OpenSSL finds out here."""
    text = random.Random(5).randbytes(1000)
    machine.write("/tmp/digest", hashlib.sha256(text).digest())
    machine.run("pkcs15-crypt --sign --pkcs1 --sha-256 --key 0001 --pin 0000 --input /tmp/digest --output /tmp/signature")
    (folder / "text").write_bytes(text)
    (folder / "signature").write_bytes(machine.read("/tmp/signature"))
    openssl = peers.which("openssl")
    key = peers.run([openssl, "x509", "-in", folder / "certificate", "-noout", "-pubkey"]).check().out
    (folder / "key").write_text(key)
    peers.run([openssl, "dgst", "-sha256", "-verify", folder / "key", "-signature", folder / "signature",
               folder / "text"]).check()


@tap.test("a card: the guest sees it, sends it commands, reads its certificates and signs; sees it taken out and put in")
def card():
    with tempfile.TemporaryDirectory(prefix="caraway-cards-") as folder:
        database = Path(folder) / "database"
        database.mkdir()
        cards.make_certificates(database)
        with Holder(database) as client:
            client.session.connect()
            client.wait(lambda: client.news == ["card-inserted"], "the card")
            machine.background("pcscd", "pcscd --foreground --apdu")
            client.wait_card(True)
            tap.equal(machine.run("opensc-tool --atr").splitlines()[-1], cards.ATR.hex(":"))
            said = machine.run(f"opensc-tool --card-driver default -s {cards.SELECT.hex()} -s {cards.GET_RESPONSE.hex()}")
            tap.equal(said.count("SW1=0x90, SW2=0x00"), 2, said)
            tap.true("6F 0B 84 07 A0 00 00 01 16 DB" in said, f"the card manager's answer: {said}")
            for number, name in enumerate(cards.CERTIFICATES, 1):
                theirs = pem(machine.run(f"pkcs15-tool --read-certificate 000{number}"))
                ours = peers.run([peers.which("certutil"), "-d", f"sql:{database}", "-L", "-n", name, "-a"]).check().out
                tap.equal(sha256(theirs), sha256(pem(ours)), name)
                if number == 1:
                    (Path(folder) / "certificate").write_text(ours)
            sign(Path(folder))
            client.cards.remove_card()
            client.wait_card(False)
            tap.true("not present" in machine.run("opensc-tool --atr", status=1), "the card is there")
            client.cards.insert_card()
            client.wait_card(True)
            tap.equal(machine.run("opensc-tool --atr").splitlines()[-1], cards.ATR.hex(":"))
            tap.equal(client.news, ["card-inserted", "card-removed", "card-inserted"])


class Sharer(Lender):
    wants = (Spice.WebdavChannel,)


PLACE = "http://localhost:9843"


def curl(arguments):
    return machine.run(f"curl -sS --max-time {peers.PATIENCE} {arguments}", seconds=2 * peers.PATIENCE)


@tap.test("a folder: by the guest's own daemon and curl it is listed, read and written; read-only it is not written")
def folder():
    with tempfile.TemporaryDirectory(prefix="caraway-folder-") as path, Sharer() as client:
        shared = Path(path)
        content = random.Random(6).randbytes(4_000_000)
        (shared / "inside").mkdir()
        (shared / "inside" / "grüße.bin").write_bytes(content)
        client.session.set_property("shared-dir", path)
        client.session.connect()
        machine.run("dbus-daemon --config-file=/etc/dbus.conf --fork")
        machine.background("avahi", "avahi-daemon --file=/etc/avahi.conf --no-drop-root --no-chroot --no-rlimits")
        machine.until("grep 'startup complete' /tmp/avahi")
        machine.background("webdavd", "spice-webdavd -p 9843")
        machine.until(f"curl -sS {PLACE}/")
        listing = curl(f"-X PROPFIND -H 'Depth: 1' {PLACE}/inside/")
        tap.true("/inside/gr%C3%BC%C3%9Fe.bin" in listing and f"getcontentlength>{len(content)}<" in listing, listing)
        curl(f"-o /tmp/read {PLACE}/inside/gr%C3%BC%C3%9Fe.bin")
        tap.equal(sum_of("/tmp/read"), sha256(content))
        tap.equal(curl(f"-o /dev/null -w '%{{http_code}}' {PLACE}/missing"), "404")
        machine.run("head -c 3000000 /dev/urandom >/tmp/written")
        tap.equal(curl(f"-T /tmp/written -w '%{{http_code}}' {PLACE}/inside/new"), "201")
        tap.equal(sha256((shared / "inside" / "new").read_bytes()), sum_of("/tmp/written"))
        client.session.set_property("share-dir-ro", True)
        for request, name in (("-T /tmp/written", "new"), ("-X DELETE", "new"), ("-X MKCOL", "made")):
            tap.equal(curl(f"{request} -o /dev/null -w '%{{http_code}}' {PLACE}/inside/{name}"), "403", request)
        tap.equal(sorted(entry.name for entry in (shared / "inside").iterdir()), ["grüße.bin", "new"])
        tap.equal(sha256((shared / "inside" / "new").read_bytes()), sum_of("/tmp/written"))


if __name__ == "__main__":
    with guest.Guest(*DEVICES) as machine:
        sys.exit(tap.main(*sys.argv[1:2]))
