# SPDX-License-Identifier: LGPL-2.1-or-later
"""An Xorg desktop through the spiceqxl driver: the screenshot is what the X server says it shows."""
import argparse
import pathlib
import signal
import sys

import clients
import peers
import pictures
import tap
from xspice import Xspice

COMPRESSIONS = ["off", "quic", "lz", "glz", "auto_glz", "auto_lz"]
client = None

# Text in all the colours and weights a terminal has, without a cursor that blinks.
TERMINAL = r"""
printf '\033[?25l\033]0;terminal\007'
for c in 0 1 2 3 4 5 6 7; do
  printf '\033[3%dmcolour %d \033[1mbold \033[7mreverse\033[0m \033[4%dm background \033[0m\n' $c $c $((7 - c))
done
seq 1 200 | while read n; do printf '%s ' $n; done
echo; echo ready; sleep 1000
"""


def desktop(x):
    """An xterm, programs of two toolkits and a picture; returns when all have drawn."""
    photo = x.folder / "photo.ppm"
    with peers.DemoServer("--no-animation", "--size", "400x300", scene=True) as demo:
        demo.dump().write_ppm(photo)
    x.run("xsetroot", "-solid", "#336699")
    x.program("gtk3-demo", "--run=button_box")
    x.wait_window("Button Boxes")
    x.wait_window("Application Class")
    # There is no window manager to place anything.
    x.run("xdotool", "search", "--name", "Application Class", "windowmove", "--sync", "440", "120")
    x.run("xdotool", "search", "--name", "Button Boxes", "windowmove", "--sync", "640", "40")
    x.program("xterm", "-geometry", "70x20+10+10", "-T", "terminal", "-e", "sh", "-c", TERMINAL)
    x.program("display", "-geometry", "+60+420", "-title", "picture", photo)
    for window in ("terminal", "picture"):
        x.wait_window(window)
    x.wait_quiet()


@tap.cases("a desktop of real programs shows what the X server shows, compression {}", COMPRESSIONS)
def whole_desktop(compression):
    with Xspice(compression) as x:
        desktop(x)
        shot = x.wait_shown(lambda: client.screenshot(x.uri))
        tap.true(shot.colors() > 100, "the desktop is all but empty")


def preferred():
    with Xspice("off") as x:
        desktop(x)
        x.wait_shown(lambda: client.screenshot(x.uri, "--compression", "lz4"))


@tap.test("a live client follows programs that draw, scroll and move windows")
def live():
    with Xspice() as x, clients.Viewer(x.uri) as viewer:
        viewer.wait("mark 0 1")
        desktop(x)
        x.program("xterm", "-geometry", "60x12+200+150", "-T", "scroll", "-e", "sh", "-c",
                  "printf '\\033[?25l'; seq 1 400; printf '\\033]2;scrolled\\007'; sleep 1000")
        x.wait_window("scrolled")
        x.wait_shown(viewer.dump)


PAGE = """<!doctype html><meta charset="utf-8"><title>page</title>
<style>
html {{ cursor: none }} /* the X server draws some pointers into its picture, and not into ours of it */
body {{ margin: 24px; font: 18px sans-serif; background: linear-gradient(#fff, #cde) }}
.glass {{ position: absolute; left: 240px; top: 150px; width: 320px; height: 200px; border-radius: 40px;
  background: rgba(20, 90, 160, 0.45); box-shadow: 12px 12px 24px rgba(0, 0, 0, 0.6); color: white; padding: 20px }}
.turned {{ transform: rotate(-7deg); display: inline-block; background: #fc3; padding: 8px }}
</style>
<h1>Photographs, text and glass</h1>
<img src="{photo}" width="560" height="360"><div class="glass">What lies <b>below</b> shines through.</div>
<p class="turned">turned a little</p>
{paragraphs}
"""


@tap.test("a browser's page of text, photographs and transparency, and where it has been scrolled to")
def browser():
    with Xspice() as x:
        photo, page = x.folder / "photo.png", x.folder / "page.html"
        x.run("convert", "-size", "560x360", "-seed", "1", "plasma:fractal", photo)
        paragraphs = "".join(f"<p style='color: hsl({i * 40}, 80%, 30%)'>{'Paragraph %d and more of it. ' % i * 12}</p>"
                             for i in range(30))
        page.write_text(PAGE.format(photo=photo, paragraphs=paragraphs))
        x.program("/usr/bin/python3", pathlib.Path(__file__).with_name("browser.py"), "page is there", page,
                  env={"HOME": str(x.folder), "XDG_RUNTIME_DIR": str(x.folder), "GTK_A11Y": "none", "NO_AT_BRIDGE": "1"})
        x.wait_window("page is there")
        with clients.Viewer(x.uri) as viewer:
            viewer.wait("mark 0 1")
            seen = []
            for keys in ([], ["Next"], ["Next", "Next"], ["Home"]):
                if keys:
                    x.run("xdotool", "mousemove", "900", "700", "key", *keys)
                x.wait_quiet(60)
                # Scroll bars fade later.
                seen.append(x.wait_shown(viewer.dump, f"the viewer to show what the X server shows after {keys}"))
                tap.true(seen[-1].colors() > 1000, "the page is all but empty")
            tap.true(pictures.difference(seen[0], seen[1]) is not None, "the page was not scrolled")


# Lines, dashes, text, copies, scrolling and composition, in x11perf's words.
X11PERF = ["-line100", "-ddseg100", "-aa10text", "-copywinwin100", "-scroll100", "-comppixwin100"]


@tap.test("a live client shows what x11perf has drawn, whenever it is stopped")
def x11perf():
    with Xspice() as x, clients.Viewer(x.uri) as viewer:
        viewer.wait("mark 0 1")
        for number, kind in enumerate(X11PERF):
            drawing = x.program("x11perf", "-repeat", "1", "-time", "60", "-sync", kind)
            for _ in range(6):
                before = viewer.bytes_read()
                peers.wait_until(lambda: viewer.bytes_read() > before, f"{kind} to draw", 0.02)
            drawing.child.send_signal(signal.SIGSTOP)
            x.wait_quiet()
            x.wait_shown(viewer.dump, kind)
            drawing.child.kill()
            drawing.child.wait(peers.PATIENCE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--caraway", help="the command; without it, the unmodified spicy-screenshot")
    parser.add_argument("--library", help="folder of the client library that spicy-screenshot is to load")
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, clients.Viewer.program = options.demo, options.viewer
    client = clients.Caraway(options.caraway) if options.caraway else clients.Spicy(options.library)
    if options.caraway:  # spicy-screenshot cannot ask for anything
        tap.test("a desktop of real programs shows what the X server shows, LZ4 at the client's request")(preferred)
    sys.exit(tap.main(options.only, jobs=2))
