# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shared folders: curl, cadaver and raw HTTP from the guest's side of a real server."""
import argparse
import hashlib
import http.client
import os
import random
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import peers
import tap
from portclient import PortClient, SharedFolder


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Folder(SharedFolder):
    """A demo server, a client that shares a folder, and the way to it from the guest's side."""

    def start_server(self):
        server = self.stack.enter_context(peers.DemoServer("--size", "64x48"))
        self.port = int(server.command("folder")["port"])
        self.url = f"http://127.0.0.1:{self.port}"
        return server

    def __enter__(self):
        super().__enter__()
        self.client.wait("event 0 0")
        return self

    def curl(self, *arguments, seconds=peers.PATIENCE):
        result = peers.run([peers.which("curl"), "-sS", "--max-time", str(seconds), *arguments], seconds=seconds + 5)
        if result.status != 0:
            raise peers.Failed(f"curl {arguments}: {result.status} {result.err}")
        return result.out

    def request(self, method, path, body=None, headers=None, connection=None):
        """(status, body, headers) by HTTP as it stands, nothing tidied up."""
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=peers.PATIENCE)
        own.putrequest(method, path, skip_host=False, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            own.putheader(name, value)
        if body is not None:
            own.putheader("Content-Length", str(len(body)))
        own.endheaders(body)
        response = own.getresponse()
        content = response.read()
        if connection is None:
            own.close()
        return response.status, content, response.headers

    def status(self, *arguments, **options):
        return self.request(*arguments, **options)[0]

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def has_upload(self):
        """Under a name that is not listed, or where the file system allows it, without one."""
        if any(name.startswith(".caraway-upload-") for name in self.names()):
            return True
        for descriptor in Path(f"/proc/{self.client.process.child.pid}/fd").iterdir():
            try:
                if os.readlink(descriptor).startswith(f"{self.path.resolve()}/#"):
                    return True
            except FileNotFoundError:
                pass
        return False

    def names(self):
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*"))


@tap.test("W1, W2, W4: a file is read and written, a missing one is 404, OPTIONS and PROPFIND say what they have to")
def basics():
    with Folder() as folder:
        folder.write("hello.txt", b"Hello, guest\n")
        status, content, headers = folder.request("GET", "/hello.txt")
        tap.equal((status, content, headers["Content-Type"]), (200, b"Hello, guest\n", "text/plain"))
        tap.equal(folder.status("GET", "/nothing"), 404)
        status, content, headers = folder.request("HEAD", "/hello.txt")
        tap.equal((status, content, headers["Content-Length"]), (200, b"", "13"))
        status, _, headers = folder.request("OPTIONS", "/")
        tap.equal((status, headers["DAV"], headers["MS-Author-Via"]), (200, "1,2", "DAV"))
        tap.equal(folder.status("PUT", "/new.txt", b"new"), 201)
        tap.equal(folder.status("PUT", "/new.txt", b"newer"), 204)
        tap.equal((folder.path / "new.txt").read_bytes(), b"newer")
        tap.equal(folder.status("PROPFIND", "/.spice-clipboard", headers={"Depth": "0"}), 207)
        status, content, _ = folder.request("PROPFIND", "/", headers={"Depth": "1"})
        tap.equal(status, 207)
        tap.true(b"hello.txt" in content and b"new.txt" in content, content)


@tap.test("W3: shared-dir and share-dir-ro count from one request to the next")
def switches():
    with Folder() as folder:
        folder.write("a", b"a")
        other = folder.top / "other"
        other.mkdir()
        (other / "b").write_bytes(b"bb")
        steps = [("none", "GET", "/a", 404), (folder.path, "GET", "/a", 200), (other, "GET", "/a", 404),
                 (other, "GET", "/b", 200),
                 ("none", "PUT", "/c", 409), ("none", "PROPFIND", "/", 404), ("none", "OPTIONS", "/", 200)]
        for value, method, path, status in steps:
            folder.client.command(f"set shared-dir {value}")
            body = b"x" if method == "PUT" else None
            tap.equal(folder.status(method, path, body, {"Depth": "0"}), status, f"{method} {path} of {value}")
        folder.client.command(f"set shared-dir {folder.path}")
        for read_only, status in (("true", 403), ("false", 201), ("true", 403)):
            folder.client.command(f"set share-dir-ro {read_only}")
            tap.equal(folder.status("PUT", f"/{read_only}{status}", b"x"), status)
        tap.equal(folder.names(), ["a", "false201"])


WRITES = {
    "PUT": ("/new", b"x", {}), "PUT over": ("/file", b"x", {}), "PUT with Expect": ("/new", b"x", {"Expect": "100-continue"}),
    "MKCOL": ("/made", None, {}), "DELETE": ("/file", None, {}), "DELETE folder": ("/folder", None, {}),
    "MOVE": ("/file", None, {"Destination": "http://h/moved"}), "COPY": ("/file", None, {"Destination": "http://h/copied"}),
    "COPY folder": ("/folder", None, {"Destination": "http://h/copied"}),
    "LOCK": ("/lock", b'<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
             b'<D:locktype><D:write/></D:locktype></D:lockinfo>', {}),
    "PROPPATCH": ("/file", b'<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x>1</x></D:prop></D:set>'
                  b'</D:propertyupdate>', {}),
}


@tap.test("W2: read only is read only, whatever the method")
def read_only():
    with Folder("share-dir-ro=true") as folder:
        folder.write("file", b"content")
        folder.write("folder/inside", b"content")
        before = folder.names()
        for name, (path, body, headers) in WRITES.items():
            tap.equal(folder.status(name.split()[0], path, body, headers), 403, name)
        tap.equal(folder.status("GET", "/file"), 200)
        tap.equal(folder.names(), before)


@tap.test("the same requests work where writing is allowed")
def writable():
    with Folder() as folder:
        for name, (path, body, headers) in WRITES.items():
            folder.write("file", b"content")
            folder.write("folder/inside", b"content")
            subprocess.run(["rm", "-rf", folder.path / "copied", folder.path / "new"], check=True)
            status = folder.status(name.split()[0], path, body, {**headers, "Depth": "infinity"})
            tap.true(200 <= status < 300, f"{name}: {status}")
            if name == "COPY folder":
                tap.equal((folder.path / "copied" / "inside").read_bytes(), b"content")
        tap.equal((folder.path / "moved").read_bytes(), b"content")
        tap.true((folder.path / "made").is_dir(), "MKCOL")


WAYS_OUT = ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/%2e%2e%2fsecret", "/folder/../../secret",
            "/folder/%2e%2e/%2e%2e/secret", "/folder/..%2f..%2fsecret", "//secret", "/./secret", "/folder//inside",
            "/link-out", "/links/out", "/dir-out/secret", "/dir-up/secret", "/%00", "/a%00b", "/%ff%fe",
            "/folder/./inside", "/link-nowhere", "/%2fetc%2fpasswd", "//etc/passwd", "/..", "/%2e%2e", "/.",
            "/folder/.."]


def plant(folder):
    (folder.top / "secret").write_bytes(b"SECRET")
    folder.write("folder/inside", b"inside")
    folder.write("links/inside", b"inside")
    (folder.path / "link-out").symlink_to("../secret")
    (folder.path / "links" / "out").symlink_to(folder.top / "secret")
    (folder.path / "dir-out").symlink_to(folder.top)
    (folder.path / "dir-up").symlink_to("..")
    (folder.path / "link-nowhere").symlink_to(folder.top / "new-secret")
    (folder.path / "link-in").symlink_to("folder/inside")
    (folder.path / "loop").symlink_to(".")


@tap.test("no way leads out: dots, encodings, doubled slashes, links of files and folders, for every method")
def no_way_out():
    with Folder() as folder:
        plant(folder)
        before = sorted(os.listdir(folder.top))
        for path in WAYS_OUT:
            upwards = "/." in path.replace("%2e", ".") and "//" not in path
            for method in ("GET", "HEAD", "PROPFIND", "PUT", "MKCOL", "COPY", "LOCK", "PROPPATCH"):
                body = b"EVIL" if method == "PUT" else None
                status, content, _ = folder.request(method, path, body, {"Depth": "0", "Destination": "http://h/stolen"})
                tap.true(status < 500 and (status >= 400 or upwards), f"{method} {path}: {status}")
                tap.true(b"SECRET" not in content, f"{method} {path} told the secret")
                stolen = folder.path / "stolen"
                tap.true(not stolen.is_file() or stolen.read_bytes() in (b"", b"EVIL"), f"{method} {path} copied the secret")
                tap.equal(sorted(os.listdir(folder.top)), before, f"{method} {path}")
            # A server may take "/../x" for "/x", which is inside, and write it there.
            (folder.path / "secret").unlink(missing_ok=True)
            (folder.path / "stolen").unlink(missing_ok=True)
            for method in ("COPY", "MOVE"):
                status = folder.status(method, "/folder/inside", None, {"Destination": f"http://h{path}"})
                if path not in ("/link-out", "/links/out", "/link-nowhere") or method == "COPY":
                    tap.true(400 <= status < 500 or upwards, f"{method} to {path}: {status}")
                    tap.equal(sorted(os.listdir(folder.top)), before, f"{method} to {path}")
                folder.write("folder/inside", b"inside")
        tap.equal(sorted(os.listdir(folder.top)), before)
        tap.equal((folder.top / "secret").read_bytes(), b"SECRET")


@tap.test("links that lead out are not listed; those that stay inside work")
def links():
    with Folder() as folder:
        plant(folder)
        _, content, _ = folder.request("PROPFIND", "/", headers={"Depth": "1"})
        for name in (b"link-out", b"dir-out", b"dir-up", b"link-nowhere"):
            tap.true(name not in content, f"{name} is listed")
        tap.true(b"link-in" in content and b"folder" in content, content)
        tap.equal(folder.request("GET", "/link-in")[:2], (200, b"inside"))
        tap.equal(folder.status("PROPFIND", "/", headers={"Depth": "infinity"}), 403)
        tap.equal(folder.status("PROPFIND", "/"), 403)
        for target in ("/", "/folder/deeper"):
            tap.true(folder.status("COPY", "/links" if target == "/" else "/folder", headers={
                "Destination": f"http://h{target}", "Overwrite": "T"}) >= 400, f"copied to {target}")
        folder.path.joinpath("links", "loop").symlink_to("..")
        tap.equal(folder.status("COPY", "/links", headers={"Destination": "http://h/more"}), 403)
        tap.equal(folder.status("DELETE", "/link-in"), 204)
        tap.equal((folder.path / "folder" / "inside").read_bytes(), b"inside")
        tap.equal(folder.status("DELETE", "/dir-out"), 404)
        tap.equal(folder.status("DELETE", "/loop"), 204)
        tap.equal(folder.status("DELETE", "/links"), 204)
        tap.true((folder.path / "folder" / "inside").exists(), "a link's target was deleted")


@tap.test("what is neither file nor folder is not served, and nothing waits for it")
def special():
    with Folder() as folder:
        os.mkfifo(folder.path / "pipe")
        for method in ("GET", "PUT"):
            tap.true(400 <= folder.status(method, "/pipe", b"x" if method == "PUT" else None) < 500, method)
        tap.true(stat.S_ISFIFO(os.stat(folder.path / "pipe").st_mode), "the pipe was replaced")
        tap.equal(folder.status("PROPFIND", "/", headers={"Depth": "1"}), 207)


@tap.cases("{} MB there and back by curl, which expects to be asked for the body", [0, 1, 60])
def large(size):
    with Folder() as folder:
        content = random.Random(size).randbytes(size << 20)
        source, back = folder.top / "source", folder.top / "back"
        source.write_bytes(content)
        code = folder.curl("-T", source, "-H", "Expect: 100-continue", "-w", "%{http_code}", f"{folder.url}/big")
        tap.equal(code, "201")
        tap.equal(sha256((folder.path / "big").read_bytes()), sha256(content))
        folder.curl("-o", back, f"{folder.url}/big")
        tap.equal(sha256(back.read_bytes() if back.exists() else b""), sha256(content))
        if size > 0:  # curl never ends an empty body in chunks
            folder.curl("-T", source, "-H", "Transfer-Encoding: chunked", f"{folder.url}/big")
        tap.equal(sha256((folder.path / "big").read_bytes()), sha256(content))


@tap.test("an upload shows nothing before it is complete; one that is broken off leaves nothing, and the old file")
def broken_upload():
    with Folder() as folder:
        folder.write("file", b"old content")
        for path in ("/file", "/new"):
            sock = socket.create_connection(("127.0.0.1", folder.port))
            sock.sendall(f"PUT {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n".encode() + b"x" * 500)
            peers.wait_until(folder.has_upload, "the upload")
            tap.equal((folder.path / "file").read_bytes(), b"old content")
            tap.true(b"caraway-upload" not in folder.request("PROPFIND", "/", headers={"Depth": "1"})[1], "it is listed")
            sock.close()
            peers.wait_until(lambda: not folder.has_upload(), "the upload's end")
            tap.equal(folder.names(), ["file"])
        tap.equal((folder.path / "file").read_bytes(), b"old content")


@tap.test("ranges, a file that has not changed, and names with blanks and other letters")
def details():
    with Folder() as folder:
        folder.write("zahlen", bytes(range(256)) * 40)
        status, content, headers = folder.request("GET", "/zahlen", headers={"Range": "bytes=1000-1999"})
        tap.equal((status, content, headers["Content-Range"]),
                  (206, (bytes(range(256)) * 40)[1000:2000], "bytes 1000-1999/10240"))
        tag = folder.request("GET", "/zahlen")[2]["ETag"]
        tap.equal(folder.status("GET", "/zahlen", headers={"If-None-Match": tag}), 304)
        tap.equal(folder.status("PUT", "/gr%C3%BC%C3%9Fe%20%26%20k%C3%BCsse.txt", b"x"), 201)
        tap.equal(folder.status("GET", "/gr%C3%BC%C3%9Fe%20%26%20k%C3%BCsse.txt"), 200)
        tap.true((folder.path / "grüße & küsse.txt").exists(), f"{folder.names()}")


@tap.test("a file that shrinks while it is read ends the connection, not the program")
def shrinking():
    with Folder() as folder:
        path = folder.write("file", b"")
        os.truncate(path, 1 << 32)  # more than can be on its way
        sock = socket.create_connection(("127.0.0.1", folder.port))
        sock.settimeout(peers.PATIENCE)
        sock.sendall(b"GET /file HTTP/1.1\r\nHost: h\r\n\r\n")
        got = len(sock.recv(1000))
        os.truncate(path, 10_000)
        while block := sock.recv(1 << 20):
            got += len(block)
        tap.true(got < 1 << 32, "it was all there")
        tap.equal(folder.status("GET", "/file"), 200)


@tap.test("one connection serves many requests: 500 small files are written, listed, read and deleted")
def many_files():
    with Folder() as folder:
        connection = http.client.HTTPConnection("127.0.0.1", folder.port, timeout=peers.PATIENCE)
        for i in range(500):
            tap.equal(folder.status("PUT", f"/file{i}", str(i).encode() * i, connection=connection), 201)
        listing = folder.request("PROPFIND", "/", headers={"Depth": "1"}, connection=connection)[1]
        for i in range(500):
            tap.true(f"file{i}<".encode() in listing, f"file{i} is not listed")
        for i in range(500):
            tap.equal(folder.request("GET", f"/file{i}", connection=connection)[1], str(i).encode() * i)
            tap.equal(folder.status("DELETE", f"/file{i}", connection=connection), 204)
        tap.equal(folder.names(), [])
        connection.close()


@tap.test("W6: eight programs at once get each its own")
def at_once():
    with Folder() as folder:
        problems = []

        def work(number):
            try:
                content = random.Random(number).randbytes(3_000_000 + number)
                for turn in range(3):
                    tap.equal(folder.status("PUT", f"/f{number}", content), 201 if turn == 0 else 204)
                    tap.equal(sha256(folder.request("GET", f"/f{number}")[1]), sha256(content))
            except Exception as error:
                problems.append(error)
        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tap.equal(problems, [])


LOCK = (b'<?xml version="1.0" encoding="utf-8"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        b'<D:locktype><D:write/></D:locktype><D:owner><D:href>me</D:href></D:owner></D:lockinfo>')


@tap.test("a locked file is written by who holds the lock only")
def locks():
    with Folder() as folder:
        folder.write("file", b"old")
        status, _, headers = folder.request("LOCK", "/file", LOCK, {"Timeout": "Infinite, Second-4100000000", "Depth": "0"})
        tap.equal(status, 200)
        token = headers["Lock-Token"]
        tap.equal(folder.status("PUT", "/file", b"thief"), 423)
        tap.equal(folder.status("PUT", "/file", b"owner", {"If": f"({token})"}), 204)
        tap.equal(folder.status("PUT", "/other", b"x"), 201)
        tap.equal(folder.status("UNLOCK", "/file", headers={"Lock-Token": token}), 204)
        tap.equal(folder.status("PUT", "/file", b"anybody"), 204)
        tap.equal((folder.path / "file").read_bytes(), b"anybody")


@tap.test("what a Windows guest sends first")
def windows():
    with Folder() as folder:
        folder.write("Folder/File.TXT", b"x")
        agent = {"User-Agent": "Microsoft-WebDAV-MiniRedir/10.0.19043", "translate": "f"}
        tap.equal(folder.status("OPTIONS", "/", headers=agent), 200)
        for path in ("/", "/Folder", "/Folder/"):
            for depth in "01":
                tap.equal(folder.status("PROPFIND", path, b"", {**agent, "Depth": depth}), 207, f"{path} {depth}")
        tap.equal(folder.status("PUT", "/Folder/New.txt", b"", agent), 201)
        status, _, headers = folder.request("LOCK", "/Folder/New.txt", LOCK, {**agent, "Timeout": "Second-3600"})
        tap.equal(status, 200)
        token = headers["Lock-Token"]
        tap.equal(folder.status("PUT", "/Folder/New.txt", b"content", {**agent, "If": f"({token})"}), 204)
        patch = (b'<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>'
                 b'<Z:Win32LastModifiedTime>Sat, 01 Jan 2022 00:00:00 GMT</Z:Win32LastModifiedTime></D:prop></D:set>'
                 b'</D:propertyupdate>')
        tap.equal(folder.status("PROPPATCH", "/Folder/New.txt", patch, {**agent, "If": f"({token})"}), 207)
        tap.equal(folder.status("UNLOCK", "/Folder/New.txt", headers={**agent, "Lock-Token": token}), 204)


@tap.test("cadaver goes through a session of its own")
def cadaver():
    with Folder() as folder:
        folder.write("there.txt", b"it was there\n")
        local = folder.top / "local"
        local.mkdir()
        (local / "up.txt").write_bytes(b"it came up\n")
        script = f"lcd {local}\nls\nget there.txt\nmkcol sub\ncd sub\nput up.txt\n" \
                 "copy up.txt twice.txt\nmove twice.txt last.txt\ndelete up.txt\nls\nquit\n"
        result = peers.run([peers.which("cadaver"), folder.url + "/"], text=script,
                           env={"HOME": str(folder.top)})
        tap.true("there.txt" in result.out, result.out + result.err)
        tap.equal((local / "there.txt").read_bytes(), b"it was there\n")
        tap.equal(folder.names(), ["sub", "sub/last.txt", "there.txt"])
        tap.equal((folder.path / "sub" / "last.txt").read_bytes(), b"it came up\n")


HOST = b" HTTP/1.1\r\nHost: h\r\n"
EVIL_REQUESTS = [
    b"\0" * 5000, b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 10000, b"GET " + b"/a" * 40000 + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n", b"POST /" + HOST + b"Content-Length: 5\r\n\r\nhello",
    b"PATCH /x" + HOST + b"\r\n", b"LOCK /x" + HOST + b"Timeout: never\r\nDepth: 7\r\n\r\n", b"LOCK /x" + HOST + b"\r\n",
    b"LOCK /x" + HOST + b"If: x\r\n\r\n",
    b"LOCK /x" + HOST + b"Timeout: Second-99999999999999999999\r\nContent-Length: 3\r\n\r\n<a>",
    b"UNLOCK /x" + HOST + b"\r\n", b"UNLOCK /" + HOST + b"Lock-Token: <x>\r\n\r\n",
    b"UNLOCK /f" + HOST + b"Lock-Token: \r\n\r\n",
    b"MOVE /f" + HOST + b"Destination: ::::\r\n\r\n", b"MOVE /f" + HOST + b"\r\n",
    b"COPY /f" + HOST + b"Destination: http://h/%zz\r\n\r\n",
    b"COPY /f" + HOST + b"Destination: http://h/g\r\nDepth: 1\r\n\r\n",
    b"COPY /f" + HOST + b"Destination: http://h/g\r\nIf: ((<>]\r\n\r\n", b"DELETE /" + HOST + b"\r\n",
    b"PROPFIND /" + HOST + b"Depth: 1\r\nContent-Length: 9\r\n\r\n<broken><", b"CONNECT h:1" + HOST + b"\r\n",
    b"PROPFIND /" + HOST + b"Depth: 0\r\nContent-Length: 40\r\n\r\n<?xml version='1.0'?><D:x xmlns:D='DAV:'/>",
    b"PROPPATCH /f" + HOST + b"Content-Length: 3\r\n\r\nabc", b"PROPPATCH /f" + HOST + b"\r\n", b"MKCOL /" + HOST + b"\r\n",
    b"PUT /" + HOST + b"Content-Length: 1\r\n\r\nx", b"PUT /f/g" + HOST + b"Content-Length: 1\r\n\r\nx",
    b"PUT /x" + HOST + b"Content-Length: -5\r\n\r\n", b"GET /f" + HOST + b"Range: bytes=9-1,-,5-\r\n\r\n",
    b"PUT /x" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n", b"PUT /x" + HOST + b"Expect: 100-continue\r\n\r\n"]


@tap.test("evil requests: none of them harms the next; the program says nothing critical")
def evil_requests():
    with Folder() as folder:
        folder.write("f", b"content")
        for text in EVIL_REQUESTS:
            with socket.create_connection(("127.0.0.1", folder.port)) as sock:
                sock.settimeout(peers.PATIENCE)
                try:
                    sock.sendall(text + b"GET /f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(1 << 16):
                        pass
                except (ConnectionResetError, BrokenPipeError):
                    pass
            tap.equal(folder.request("GET", "/f")[:2], (200, b"content"), repr(text[:60]))
        big = b"<a>" * 1_000_000
        tap.equal(folder.status("PROPFIND", "/", big, {"Depth": "0"}), 413)
        folder.client.finish()
        log = folder.client.process.text()
        tap.true("CRITICAL" not in log, log)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", required=True)
    parser.add_argument("--viewer", required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    peers.DemoServer.program, PortClient.program = options.demo, options.viewer
    sys.exit(tap.main(options.only, jobs=3))
