# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a video frame takes from being drawn on a real server to being on the client's surface, and what that costs
in CPU time: this build's library, and the installed one of the same name where there is one, by the same program.

  video.py PROBE DEMO LIBRARY_DIR [--quick] [--codecs spice:mjpeg,…]"""
import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

FRAME = 1 / 30
PICTURES = 24  # frames that can be told apart: none may be later than so many
LEFT, TOP = 32, 16  # of the film on its screen


class Server:
    def __init__(self, program, codec, width, height):
        self.child = subprocess.Popen([program, "--control", "--no-scene", "--size", f"{width + 2 * LEFT}x{height + 2 * TOP}",
                                       "--compression", "off", "--streaming", "all", "--video-codecs", codec],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        words = dict(w.split("=", 1) for w in self.child.stdout.readline().decode().split()[1:])
        self.uri = f"spice://127.0.0.1:{words['port']}"
        for i in range(PICTURES):
            self.command(f"picture p{i} kind=photo size={width}x{height} format=32bit seed={i + 7}")

    def command(self, line):
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()
        reply = self.child.stdout.readline().decode()
        if not reply.startswith("ok"):
            sys.exit(f"video: {line}: {reply}")

    def end(self):
        self.child.stdin.close()
        self.child.wait(20)


class Probe:
    def __init__(self, program, library, uri, width, height):
        env = {**os.environ, "LD_LIBRARY_PATH": library}
        self.child = subprocess.Popen([program, uri, f"{LEFT},{TOP},{width},{height}"], env=env,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.seen, self.cpu = [], 0  # (time, points)
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.child.stdout:
            words = line.decode().split()
            if words[0] == "cpu":
                self.cpu = int(words[1]) / 1e6
            else:
                self.seen.append((int(words[0]) / 1e6, b"".join(bytes.fromhex(w) for w in words[1:])))

    def end(self):
        self.child.stdin.close()
        self.thread.join()
        self.child.wait(20)


def nearest(points, pictures):
    return min(range(len(pictures)), key=lambda i: sum(abs(a - b) for a, b in zip(points, pictures[i])))


def learn(server, probe, box):
    """What each picture looks like at the points: shown alone, as a still."""
    known = []
    for i in range(PICTURES):
        start = len(probe.seen)
        server.command(f"copy box={box} src=p{i}")
        deadline = time.monotonic() + 20
        while len(probe.seen) == start and time.monotonic() < deadline:
            time.sleep(0.005)
        if len(probe.seen) == start:
            sys.exit("video: the client never showed a still")
        known.append(probe.seen[-1][1])
        time.sleep(1.1 if i == PICTURES - 1 else 0)  # no film yet
    return known


def play(server, probe, known, box, seconds):
    sent, end = [], time.monotonic() + seconds
    start = len(probe.seen)
    while time.monotonic() < end:
        tick = time.monotonic()
        sent.append(tick)
        server.command(f"copy box={box} src=p{(len(sent) - 1) % PICTURES}")
        time.sleep(max(0, FRAME - (time.monotonic() - tick)))
    time.sleep(0.7)
    return delays(sent, probe.seen[start:], known)


def delays(sent, seen, known):
    """Of each frame shown, since the latest time it was drawn before that."""
    result = []
    for at, points in seen:
        picture = nearest(points, known)
        drawn = [t for i, t in enumerate(sent) if i % PICTURES == picture and t <= at]
        if drawn and at - drawn[-1] < PICTURES * FRAME:
            result.append(at - drawn[-1])
    return sorted(result)


def measure(options, library, codec):
    width, height = (320, 240) if options.quick else (1280, 720)
    box = f"{LEFT},{TOP},{LEFT + width},{TOP + height}"
    server = Server(options.demo, codec, width, height)
    probe = Probe(options.probe, library, server.uri, width, height)
    known = learn(server, probe, box)
    play(server, probe, known, box, 3)  # until the server has begun a stream
    taken = play(server, probe, known, box, 1 if options.quick else 8)
    probe.end()
    server.end()
    if not taken:
        sys.exit(f"video: no frame of {codec} was shown")
    return taken[len(taken) // 2], taken[min(len(taken) * 95 // 100, len(taken) - 1)], len(taken), probe.cpu


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("demo")
    parser.add_argument("library")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--codecs", default="spice:mjpeg")
    options = parser.parse_args()
    libraries = [("this build", options.library)]
    # The probe's own path would find this build's again.
    libraries += [("installed", str(path.parent)) for path in Path("/usr/lib").glob("*/libspice-client-glib-2.0.so.8")]
    print(f"{'codec':<16} {'library':<11} {'median ms':>9} {'95 % ms':>9} {'frames':>7} {'cpu s':>6}")
    for codec in options.codecs.split(","):
        for name, library in libraries:
            median, most, frames, cpu = measure(options, library, codec)
            print(f"{codec:<16} {name:<11} {median * 1000:9.1f} {most * 1000:9.1f} {frames:7} {cpu:6.2f}", flush=True)


if __name__ == "__main__":
    main()
