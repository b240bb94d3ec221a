# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sound between a client and a Linux in a real machine, both ways, and what Xorg with spiceqxl plays. Played sound is looked at
as the channel gives it to applications and as SpiceAudio gives it to a device."""
import ctypes
import os
import sys
import tempfile
import threading
from pathlib import Path

import guest
import peers
import tap
import tones
import xspice
from usbclient import Client, GObject, Spice

DEVICES = ["-audiodev", "spice,id=sound", "-device", "intel-hda", "-device", "hda-duplex,audiodev=sound"]
LEFT, RIGHT, MICROPHONE, LEVEL = 440, 660, 700, 12000
FULL = 65535
FORMAT = "-t raw -f S16_LE -r 48000 -c 2"
machine = None  # set by main ()
OPUS = {"Opus": None, "raw": "1"}


def set_environment(name, value):
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


class Listener(Client):
    """A client that plays into a file, and whose microphone hears a tone."""

    def __init__(self, uri):
        super().__init__(uri)
        self.folder = tempfile.TemporaryDirectory(prefix="caraway-sound-")
        self.file = Path(self.folder.name) / "played"
        set_environment("SPICE_GST_AUDIOSINK", "appsrc name=appsrc ! audioconvert ! volume name=audiosink ! "
                        f"audio/x-raw,format=S16LE ! filesink buffer-mode=unbuffered location={self.file}")
        set_environment("SPICE_GST_AUDIOSRC", f"audiotestsrc is-live=true freq={MICROPHONE} volume=0.5 ! audioconvert ! "
                        "volume name=audiosrc ! appsink name=appsink")
        self.given, self.news, self.playback, self.record = bytearray(), [], None, None
        self.audio = Spice.Audio.get(self.session, None)
        tap.true(self.audio, "no SpiceAudio")

    def on_channel(self, channel):
        def hear(signal, handler):
            GObject.GObject.connect(channel, signal, handler)

        def note(signal):
            hear(signal, lambda _, *rest: self.news.append((signal, *rest)))
        if isinstance(channel, Spice.PlaybackChannel):
            self.playback = channel
            note("playback-start")
            hear("playback-data", lambda _, data, size: self.given.extend(ctypes.string_at(data, size)))
        elif isinstance(channel, Spice.RecordChannel):
            self.record = channel
            note("record-start")

    def played(self):
        return self.file.read_bytes() if self.file.exists() else b""

    def read(self, channel):
        return channel.get_property("total-read-bytes")

    @staticmethod
    def volumes(channel):
        n = channel.get_property("nchannels")
        address = channel.get_property("volume")
        return list((ctypes.c_uint16 * n).from_address(address)) if address else []

    def wait_volume(self, channel, percent):
        """What a volume has become on both sides, of which the guest tells one after the other."""
        def near():
            sides = self.volumes(channel)
            return sides and max(sides) == min(sides) and abs(sides[0] / FULL - percent / 100) < 0.03
        self.wait(near, f"a volume of {percent} %")
        return self.volumes(channel)[0] / FULL

    def __enter__(self):
        if machine:
            machine.wait = self.wait
        self.session.connect()
        self.wait(lambda: self.playback, "the playback channel")
        return self

    def __exit__(self, kind, error, trace):
        if machine:
            machine.wait = machine.wait_alone
        if error is None:
            self.close()
        self.session.disconnect()
        self.settle()
        self.folder.cleanup()

    def wait_sound(self, sound, condition, what, seconds=peers.PATIENCE):
        """Until it is so of what sound() has grown by since; looked at when there is half a second more."""
        start = seen = len(sound())
        start -= start % tones.FRAME

        def so():
            nonlocal seen
            now = sound()
            if len(now) - seen < tones.RATE * tones.FRAME // 2:
                return False
            seen = len(now)
            return condition(bytes(now[start:])[-2 * tones.RATE * tones.FRAME:])
        self.wait(so, what, seconds)

    def wait_tone(self, sound, level, what):
        self.wait_sound(sound, lambda now: tones.find_tone(now, LEFT, RIGHT, level), f"a second of the tone {what}")


def play_on():
    """The tone, without an end."""
    machine.write("/tmp/tone", tones.tone(LEFT, RIGHT, LEVEL))
    machine.background("aplay", f"sh -c 'while cat /tmp/tone; do :; done | aplay -q -D hw:0 {FORMAT}'")


@tap.cases("the guest plays a tone: here it is, without gaps, for applications and the device; {}", OPUS)
def plays(coding):
    set_environment("SPICE_DISABLE_OPUS", OPUS[coding])
    with Listener(machine.uri) as client:
        machine.run("amixer sset Master 100% unmute")
        tap.equal(client.wait_volume(client.playback, 100), 1)
        play_on()
        try:
            client.wait_tone(lambda: client.given, LEVEL, "for applications")
            client.wait_tone(client.played, LEVEL, "for the device")
            read, given = client.read(client.playback), len(client.given)
            client.wait(lambda: len(client.given) - given > tones.RATE * tones.FRAME, "a second of sound")
            share = (client.read(client.playback) - read) / (len(client.given) - given)
            tap.true(share < 0.25 if coding == "Opus" else share > 0.95, f"{share:.2f} bytes were read for each that was heard")
            # A guest that is late begins again.
            tap.equal(set(client.news), {("playback-start", 1, 2, tones.RATE)})
        finally:
            machine.run("killall aplay; true")


@tap.test("the guest's volume and its muting: told, and obeyed by what is heard")
def volume():
    set_environment("SPICE_DISABLE_OPUS", None)
    with Listener(machine.uri) as client:
        play_on()
        try:
            machine.run("amixer sset Master 80% unmute")
            told = client.wait_volume(client.playback, 80)
            client.wait_tone(client.played, LEVEL * told ** 3, "at that volume")
            client.wait_tone(lambda: client.given, LEVEL, "for applications, which the volume does not alter")
            machine.run("amixer sset Master mute")
            client.wait(lambda: client.playback.get_property("mute"), "the guest to mute")
            client.wait_sound(client.played, lambda sound: not any(sound[-tones.RATE:]), "silence")
            machine.run("amixer sset Master 100% unmute")
            client.wait(lambda: not client.playback.get_property("mute"), "the guest to unmute")
            client.wait_tone(client.played, LEVEL, "at full volume")
        finally:
            machine.run("killall aplay; true")


def recorded():
    machine.run(f"arecord -q -D hw:0 {FORMAT} -d 1 /tmp/recorded", seconds=180)
    return machine.read("/tmp/recorded")


@tap.cases("the guest records what the microphone hears, and its volume counts; {}", OPUS)
def records(coding):
    set_environment("SPICE_DISABLE_OPUS", OPUS[coding])
    with Listener(machine.uri) as client:
        client.wait(lambda: client.record, "the record channel")
        for percent in (100, 80) if coding == "Opus" else (100,):
            machine.run(f"amixer sset Capture {percent}% cap")
            factor = client.wait_volume(client.record, percent) ** 3
            # The server puts other sound in the place of up to 10 of every 170 milliseconds: where its buffer begins again.
            client.wait(lambda: tones.pure_share(recorded(), MICROPHONE, 16384 * factor) > 60, "the tone", 180)
        machine.run("amixer sset Capture nocap")
        client.wait(lambda: client.record.get_property("mute"), "the guest to mute its microphone")
        tap.true(not any(recorded()[-tones.RATE:]), "a muted microphone is heard")
        tap.equal(set(client.news) - {("playback-start", 1, 2, tones.RATE)}, {("record-start", 1, 2, tones.RATE)})


@tap.cases("what is written to spiceqxl's FIFO for sound is heard; {}", OPUS)
def xorg(coding):
    set_environment("SPICE_DISABLE_OPUS", OPUS[coding])
    with xspice.Xspice(sound=True) as server, Listener(server.uri) as client:
        fifo = server.sounds / "tone"
        os.mkfifo(fifo)
        end = threading.Event()
        second = tones.tone(LEFT, RIGHT, LEVEL)

        def write():
            with open(fifo, "wb", buffering=0) as file:
                while not end.is_set():
                    file.write(second)
        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        try:
            client.wait_tone(lambda: client.given, LEVEL, "for applications")
            client.wait_tone(client.played, LEVEL, "for the device")
        finally:
            end.set()
            thread.join(20)
            tap.true(not thread.is_alive(), "the writer waits for the server")


def main(only=None):
    global machine
    with guest.Guest(*DEVICES) as machine:
        machine.until("amixer sget Master")
        return tap.main(only)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
