"""Malicious clients of `zoo serve`: slow, endless, many, from elsewhere, gone. Honest ones must be answered all the while."""
import base64, contextlib, gzip, json, os, re, signal, socket, threading, time

from trial import MEGABYTE, Attack, finish

PATIENCE = 30  # seconds in which a request must have arrived


class Server:
    """A server with the demo model, and what its clients do."""

    def __init__(self, setting, *options):
        self.zoo = setting.with_model()
        self.process = self.zoo.start("serve", "--port", "0", *options)
        line = self.process.stdout.readline().decode()
        self.port = int(re.search(r":(\d+)/", line)[1])
        with open(setting.example("examples/scene1.jpg"), "rb") as file:
            self.picture = base64.b64encode(file.read()).decode()

    def connect(self, timeout=40):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def head(self, method="POST", path="/v1/explain", **fields):
        known = {"Host": f"127.0.0.1:{self.port}", "Content-Type": "application/json"}
        known.update({name.replace("_", "-"): value for name, value in fields.items()})
        return "".join([f"{method} {path} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in known.items() if value is not None), "\r\n"]).encode()

    def exchange(self, data, timeout=40):
        """The status of the answer (0: none), and its body."""
        with self.connect(timeout) as client:
            with contextlib.suppress(OSError):  # an answer may come before all is sent
                client.sendall(data)
            return read_answer(client)

    def post(self, body, path="/v1/explain"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.exchange(self.head(path=path, Content_Length=len(body), Connection="close") + body)

    def explain(self, **more):
        return self.post({"model": "ViT-Ti-8-emoji", "image": self.picture, "prompts": ["a photo of a panda"], **more})

    def is_well(self):
        return self.explain()[0] == 200

    def memory(self):
        return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read())[1]) * 1024

    def end(self, timeout=40):
        self.process.send_signal(signal.SIGTERM)
        return finish(self.process, time.monotonic(), timeout)


def read_answer(client):
    data = b""
    with contextlib.suppress(OSError):
        while b"\r\n\r\n" not in data:
            piece = client.recv(1 << 16)
            if not piece:
                break
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while length and len(body) < int(length[1]):
            piece = client.recv(1 << 16)
            if not piece:
                break
            body += piece
        return int(head.split()[1]) if head.startswith(b"HTTP/1.1 ") else 0, body
    return 0, b""


def run(setting):
    server = Server(setting)
    start = Attack("serve: honest clients before and after")
    start.expect(server.is_well(), "an honest request was not answered")
    words(server)
    bodies(setting, server)
    elsewhere(server)
    many(server)
    gone(server)
    if not setting.quick:
        slow(server)
    start.expect(server.is_well(), "an honest request was not answered after all this")
    start.expect(server.memory() < 2000 * MEGABYTE, f"{server.memory() // MEGABYTE} MB")
    taken(server)
    start.judge(server.end(), "SIGTERM", server.process.returncode == 0, "did not end with 0")
    drains(setting)


def words(server):
    """Invalid or ambiguous requests are rejected, and no part of them is taken for a second request."""
    attack = Attack("serve: what is no request")
    host = f"Host: 127.0.0.1:{server.port}\r\n".encode()
    for what, data in {
        "nonsense": b"nonsense\r\n\r\n", "TLS": bytes.fromhex("16030100a5010000a10303") + bytes(160),
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "a zero byte": b"GET /\0 HTTP/1.1\r\n" + host + b"\r\n",
        "two lengths": b"POST /v1/score HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        "a negative length": b"POST /v1/score HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n",
        "a length of 30 digits": b"POST /v1/score HTTP/1.1\r\n" + host + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
        "length and chunks": b"POST /v1/score HTTP/1.1\r\n" + host + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a chunk of 20 digits": b"POST /v1/score HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n",
        "a header of a megabyte": b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * MEGABYTE + b"\r\n\r\n",
        "10,000 header fields": b"GET / HTTP/1.1\r\n" + host + b"X: a\r\n" * 10_000 + b"\r\n",
        "a path of a megabyte": b"GET /" + b"a" * MEGABYTE + b" HTTP/1.1\r\n" + host + b"\r\n",
        "a header without end": b"GET / HTTP/1.1\r\n" + b"X" * (20 * MEGABYTE),
    }.items():
        began = time.monotonic()
        status, _ = server.exchange(data, timeout=10)
        attack.expect(status in (0, 400, 403, 404, 413, 415, 422, 431) and time.monotonic() - began < 9, f"{what}: {status}")
        attack.expect(server.process.poll() is None, f"{what}: the server has gone")


def bodies(setting, server):
    """Bodies that are too large or too deep, and pictures that are larger than they look."""
    attack = Attack("serve: bodies")
    attack.expect(server.exchange(server.head(Content_Length=10**10))[0] == 413, "a body of 10 GB")
    endless = server.head(Transfer_Encoding="chunked") + b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    with server.connect() as client:
        with contextlib.suppress(OSError):
            client.sendall(endless)
            for _ in range(100):
                client.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
        status, _ = read_answer(client)
    attack.expect(status in (0, 413), f"chunks without end: {status}")
    body = {"model": "ViT-Ti-8-emoji", "prompts": ["a"]}
    for what, data in {
        "deep lists": b"[" * 10_000_000, "deep objects": b'{"a":' * 1_000_000, "a long number": b'{"model": 1' + b"0" * 10_000_000 + b"}",
        "a million fields": ("{" + ",".join(f'"{n}":0' for n in range(1_000_000)) + "}").encode(),
        "half a letter": b'{"model": "\xff\xfe"}', "half a pair": b'{"model": "\\ud800", "prompts": ["a"]}',
        "a million prompts": json.dumps({**body, "prompts": ["a"] * 1_000_000, "image": server.picture}).encode(),
        "a long prompt": json.dumps({**body, "prompts": ["a" * 10_000_000], "image": server.picture}).encode(),
        "40 MB that are no picture": json.dumps({**body, "image": "QUJD" * 10_000_000}).encode(),
    }.items():
        status, text = server.post(data)
        attack.expect(status in (400, 404, 413, 422) and b'"detail"' in text, f"{what}: {status} {text[:200]!r}")
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
    before = server.memory()
    for name in ("progressive.jpg", "lossless.webp", "rgb.png"):
        with gzip.open(os.path.join(folder, name + ".gz")) as file:
            picture = base64.b64encode(file.read()).decode()
        status, text = server.post({**body, "image": picture})
        attack.expect(status == 200, f"{name} of 48 megapixels: {status} {text[:200]!r}")
    # A PNG that claims to have 40,000 x 40,000 pixels.
    large = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (40_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0" + bytes(64)
    status, text = server.post({**body, "image": base64.b64encode(large).decode()})
    attack.expect(status == 422, f"1,600 megapixels: {status} {text[:200]!r}")
    attack.expect(server.memory() - before < 700 * MEGABYTE, f"{(server.memory() - before) // MEGABYTE} MB for pictures")


def elsewhere(server):
    """Pages of other sites, and other names of this machine."""
    attack = Attack("serve: other sites and names")
    for fields in (
        {"Host": "evil.example"}, {"Host": f"evil.example:{server.port}"}, {"Host": None}, {"Host": f"127.0.0.1.evil.example:{server.port}"},
        {"Host": f"127.0.0.1:{server.port + 1}"}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": f"https://127.0.0.1:{server.port}"},
        {"Origin": f"http://127.0.0.1:{server.port}.evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ):
        for method, path in (("GET", "/v1/models"), ("POST", "/v1/explain"), ("OPTIONS", "/v1/explain"), ("GET", "/")):
            body = b"{}" if method == "POST" else b""
            status, text = server.exchange(server.head(method, path, Content_Length=len(body), Connection="close", **fields) + body)
            attack.expect(status == 403 and b"access-control" not in text.lower(), f"{method} {path} with {fields}: {status}")
    for path in ("/../etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/page/../../x", "/examples/../../../etc/passwd", "/%00", "/index.html%00.js"):
        status, _ = server.exchange(server.head("GET", path, Connection="close"))
        attack.expect(status == 404, f"{path}: {status}")


def many(server):
    """More connections than allowed, more requests than may wait, and many requests at once."""
    attack = Attack("serve: many at once")
    held = []
    with contextlib.suppress(OSError):
        for _ in range(600):
            held.append(server.connect())
    attack.expect(server.process.poll() is None, "600 connections: the server has gone")
    for client in held:
        client.close()
    time.sleep(0.5)
    attack.expect(server.is_well(), "not well after 600 connections")
    answers = []

    def ask(number):
        answers.append(server.explain(prompts=[f"prompt {number} {one}" for one in range(8)])[0])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    attack.expect(set(answers) == {200, 429} and len(answers) == 100, f"100 requests at once: {sorted(set(answers))}")
    # 2,000 requests at once from a client that reads no answers.
    with server.connect() as client:
        client.settimeout(2)
        with contextlib.suppress(OSError):
            client.sendall(server.head("GET", "/openapi.json") * 2000)
        attack.expect(server.is_well(), "not well while one reads nothing")
    # Bodies whose total exceeds the limit.
    part = server.head(Content_Length=40 * MEGABYTE) + b" " * (39 * MEGABYTE)
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            client = stack.enter_context(server.connect(timeout=5))
            with contextlib.suppress(OSError):
                client.sendall(part)
        attack.expect(server.process.poll() is None, "800 MB of bodies: the server has gone")
        attack.expect(server.explain()[0] in (200, 429), "not well with 800 MB of bodies")


def gone(server):
    """Clients that ask for much and disconnect."""
    attack = Attack("serve: clients that have gone")
    body = json.dumps({
        "model": "ViT-Ti-8-emoji", "image": server.picture, "methods": ["legrad", "lrp", "transformer-attribution"], "size": "512",
        "prompts": [f"something {number}" for number in range(32)]}).encode()
    for _ in range(30):
        with server.connect() as client:
            client.sendall(server.head(Content_Length=len(body)) + body)
            time.sleep(0.02)
    began = time.monotonic()
    attack.expect(server.is_well(), "not well after 30 that have gone")
    attack.expect(time.monotonic() - began < 10, f"waited {time.monotonic() - began:.1f} s behind 30 that have gone")


def slow(server):
    """One letter per second: disconnected in time, and nobody waits for them."""
    attack = Attack(f"serve: a letter a second, for {PATIENCE} s")
    clients, ended = [server.connect() for _ in range(100)], []
    began = time.monotonic()

    def drip(client, letters):
        with contextlib.suppress(OSError):
            for place in range(len(letters)):
                client.sendall(letters[place:place + 1])
                client.settimeout(1)
                with contextlib.suppress(TimeoutError):
                    client.recv(1 << 16)  # an answer, or the end
                    break
        ended.append(time.monotonic() - began)

    texts = [server.head(X="a" * 200), server.head(Content_Length=1000) + b" " * 1000]
    threads = [threading.Thread(target=drip, args=(client, texts[number % 2])) for number, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    time.sleep(5)
    asked = time.monotonic()
    attack.expect(server.is_well() and time.monotonic() - asked < 5, "not well beside 100 slow clients")
    for thread in threads:
        thread.join()
    attack.expect(len(ended) == 100 and max(ended) < PATIENCE + 10, f"let go after {max(ended):.0f} s")


def taken(server):
    """A second server on the same port says who uses it."""
    attack = Attack("serve: a port that is taken")
    outcome = server.zoo.run("serve", "--port", str(server.port))
    attack.judge(outcome, "the port is taken", outcome.code != 0 and f"process {server.process.pid}" in outcome.errors, "does not say by whom")


def drains(setting):
    """SIGTERM: pending requests are answered, no new ones are accepted."""
    attack = Attack("serve: SIGTERM while a request is in hand")
    for idle in (0, 50):
        server = Server(setting)
        clients = [server.connect() for _ in range(idle)]
        answers = []
        thread = threading.Thread(target=lambda: answers.append(server.explain(
            prompts=[f"a photo of {number}" for number in range(32)])[0]))
        thread.start()
        time.sleep(0.1)
        began = time.monotonic()
        outcome = server.end()
        thread.join()
        attack.judge(outcome, f"{idle} idle connections", outcome.code == 0 and answers == [200], f"code {outcome.code}, answers {answers}")
        attack.expect(time.monotonic() - began < 12, f"took {time.monotonic() - began:.0f} s")
        for client in clients:
            client.close()
