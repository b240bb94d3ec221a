# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is tried on a real desktop, Xorg's with the guest agent, through the window of a program on a screen: whether the agent
is there, the clipboard, files that are dropped."""
import os
import re
import subprocess
from pathlib import Path

import peers

# The interpreter that the distribution's introspection data belongs to.
PYTHON = "/usr/bin/python3"
UNANSWERED = 20  # s, after which an answer is not to be expected from a program that forgets to give it
TEXT = "Grüße, 世界\nsecond line\n"


def keys_window(x):
    """A window in the guest that says which keys it gets."""
    x.run("xset", "r", "off")
    x.run("xsetroot", "-solid", "#336699")
    events = x.program("xev", "-geometry", "400x300+100+100", "-event", "keyboard", "-event", "button")
    x.wait_window("Event Tester")
    return events


def wait_agent(x, screen, at):
    """Until the client has heard of the agent: the guest's pointer is then where the client's is."""
    goals = []

    def pointed():
        # Elsewhere each time: the agent's daemon does not repeat a position, even if nobody got it the first time.
        goals.append(250 + 5 * (len(goals) % 20))
        screen.xdotool("mousemove", at[0] + goals[-1], at[1] + goals[-1])
        found = re.match(r"x:(\d+) y:\1 ", x.run("xdotool", "getmouselocation").out)
        return found and int(found.group(1)) in goals
    peers.wait_until(pointed, "the guest's pointer to follow", every=0.1)


def owner_of(env, content, kind):
    """A program that owns the clipboard until it is stopped."""
    process = peers.Process([peers.which("xclip"), "-quiet", "-i", "-selection", "clipboard", "-t", kind], env=env,
                            stdin=subprocess.PIPE)
    process.child.stdin.write(content)
    process.child.stdin.close()
    return process


def carried(origin, target, content, kind="UTF8_STRING", read=bytes, ours=True):
    """Copies on one side until it is there on the other, and waits until that side has been told of its end: the
    distribution's library may lose an owner that comes there before that, and leave who asks meanwhile without an
    answer. `read` makes of the bytes what is compared."""
    def pasted():
        try:
            result = subprocess.run([peers.which("xclip"), "-o", "-selection", "clipboard", "-t", kind],
                                    env={**os.environ, **target}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                    timeout=peers.PATIENCE if ours else UNANSWERED)
        except subprocess.TimeoutExpired:
            if ours:
                raise
            return False
        return result.returncode == 0 and result.stdout != b"" and read(result.stdout) == read(content)
    owner = owner_of(origin, content, kind)
    try:
        peers.wait_until(pasted, f"{kind} on the other side", every=0.2)
    finally:
        owner.stop()
    peers.wait_until(lambda: not pasted(), f"the end of {kind} on the other side", every=0.2)


def share_text(x, screen):
    """Text is copied into the guest, and out of it."""
    ours = screen.library is not None
    carried(screen.env, x.env, TEXT.encode(), ours=ours)
    carried(x.env, screen.env, TEXT[::-1].encode(), ours=ours)


def drag(screen, files, to):
    """Drags the files out of a window and lets them fall on that point of the screen."""
    basket = screen.start([PYTHON, Path(__file__).with_name("basket.py"), "Basket", *files], env=screen.env)

    def wait_said(word):
        peers.wait_until(lambda: word in basket.text().splitlines(), f"the drag to be {word}")
    window = screen.wait_window("Basket")
    screen.xdotool("windowmove", "--sync", window, 10, 10)
    screen.xdotool("mousemove", 70, 80, "mousedown", 1, "mousemove", 80, 90, "mousemove", 90, 100)
    wait_said("begun")
    screen.xdotool("mousemove", to[0] - 1, to[1], "mousemove", *to)
    wait_said("welcome")
    screen.xdotool("mouseup", 1)
    for word in ("delivered", "ended"):
        wait_said(word)


def drop(x, screen, at):
    """Files dropped on the guest's picture arrive in its folder, byte for byte."""
    files = {"Grüße an alle.txt": TEXT.encode(), "noise": os.urandom(3_000_001)}
    for name, content in files.items():
        (screen.folder / name).write_bytes(content)
    drag(screen, [screen.folder / name for name in files], (at[0] + 300, at[1] + 300))

    peers.wait_until(lambda: {path.name: path.read_bytes() for path in x.received.iterdir()} == files,
                     "the files to be in the guest's folder", every=0.2)
