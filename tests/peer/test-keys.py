# SPDX-License-Identifier: LGPL-2.1-or-later
"""caraway type and caraway key, all of them: what characters and names are as scan codes of a PC keyboard, set 1, and when
keys go down and up. test-keys.py --demo PROGRAM --caraway PROGRAM"""
import argparse
import sys

import clients
import peers
import tap

caraway = None

# The rows of a US keyboard: the code of the first key, the keys, what they type with Shift.
ROWS = [(0x02, "1234567890-=", "!@#$%^&*()_+"), (0x10, "qwertyuiop[]", "QWERTYUIOP{}"), (0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
        (0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?")]
CHARACTERS = {" ": (0x39, False), "\n": (0x1c, False), "\t": (0x0f, False)}
for first, plain, shifted in ROWS:
    CHARACTERS |= {c: (first + i, False) for i, c in enumerate(plain)} | {c: (first + i, True) for i, c in enumerate(shifted)}
# Names one after the other, from that code on; codes above 0xff have the prefix 0xe0.
RUNS = [(0x01, "esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace tab q w e r t y u i o p bracketleft bracketright enter ctrl"),
        (0x1e, "a s d f g h j k l semicolon apostrophe grave shift backslash z x c v b n m comma period slash rshift"),
        (0x37, "kpmultiply alt space capslock f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 numlock scrolllock"),
        (0x47, "kp7 kp8 kp9 kpminus kp4 kp5 kp6 kpplus kp1 kp2 kp3 kp0 kpperiod sysrq f16 less f11 f12 kpequal f20"),
        (0x5d, "f13 f14 f15"), (0x6d, "f23"), (0x6f, "f24"), (0x74, "f21"), (0x7e, "kpcomma"), (0x103, "f17 f19"),
        (0x110, "previous"), (0x119, "next"), (0x11c, "kpenter rctrl"), (0x120, "mute calculator playpause"), (0x124, "stop"),
        (0x12e, "volumedown"), (0x130, "volumeup"), (0x132, "homepage"), (0x135, "kpdivide"), (0x137, "print altgr"),
        (0x146, "break home up pageup"), (0x14b, "left"), (0x14d, "right"), (0x14f, "end down pagedown insert delete"),
        (0x15b, "super rsuper menu power sleep"), (0x163, "wake"), (0x165, "search favorites refresh"),
        (0x169, "forward back"), (0x16c, "mail media"), (0x177, "f18"), (0x179, "f22")]
KEYS = {name: first + i for first, names in RUNS for i, name in enumerate(names.split())}
# What else they are called.
ALIASES = {"enter": "return ret Return KEY_ENTER", "esc": "escape", "ctrl": "control Control_L ctrl_l KEY_LEFTCTRL leftctrl",
           "rctrl": "control_r ctrl_r KEY_RIGHTCTRL", "alt": "alt_l KEY_LEFTALT", "altgr": "ralt alt_r rightalt ISO_Level3_Shift",
           "shift": "shift_l leftshift", "rshift": "shift_r rightshift", "super": "win meta_l KEY_LEFTMETA Super_L meta windows",
           "rsuper": "meta_r rightmeta super_r", "menu": "compose", "insert": "ins", "delete": "del", "space": "spc",
           "pageup": "prior pgup Page_Up", "pagedown": "pgdn", "grave": "grave_accent quoteleft", "bracketleft": "leftbrace",
           "bracketright": "rightbrace", "period": "dot", "kpmultiply": "asterisk kpasterisk", "kpdivide": "kp_slash",
           "kpplus": "kp_add", "kpminus": "kp_subtract", "kpperiod": "kp_decimal kpdot", "apostrophe": "quoteright",
           "less": "102nd", "print": "printscreen prtsc", "mute": "audiomute XF86AudioMute", "power": "XF86PowerOff",
           "volumedown": "audiolowervolume XF86AudioLowerVolume", "volumeup": "audioraisevolume XF86AudioRaiseVolume",
           "playpause": "audioplay XF86AudioPlay", "stop": "audiostop XF86AudioStop stopcd", "sleep": "XF86Sleep",
           "previous": "audioprev XF86AudioPrev previoussong", "next": "audionext XF86AudioNext nextsong", "wake": "wakeup",
           "homepage": "ac", "a": "0x1e A_ key_a"}


def codes(code, up=False):
    return [*(["e0"] if code > 0xff else []), f"{code & 0x7f | (0x80 if up else 0):02x}"]


def stroke(code):
    return codes(code) + codes(code, up=True)


def pressed(server, n):
    """The scan codes that came, once there are so many."""
    def came():
        found = [event[1] for event in server.events(clear=False) if event[0] == "key"]
        return found if len(found) >= n else None
    found = peers.wait_until(came, f"{n} codes")
    server.events()
    return found


@tap.test("every character of a US keyboard")
def characters():
    with peers.DemoServer("--size", "64x48") as server:
        for caps in (False, True):
            server.command(f"leds state={4 if caps else 0}")
            text, expected = "".join(CHARACTERS), []
            tap.equal(len(text), 97)
            for character in text:
                code, shift = CHARACTERS[character]
                shift ^= caps and character.isalpha()
                expected += [*(["2a"] if shift else []), *stroke(code), *(["aa"] if shift else [])]
            caraway.run("type", "--delay=5", server.uri, "-", text=text)
            tap.equal(pressed(server, len(expected)), expected)


@tap.test("every name of a key that is listed")
def names():
    listed = caraway.run("key", "--list").out.split()
    other = {name for names in ALIASES.values() for name in names.split()}
    tap.equal(set(KEYS) | {"pause"}, set(listed) - other)
    with peers.DemoServer("--size", "64x48") as server:
        expected = [code for name in KEYS for code in stroke(KEYS[name])]
        caraway.run("key", "--delay=5", server.uri, *KEYS)
        tap.equal(pressed(server, len(expected)), expected)


@tap.test("what others call them")
def aliases():
    pairs = [(name, KEYS[ours]) for ours, names in ALIASES.items() for name in names.split()]
    pairs += [("0xe07f", 0x17f), ("0x7f", 0x7f), ("0xE01D", 0x11d), ("0x1", 1)]
    with peers.DemoServer("--size", "64x48") as server:
        expected = [code for _, key in pairs for code in stroke(key)]
        caraway.run("key", "--delay=5", server.uri, *(name for name, _ in pairs))
        tap.equal(pressed(server, len(expected)), expected)


@tap.test("keys stay down for as long as is wished, and there is a pause behind each; options end where names begin")
def times():
    with peers.DemoServer("--size", "64x48") as server:
        held = peers.Process([caraway.program, "key", "--hold", "60000", server.uri, "ctrl+a"])
        try:
            tap.equal(pressed(server, 2), ["1d", "1e"])
            tap.true(held.running() and not server.events(), "it did not wait")
        finally:
            held.stop()
        peers.wait_until(lambda: server.command("stats")["inputs"] == "0", "the command to be gone")
        server.events()
        # At least as long as all pauses together.
        for words, least in ((("key", "--hold=300", "--delay", "200", server.uri, "a", "b"), 1.0),
                             (("type", "--delay", "400", server.uri, "ab"), 0.8)):
            result = caraway.run(*words)
            tap.true(result.seconds >= least, f"{result.seconds} s")
            tap.equal(pressed(server, 4), ["1e", "9e", "30", "b0"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--caraway", required=True)
    parser.add_argument("--only")
    options_ = parser.parse_args()
    peers.DemoServer.program, caraway = options_.demo, clients.Caraway(options_.caraway)
    sys.exit(tap.main(options_.only, jobs=2))
