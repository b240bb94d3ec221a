# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a hostile server says, and what a client must do about it.

A case is (name, channel, steps, verdict, pattern, options). The steps follow a normal opening of that channel unless
they begin with None, then they replace it. Options: what siblings say, which channels also have to answer, the
colour in the corner of the display at the end, what the client has to have sent, options of the viewer, and arguments of
the server. Verdicts:
  ERROR  the channel reports an error whose text matches the pattern, and closes;
  ALIVE  nothing is reported and the channel still answers;
  SILENT nothing is reported and the channel reads no further.
Either way the client goes on, ends when it is told to, and takes a bounded amount of memory."""
import collections
import json
from pathlib import Path

from hostile import spice as s
from hostile.server import HELLO, Close, Meet, Pause, Wait, opening

Case = collections.namedtuple("Case", "name channel steps verdict pattern options", defaults=("", {}))
ERROR, ALIVE, SILENT = "error", "alive", "silent"
HUGE = 0xFFFFFFFF
M, D, I, C = s.MAIN, s.DISPLAY, s.INPUTS, s.CURSOR


def headers():
    for kind in (M, D, I, C):
        yield f"{s.NAMES[kind]}: a message of 4 GiB", kind, \
            [s.message(4, b"", HUGE)], ERROR, "size|large|limit|4294967295"
        yield f"{s.NAMES[kind]}: an unknown message", kind, [s.message(999, b"abc")], ALIVE
        yield f"{s.NAMES[kind]}: message 100 is empty and does nothing", kind, [s.message(100)], ALIVE
        yield f"{s.NAMES[kind]}: PING without its body", kind, [s.message(4, b"\0")], ALIVE
        yield f"{s.NAMES[kind]}: SET_ACK cut short", kind, [s.message(3, b"\0" * 7)], ERROR, "ack"
        yield f"{s.NAMES[kind]}: NOTIFY longer than its body", kind, \
            [s.message(7, s.u64(0) + s.u32(0, 0, 0, 0x7FFFFFF0) + b"text")], ALIVE
        yield f"{s.NAMES[kind]}: MIGRATE without a target", kind, [s.message(1, s.u32(3))], ERROR, "migrate"
        yield f"{s.NAMES[kind]}: MIGRATE_DATA out of the blue", kind, [s.message(2, b"x" * 40)], ERROR, "migrate"
    yield "main: an acknowledgement window of 1", M, [s.message(3, s.u32(1, 1)), s.message(100) * 50], ALIVE
    yield "display: acknowledgement windows of 1, 2³² − 1 and 0", D, \
        [s.message(3, s.u32(n, window)) + s.message(100) * 50 for n, window in enumerate((1, HUGE, 0))], ALIVE
    yield "display: messages byte by byte", D, [bytes([b]) for b in s.fill() + s.copy(s.bitmap())], ALIVE, "", \
        {"shows": "555555"}


def lists():
    ack = s.sub_message(3, s.u32(1, 20))
    yield "LIST in a LIST", D, [s.sub_list([s.sub_message(8, s.u16(0))])], ERROR, "list"
    yield "LIST that points at itself", D, [s.sub_list([ack], offsets=[0])], ERROR, "sub"
    yield "LIST with an offset beyond the body", D, [s.sub_list([ack], offsets=[5000])], ERROR, "list|sub"
    yield "LIST with an offset of 4 GiB", D, [s.sub_list([ack], offsets=[HUGE])], ERROR, "list|sub"
    yield "LIST of 65535 without offsets", D, [s.sub_list([ack], count=65535)], ERROR, "list|sub"
    yield "LIST of nothing", D, [s.sub_list([])], ALIVE
    yield "LIST of one byte", D, [s.message(8, b"\1")], ERROR, "list|sub"
    yield "LIST of 60000 times the same message", D, \
        [s.sub_list([ack], offsets=[2 + 4 * 60000] * 60000)], ERROR, "list|sub"
    yield "LIST with a sub-message of no bytes", D, [s.sub_list([s.sub_message(4)])], ALIVE
    yield "LIST of more than 1 MiB", D, [s.message(8, b"", (1 << 20) + 1)], ERROR, "1048577 > 1048576"
    yield "LIST whose INVAL_LIST states too large a size, as real servers do", D, \
        [s.sub_list([s.sub_message(105, s.u16(1) + s.u8(1) + s.u64(77), size=24)])], ALIVE
    yield "LIST with MIGRATE in it", D, [s.sub_list([s.sub_message(1, s.u32(3))])], ERROR, "list|migrate"


def main_channel():
    yield "CHANNELS_LIST with more entries than bytes", M, [s.channels_list((D, 0), count=HUGE)], ERROR, "channels"
    yield "CHANNELS_LIST of twice the same and of main", M, [s.channels_list((D, 0), (D, 0), (M, 0), (M, 3))], ALIVE
    yield "CHANNELS_LIST of unknown types", M, [s.channels_list((99, 0), (200, 7), (0, 0))], ALIVE
    yield "CHANNELS_LIST of 20000 unknown channels", M, \
        [s.channels_list(*((64 + i // 256, i % 256) for i in range(20000)))], ALIVE
    yield "CHANNELS_LIST of 65537 channels", M, [s.message(104, s.u32(65537) + s.u8(2, 0) * 65537)], ERROR, \
        "channels.*65537 elements > 65536"
    # As programs know it: a session survives a bad INIT, and one of no use to them.
    yield "CHANNELS_LIST of 768 channels", M, \
        [s.channels_list(*((kind, i) for i in range(256) for kind in (I, C, D)))], ALIVE, "", {"listed": ((D, 0),)}
    yield "INIT cut short", M, [None, s.message(103, b"\0\0")], ALIVE
    yield "INIT cut short, an unknown message, and a good INIT", M, \
        [None, s.message(103, b"\0\0"), s.message(9999, b"x"), s.main_init(), Wait(104)], ALIVE
    yield "a second INIT", M, [s.main_init(session=7)], ALIVE
    yield "mouse modes that do not exist", M, [s.message(105, s.u16(0, 0)), s.message(105, s.u16(3, 99))], ALIVE
    yield "AGENT_TOKEN that wraps", M, [s.message(110, s.u32(HUGE)), s.message(110, s.u32(HUGE))], ALIVE
    yield "messages before INIT", M, [None, s.message(110, s.u32(1)), s.message(106, s.u32(5)), s.channels_list((D, 0)),
                                      s.agent(1), s.main_init()], ALIVE
    yield "NAME longer than its body", M, [s.message(113, s.u32(HUGE) + b"abc\0")], ALIVE
    yield "UUID cut short", M, [s.message(114, b"1234")], ALIVE
    destination = s.u16(1, 2)
    for number, name, absent in ((101, "MIGRATE_BEGIN", ERROR), (116, "MIGRATE_BEGIN_SEAMLESS", ERROR),
                                 (111, "MIGRATE_SWITCH_HOST", ALIVE)):
        version = s.u32(1) if number == 116 else b""
        for what, host, verdict in (("a host beyond the body", s.u32(9, 5000), ERROR),
                                    ("a size but no host", s.u32(9, 0), absent),
                                    ("a host whose size and offset wrap", s.u32(HUGE, 8), ERROR),
                                    ("a host of no bytes", s.u32(0, 24), absent)):
            body = destination + host + s.u32(0, 0) + version
            yield f"{name} with {what}", M, [s.message(number, body.ljust(28, b"x"))], verdict, "migrate.*host"
    yield "MIGRATE_END and _CANCEL without a migration", M, [s.message(112), s.message(102)], ALIVE
    yield "mm-time jumps over the end", M, [s.message(106, s.u32(HUGE)), s.message(106, s.u32(0))], ALIVE


def agent():
    connected = s.message(115, s.u32(10))
    yield "agent message of 4 GiB", M, [connected, s.agent(4, b"x" * 100, size=HUGE)], ALIVE
    yield "agent header in pieces", M, [connected] + [s.message(109, bytes([b])) for b in s.u32(1, 6)], ALIVE
    yield "agent CLIPBOARD of no bytes", M, [connected, s.agent(6, s.u32(1, 0x1FF)), s.agent(4)], ALIVE
    yield "agent CLIPBOARD_GRAB of one byte", M, [connected, s.agent(6, s.u32(1, 0x1FF)), s.agent(7, b"\0")], ALIVE
    yield "agent capabilities of one byte", M, [connected, s.agent(6, b"\0")], ALIVE
    yield "agent file transfer status for nobody", M, [connected, s.agent(11, s.u32(99, 0))], ALIVE
    caps = s.agent(6, s.u32(1, 0x1FF))
    yield "agent grabs selection 255", M, [connected, caps, s.agent(7, b"\xff\0\0\0" + s.u32(1))], ALIVE
    yield "agent grabs with 16000 types", M, [connected, caps, s.agent(7, s.u32(0) + s.u32(1) * 16000)], ALIVE
    yield "agent announces itself 5000 times", M, [connected] + [caps] * 5000, ALIVE
    yield "agent asks for the clipboard 5000 times", M, [connected, caps] + [s.agent(8, s.u32(0, 1))] * 5000, ALIVE
    yield "agent gives what nobody asked for", M, [connected, caps] + [s.agent(4, s.u32(0, 1) + b"x" * 2000)] * 1000, ALIVE
    yield "agent of another protocol", M, [connected, s.agent(6, s.u32(1, 0), protocol=77)], ERROR, "agent.*protocol"


def inputs():
    yield "motion acknowledged that was never sent", I, [s.message(111)] * 30, ALIVE
    yield "inputs INIT cut short", I, [None, s.message(101, b"\0")], ERROR, "init"
    yield "KEY_MODIFIERS before INIT", I, [None, s.message(102, s.u16(0xFFFF)), s.INPUTS_INIT], ALIVE


def cursors():
    for kind, name in enumerate(("alpha", "mono", "color4", "color8", "color16", "color24", "color32")):
        yield f"{name} cursor without pixels", C, [s.cursor_set(kind, 32, 32, b"")], ALIVE
        yield f"{name} cursor one byte short", C, [s.cursor_set(kind, 64, 64, b"\xff" * 500)], ALIVE
        yield f"{name} cursor of 65535x65535", C, [s.cursor_set(kind, 65535, 65535, b"x" * 64)], ALIVE
        yield f"{name} cursor of 0x0", C, [s.cursor_set(kind, 0, 0, b"")], ALIVE
    yield "cursor of an unknown type", C, [s.cursor_set(77)], ALIVE
    yield "cursor from an empty cache", C, [s.cursor_set(flags=4, data=b"", unique=99)], ALIVE
    yield "5000 cached cursors", C, [b"".join(s.cursor_set(flags=2, unique=i + 1) for i in range(5000))], ALIVE
    yield "cursor with its hot spot outside", C, [s.cursor_set(hot=(60000, 60000))], ALIVE
    yield "SET and MOVE before INIT", C, [None, s.cursor_set(), s.message(104, s.u16(1, 1)), s.CURSOR_INIT], ALIVE
    yield "INVAL_ONE of an unknown cursor", C, [s.message(107, s.u64(5))], ALIVE
    yield "cursor SET cut short", C, [s.message(103, b"\0\0\0\0\1")], ALIVE


def surfaces():
    for size in ((0, 0), (0, 48), (65536, 65536), (HUGE, HUGE), (0x40000000, 1), (32768, 32768)):
        yield "primary of %dx%d" % size, D, [s.surface_create(*size)], ERROR, "surface"
    yield "surface of an unknown format", D, [s.surface_create(form=77)], ERROR, "surface"
    yield "off-screen surface with the primary's id", D, [s.surface_create(32, 32, flags=0), s.fill()], ALIVE
    yield "surface created twice", D, [s.surface_create(32, 32, 5, flags=0)] * 2, ALIVE
    yield "unknown surface destroyed", D, [s.message(315, s.u32(99))], ALIVE
    yield "20000 surfaces", D, \
        [b"".join(s.surface_create(64, 64, i + 1, flags=0) for i in range(20000))], ERROR, "surfaces"
    yield "200 surfaces of 64 MiB", D, [b"".join(s.surface_create(4096, 4096, i + 1, flags=0) for i in range(200))], \
        ERROR, "surfaces"
    yield "drawing on an unknown surface", D, [s.fill(surface=42), s.copy(s.bitmap(), surface=42)], ALIVE
    yield "drawing before any surface", D, [None, s.fill(), s.copy(s.bitmap()), s.surface_create()], ALIVE
    yield "MARK, RESET and MODE without a primary", D, [None, s.MARK, s.message(103), s.surface_create()], ALIVE
    yield "QUALITY_INDICATOR", D, [s.message(322, b"whatever")], ALIVE
    yield "MODE of a gigantic size", D, [s.message(101, s.u32(HUGE, HUGE, 32))], ERROR, "mode|surface"


def monitors():
    head = s.u32(0, 0, 64, 48, 0, 0, 0)
    yield "MONITORS_CONFIG with more heads than bytes", D, \
        [s.message(317, s.u16(65535, 65535) + head)], ERROR, "monitors"
    yield "MONITORS_CONFIG of no heads", D, [s.message(317, s.u16(0, 0))], ALIVE
    yield "MONITORS_CONFIG of 2000 overlapping heads", D, [s.message(317, s.u16(2000, 1) + head * 2000)], ALIVE
    yield "MONITORS_CONFIG outside every surface", D, \
        [s.message(317, s.u16(1, 1) + s.u32(7, 9, HUGE, HUGE, HUGE, HUGE, 0))], ALIVE


def boxes():
    clip_far = s.u8(1) + s.u32(1) + s.rect(-2**31, -2**31, 2**31 - 1, 2**31 - 1)
    for name, box in (("negative", (-50, -50, 10, 10)), ("inverted", (30, 30, 10, 10)), ("empty", (5, 5, 5, 5)),
                      ("gigantic", (-2**31, -2**31, 2**31 - 1, 2**31 - 1)),
                      ("far off", (10**9, 10**9, 10**9 + 9, 10**9 + 9))):
        yield f"fill of a box that is {name}", D, [s.fill(box)], ALIVE
        yield f"scaled copy to a box that is {name}", D, [s.copy(s.bitmap(), box, (0, 0, 16, 16), scale=0)], ALIVE
        yield f"copy-bits of a box that is {name}", D, [s.message(104, s.base(box) + s.u32(-2**31, 2**31 - 1))], ALIVE
        yield f"invers of a box that is {name}", D, [s.message(308, s.base(box) + s.mask())], ALIVE
    yield "copy of an area outside the picture", D, [s.copy(s.bitmap(), (0, 0, 16, 16), (500, 500, 516, 516))], ALIVE
    yield "copy of an area that is inverted", D, [s.copy(s.bitmap(), (0, 0, 16, 16), (9, 9, 3, 3))], ERROR, "scaling"
    yield "copy of an empty area", D, [s.copy(s.bitmap(), (0, 0, 16, 16), (4, 4, 4, 4), scale=0)], ERROR, "scaling"
    yield "clip as large as numbers go", D, [s.fill(clip=clip_far)], ALIVE
    yield "clip of 2³² rectangles", D, [s.fill(clip=s.u8(1) + s.u32(HUGE))], ERROR, "clip|rects"
    yield "clip of 2²⁸ rectangles", D, [s.fill(clip=s.u8(1) + s.u32(1 << 28))], ERROR, "clip|rects"
    yield "clip of an unknown kind", D, [s.fill(clip=b"\x09")], ERROR, "clip"
    yield "clip of 50000 rectangles", D, \
        [s.fill(clip=s.u8(1) + s.u32(50000) + s.rect(0, 0, 9, 9) * 50000)], ERROR, "clip"


def images():
    yield "copy without a picture", D, [s.copy(b"", pointer=0)], ERROR, "draw-copy.*src|src_bitmap"
    yield "picture beyond the body", D, [s.copy(s.bitmap(), pointer=90000)], ERROR, "src"
    yield "picture at 4 GiB", D, [s.copy(s.bitmap(), pointer=HUGE)], ERROR, "src"
    yield "picture in the last byte", D, [s.copy(b"\0", pointer=57)], ERROR, "draw-copy|src"
    yield "picture within the fixed part", D, [s.copy(s.bitmap(), pointer=1)], ERROR, "src"
    yield "picture of an unknown type", D, [s.copy(s.image(55, b"abcd"))], ERROR, "type|image"
    yield "picture of the reserved type", D, [s.copy(s.image(2, b"abcd"))], ERROR, "type|image|reserved"
    yield "bitmap with a stride too small", D, [s.copy(s.bitmap(stride=8))], ERROR, "stride"
    yield "bitmap with more rows than bytes", D, [s.copy(s.bitmap(16, 16, data=b"x" * 64))], ERROR, "data|draw-copy"
    yield "bitmap whose stride times rows wraps", D, [s.copy(s.bitmap(16, 65536, stride=65536, data=b"x" * 64))], \
        ERROR, "data|size|stride"
    yield "bitmap of no pixels", D, [s.copy(s.bitmap(0, 0, stride=0))], ERROR, "0|size"
    yield "bitmap of another size than its descriptor", D, [s.copy(s.bitmap(descriptor=(600, 600)))], ALIVE, "", \
        {"shows": "555555"}
    yield "bitmap of an unknown format", D, [s.copy(s.bitmap(form=99))], ERROR, "format"
    yield "palette beyond the body", D, [s.copy(s.bitmap(form=5, stride=16, palette=77777))], ERROR, "palette"
    yield "palette of 65535 colours in ten bytes", D, \
        [s.copy(s.bitmap(form=5, stride=16, palette=57 + 18 + 18 + 256) + s.u64(1) + s.u16(65535))], \
        ERROR, "palette|ents"
    yield "palette too short for its pixels", D, \
        [s.copy(s.bitmap(form=5, stride=16, palette=57 + 18 + 18 + 256) + s.u64(1) + s.u16(2) + s.u32(1, 2))], ALIVE
    yield "bitmap of indices without a palette", D, [s.copy(s.bitmap(form=5, stride=16))], ALIVE
    yield "palette from an empty cache", D, \
        [s.copy(s.image(0, s.u8(5, 6) + s.u32(16, 16, 16) + s.u64(99) + b"\1" * 256))], ALIVE
    yield "picture from an empty cache, one display only", D, [s.copy(s.image(103, number=4711))], ERROR, "cache"
    yield "lossless picture from an empty cache", D, [s.copy(s.image(106, number=4711))], ERROR, "cache"
    yield "20000 cached pictures", D, [b"".join(s.copy(s.bitmap(8, 8, number=i, cache=1)) for i in range(20000))], ALIVE
    yield "pictures of a surface that is not there", D, [s.copy(s.image(104, s.u32(900)))], ERROR, "surface 900"
    yield "picture of a surface of another depth", D, \
        [s.surface_create(16, 16, 3, 8, 0), s.copy(s.image(104, s.u32(3)))], ERROR, "bits per pixel"
    yield "copy of the surface onto itself", D, [s.copy(s.image(104, s.u32(0), 64, 48), (4, 4, 20, 20))], ALIVE
    yield "scale mode 9", D, [s.copy(s.bitmap(), (0, 0, 30, 30), (0, 0, 16, 16), scale=9)], ERROR, "scale"
    yield "raster operation of all bits", D, [s.copy(s.bitmap(), rop=0xFFFF)], ALIVE
    yield "brush of an unknown kind", D, [s.message(302, s.base() + b"\x09" + s.u32(0, 0, 0, 0))], ERROR, "brush"
    yield "pattern without a picture", D, \
        [s.message(302, s.base() + s.u8(2) + s.u32(0, 0, 0) + s.u16(8) + s.mask())], ERROR, "brush|pattern"
    far_mask = s.message(302, s.base() + s.solid() + s.u16(8) + s.mask(0, -2**31, 2**31 - 1, 41) +
                         s.bitmap(16, 16, 1, stride=2))
    yield "mask at the end of the world", D, [far_mask], ALIVE
    yield "mask of 32 bits a pixel", D, \
        [s.message(302, s.base() + s.solid() + s.u16(8) + s.mask(0, 0, 0, 41) + s.bitmap())], ERROR, "mask"
    yield "DRAW_COPY cut short", D, [s.message(304, s.base())], ERROR, "draw-copy"


def order():
    wait = s.message(5, s.u8(1) + s.u8(D, 0) + s.u64(1 << 60))
    yield "WAIT_FOR_CHANNELS for itself", D, [wait], ALIVE
    yield "WAIT_FOR_CHANNELS for a channel that is not there", D, [s.message(5, s.u8(1) + s.u8(D, 9) + s.u64(5))], ALIVE
    yield "WAIT_FOR_CHANNELS with more entries than bytes", D, [s.message(5, s.u8(255) + s.u8(D, 0))], ERROR, "wait"
    yield "INVAL_LIST with more entries than bytes", D, [s.message(105, s.u16(65535) + s.u8(1))], ERROR, "inval"
    yield "INVAL_LIST of an unknown kind", D, \
        [s.message(105, s.u16(2) + s.u8(9) + s.u64(1) + s.u8(1) + s.u64(1))], ALIVE
    yield "INVAL_ALL_PIXMAPS for itself", D, [s.message(106, s.u8(1) + s.u8(D, 0) + s.u64(1 << 60))], ALIVE
    yield "INVAL_PALETTE of an unknown palette", D, [s.message(107, s.u64(5))], ALIVE


def streams():
    create = s.u32(0, 1) + s.u8(1, 1) + s.u64(0) + s.u32(64, 48, 64, 48) + s.rect(0, 0, 64, 48) + b"\0"
    yield "data of a stream that is not there", D, [s.message(123, s.u32(7, 1, 4) + b"abcd")], ALIVE
    yield "stream data longer than its body", D, [s.message(123, s.u32(7, 1, HUGE) + b"abcd")], ERROR, "stream|data"
    yield "stream with the id 2³⁰", D, [s.message(122, s.u32(0, 1 << 30) + create[8:])], ALIVE
    yield "stream on a surface that is not there", D, [s.message(122, s.u32(88) + create[4:])], ALIVE
    yield "stream of an unknown codec", D, [s.message(122, create[:9] + b"\x63" + create[10:])], ALIVE
    yield "stream of rubbish, and the surface goes away", D, \
        [s.message(122, create), s.message(123, s.u32(1, 1, 4) + b"abcd"), s.message(315, s.u32(0)),
         s.message(123, s.u32(1, 2, 4) + b"abcd"), s.surface_create()], ALIVE
    yield "unknown stream destroyed", D, [s.message(125, s.u32(50)), s.message(126)], ALIVE
    yield "scanout without a descriptor", D, \
        [s.message(320, s.u32(64, 48, 256, 0x34325258, 0)), s.message(321, b"\0" * 16)], \
        ALIVE
    picture = s.u32(64, 48, 0x34325258, 0)
    yield "planes without descriptors", D, \
        [s.message(323, picture + s.u8(2) + s.u64(0) + s.u32(0, 256, 0, 256)), s.message(321, b"\0" * 16)], ALIVE
    yield "a picture of no planes", D, [s.message(323, picture + s.u8(0) + s.u64(0))], ERROR, "planes: 0 < 1"
    yield "a picture of 255 planes", D, \
        [s.message(323, picture + s.u8(255) + s.u64(0) + s.u32(0, 256) * 255)], ERROR, "255 elements > 4"
    yield "two planes, one of them told", D, \
        [s.message(323, picture + s.u8(2) + s.u64(0) + s.u32(0, 256))], ERROR, "planes.*2 elements > 1"


KINDS = {"quic": 1, "lz_plt": 100, "lz_rgb": 101, "glz_rgb": 102, "jpeg": 105, "zlib_glz_rgb": 107, "jpeg_alpha": 108,
         "lz4": 109}


def vector_copy(folder, entry, number=1, flags=0):
    """A compressed picture of the vectors as DRAW_COPY."""
    codec, width, height = entry["codec"], entry["width"], entry["height"]
    data, box = (folder / entry["file"]).read_bytes(), (0, 0, max(1, min(width, 60)), max(1, min(height, 40)))
    extra = b""
    if codec == "lz_plt":
        palette, at = entry["palette"], s.COPY_SIZE + s.IMAGE_SIZE + 9 + len(data)
        tail = b"" if palette is None else s.u64(0) + s.u16(len(palette)) + s.u32(*palette)
        fixed = s.u8(entry["flags"]) + s.u32(len(data), at if tail else 0)
        return s.copy(s.image(KINDS[codec], fixed + data + tail, width, height), box)
    if codec == "zlib_glz_rgb":
        extra = s.u32(entry["glz_data_size"])
    elif codec == "jpeg_alpha":
        extra = s.u8(entry["flags"]) + s.u32(entry["jpeg_size"])
    return s.copy(s.coded(KINDS[codec], data, width, height, number, extra=extra, flags=flags), box)


def vector_cases(folder):
    """Broken compressed pictures, some after the good ones that they refer to."""
    folder = Path(folder)
    index = json.loads((folder / "index.json").read_text())
    sequences = {sequence["name"]: sequence["images"] for sequence in index["sequences"]}
    lossy = vector_copy(folder, next(image for image in index["images"] if image["codec"] == "jpeg"), 4711, flags=1)
    yield Case("lossless picture that the other display brings with loss", D,
               [Meet(D, 1), s.copy(s.image(106, number=4711))], ALIVE, "", second_display(lossy))
    for entry in index["malformed"]:
        if entry["codec"] == "vmc":  # no picture
            continue
        before = [vector_copy(folder, image) for image in sequences[entry["setup"]]] if "setup" in entry else []
        yield Case(f"{entry['codec']} picture: {entry['why']} ({entry['name']})", D,
                   [*before, vector_copy(folder, entry)], ERROR, f"{entry['codec']}|image of|lz|jpeg")


def codec_sizes():
    yield "QUIC data longer than the body", D, \
        [s.copy(s.coded(1, b"x" * 30, 16, 16, size=9000))], ERROR, "data_size|quic|data"
    yield "LZ picture of 65535x65535 in 40 bytes", D, \
        [s.copy(s.coded(101, b"  ZL" + b"\0" * 36, 65535, 65535))], ERROR, "."
    yield "ZLIB_GLZ that promises 4 GiB", D, \
        [s.copy(s.coded(107, b"x" * 30, 16, 16, extra=s.u32(HUGE)))], ERROR, "."
    yield "JPEG_ALPHA whose JPEG is longer than everything", D, \
        [s.copy(s.coded(108, b"x" * 30, 16, 16, extra=s.u8(1) + s.u32(5000)))], ERROR, "."
    yield "LZ_PLT without a palette", D, \
        [s.copy(s.image(100, s.u8(0) + s.u32(30, 0) + b"x" * 30))], ERROR, "."


def full_headers():
    """A server without the mini-header capability: 18 bytes before every message, sub-messages behind the body."""
    full, wait = {"full": True}, s.sub_message(5, s.u8(1) + s.u8(D, 9) + s.u64(5))
    inval = s.sub_message(105, s.u16(1) + s.u8(1) + s.u64(77), size=24)
    body = s.base() + s.solid() + s.u16(s.PUT) + s.mask()

    def with_subs(subs, at=None, **lies):
        return s.full_message(302, body + s.sub_table(subs, at=len(body), **lies), subs=len(body) if at is None else at)
    yield "full headers, drawing", D, [s.fill(), s.copy(s.bitmap())], ALIVE, "", {**full, "shows": "555555"}
    yield "full headers, sub-messages as real servers send them", D, [with_subs([wait, inval])], ALIVE, "", \
        {**full, "shows": "102030"}
    yield "full headers, a message of 4 GiB", D, [s.full_message(4, b"", HUGE)], ERROR, "size|large|limit", full
    yield "full headers, serials that jump about", D, \
        [s.full_message(100, serial=n) for n in (2**64 - 1, 0, 5, 1 << 63, 3)], ALIVE, "", full
    yield "full headers, sub-messages beyond the body", D, [with_subs([inval], at=9000)], ERROR, "sub", full
    yield "full headers, sub-messages at 4 GiB", D, [with_subs([inval], at=HUGE)], ERROR, "sub", full
    yield "full headers, sub-messages in the last byte", D, \
        [s.full_message(302, body, subs=len(body) - 1)], ERROR, "sub", full
    yield "full headers, 65535 sub-messages without offsets", D, [with_subs([inval], count=65535)], ERROR, "sub", full
    yield "full headers, a sub-message beyond the body", D, [with_subs([inval], offsets=[HUGE])], ERROR, "sub", full
    yield "full headers, LIST as a sub-message", D, [with_subs([s.sub_message(8, s.u16(0))])], ERROR, "list", full
    yield "full headers, MIGRATE as a sub-message", D, \
        [with_subs([s.sub_message(1, s.u32(3))])], ERROR, "list|migrate", full
    yield "full headers, byte by byte", D, [s.Raw([b]) for b in with_subs([wait, inval])], ALIVE, "", \
        {**full, "shows": "102030"}
    for kind in (M, I, C):
        yield "full headers", kind, [s.full_message(100)], ALIVE, "", full


def sibling(kind, *steps):
    """The script of a channel beside the one in question, which can be met."""
    return [*opening(kind), HELLO, *steps]


def waits():
    """Channels that wait for each other. A wait that nobody ends holds one channel up and nothing else."""
    def wait(*entries):
        return s.message(5, s.u8(len(entries)) + b"".join(s.u8(*entry[:2]) + s.u64(entry[2]) for entry in entries))
    never, busy, known = 1 << 60, [s.message(100)] * 60, {"siblings": {kind: sibling(kind) for kind in (M, I, C)},
                                                          "also": [M, I, C]}
    yield "WAIT_FOR_CHANNELS for what has happened", D, [Meet(C), wait((C, 0, 2))], ALIVE, "", \
        {"siblings": {(C, 0): sibling(C, *busy)}, "also": [C]}
    yield "WAIT_FOR_CHANNELS for what comes later", D, [Meet(C), wait((C, 0, 50))], ALIVE, "", \
        {"siblings": {(C, 0): sibling(C, Pause(0.3), *busy)}, "also": [C]}
    yield "WAIT_FOR_CHANNELS for a channel that goes away", D, [Meet(C), wait((C, 0, never))], ALIVE, "", \
        {"siblings": {(C, 0): sibling(C, Pause(0.3), Close())}}
    yield "WAIT_FOR_CHANNELS in a circle of two", D, [HELLO, Meet(C), wait((C, 0, 50))] + busy, ALIVE, "", \
        {"siblings": {(C, 0): sibling(C, Meet(D), wait((D, 0, 50)), *busy)}, "also": [C]}
    yield "WAIT_FOR_CHANNELS in circles within circles", D, \
        [HELLO, Meet(C), Meet(I), Pause(0.1), wait((C, 0, never), (I, 0, 50))] + busy, ALIVE, "", \
        {"siblings": {(C, 0): sibling(C, Meet(D), wait((D, 0, 50))),
                      (M, 0): sibling(M, Meet(D), Pause(0.2), wait((D, 0, 20))),
                      (I, 0): sibling(I, Pause(0.4), *busy)}, "also": [M, I, C]}
    yield "WAIT_FOR_CHANNELS 255 times for the same", D, [Meet(C), wait(*[(C, 0, 50 + i % 9) for i in range(255)])], \
        ALIVE, "", {"siblings": {(C, 0): sibling(C, Pause(0.2), *busy)}}
    yield "WAIT_FOR_CHANNELS for what never comes", D, [Meet(C), wait((C, 0, never))], SILENT, "", known
    yield "INVAL_ALL_PIXMAPS that waits for what never comes", D, \
        [Meet(C), s.message(106, s.u8(1) + s.u8(C, 0) + s.u64(never))], SILENT, "", known
    yield "main waits for what never comes", M, [Meet(D), wait((D, 0, never))], SILENT, "", \
        {"siblings": {(D, 0): sibling(D)}, "also": [D]}


def second_display(*steps):
    return {"listed": ((D, 0), (D, 1), (C, 0), (I, 0)), "siblings": {(D, 1): sibling(D, *steps)}}


def two_displays():
    """A picture that one display refers to may still come through the other: until that one is gone."""
    missing, rows = s.copy(s.image(103, number=4711)), s.copy(s.bitmap(128, 128), (0, 0, 16, 16))
    meet = [HELLO, Meet(D, 1)]
    yield "picture that the other display brings later", D, [*meet, missing], ALIVE, "", \
        {**second_display(Meet(D), Pause(0.2), s.copy(s.bitmap(number=4711, cache=1))), "shows": "555555"}
    yield "picture that never comes, and the other display goes", D, [*meet, missing], ERROR, "cache", \
        second_display(Meet(D), Pause(0.2), Close())
    yield "picture that neither display ever gets", D, [*meet, missing], ERROR, "cache", \
        second_display(Meet(D), s.copy(s.image(103, number=4712)))
    yield "200 MB behind a picture that never comes", D, [*meet, missing] + [rows] * 3000, SILENT, "", second_display()


def caches():
    yield "picture cached by drawing on an unknown surface", D, \
        [s.copy(s.bitmap(number=7, cache=1), surface=42), s.copy(s.image(103, number=7))], ALIVE, "", \
        {"shows": "555555"}
    yield "INVAL_LIST of a picture, then the picture", D, \
        [s.copy(s.bitmap(number=7, cache=1)), s.message(105, s.u16(1) + s.u8(1) + s.u64(7)),
         s.copy(s.image(103, number=7))], ERROR, "cache"
    yield "cached picture of colours as a mask", D, \
        [s.copy(s.bitmap(number=7, cache=1)),
         s.message(302, s.base() + s.solid() + s.u16(8) + s.mask(0, 0, 0, 41) + s.image(103, number=7))], ALIVE
    yield "cached pictures of 90 million pixels", D, \
        [s.copy(s.coded(109, s.lz4_black(3000, 1000), 3000, 1000, i + 1, flags=1)) for i in range(30)], ERROR, "cache"
    yield "mask with a stride too small", D, \
        [s.message(302, s.base() + s.solid() + s.u16(8) + s.mask(0, 0, 0, 41) + s.bitmap(64, 4, 1, stride=4))], \
        ERROR, "stride"
    yield "pattern whose phase is at the end of the numbers", D, \
        [s.message(302, s.base() + s.u8(2) + s.u32(49, -2**31, 2**31 - 1) + s.u16(8) + s.mask() + s.bitmap())], ALIVE
    yield "pattern of no pixels", D, \
        [s.message(302, s.base() + s.u8(2) + s.u32(49, 0, 0) + s.u16(8) + s.mask() + s.bitmap(0, 0, stride=0))], \
        ERROR, "0×0|size|stride"
    yield "pattern of a surface of another depth", D, \
        [s.surface_create(16, 16, 3, 8, 0),
         s.message(302, s.base() + s.u8(2) + s.u32(49, 0, 0) + s.u16(8) + s.mask() + s.image(104, s.u32(3)))], \
        ERROR, "bits per pixel|depth"


def vectors():
    """Paths, strings and other things that are not boxes: read with the same care."""
    stroke = lambda path, attr=b"\0", at=None: s.message(
        310, s.base() + s.u32(at if at is not None else 34 + len(attr)) + attr + s.solid() + s.u16(8, 8) + path)
    text = lambda string, at=56: s.message(311, s.base() + s.u32(at) + s.rect(0, 0, 9, 9) + s.solid() + s.solid() +
                                           s.u16(8, 8) + string)
    segment = s.u8(1) + s.u32(2) + s.u32(0, 0, 160, 160)
    yield "stroke", D, [stroke(s.u32(1) + segment)], ALIVE
    yield "stroke without a path", D, [stroke(b"", at=0)], ERROR, "path"
    yield "stroke of 2³² segments", D, [stroke(s.u32(HUGE) + segment)], ERROR, "path|seg"
    yield "stroke of a segment of 2³² points", D, [stroke(s.u32(1) + s.u8(1) + s.u32(HUGE))], ERROR, "path|seg"
    yield "stroke of a segment of 2²⁹ points", D, [stroke(s.u32(1) + s.u8(1) + s.u32(1 << 29))], ERROR, "path|seg"
    yield "stroke of 16385 segments without points", D, \
        [stroke(s.u32(16385) + (s.u8(3) + s.u32(0)) * 16385)], ERROR, "segments.*16385 elements > 16384"
    yield "stroke of segments without points", D, [stroke(s.u32(3) + (s.u8(3) + s.u32(0)) * 3)], ERROR, "path"
    yield "stroke with dashes beyond the body", D, \
        [stroke(s.u32(1) + segment, s.u8(8, 255) + s.u32(90))], ERROR, "style"
    yield "stroke without dashes that starts with a gap", D, [stroke(s.u32(1) + segment, s.u8(12, 0) + s.u32(0))], ALIVE
    yield "text without a string", D, [text(b"", at=0)], ERROR, "str"
    yield "text of 65535 glyphs in ten bytes", D, [text(s.u16(65535) + s.u8(1) + b"\0" * 10)], ERROR, "str|glyph"
    yield "glyph of 65535x65535", D, \
        [text(s.u16(1) + s.u8(4) + s.u32(0, 0, 0, 0) + s.u16(65535, 65535) + b"\0" * 10)], ERROR, "str|glyph|data"
    yield "composite cut short", D, [s.message(318, s.base() + s.u32(0xFFFFFFFF, 0))], ERROR, "composite"
    yield "ROP3 of a box that is gigantic", D, \
        [s.message(309, s.base((-2**31, -2**31, 2**31 - 1, 2**31 - 1)) + s.u32(21 + 40) + s.rect(0, 0, 1, 1) +
                   s.solid() + s.u8(0xCA, 0) + s.mask() + s.bitmap())], ALIVE
    yield "STREAM_CLIP of 2³² rectangles", D, [s.message(124, s.u32(1) + s.u8(1) + s.u32(HUGE))], ERROR, "clip|rects"


def links():
    """(name, channel, reply or None, result or None, pattern): the link itself goes wrong; main reports it."""
    good = s.link_reply()
    yield "link reply of 4 GiB", s.link_reply(size=HUGE), None, "size|reply|limit"
    yield "link reply of 177 bytes", s.link_reply(size=177), None, "size|reply"
    yield "link reply with another magic", s.link_reply(magic=b"HTTP"), None, "magic|SPICE"
    yield "link reply of protocol 3", s.link_reply(major=3), None, "version|protocol"
    yield "capabilities beyond the reply", s.link_reply(offset=5000), None, "cap|reply"
    yield "capabilities without end", s.link_reply(counts=(HUGE, HUGE)), None, "cap|reply"
    yield "capability count and offset that wrap", s.link_reply(counts=(1 << 30, 1 << 30), offset=HUGE), None, \
        "cap|reply"
    yield "key that is not a key", s.link_reply(key=b"\x30\x81" + b"\xff" * 160), None, "key"
    yield "key of 512 bits", s.link_reply(key=s.public_key(64)), None, "key"
    yield "key of zeros", s.link_reply(key=b"\0" * 162), None, "key"
    yield "link reply cut short", good[:100], None, "."
    yield "nothing but a closed connection", b"", None, "."
    yield "link result that is a link header", None, b"REDQ", "result|link|protocol|refused"
    yield "link result 1000", None, s.u32(1000), "result|link|protocol"
    yield "link result cut short", None, b"\0\0", "."


def cases():
    for group in (headers, lists, main_channel, agent, inputs, cursors, surfaces, monitors, boxes, images, order,
                  streams, codec_sizes, full_headers, waits, two_displays, caches, vectors):
        for case in group():
            yield Case(*case)
