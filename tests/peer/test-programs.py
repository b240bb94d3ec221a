# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unmodified programs of the existing client, run on our library, and on their own to know that each case can pass."""
import argparse
import hashlib
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
from hands import BOTH, OURS, click_and_see, folder, scene, truth, type_and_see
from screen import Screen
from xspice import Xspice

TEXT = "Grüße, 世界\nsecond line\n"


def viewer(screen, *arguments):
    return screen.program("remote-viewer", "--spice-disable-audio", *arguments)


def wait_end(process, seconds=20):
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
        at = peers.wait_until(shown, 60, "the guest's picture on the screen", every=0.5)
        click_and_see(screen, server, at)
        type_and_see(screen, server, "spice://")
        server.command("disconnect")
        peers.wait_until(lambda: "Remote Desktop Viewer" in screen.windows(), 30, "the connection to be gone")


def statistics(env):
    """What spicy-stats prints, {channel: bytes}, and the client library it had loaded."""
    with peers.DemoServer("--size", "320x200", "--no-animation", scene=True) as server:
        program = server.start([peers.which("spicy-stats"), "--uri", server.uri], env=env)
        server.wait_channels(main=1, display=1, cursor=1, inputs=1)
        server.command("sync")
        maps = Path(f"/proc/{program.child.pid}/maps").read_text()
        server.command("disconnect")
        status = program.child.wait(10)
        if status != 0:
            raise program.failed(f"exit status {status}")
        lines = [line.split(": ") for line in program.text().splitlines()]
    loaded = {line.split()[-1] for line in maps.splitlines() if "libspice-client-glib-2.0" in line}
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}, loaded


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
        # The interpreter that the distribution's introspection data belongs to, and nothing of ours but the library.
        program = server.start(["/usr/bin/python3", Path(__file__).with_name("manager.py"), server.port],
                               env={"LD_LIBRARY_PATH": str(folder(whose) or ""), "GI_TYPELIB_PATH": ""})

        def shown():
            if not program.running():
                raise program.failed("ended early")
            return {"mark 1", "mouse-mode 2"} <= set(program.text().splitlines())
        peers.wait_until(shown, 20, "the picture and the pointer's mode")
        server.wait_channels(main=1, display=1, inputs=1)
        server.command("disconnect")
        tap.equal(wait_end(program), 0, "exit status")
        said = program.text().splitlines()
        loaded = Path(next(line.split()[1] for line in said if line.startswith("library"))).resolve()
        tap.true(loaded.is_relative_to((folder(whose) or Path("/usr/lib")).resolve()), f"loaded {loaded}")
        for line in ("new MainChannel 0", "main opened", "new DisplayChannel 0", "new InputsChannel 0", "primary 640 480",
                     "main closed", "destroy MainChannel", "destroy DisplayChannel"):
            tap.true(line in said, f"never heard of “{line}”: {said}")


def owner_of(env, content, kind):
    """A program that owns the clipboard until it is stopped."""
    process = peers.Process([peers.which("xclip"), "-quiet", "-i", "-selection", "clipboard", "-t", kind], env=env,
                            stdin=subprocess.PIPE)
    process.child.stdin.write(content)
    process.child.stdin.close()
    return process


def carried(origin, target, content, kind="UTF8_STRING", read=bytes):
    """Copies on one side until it is there on the other; `read` makes of the bytes what is compared."""
    def pasted():
        result = subprocess.run([peers.which("xclip"), "-o", "-selection", "clipboard", "-t", kind],
                                env={**os.environ, **target}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                timeout=60)
        return result.returncode == 0 and result.stdout != b"" and read(result.stdout) == read(content)
    owner = owner_of(origin, content, kind)
    try:
        peers.wait_until(pasted, 30, f"{kind} on the other side", every=0.2)
    finally:
        owner.stop()


def pixels(png):
    picture = pictures.read_png(png)
    return picture.width, picture.height, picture.data


def desktop(x):
    """A guest's window that says which keys it gets."""
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
    peers.wait_until(pointed, 30, "the guest's pointer to follow", every=0.1)


@tap.cases("remote-viewer types and clicks on a real desktop and shares its clipboard, with {}", BOTH)
def real_desktop(whose):
    with Xspice(agent=True) as x, Screen(folder(whose)) as screen:
        events = desktop(x)
        viewer(screen, x.uri)
        at = screen.wait_shown(x.truth)
        wait_agent(x, screen, at)
        screen.xdotool("click", 1)
        screen.xdotool("type", "ab")
        peers.wait_until(lambda: events.text().count("KeyRelease event") >= 2, 20, "the keys")
        tap.equal(re.findall(r"KeyPress event.*?keysym \w+, (\w+)", events.text(), re.S), ["a", "b"], "keys")
        tap.equal(re.findall(r"(Button\w+) event", events.text()), ["ButtonPress", "ButtonRelease"], "buttons")
        carried(screen.env, x.env, TEXT.encode())
        carried(x.env, screen.env, TEXT[::-1].encode())


@tap.cases("remote-viewer carries images of the clipboard, with {}", BOTH)
def images(whose):
    with Xspice(agent=True) as x, Screen(folder(whose)) as screen:
        desktop(x)
        viewer(screen, x.uri)
        at = screen.wait_shown(x.truth)
        wait_agent(x, screen, at)
        for origin, target, colour in ((screen.env, x.env, "red-blue"), (x.env, screen.env, "yellow-green")):
            path = screen.folder / "image.png"
            peers.run([peers.which("convert"), "-size", "90x70", f"gradient:{colour}", "-depth", "8",
                       f"PNG24:{path}"]).check()
            carried(origin, target, path.read_bytes(), "image/png", pixels)


def drag(screen, files, to):
    """Drags the files out of a window and lets them fall on that point of the screen."""
    # The interpreter that the distribution's introspection data belongs to.
    basket = screen.start(["/usr/bin/python3", Path(__file__).with_name("basket.py"), "Basket", *files], env=screen.env)

    def wait_said(word):
        peers.wait_until(lambda: word in basket.text().splitlines(), 30, f"the drag to be {word}")
    window = screen.wait_window("Basket")
    screen.xdotool("windowmove", "--sync", window, 10, 10)
    screen.xdotool("mousemove", 70, 80, "mousedown", 1, "mousemove", 80, 90, "mousemove", 90, 100)
    wait_said("begun")
    screen.xdotool("mousemove", to[0] - 1, to[1], "mousemove", *to)
    wait_said("welcome")
    screen.xdotool("mouseup", 1)
    for word in ("delivered", "ended"):
        wait_said(word)


def digest(content):
    return hashlib.sha256(content).hexdigest()


@tap.cases("files dropped on remote-viewer's window arrive in the guest, byte for byte, with {}", BOTH)
def dropped(whose):
    with Xspice(agent=True) as x, Screen(folder(whose)) as screen:
        desktop(x)
        viewer(screen, x.uri)
        at = screen.wait_shown(x.truth)
        wait_agent(x, screen, at)
        files = {"Grüße an alle.txt": TEXT.encode(), "noise": os.urandom(3_000_001)}
        for name, content in files.items():
            (screen.folder / name).write_bytes(content)
        drag(screen, [screen.folder / name for name in files], (at[0] + 300, at[1] + 300))

        def arrived():
            there = {path.name: path.read_bytes() for path in x.received.iterdir()}
            return {name: digest(content) for name, content in there.items()} == wanted
        wanted = {name: digest(content) for name, content in files.items()}
        peers.wait_until(arrived, 60, "the files to be in the guest's folder", every=0.2)


@tap.test("a window of remote-viewer gives the guest its size, with our library")
def resize():
    """With the distribution's library the guest keeps its size: this agent drops what it sends."""
    with Xspice(agent=True) as x, Screen(folder(OURS)) as screen:
        desktop(x)
        viewer(screen, "--auto-resize=always", x.uri)
        screen.wait_shown(x.truth)
        window = screen.wait_window("spice://")
        for width, height in ((900, 700), (1000, 800)):
            def fits():
                # The window is larger by its frame and its bar, and its size goes by steps.
                shown = x.truth()
                return 0 < width - shown.width < 60 and 0 < height - shown.height < 120
            screen.xdotool("windowsize", window, width, height)
            peers.wait_until(fits, 30, f"the guest to fit the window of {width}x{height}", every=0.2)
            screen.wait_shown(x.truth)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--library", required=True, help="folder of the client library to load")
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, hands.library = options.demo, Path(options.library).resolve()
    sys.exit(tap.main(options.only, jobs=2))
