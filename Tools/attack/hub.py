"""A hostile server on the loopback: what a pull accepts is limited by its request, and it ends."""
import concurrent.futures, gzip, http.server, os, shutil, threading, time

from trial import MEGABYTE, MEMORY_LIMIT, Attack

BODY = os.urandom(3 * MEGABYTE)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour = staticmethod(lambda handler: None)

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.attempt()

    def do_GET(self):
        self.attempt()

    def attempt(self):
        self.close_connection = True
        try:
            type(self).behaviour(self)
        except OSError:
            pass

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def endless(self, piece=bytes(1 << 16), chunked=True, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.server.stopped:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)


def with_range(handler, headers=(), body=None):
    """An honest answer to a range, with some headers of its own."""
    text = handler.headers.get("Range", "")
    first, last = 0, len(BODY) - 1
    if text.startswith("bytes="):
        start, end = text[6:].split("-")
        first, last = int(start), min(int(end or last), last)
    part = BODY[first:last + 1] if body is None else body
    known = {"Content-Range": f"bytes {first}-{last}/{len(BODY)}", "Content-Length": len(part), "ETag": '"v1"'}
    known.update(headers)
    handler.answer(206, {name: value for name, value in known.items() if value is not None}, part)


def gzipped(handler):
    bomb = gzip.compress(bytes(256 * MEGABYTE))
    handler.answer(200, {"Content-Encoding": "gzip", "Content-Length": len(bomb)}, bomb)


def endless_range(handler):
    handler.answer(206, {"Content-Range": f"bytes 0-{len(BODY) - 1}/{len(BODY)}", "Transfer-Encoding": "chunked", "ETag": '"v1"'})
    handler.endless()


def endless_body(handler):
    """A file of unknown size: it is written as it arrives, and a broken connection is an error."""
    handler.answer(200, {"Transfer-Encoding": "chunked"})
    handler.endless(seconds=0.2)


def endless_redirect(handler):
    handler.answer(302, {"Location": handler.path, "Transfer-Encoding": "chunked"})
    handler.endless()


def redirect_loop(handler):
    handler.answer(302, {"Location": handler.path + "x", "Content-Length": 0})


def redirect_to_file(handler):
    handler.answer(302, {"Location": "file:///etc/passwd", "Content-Length": 0})


def changing_tag(handler):
    with_range(handler, {"ETag": f'"{time.monotonic_ns()}"'})


def unannounced(handler):
    """The whole file, without its size."""
    handler.answer(200, {"Connection": "close"}, BODY)


def longer_than_said(handler):
    with_range(handler, {"Content-Length": None}, BODY + bytes(8 * MEGABYTE))


def cut_short(handler):
    with_range(handler, body=BODY[:1000], headers={"Content-Length": 1000})


def enormous(handler):
    handler.answer(206, {"Content-Range": f"bytes 0-0/{2**63 - 1}", "Content-Length": 1, "ETag": '"v1"'}, b"x")


def negative(handler):
    handler.answer(206, {"Content-Range": "bytes 0-0/-5", "Content-Length": "-5"}, b"x")


def many_headers(handler):
    handler.send_response(200)
    for index in range(200_000):
        handler.wfile.write(b"X-%d: %s\r\n" % (index, b"y" * 1000))
    handler.end_headers()


def control_characters(handler):
    handler.answer(500, {"Content-Length": 9, "X-Error-Message": "\x1b]0;owned\x07\x1b[2J"}, b"\x1b[2Jowned")


def closes(handler):
    handler.connection.close()


def nonsense(handler):
    handler.connection.sendall(os.urandom(1000))


def dripping(handler):
    handler.send_response(200)
    for _ in range(40):
        handler.wfile.write(b"X")
        handler.wfile.flush()
        time.sleep(1)


BEHAVIOURS = [
    gzipped, endless_range, endless_body, endless_redirect, redirect_loop, redirect_to_file, changing_tag, longer_than_said, cut_short,
    enormous, negative, many_headers, control_characters, closes, nonsense, dripping,
]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    stopped = False

    def handle_error(self, *_):
        pass


def serving(behaviour):
    """A server with this behaviour, and its URL."""
    server = Server(("127.0.0.1", 0), type("Hostile", (Handler,), {"behaviour": staticmethod(behaviour)}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def run(setting):
    attack = Attack("hostile servers: pull of a URL and of a repository")
    behaviours = [endless_range, endless_redirect, gzipped, enormous, longer_than_said] if setting.quick else BEHAVIOURS
    # Most of the time is waiting between attempts.
    with concurrent.futures.ThreadPoolExecutor(1 if setting.quick else 6) as pool:
        list(pool.map(lambda behaviour: pull(setting, attack, behaviour), behaviours))


def pull(setting, attack, behaviour):
    server, address = serving(behaviour)
    for target in (f"{address}/model.safetensors", "hf://owner/name"):
        zoo, temporary = setting.zoo(), setting.place("tmp")
        environment = {"HF_ENDPOINT": address, "TMPDIR": temporary, "HF_HUB_CACHE": setting.place("cache"), "HF_TOKEN": ""}
        outcome = zoo.run("pull", target, environment=environment, timeout=120)
        taken = sum(os.path.getsize(os.path.join(at, name)) for folder in (zoo.home, temporary)
                    for at, _, names in os.walk(folder) for name in names)
        bounded = outcome.memory < MEMORY_LIMIT and (taken < 64 * MEGABYTE or behaviour is endless_body)
        fine = (outcome.code in (1, 2) and bounded and not os.listdir(temporary)
                and "\x1b" not in outcome.output + outcome.errors and outcome.seconds < 100)
        attack.judge(outcome, f"{behaviour.__name__}: {target}", fine,
                     f"{outcome.memory >> 20} MB of memory, {taken >> 20} MB on the disk, {outcome.seconds:.0f} s, exit code {outcome.code}")
        shutil.rmtree(zoo.home)
    server.stopped = True
    server.shutdown()
    server.server_close()
