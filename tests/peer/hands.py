# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of unmodified programs share: whose library a case is about, the demo server's scene, and hands that type and
click where a program shows it."""
import peers
import tap

OURS, THEIRS = "our library", "the distribution's"
BOTH = [OURS, THEIRS]
library = None


def folder(whose):
    """Where that library is; None for where the distribution has it."""
    return library if whose == OURS else None


def scene(*options):
    return peers.DemoServer("--size", "640x480", "--no-animation", *options, scene=True)


def truth(server):
    server.command("sync")
    return server.dump()


def type_and_see(screen, server, title):
    """Letters typed into the window arrive as keys pressed and released, in that order."""
    screen.wait_window(title)
    server.events()
    screen.xdotool("type", "ab")
    keys = []

    def arrived():
        keys.extend(event[1] for event in server.events() if event[0] == "key")
        return len(keys) >= 4
    peers.wait_until(arrived, "the keys")
    tap.equal(keys, ["1e", "9e", "30", "b0"], "keys")


def click_and_see(screen, server, at):
    """The pointer is put on a pixel of the guest and a button clicked."""
    def moved():
        # Until the client has heard that the server takes positions.
        screen.xdotool("mousemove", at[0] + 90, at[1] + 40, "mousemove", at[0] + 100, at[1] + 50)
        return ("position", "100", "50", "0") in server.events(clear=False)
    peers.wait_until(moved, "the pointer's position", every=0.2)
    server.events()
    screen.xdotool("click", 1)
    seen = []

    def clicked():
        seen.extend(event[-1] for event in server.events())
        return "1" in seen and seen[-1] == "0"
    peers.wait_until(clicked, "the button to be pressed and released")
