"""check.py WEIR-THUMBS PICTURE WORK: weir-thumbs and the network: its limits, certificates, names, addresses and figures.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import ctypes
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from servers import serving

THUMBS, WORK = sys.argv[1], pathlib.Path(sys.argv[3])
PICTURE = pathlib.Path(sys.argv[2]).read_bytes()


def expect(condition, what):
    if not condition:
        sys.exit(f"FAIL: {what}")


def environment():
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


class Run:
    """A run with a list of URLs."""

    def __init__(self, urls, *arguments, expected=0, overwrite=("--overwrite",)):
        to = () if "--to" in arguments else ("--to", WORK / "out")
        self.finish(start(urls, *to, *overwrite, *arguments), expected)

    def finish(self, process, expected):
        self.out, self.err = process.communicate(timeout=120)
        expect(process.returncode == expected, f"exit status {process.returncode}, not {expected}: {self.err}{self.out}")

    def figure(self, name):
        return int(next(line for line in self.out.splitlines() if line.startswith(name + " ")).split()[len(name.split())])


def start(urls, *arguments):
    names = [f"{url}\t{number}.jpg" for number, url in enumerate(urls)]
    (WORK / "list").write_text("\n".join(names) + "\n")
    return subprocess.Popen([THUMBS, "--from", WORK / "list", *map(str, arguments)], env=environment(), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def give(request, _):
    request.send(201 if request.command == "PUT" else 200, b"" if request.command == "PUT" else PICTURE)


# ---- limits ----

def check_rate():
    """Twenty requests, of downloads and uploads, are nineteen intervals. The first one may arrive late."""
    with serving(give) as server:
        run = Run([server.url(f"{i}.jpg") for i in range(10)], "--to", server.url("out"), "--rate", "20")
        expect(run.figure("done") == 10 and len(server.log) == 20, run.out)
        times = sorted(entry[2] for entry in server.log)
        expect(times[19] - times[0] >= 12 / 20, f"twenty requests in {times[19] - times[0]} s")


def check_paced_pause():
    """Requests that wait for their time are not sent to a host that is paused by then."""
    pause = 2
    paused = []

    def answer(request, number):
        now = time.monotonic()
        if number == 10:
            paused.append(now)
        if not paused or now < paused[0] + pause:
            request.send(429, Retry_After=str(pause))
        else:
            give(request, number)

    with serving(answer) as server:
        run = Run([server.url(f"{i}.jpg") for i in range(60)], "--rate", "20", "--downloads", "40")
        expect(run.figure("done") == 60 and run.err.count("paused after ") == 1, run.err + run.out)
        late = sum(paused[0] < entry[2] < paused[0] + pause for entry in server.log)
        expect(late < 10, f"{late} requests to a host that is paused")  # those on their way before the pause


def check_per_host():
    """
    Two pictures of each host at a time. Those of a host that does not answer hold up no other one, though the list begins
    with more of them than the pipeline has places for: with a large box, about 190.
    """
    held = threading.Event()

    def hold(request, number):
        held.wait(60)
        request.send(404)

    def linger(request, number):
        time.sleep(0.02)
        give(request, number)

    with serving(hold) as slow, serving(linger) as quick:
        process = start([slow.url(f"{i}.jpg") for i in range(400)] + [quick.url(f"{i}.jpg") for i in range(20)],
                        "--to", WORK / "out", "--overwrite", "--downloads", "8", "--uploads", "8", "--per-host", "2",
                        "-s", "2048x2048")
        done = quick.wait(lambda: quick.count("GET") == 20 and quick.active == 0)
        expect(done, f"only {quick.count('GET')} of 20 pictures were asked for beside a host that does not answer")
        expect(slow.count("GET") == 2, f"{slow.count('GET')} requests to a host that does not answer")
        held.set()
        output, error = process.communicate(timeout=120)
        expect(process.returncode == 1 and "done         20 of 420\n" in output, error + output)
        expect(slow.count("GET") == 400, f"{slow.count('GET')} requests to a host that has answered at last")
        expect((slow.most_active, quick.most_active) == (2, 2), f"{slow.most_active} {quick.most_active} at a time")


def check_announced_length():
    """A picture with an announced length above --max-bytes is refused before its bytes come."""
    def announce(request, _):
        request.send_response(200)
        request.send_header("Content-Length", str(10 << 30))
        request.end_headers()
        request.wfile.write(PICTURE)
        request.wfile.flush()
        request.rfile.read(1)  # until the client leaves

    with serving(announce) as server:
        run = Run([server.url("a.jpg")], "--timeout", "10", expected=1)
        expect("/a.jpg: download: larger than 67108864 bytes\n" in run.err, run.err)
        expect(server.count("GET") == 1, f"{server.count('GET')} requests")


def check_growth():
    """Threads of downloads and uploads grow while that brings more, unless their number is given."""
    for options, is_elastic in (((), True), (("--downloads", "4", "--uploads", "2"), False)):
        most, now, lock = {"GET": 0, "PUT": 0}, {"GET": 0, "PUT": 0}, threading.Lock()

        def linger(request, number):
            method = request.command
            with lock:
                now[method] += 1
                most[method] = max(most[method], now[method])
            time.sleep(0.1 if most["GET"] <= 4 or most["PUT"] <= 2 else 0)
            with lock:
                now[method] -= 1
            give(request, number)

        with serving(linger) as server:
            count = 400 if is_elastic else 40
            run = Run([server.url(f"{i}.jpg") for i in range(count)], "--to", server.url("to"), *options)
            expect(run.figure("done") == count, run.out)
        expect(is_elastic == (most["GET"] > 4) and is_elastic == (most["PUT"] > 2), f"{most} requests at a time")


# ---- certificates and names ----

def make_certificate(name, subject):
    files = WORK / f"{name}.crt", WORK / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName={subject}", "-out", files[0], "-keyout", files[1]], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return files[0], context


def check_certificates():
    if shutil.which("openssl") is None:
        print("SKIPPED: no check of certificates: openssl is missing")
        return
    mine, context = make_certificate("mine", "IP:127.0.0.1")
    other, other_context = make_certificate("other", "DNS:other.example")
    with serving(give, context=context) as server, serving(give, context=other_context) as elsewhere:
        urls = [server.url("a.jpg", "https")]
        run = Run(urls, expected=1)
        expect("download: SSL certificate problem: self" in run.err, run.err)  # -signed, or signed
        expect(run.figure("retried") == 0 and not server.log, run.out)
        Run(urls, "--cacert", mine)
        run = Run(urls, "--cacert", other, expected=1)
        expect("download: SSL certificate problem: " in run.err, run.err)
        Run(urls, "--insecure")
        expect(server.count("GET") == 2, f"{server.log}")
        urls = [elsewhere.url("a.jpg", "https")]  # the certificate is trusted, and is of another name
        run = Run(urls, "--cacert", other, expected=1)
        expect("no alternative certificate subject name matches" in run.err, run.err)
        expect(not elsewhere.log, f"{elsewhere.log}")
        Run(urls, "--insecure")
        run = Run([server.url("a.jpg", "https")], "--to", server.url("out", "https"), "--cacert", mine)
        expect(server.count("PUT") == 1, f"{server.log}")
        with serving(give) as origin:
            urls = [origin.url(f"{i}.jpg") for i in range(30)]
            run = Run(urls, "--to", server.url("out", "https"), "--capacity", "1", expected=3)
        expect("giving up, because the destination refuses uploads: SSL certificate problem: self" in run.err, run.err)
        expect(run.figure("not started") + run.figure("abandoned") > 10, run.out)

        def change_certificate(request, _):
            """Supports no conditions, and has another certificate after the first upload."""
            is_conditional = request.headers["If-None-Match"] is not None
            if request.command == "PUT" and not is_conditional:
                context.load_cert_chain(other, other.with_suffix(".key"))
            request.send(404 if request.command == "GET" else 501 if is_conditional else 201, Connection="close")

        context.num_tickets = 0  # a resumed session has no certificate
        server.answer = change_certificate
        with serving(give) as origin:
            run = Run([origin.url(f"{i}.jpg") for i in range(30)], "--to", server.url("changed", "https"),
                      "--cacert", mine, "--capacity", "1", "--uploads", "1", expected=3, overwrite=())
        expect("giving up, because the destination refuses uploads: SSL certificate problem: self" in run.err, run.err)
        expect(run.figure("done") == 1 and run.figure("not started") + run.figure("abandoned") > 10, run.out)
    run = Run(["https://127.0.0.1:1/a.jpg"], "--cacert", WORK / "none", expected=2)
    expect(f"--cacert: {WORK / 'none'}: No such file or directory" in run.err, run.err)


def check_authorities():
    """--cacert replaces the system's authorities, those of a folder included. Mounts another folder for the tests after it."""
    system = pathlib.Path("/etc/ssl/certs")
    libc = ctypes.CDLL(None, use_errno=True)
    if shutil.which("openssl") is None or not system.is_dir() or libc.unshare(0x00020000) != 0:  # CLONE_NEWNS
        print("SKIPPED: no check of the system's authorities: it needs openssl and a mount namespace, as root")
        return
    mine, context = make_certificate("system", "IP:127.0.0.1")
    other, _ = make_certificate("alone", "IP:127.0.0.1")
    digest = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", mine], check=True, capture_output=True, text=True)
    (WORK / "authorities").mkdir()
    for name in (digest.stdout.strip() + ".0", "ca-certificates.crt"):
        shutil.copy(mine, WORK / "authorities" / name)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", WORK / "authorities", system], check=True)
    with serving(give, context=context) as server:
        process = start([server.url("a.jpg", "https")], "--to", WORK / "out", "--overwrite")
        process.communicate(timeout=120)
        if process.returncode != 0:
            print(f"SKIPPED: no check of the system's authorities: they are not in {system}")
            return
        run = Run([server.url("a.jpg", "https")], "--cacert", other, expected=1)
        expect("download: SSL certificate problem: " in run.err and server.count("GET") == 1, run.err)


class Closing:
    """Accepts connections and closes them after the first bytes, so that a TLS handshake fails. Counts them."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.count = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            with connection:
                connection.recv(4096)
                connection.sendall(b"no TLS here, but some text\r\n" * 4)

    def end(self):
        """
        Ends the thread before its descriptor is closed: the next socket may have the same number, and the system begins
        an accept again with the number if the process was stopped meanwhile.
        """
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(60)
        expect(not self.thread.is_alive(), "the thread still accepts connections")
        self.listener.close()

    @property
    def port(self):
        return self.listener.getsockname()[1]


def check_handshakes():
    """A handshake that fails is retried, and counts for the host."""
    closing = Closing()
    run = Run([f"https://127.0.0.1:{closing.port}/a.jpg"], "--retries", "2", expected=1)
    expect(run.figure("retried") == 2 and closing.count == 3, f"{closing.count} attempts: {run.out}")
    run = Run([f"https://127.0.0.1:{closing.port}/{i}.jpg" for i in range(30)], "--retries", "1", expected=3)
    expect(run.err.count("paused after ") == 1 and run.err.count("given up after ") == 1, run.err)
    closing.end()


def check_names():
    """A name that does not resolve is retried, and counts for the host. A label of 64 letters needs no name server."""
    host = "a" * 64 + ".example"
    run = Run([f"http://{host}/a.jpg"], "--retries", "2", expected=1)
    expect(run.figure("retried") == 2 and "download: Could not resolve host: aaa" in run.err, run.err + run.out)
    with serving(give) as server:
        run = Run([f"http://{host}/{i}.jpg" for i in range(30)] + [server.url("a.jpg")], "--retries", "1", expected=1)
        expect(run.figure("done") == 1, run.out)
        expect(run.err.count("paused after ") == 1 and run.err.count("given up after ") == 1, run.err)


def check_tries():
    """
    A paused host is judged by its try alone: requests from before the pause that fail during the try say nothing. With
    one retry, the host is given up after one try that fails.
    """
    released, state = threading.Event(), {"held": 0, "failed": 0}
    lock = threading.Lock()

    def answer(request, number):
        with lock:
            is_held = state["held"] < 3
            state["held"] += is_held
            is_failed = not is_held and state["failed"] < 10
            state["failed"] += is_failed
            is_try = not is_held and not is_failed and not released.is_set()
        if is_held:
            released.wait(60)
        elif is_try:
            released.set()
            server.wait(lambda: server.active == 1)  # the held ones have their answers
            time.sleep(0.5)
        request.send(503 if is_held or is_failed else 200, b"" if is_held or is_failed else PICTURE)

    with serving(answer) as server:
        run = Run([server.url(f"{i}.jpg") for i in range(20)], "--downloads", "4", "--retries", "1")
        expect(state["failed"] == 10 and released.is_set(), f"{state}: there was no try")
        expect(run.figure("done") == 20 and "given up" not in run.err, run.err + run.out)
        expect(run.err.count("paused after ") == 1 and run.err.count("answers again") == 1, run.err)


# ---- addresses ----

def check_private():
    """No request is sent, whatever the notation of the address is."""
    with serving(give) as server:
        port = server.server_port
        hosts = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0", "[::ffff:127.0.0.1]", "[::1]", "[::]",
                 "10.0.0.1", "169.254.169.254", "[fe80::1]", "[fd00::1]"]
        run = Run([f"http://{host}:{port}/a.jpg" for host in hosts], "--no-private", expected=1)
        expect(run.err.count("download: its address is not public") == len(hosts), run.err)
        expect(run.figure("retried") == 0 and not server.log, f"{server.log} {run.out}")
        Run([server.url("a.jpg")])
        (WORK / "own").mkdir()
        (WORK / "own" / "a.jpg").write_bytes(PICTURE)  # the server inside the program, and the target, may be private
        subprocess.run([THUMBS, "--from", WORK / "own", "--to", server.url("to"), "--no-private"], check=True,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        expect(server.count("PUT") == 1, f"{server.log}")


def check_redirects():
    """A public address, in a network of this test only, that redirects to a private one."""
    public = "8.8.4.4"
    libc = ctypes.CDLL(None, use_errno=True)
    if shutil.which("ip") is None or libc.unshare(0x40000000) != 0:  # CLONE_NEWNET
        print("SKIPPED: no check of redirects to private addresses: it needs ip and a network namespace, as root")
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{public}/32", "dev", "lo"], check=True)
    with serving(give) as private:
        def redirect(request, number):
            if request.path == "/to-private":
                request.send(302, Location=private.url("a.jpg"))
            else:
                give(request, number)

        with serving(redirect, address=public) as server:
            urls = [server.url(path, host=public) for path in ("to-private", "a.jpg")]
            run = Run(urls, expected=0)
            expect(private.count("GET") == 1, f"{private.log}")
            run = Run(urls, "--no-private", expected=1)
            expect(run.figure("done") == 1 and "its address is not public" in run.err, run.err + run.out)
            expect(private.count("GET") == 1, f"{private.log}")
            proxy = environment() | {"http_proxy": server.url(host=public)}  # would connect in place of weir-thumbs
            for private_too in (True, False):
                (WORK / "list").write_text(private.url("through-proxy.jpg"))
                arguments = () if private_too else ("--no-private",)
                subprocess.run([THUMBS, "--from", WORK / "list", "--to", WORK / "out", "--overwrite", *arguments],
                               env=proxy, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
                expect(sum("through-proxy" in entry[1] for entry in server.log) == 1, f"{server.log}")


def check_two_addresses():
    """A name with a private and a public address: what the public one does counts. Mounts another /etc/hosts."""
    public, libc = "8.8.4.4", ctypes.CDLL(None, use_errno=True)
    if shutil.which("ip") is None or libc.unshare(0x40020000) != 0:  # CLONE_NEWNET, CLONE_NEWNS
        print("SKIPPED: no check of names with two addresses: it needs ip and namespaces, as root")
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{public}/32", "dev", "lo"], check=True)
    (WORK / "hosts").write_text(f"127.0.0.1 private.test two.test\n{public} public.test two.test\n")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", WORK / "hosts", "/etc/hosts"], check=True)
    run = Run(["http://two.test:1/a.jpg"], "--no-private", "--retries", "1", expected=1)  # nothing listens there
    expect(run.figure("retried") == 1 and "not public" not in run.err, run.err + run.out)

    def redirect(request, number):
        request.send(302, Location=f"http://{'private' if number == 1 else 'two'}.test:1/a.jpg")

    with serving(redirect, address=public) as server:
        urls = [server.url("a.jpg", host="public.test")]
        run = Run(urls, "--no-private", "--retries", "1", expected=1)
        expect(run.figure("retried") == 0 and "download: its address is not public" in run.err, run.err + run.out)
        run = Run(urls, "--no-private", "--retries", "1", expected=1)
        expect(run.figure("retried") == 1 and "not public" not in run.err, run.err + run.out)


# ---- figures ----

def check_metrics():
    held = threading.Event()

    def hold(request, number):
        held.wait(60)
        give(request, number)

    with serving(hold) as server:
        process = start([server.url(f"{i}.jpg") for i in range(3)], "--to", WORK / "out", "--overwrite", "--metrics", "0",
                        "--quiet")
        line = process.stderr.readline()
        match = re.fullmatch(r"weir-thumbs: metrics: (http://127[.]0[.]0[.]1:[1-9]\d*/)metrics\n", line)
        expect(match is not None, line)
        expect(server.wait(lambda: server.active == 3), "three pictures are not asked for")
        with urllib.request.urlopen(match[1] + "metrics", timeout=30) as answer:
            text = answer.read().decode()
            expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", f"{answer.headers}")
        expect(re.search(r'^weir_pipeline_items_in_total\{pipeline="weir-thumbs"\} 3$', text, re.M), text)
        for stage in ("download", "resize", "upload"):
            expect(f'stage="{stage}"' in text, text)
        for path, method, code in (("", "GET", 404), ("metrics", "POST", 405)):
            try:
                urllib.request.urlopen(urllib.request.Request(match[1] + path, method=method), timeout=30)
                expect(False, f"{method} of /{path} succeeds")
            except urllib.error.HTTPError as error:
                expect(error.code == code, f"{method} of /{path}: {error.code}")
        busy = Run([server.url("a.jpg")], "--metrics", match[1][7:-1], expected=1)
        expect(f"--metrics: cannot listen at '{match[1][7:-1]}': Address already in use" in busy.err, busy.err)
        held.set()
        expect(process.wait(60) == 0, process.stderr.read())
        process.communicate()
    for wrong in ("x", "127.0.0.1", "1:2:3", "::1:0", "[127.0.0.1]:0", "localhost:0", "65536", ""):
        run = Run(["http://127.0.0.1:1/"], "--metrics", wrong, expected=2)
        expect(f"--metrics: '{wrong}' is not ADDRESS:PORT" in run.err, run.err)


def check_trace():
    with serving(give) as server:
        Run([server.url(f"{i}.jpg") for i in range(3)], "--trace", WORK / "trace")
    events = json.loads((WORK / "trace").read_text())
    for stage in ("download", "resize", "upload"):
        expect(sum(event.get("name") == stage and event["ph"] == "X" for event in events) == 3, f"{events}")
    run = Run(["http://127.0.0.1:1/"], "--trace", WORK / "none" / "trace", expected=1)
    expect("none/trace: No such file or directory" in run.err, run.err)
    if os.path.exists("/dev/full"):
        with serving(give) as server:
            run = Run([server.url("a.jpg")], "--trace", "/dev/full", expected=1)
            expect("/dev/full: the trace is not complete\n" in run.err, run.err)


def check_closed_descriptors():
    """What would be printed to a closed descriptor gets into no file."""
    def close(*descriptors):
        return lambda: [os.close(descriptor) for descriptor in descriptors]

    for closed, options, status in ((close(0, 1, 2), ("--quiet",), 0), (close(1), (), 1)):
        journal, report = WORK / "closed.journal", WORK / "closed.report"
        with serving(give) as server:
            (WORK / "list").write_text(server.url("a.jpg") + "\n" + server.url("b.jpg") + "\n")
            process = subprocess.run([THUMBS, WORK / "list", WORK / "closed", "--resume", journal, "--report", report,
                                      *options], env=environment(), timeout=120, stderr=subprocess.PIPE, text=True,
                                     preexec_fn=closed, check=False)
        expect(process.returncode == status, f"exit status {process.returncode}: {process.stderr}")
        lines = journal.read_text().splitlines()[2:]
        expect(len(lines) == 2 and all(re.fullmatch("[0-9a-f]{32}", line) for line in lines), f"{lines}")
        expect([json.loads(line)["status"] for line in report.read_text().splitlines()] == ["done", "done"], "report")
        for path in journal, report:
            path.unlink()
        shutil.rmtree(WORK / "closed")


CHECKS = (check_rate, check_paced_pause, check_per_host, check_growth, check_announced_length, check_closed_descriptors,
          check_certificates, check_handshakes, check_names, check_tries, check_private, check_metrics, check_trace,
          check_authorities, check_redirects, check_two_addresses)  # the last three leave the files and the network

for check in CHECKS:
    if len(sys.argv) == 4 or check.__name__ in sys.argv[4:]:
        check()
