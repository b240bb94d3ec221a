# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unmodified programs of the existing client, run on our library, and on their own to know that each case can pass."""
import argparse
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import clients
import hands
import peers
import pictures
import tap
from desktop import PYTHON, carried, drop, keys_window, share_text, wait_agent
from hands import BOTH, OURS, click_and_see, folder, scene, truth, type_and_see
from screen import Screen
from xspice import Xspice


def viewer(screen, *arguments):
    return screen.program("remote-viewer", "--spice-disable-audio", *arguments)


def wait_end(process, seconds=peers.PATIENCE):
    try:
        return process.child.wait(seconds)
    except subprocess.TimeoutExpired:
        raise process.failed(f"still ran after {seconds} s") from None


@tap.cases("remote-viewer shows the guest, and what is typed and clicked arrives, with {}", BOTH)
def remote_viewer(whose):
    with scene("--mouse=client") as server, Screen(folder(whose)) as screen:
        viewer(screen, server.uri)
        at = screen.wait_shown(lambda: truth(server))
        type_and_see(screen, server, "Caraway demo")
        click_and_see(screen, server, at)
        server.command("fill box=40,60,300,200 color=20a040")
        tap.equal(screen.wait_shown(lambda: truth(server)), at, "place of the picture")


@tap.cases("remote-viewer ends when the server leaves or dies, with {}", BOTH)
def ends(whose):
    def leave(server):
        server.command("disconnect")

    def die(server):
        os.kill(server.process.child.pid, signal.SIGKILL)
    for end in (leave, die):
        with scene() as server, Screen(folder(whose)) as screen:
            program = viewer(screen, server.uri)
            screen.wait_shown(lambda: truth(server))
            end(server)
            tap.equal(wait_end(program), 0, f"exit status after {end.__name__}")


@tap.cases("remote-viewer asks for the ticket, refuses a wrong one and asks again, with {}", BOTH)
def ticket(whose):
    with scene("--password", "secret") as server, Screen(folder(whose)) as screen:
        viewer(screen, server.uri)
        question = screen.wait_window("Authentication required")
        screen.xdotool("type", "wrong")
        screen.xdotool("key", "Return")
        screen.wait_gone(question)
        refusal = screen.wait_window("")
        tap.equal(server.command("stats")["display"], "0", "display channels with a wrong ticket")
        screen.xdotool("key", "Return")
        screen.wait_gone(refusal)
        screen.wait_window("Authentication required")
        screen.xdotool("type", "secret")
        screen.xdotool("key", "Return")
        screen.wait_shown(lambda: truth(server))


@tap.cases("remote-viewer trusts a server by a private authority and not without it, with {}", BOTH)
def trust(whose):
    with scene("--port=-1", "--tls-port=0") as server, Screen(folder(whose)) as screen:
        stranger = viewer(screen, server.uri)
        screen.wait_window("")
        tap.equal(server.command("stats")["main"], "0", "main channels without trust")
        screen.xdotool("key", "Return")
        tap.equal(wait_end(stranger), 0, "exit status without trust")
        viewer(screen, f"--spice-ca-file={server.ca_file}", server.uri)
        screen.wait_shown(lambda: truth(server))


@tap.cases("spicy shows the guest, passes keys and ends with the server, with {}", BOTH)
def spicy(whose):
    with scene() as server, Screen(folder(whose)) as screen:
        program = screen.program("spicy", "--spice-disable-audio", "--uri", server.uri)
        screen.wait_shown(lambda: truth(server))
        type_and_see(screen, server, "spice display")
        server.command("disconnect")
        tap.equal(wait_end(program), 0, "exit status")


@tap.cases("vinagre shows the guest, and what is typed and clicked arrives, with {}", BOTH)
def vinagre(whose):
    # It scales, so the whole screen is as large as the guest.
    with scene("--mouse=client") as server, Screen(folder(whose), size="640x480") as screen:
        screen.program("vinagre", "--fullscreen", server.uri)
        screen.wait_window("spice://")

        def shown():
            at = screen.place(truth(server))
            if at is None:
                # A message is in the way until its button is clicked.
                screen.xdotool("mousemove", 590, 15, "click", 1, "mousemove", 320, 300)
            return at
        at = peers.wait_until(shown, "the guest's picture on the screen", every=0.5)
        click_and_see(screen, server, at)
        type_and_see(screen, server, "spice://")
        server.command("disconnect")
        peers.wait_until(lambda: "Remote Desktop Viewer" in screen.windows(), "the connection to be gone")


def statistics(env):
    """What spicy-stats prints, {channel: bytes}, and the client library it had loaded."""
    with peers.DemoServer("--size", "320x200", "--no-animation", scene=True) as server:
        program = server.start([peers.which("spicy-stats"), "--uri", server.uri], env=env)
        server.wait_channels(main=1, display=1, cursor=1, inputs=1)
        server.command("sync")
        maps = Path(f"/proc/{program.child.pid}/maps").read_text()
        server.command("disconnect")
        status = program.child.wait(peers.PATIENCE)
        if status != 0:
            raise program.failed(f"exit status {status}")
        lines = [line.split(": ") for line in program.text().splitlines()]
    loaded = {line.split()[-1] for line in maps.splitlines() if "libspice-client-glib-2.0" in line}
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}, loaded


@tap.test("what SPICE_DEBUG shows of our library goes to standard error of a program that knows nothing of it")
def debug():
    with scene() as server:
        result = peers.run([peers.which("spicy-screenshot"), "--uri", server.uri, "-o", server.folder / "x.ppm"],
                           env={"LD_LIBRARY_PATH": str(folder(OURS)), "SPICE_DEBUG": "1"}).check()
        tap.true("GSpice-DEBUG" in result.err, result.err)
        tap.true("GSpice" not in result.out, result.out)


@tap.test("spicy-stats runs on our library and counts the bytes of the same channels as on its own")
def spicy_stats():
    ours, loaded = statistics({"LD_LIBRARY_PATH": str(folder(OURS))})
    tap.equal({str(Path(path).parent) for path in loaded}, {str(folder(OURS))}, "folder of the loaded library")
    theirs, loaded = statistics({"LD_LIBRARY_PATH": ""})
    tap.true(loaded and all(path.startswith("/usr/lib/") for path in loaded), f"the other run loaded {loaded}")
    tap.equal(sorted(ours), sorted(theirs), "channels")
    for channel in ("main", "cursor", "inputs", "display"):
        tap.true(ours[channel] > 0, f"no byte of {channel}: {ours}")


@tap.cases("spicy-screenshot shows the demo server's scene, with {}", BOTH)
def spicy_screenshot(whose):
    with peers.DemoServer("--no-animation", scene=True) as server:
        server.command("sync")
        trouble = pictures.difference(clients.Spicy(folder(whose)).screenshot(server.uri), server.dump())
        tap.true(trouble is None, trouble)


@tap.cases("a manager in Python opens its own sockets and hears of channels and pictures, with {}", BOTH)
def manager(whose):
    with scene("--mouse=client") as server:
        # Nothing of ours but the library.
        program = server.start([PYTHON, Path(__file__).with_name("manager.py"), server.port],
                               env={"LD_LIBRARY_PATH": str(folder(whose) or ""), "GI_TYPELIB_PATH": ""})

        def shown():
            if not program.running():
                raise program.failed("ended early")
            return {"mark 1", "mouse-mode 2"} <= set(program.text().splitlines())
        peers.wait_until(shown, "the picture and the pointer's mode")
        server.wait_channels(main=1, display=1, inputs=1)
        server.command("disconnect")
        tap.equal(wait_end(program), 0, "exit status")
        said = program.text().splitlines()
        loaded = Path(next(line.split()[1] for line in said if line.startswith("library"))).resolve()
        tap.true(loaded.is_relative_to((folder(whose) or Path("/usr/lib")).resolve()), f"loaded {loaded}")
        for line in ("new MainChannel 0", "main opened", "new DisplayChannel 0", "new InputsChannel 0", "primary 640 480",
                     "main closed", "destroy MainChannel", "destroy DisplayChannel"):
            tap.true(line in said, f"never heard of “{line}”: {said}")


def pixels(png):
    picture = pictures.read_png(png)
    return picture.width, picture.height, picture.data


@tap.cases("remote-viewer types and clicks on a real desktop and shares its clipboard, with {}", BOTH)
def real_desktop(whose):
    with Xspice(agent=True) as x, Screen(folder(whose)) as screen:
        events = keys_window(x)
        viewer(screen, x.uri)
        at = screen.wait_shown(x.truth)
        wait_agent(x, screen, at)
        screen.xdotool("click", 1)
        screen.xdotool("type", "ab")
        peers.wait_until(lambda: events.text().count("KeyRelease event") >= 2, "the keys")
        tap.equal(re.findall(r"KeyPress event.*?keysym \w+, (\w+)", events.text(), re.S), ["a", "b"], "keys")
        tap.equal(re.findall(r"(Button\w+) event", events.text()), ["ButtonPress", "ButtonRelease"], "buttons")
        share_text(x, screen)


@tap.cases("remote-viewer carries images of the clipboard, with {}", BOTH)
def images(whose):
    with Xspice(agent=True) as x, Screen(folder(whose)) as screen:
        keys_window(x)
        viewer(screen, x.uri)
        at = screen.wait_shown(x.truth)
        wait_agent(x, screen, at)
        for origin, target, colour in ((screen.env, x.env, "red-blue"), (x.env, screen.env, "yellow-green")):
            path = screen.folder / "image.png"
            peers.run([peers.which("convert"), "-size", "90x70", f"gradient:{colour}", "-depth", "8",
                       f"PNG24:{path}"]).check()
            carried(origin, target, path.read_bytes(), "image/png", pixels, ours=screen.library is not None)


@tap.cases("files dropped on remote-viewer's window arrive in the guest, byte for byte, with {}", BOTH)
def dropped(whose):
    with Xspice(agent=True) as x, Screen(folder(whose)) as screen:
        keys_window(x)
        viewer(screen, x.uri)
        at = screen.wait_shown(x.truth)
        wait_agent(x, screen, at)
        drop(x, screen, at)


@tap.test("a window of remote-viewer gives the guest its size, with our library")
def resize():
    """With the distribution's library the guest keeps its size: this agent drops what it sends."""
    with Xspice(agent=True) as x, Screen(folder(OURS)) as screen:
        keys_window(x)
        viewer(screen, "--auto-resize=always", x.uri)
        screen.wait_shown(x.truth)
        window = screen.wait_window("spice://")
        for width, height in ((900, 700), (1000, 800)):
            def fits():
                # The window is larger by its frame and its bar, and its size goes by steps.
                shown = x.truth()
                return 0 < width - shown.width < 60 and 0 < height - shown.height < 120
            screen.xdotool("windowsize", window, width, height)
            peers.wait_until(fits, f"the guest to fit the window of {width}x{height}", every=0.2)
            screen.wait_shown(x.truth)


@tap.test("a program that knows its monitor in millimetres gives the guest its size, with our library")
def millimetres():
    """This agent drops the message that has them; ours says it again without."""
    with Xspice(agent=True) as x:
        x.start([PYTHON, Path(__file__).with_name("sizer.py"), x.uri, 1024, 768, 300, 225],
                env={"LD_LIBRARY_PATH": str(folder(OURS)), "GI_TYPELIB_PATH": ""})

        def taken():
            shown = x.truth()
            return (shown.width, shown.height) == (1024, 768)
        peers.wait_until(taken, "the guest to be 1024x768", every=0.2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--library", required=True, help="folder of the client library to load")
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, hands.library = options.demo, Path(options.library).resolve()
    sys.exit(tap.main(options.only, jobs=2))
