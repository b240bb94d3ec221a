# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unmodified managers of virtual machines, which know them by libvirt, on our library and on the distribution's."""
import argparse
import contextlib
import itertools
import sys
from pathlib import Path

import hands
import machines
import peers
import tap
from desktop import drop, keys_window, share_text, wait_agent
from hands import BOTH, click_and_see, folder, scene, truth, type_and_see
from screen import Screen
from xspice import Xspice


def virt_manager(screen, address, session=None):
    """virt-manager with the machine's window, run by the user of a session."""
    drop, env = (session.drop, session.env) if session else ([], None)
    return screen.program(*drop, "virt-manager", "--no-fork", "--connect", address, "--show-domain-console", machines.NAME,
                          env=env)


@tap.cases("virt-manager shows the guest, and what is typed and clicked arrives, with {}", BOTH)
def shows(whose):
    with scene("--mouse=client") as server, Screen(folder(whose)) as screen:
        virt_manager(screen, machines.pretended(screen.folder, server))
        at = screen.wait_shown(lambda: truth(server))
        click_and_see(screen, server, at)
        type_and_see(screen, server, machines.NAME)
        server.command("fill box=40,60,300,200 color=20a040")
        tap.equal(screen.wait_shown(lambda: truth(server)), at, "place of the picture")


@tap.cases("virt-manager asks for the ticket, refuses a wrong one and takes the right one, with {}", BOTH)
def ticket(whose):
    with scene("--password", "secret") as server, Screen(folder(whose)) as screen:
        virt_manager(screen, machines.pretended(screen.folder, server))
        screen.wait_window(machines.NAME)

        patience = itertools.count(2)

        def refused():
            screen.xdotool("type", "wrong")
            screen.xdotool("key", "Return")
            # Should the question not have been there yet, again, later each time; but that would close the message, too.
            with contextlib.suppress(peers.Failed):
                return screen.wait_window("Input Error", seconds=2 ** next(patience))
        refusal = peers.wait_until(refused, "a wrong ticket to be refused")
        tap.equal(server.command("stats")["display"], "0", "display channels with a wrong ticket")
        screen.xdotool("key", "Return")
        screen.wait_gone(refusal)
        screen.wait_window(machines.NAME)
        screen.xdotool("key", "ctrl+a")
        screen.xdotool("type", "secret")
        screen.xdotool("key", "Return")
        screen.wait_shown(lambda: truth(server))


@tap.test("virt-manager says with our library what it says with its own when the server leaves")
def leaves():
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(scene()) for _ in BOTH]
        screens = [stack.enter_context(Screen(folder(whose))) for whose in BOTH]
        programs = [virt_manager(screen, machines.pretended(screen.folder, server))
                    for server, screen in zip(servers, screens)]
        for server, screen in zip(servers, screens):
            screen.wait_shown(lambda: truth(server))
        guest = truth(servers[0])
        for server in servers:
            server.command("disconnect")
        looks = []

        def same():
            ours, theirs = (screen.picture() for screen in screens)
            looks.append(ours.data == theirs.data and screens[0].place(guest) is None)
            return all(looks[-3:]) and len(looks) > 2
        peers.wait_until(same, "both windows to say the same for three looks", every=0.5)
        tap.true(all(program.running() for program in programs), "virt-manager has ended")


@tap.cases("virt-manager shares a real desktop's clipboard, and takes files that are dropped, with {}", BOTH)
def real_desktop(whose):
    # Smaller than the window, which would scale it.
    with Xspice(agent=True, size="800x600") as x, Screen(folder(whose)) as screen:
        keys_window(x)
        virt_manager(screen, machines.pretended(screen.folder, x))
        at = screen.wait_shown(x.truth)
        wait_agent(x, screen, at)
        share_text(x, screen)
        drop(x, screen, at)


def lit(picture):
    return len(picture.data) - picture.data.count(0)


@tap.cases("virt-manager shows a machine of QEMU's that libvirt opens the connections to, and types, with {}", BOTH)
def descriptors(whose):
    with machines.Session() as session, Screen(session.lend(folder(whose))) as screen:
        virt_manager(screen, "qemu:///session", session)

        before = peers.wait_text(session.truth)
        screen.wait_shown(session.truth)
        screen.wait_window(machines.NAME)

        def answered():
            # The firmware offers a menu; one cursor more or less is no answer.
            screen.xdotool("key", "Escape")
            return lit(session.truth()) > lit(before) + 500
        peers.wait_until(answered, "the firmware to answer a key", every=1)
        screen.wait_shown(session.truth)


@tap.cases("gnome-boxes shows the guest, and what is typed and clicked arrives, with {}", BOTH)
def boxes(whose):
    with scene("--mouse=client") as server, Screen(folder(whose)) as screen:
        # Its own libvirt, and no introduction to be clicked away.
        screen.configure("gnome-boxes/sources/QEMU Session", f"""[source]
name=QEMU Session
type=libvirt
uri={machines.pretended(screen.folder, server)}
save-on-quit=false
""")
        screen.configure("glib-2.0/settings/keyfile", "[org/gnome/boxes]\nfirst-run=false\n")
        screen.program("gnome-boxes", "--open-uuid", machines.UUID, env={"GSETTINGS_BACKEND": "keyfile"})
        at = screen.wait_shown(lambda: truth(server))
        click_and_see(screen, server, at)
        type_and_see(screen, server, "Boxes")
        server.command("disconnect")
        server.wait_channels(main=0, display=0, inputs=0, cursor=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--library", required=True, help="folder of the client library to load")
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, hands.library = options.demo, Path(options.library).resolve()
    sys.exit(tap.main(options.only, jobs=2))
