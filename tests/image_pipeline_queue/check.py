"""check.py WEIR-THUMBS PHOTOS WORK [CHECK...]: weir-thumbs with --queue, over a nats-server of this test.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import atexit
import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

from servers import serving

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
THUMBS, WORK = sys.argv[1], pathlib.Path(sys.argv[3])
PHOTOS = [path.read_bytes() for path in sorted(pathlib.Path(sys.argv[2]).glob("*.jpg"))]
LIMIT = 240  # seconds after which something hangs; far below the ack_wait of the checks that say so
LONG_ACK_WAIT = "3600"


def expect(condition, what):
    if not condition:
        sys.exit(f"FAIL: {what}")


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Nats:
    """A server of NATS on a port that the system picks."""
    count = 0

    def __init__(self, *options):
        Nats.count += 1
        folder = WORK / f"nats-{Nats.count}"
        folder.mkdir()
        self.folder, self.options = folder, options
        self.start("-1")

    def start(self, port):
        self.process = subprocess.Popen(
            ["nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", self.folder, "--ports_file_dir", self.folder,
             "-l", self.folder / "log", *self.options], preexec_fn=end_with_parent)
        atexit.register(self.process.kill)
        ports = self.folder / f"nats-server_{self.process.pid}.ports"
        while not (ports.exists() and ports.read_text().rstrip().endswith("}")):
            expect(self.process.poll() is None, "nats-server has ended")
            time.sleep(0.01)
        self.address = json.loads(ports.read_text())["nats"][0].removeprefix("nats://")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def start_again(self):
        self.start(self.address.rsplit(":", 1)[1])

    def publish(self, subject, text):
        host, port = self.address.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(f"CONNECT {{}}\r\nPUB {subject} {len(text)}\r\n{text}\r\nPING\r\n".encode())
            answers = b""
            while b"PONG" not in answers:
                answers += connection.recv(4096) or sys.exit(f"FAIL: {answers}")

    def url(self, name, user=""):
        return f"nats://{user}{self.address}/{name}"


class Way:
    """A way to the server that can be cut."""

    def __init__(self, nats):
        host, port = nats.address.rsplit(":", 1)
        self.server, self.ends, self.is_cut = (host, int(port)), [], False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.nats = nats
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client = self.listener.accept()[0]
            if self.is_cut:
                client.close()
                continue
            pair = client, socket.create_connection(self.server)
            self.ends += pair
            for one, other in (pair, pair[::-1]):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    @staticmethod
    def carry(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self, is_cut):
        self.is_cut = is_cut
        for end in self.ends if is_cut else ():
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def url(self, name):
        return f"nats://127.0.0.1:{self.listener.getsockname()[1]}/{name}"


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {name: value for name, value in kept.items() if not name.startswith("NATS_")} | more


class Program:
    """A weir-thumbs that runs."""

    def __init__(self, *arguments, env=None, pass_fds=()):
        self.process = subprocess.Popen([THUMBS, *map(str, arguments)], env=env or environment(), text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=end_with_parent, pass_fds=pass_fds)
        atexit.register(self.process.kill)

    def signal(self, number):
        self.process.send_signal(number)

    def finish(self, expected=0):
        self.out, self.err = self.process.communicate(timeout=LIMIT)
        status = self.process.returncode
        expect(status == expected, f"exit status {status}, not {expected}: {self.err}{self.out}")
        return self

    def figure(self, name):
        line = next(line for line in self.out.splitlines() if line.startswith(name + " "))
        return int(line.split()[len(name.split())])


def write_list(name, lines):
    (WORK / name).write_text("".join(f"{line}\n" for line in lines))
    return WORK / name


def put(url, path, *arguments, **more):
    return Program("--queue", url, "--from", path, *arguments, **more)


def join(url, target, *arguments, **more):
    few = ("--downloads", "2", "--resizes", "1", "--uploads", "2", "--capacity", "2", "--take", "4")
    return Program("--queue", url, "--to", WORK / target, *few, *arguments, **more)


def picture(request, _):
    """Serves a picture for a path that ends with its number and .jpg; 404 for others."""
    number = "".join(c for c in request.path.split("?")[0].rsplit("/", 1)[1] if c.isdigit())
    request.send(200 if number else 404, PHOTOS[int(number) % len(PHOTOS)] if number else b"")


def picture_after(released):
    """Returns an answer that waits for the event."""
    def answer(request, number):
        released.wait(LIMIT)
        picture(request, number)
    return answer


def thumbnails(target):
    return {path.name: path.read_bytes() for path in (WORK / target).iterdir() if not path.name.startswith(".")}


def report_of(path):
    return [json.loads(line) for line in (WORK / path).read_text().splitlines()]


def expect_all(target, reference, report, count):
    """Each picture is at the target, with the bytes of a run without a queue, and once in the report."""
    expect(thumbnails(target) == thumbnails(reference), f"{target}: {sorted(thumbnails(target))}")
    lines = report_of(report)
    expect(len(lines) == count and len({line["source"] for line in lines}) == count, f"{len(lines)} lines")
    expect({line["name"] for line in lines} == set(thumbnails(target)), f"{lines}")
    expect({line["status"] for line in lines} <= {"done", "skipped"}, f"{lines}")


def check_killed():
    """Three programs, one of which is killed while it has pictures. Others get these after ack_wait."""
    taken, is_taken = [], threading.Event()

    def answer(request, number):
        if request.headers["User-Agent"] != "victim":
            time.sleep(0.02)
            return picture(request, number)
        taken.append(request.path)
        if len(taken) > 4:
            is_taken.set()
            time.sleep(LIMIT)  # until it is killed
        picture(request, number)

    with serving(picture) as server:
        urls = [server.url(f"{i}.jpg") for i in range(60)]
        path = write_list("killed.list", urls)
        Program("--from", path, "--to", WORK / "killed-reference").finish()
        server.answer = answer
        url = NATS.url("killed")
        leader = put(url, path, "--report", WORK / "killed.report", "--ack-wait", "2")
        others = [join(url, "killed", "--ack-wait", "2", "--user-agent", "other") for _ in range(2)]
        victim = join(url, "killed", "--ack-wait", "2", "--user-agent", "victim")
        expect(is_taken.wait(LIMIT), f"the third program has taken {len(taken)} pictures only")
        victim.signal(signal.SIGKILL)
        victim.finish(-signal.SIGKILL)
        leader.finish()
        done = sum(other.finish().figure("done") for other in others)
        expect(leader.out.startswith("done         60 of 60\n"), leader.out)
        expect(done >= 56 and leader.figure("failed") == 0, f"{done} done by the others: {leader.out}")
        requests = [entry[1] for entry in server.log]
        asked = requests.count(taken[-1])
        expect(asked >= 3, f"{taken[-1]}: {asked} requests")  # one of them is that of the reference
    expect_all("killed", "killed-reference", "killed.report", 60)


def interrupt(signals):
    """One program is interrupted: what it has not begun comes to another one at once, not after ack_wait."""
    released, name, log = threading.Event(), f"interrupted-{signals}", []

    def asked(agent):
        return {path for user, path in log if user == agent}

    def answer(request, number):
        log.append((request.headers["User-Agent"], request.path))
        if request.headers["User-Agent"] == "first":
            released.wait(LIMIT)
        picture(request, number)

    with serving(picture) as server:
        path = write_list(f"{name}.list", [server.url(f"{i}.jpg") for i in range(30)])
        Program("--from", path, "--to", WORK / f"{name}-reference").finish()
        server.answer = answer
        url, wait = NATS.url(name), ("--ack-wait", LONG_ACK_WAIT)
        leader = put(url, path, "--report", WORK / f"{name}.report", *wait)
        first = join(url, name, "--user-agent", "first", "--take", "12", *wait)
        expect(server.wait(lambda: server.active == 2), "the first program takes nothing")
        for _ in range(signals):
            first.signal(signal.SIGINT)
            line = first.process.stderr.readline()
            while "interrupted: completing" not in line and line and signals == 1:
                line = first.process.stderr.readline()
            time.sleep(0.3)  # so that two signals do not become one
        second = join(url, name, "--user-agent", "second", *wait)
        if signals == 1:  # the first program has two in its threads and two in a queue, and holds no others
            expect(server.wait(lambda: len(asked("second")) >= 26), f"{len(asked('second'))} came to the second one")
            released.set()
        first.finish(128 + signal.SIGINT)
        released.set()
        expect("other programs can take the rest" in first.err, first.err)
        second.finish()
        leader.finish()
        done = first.figure("done"), second.figure("done")
        expect(sum(done) == 30 and (done[0] > 0) == (signals == 1), f"{done}: {first.err}")
    expect_all(name, f"{name}-reference", f"{name}.report", 30)


def check_interrupted():
    interrupt(1)


def check_interrupted_twice():
    interrupt(2)


def check_stopped():
    """A program stands still for longer than ack_wait, and goes on: some pictures have two outcomes, and one line."""
    first_released, last_released, log = threading.Event(), threading.Event(), []

    def answer(request, number):
        agent = request.headers["User-Agent"]
        log.append((agent, request.path))
        if agent == "first":
            first_released.wait(LIMIT)
        elif request.path == "/29.jpg":
            last_released.wait(LIMIT)
        picture(request, number)

    with serving(picture) as server:
        path = write_list("stopped.list", [server.url(f"{i}.jpg") for i in range(30)])
        Program("--from", path, "--to", WORK / "stopped-reference").finish()
        server.answer = answer
        url, wait = NATS.url("stopped"), ("--ack-wait", "1")
        leader = put(url, path, "--report", WORK / "stopped.report", *wait)
        first = join(url, "stopped", "--user-agent", "first", "--report", WORK / "first.report", *wait)
        expect(server.wait(lambda: server.active == 2), "the first program takes nothing")
        first.signal(signal.SIGSTOP)
        second = join(url, "stopped", "--user-agent", "second", *wait)
        others = {("second", f"/{i}.jpg") for i in range(30)}
        expect(server.wait(lambda: others <= set(log)), f"the second program has taken {len(log)} only")
        first_released.set()
        first.signal(signal.SIGCONT)
        until = time.monotonic() + LIMIT
        while len(report_of("first.report")) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        last_released.set()
        leader.finish()
        done = first.finish().figure("done"), second.finish().figure("done")
        expect(leader.out.startswith("done         30 of 30\n"), leader.out)
        expect(done[0] >= 2 and done[1] >= 30, f"{done}")
    expect_all("stopped", "stopped-reference", "stopped.report", 30)


def check_failures():
    """Failures of the list and of the pictures, and names, are those of a run without a queue."""
    with serving(picture) as server:
        path = write_list("failures.list", [
            server.url("a/1.jpg"), server.url("b/1.jpg"), server.url("missing.jpg?secret"), "no-url.jpg",
            server.url("c/2.jpg") + "\tgiven", server.url("d/3.jpg") + "\tgiven", server.url("4.jpg")])
        alone = Program("--from", path, "--to", WORK / "failures-reference", "--report", WORK / "alone.report")
        alone.finish(1)
        url = NATS.url("failures")
        worker = join(url, "failures")
        leader = put(url, path, "--report", WORK / "failures.report").finish(1)
        worker.finish(1)
        for name in ("done", "skipped", "failed"):
            expect(leader.figure(name) == alone.figure(name), leader.out + alone.out)
        expect(leader.err.count("/missing.jpg (entry 3): download: HTTP status 404") == 1, leader.err)
        expect("no-url.jpg: list: does not begin with http" in leader.err, leader.err)
        expect(": list: its thumbnail would have the name given.jpg, like that of " in leader.err, leader.err)
        expect("secret" not in leader.err, leader.err)
    expect(thumbnails("failures") == thumbnails("failures-reference"), f"{sorted(thumbnails('failures'))}")

    def known(line):
        members = ("source", "entry", "status", "name") if line["status"] == "done" else ("source", "entry", "status")
        return sorted((member, line[member]) for member in members)

    reports = [sorted(map(known, report_of(report))) for report in ("alone.report", "failures.report")]
    expect(reports[0] == reports[1] and len(reports[0]) == 7, f"{reports}")


def check_again():
    """A second list on the same queue, after a first one that ended well and one whose program was killed."""
    with serving(picture) as server:
        path = write_list("again.list", [server.url(f"{i}.jpg") for i in range(6)])
        url = NATS.url("again")
        early = [join(url, "again") for _ in range(3)]  # before there is a list
        put(url, path).finish()
        expect(sum(worker.finish().figure("done") for worker in early) == 6, "not all of the first list")
        killed = put(url, path, "--report", WORK / "again.report")
        worker = join(url, "again")
        until = time.monotonic() + LIMIT
        while not ((WORK / "again.report").exists() and report_of("again.report")):  # then the whole list is put
            expect(time.monotonic() < until, "the second list is not worked on")
            time.sleep(0.01)
        killed.signal(signal.SIGKILL)
        killed.finish(-signal.SIGKILL)
        worker.finish()
        leader = put(url, path)
        line = leader.process.stderr.readline()  # until the list is put, the queue is at the end of the second one
        while line and " 0/6, " not in line:
            line = leader.process.stderr.readline()
        expect(join(url, "again", "--skip-existing").finish().figure("skipped") == 6, "not all of the third list")
        expect(leader.finish().figure("skipped") == 6, leader.out)


def check_paused_host():
    """A host that asks for patience holds up no picture of another one, though there are more of it than --take."""
    def refuse(request, _):
        if others.count("GET") < 10:  # until the other host's pictures are asked for
            request.send(429, Retry_After="1")
        else:
            picture(request, None)

    with serving(refuse) as server, serving(picture) as others:
        path = write_list("paused.list", [server.url(f"{i}.jpg") for i in range(40)] +
                          [others.url(f"{i}.jpg") for i in range(40, 50)])
        url = NATS.url("paused")
        leader = put(url, path, "--report", WORK / "paused.report")
        worker = join(url, "paused", "--take", "10", "--retries", "4")
        expect(others.wait(lambda: others.count("GET") == 10, 60), f"{others.count('GET')} of another host in a minute")
        worker.finish()
        said = leader.process.stdout.readline()  # it waits for more joined programs then
        leader.signal(signal.SIGKILL)
        expect(said == "done         50 of 50\n", said)
        expect(sum(line["attempts"] - 1 for line in report_of("paused.report")) == worker.figure("retried"), worker.out)
        expect(": paused after 10 failures in a row: HTTP status 429\n" in worker.err, worker.err)
        expect(worker.out.startswith("done         50 of 50\n"), worker.out)
        expect(len(thumbnails("paused")) == len(report_of("paused.report")) == 50, "not all, or some twice")


def check_resume():
    """The program with the list notes what is done, and puts the rest the next time."""
    with serving(picture) as server:
        urls = [server.url(f"{i}.jpg") for i in range(5)]
        url, journal = NATS.url("resume"), ("--resume", WORK / "journal")
        worker = join(url, "resume")
        put(url, write_list("resume.list", urls[:3]), *journal).finish()
        worker.finish()
        worker = join(url, "resume")
        leader = put(url, write_list("resume.list", urls), *journal).finish()
        expect((leader.figure("done"), leader.figure("skipped")) == (2, 3), leader.out)
        expect(worker.finish().figure("done") == 2, worker.out)
        expect("\nthumbnails: -f jpeg\n" in (WORK / "journal").read_text(), "the journal has what is not known")
        refused = put(url, WORK / "resume.list", "-f", "webp", *journal).finish(1)
        expect("is the journal of a run with -f jpeg, and this run has -f webp" in refused.err, refused.err)
        alone = "--from", WORK / "resume.list", "--to", WORK / "alone", "--resume", WORK / "journal-alone"
        Program("-s", "640", *alone).finish()
        leader = put(url, WORK / "resume.list", "--resume", WORK / "journal-alone")
        lines = [leader.process.stdout.readline() for _ in range(2)]  # it waits for joined programs then
        leader.signal(signal.SIGKILL)
        expect(lines[1].split() == ["skipped", "5"], f"{lines}")
        refused = Program(*alone).finish(1)
        expect("is the journal of a run with -s 640 -f jpeg -q " in refused.err, refused.err)


def check_max_failures():
    """The program with the list gives up, and the others end."""
    def refuse(request, _):
        time.sleep(0.05)
        request.send(404)

    with serving(refuse) as server:
        urls = [server.url(f"{i}.jpg") for i in range(400)]
        url = NATS.url("most")
        leader = put(url, write_list("most.list", urls), "--max-failures", "2")
        worker = join(url, "most")
        leader.finish(3)
        expect("giving up, because 2 pictures have failed" in leader.err, leader.err)
        worker.finish(1)
        expect(worker.figure("failed") < 400, worker.out)


def check_leader_interrupted():
    """The program with the list ends, and the others go on to the end of the queue. It has an old entry too."""
    released = threading.Event()

    with serving(picture_after(released)) as server:
        url = NATS.url("leaderless")
        leader = put(url, write_list("leaderless.list", [server.url(f"{i}.jpg") for i in range(8)]))
        worker = join(url, "leaderless")
        expect(server.wait(lambda: server.active == 2), "the joined program takes nothing")
        leader.signal(signal.SIGINT)
        leader.finish(128 + signal.SIGINT)
        expect("interrupted: 0 not started, 8 unfinished; the programs that have joined go on" in leader.err,
               leader.err)
        NATS.publish("weir.leaderless.item.0", f"weir-thumbs entry 1\trun\t0\t1\tshort\t{server.url('8.jpg')}\told")
        released.set()
        expect(worker.finish().figure("done") == 9, worker.out)
        expect("old.jpg" in thumbnails("leaderless"), f"{thumbnails('leaderless').keys()}")


def check_put_again_at_the_end():
    """Pictures are put again behind the end, once the program with the list was killed or interrupted: all are done."""
    released = threading.Event()

    def answer(request, number):
        if released.is_set():
            time.sleep(0.2)  # for one of each host, and then for those that were put again
            picture(request, number)
        else:
            request.send(429, Retry_After="1")  # those that have failed first are put again while the host is paused

    def wait_for(program, text):
        line = program.process.stderr.readline()
        while line and text not in line:
            line = program.process.stderr.readline()
        expect(line, f"no line with {text}")

    with serving(answer) as server:
        path = write_list("behind.list", [server.url(f"{i}.jpg") for i in range(12)])
        ways = {f"behind-{number}": number for number in (signal.SIGKILL, signal.SIGINT)}
        leaders = {name: put(NATS.url(name), path) for name in ways}
        for name, leader in leaders.items():
            wait_for(leader, " 0/12, ")  # the list is put
            leader.signal(ways[name])
            leader.finish(128 + signal.SIGINT if ways[name] == signal.SIGINT else -signal.SIGKILL)
        workers = [join(NATS.url(name), name, "--take", "16") for name in ways]
        for worker in workers:
            wait_for(worker, ": paused after 10 failures in a row: ")
        released.set()
        for worker in workers:
            expect(worker.finish().figure("done") == 12, worker.out)


def check_large():
    """An entry and an outcome that the server does not take."""
    config = WORK / "large.conf"
    config.write_text("max_payload: 2000\n")
    nats = Nats("-c", config)
    with serving(picture) as server:
        path = write_list("large.list", [server.url("1.jpg?" + "x" * 300), server.url("2.jpg?" + "x" * 3000)])
        sizes = ("-s", "10,20,30,40,50,60,70,80")
        worker = join(nats.url("large"), "large", *sizes)
        leader = put(nats.url("large"), path, "--report", WORK / "large.report").finish(1)
        worker.finish()
        expect("/2.jpg (entry 2): list: its entry is too large for the server" in leader.err, leader.err)
        expect((leader.figure("done"), leader.figure("failed")) == (1, 1), leader.out)
        expect(len(thumbnails("large")) == 8, f"{thumbnails('large').keys()}")
        expect(sorted(line["status"] for line in report_of("large.report")) == ["done", "failed"], leader.out)


def check_server():
    """A server that is away, and one with a password."""
    path = write_list("server.list", ["http://127.0.0.1:1/1.jpg"])
    with socket.socket() as unused:  # bound, and does not listen
        unused.bind(("127.0.0.1", 0))
        away = f"nats://127.0.0.1:{unused.getsockname()[1]}/away"
        for program in (put(away, path), join(away, "away")):
            program.finish(1)
            expect(": cannot connect: " in program.err and program.err.count("\n") == 1, program.err)
    nats = Nats("--user", "me", "--pass", "right")
    for program in (put(nats.url("server", "me:wrong@"), path), join(nats.url("server", "me:wrong@"), "server"),
                    put(nats.url("server"), path, env=environment(NATS_USER="me", NATS_PASSWORD="wrong"))):
        program.finish(1)
        expect("uthorization" in program.err and "wrong" not in program.err, program.err)
    worker = join(nats.url("server", "me:right@"), "server", "--retries", "0")
    put(nats.url("server"), path, env=environment(NATS_USER="me", NATS_PASSWORD="right")).finish(1)
    worker.finish(1)
    expect(worker.figure("failed") == 1, worker.out)


def check_server_killed():
    """The server is killed while pictures are in work, and starts again: all programs go on."""
    released, nats = threading.Event(), Nats()

    with serving(picture_after(released)) as server:
        path = write_list("killed-server.list", [server.url(f"{i}.jpg") for i in range(8)])
        leader = put(nats.url("killed-server"), path, "--report", WORK / "killed-server.report")
        worker = join(nats.url("killed-server"), "killed-server")
        expect(server.wait(lambda: server.active == 2), "the joined program takes nothing")
        nats.kill()
        released.set()
        line = worker.process.stderr.readline()
        while line and "trying again" not in line:
            line = worker.process.stderr.readline()
        nats.start_again()
        leader.finish()
        expect(leader.out.startswith("done         8 of 8\n"), leader.out)
        expect(worker.finish().figure("done") >= 8, worker.out)  # more, if an acknowledgement was lost
        Program("--from", path, "--to", WORK / "killed-server-reference").finish()
    expect_all("killed-server", "killed-server-reference", "killed-server.report", 8)


def check_slow_list():
    """The entries of a list that is still being written are worked on."""
    read, write = os.pipe()
    with serving(picture) as server:
        url = NATS.url("slow")
        worker = join(url, "slow")
        leader = put(url, f"/dev/fd/{read}", pass_fds=(read,))
        os.close(read)
        for i in range(3):
            os.write(write, server.url(f"{i}.jpg\n").encode())
            expect(server.wait(lambda: server.count("GET") == i + 1), f"picture {i} waits for the end of the list")
        os.close(write)
        leader.finish()
        expect(leader.figure("done") == 3 and worker.finish().figure("done") == 3, leader.out)


class Pipe:
    """A list that is being written, and the program that puts it."""

    def __init__(self, url, *arguments):
        read, self.end = os.pipe()
        self.leader = put(url, f"/dev/fd/{read}", *arguments, pass_fds=(read,))
        os.close(read)

    def write(self, *urls):
        os.write(self.end, "".join(f"{url}\n" for url in urls).encode())

    def close(self):
        os.close(self.end)


def check_interrupted_without_server():
    """The program with the list ends while the server is away: it says what was not put."""
    released, nats = threading.Event(), Nats()

    with serving(picture_after(released)) as server:
        url = nats.url("away")
        pipe = Pipe(url)
        worker = join(url, "away")
        pipe.write(*(server.url(f"{i}.jpg") for i in range(3)))
        expect(server.wait(lambda: server.active == 2), "the joined program takes nothing")
        time.sleep(0.5)  # the third one is put by then
        nats.kill()
        pipe.write(*(server.url(f"{i}.jpg") for i in range(3, 8)))
        line = pipe.leader.process.stderr.readline()
        while line and "trying again" not in line:
            line = pipe.leader.process.stderr.readline()
        pipe.leader.signal(signal.SIGINT)
        err = pipe.leader.finish(128 + signal.SIGINT).err
        expect("interrupted: 5 not started, 3 unfinished; the programs that have joined go on with these\n" in err, err)
        expect("has not confirmed 5 of those not started, and may have some of them\n" in err, err)
        expect("was not told of the end: the programs that have joined wait for the next list\n" in err, err)
        expect((pipe.leader.figure("unfinished"), pipe.leader.figure("not started")) == (3, 5), pipe.leader.out)
        pipe.close()
        nats.start_again()
        released.set()
        path = write_list("away.list", [server.url("8.jpg")])
        put(url, path).finish()
        expect(worker.finish().figure("done") in range(4, 10), worker.out)  # the first ones, and those of the next list


def check_away_at_the_end():
    """A joined program that has no connection while the list ends sees the end once it has one again."""
    way, wait = Way(NATS), ("--ack-wait", "2")
    with serving(picture) as server:
        pipe = Pipe(NATS.url("absent"), *wait)
        worker = join(way.url("absent"), "absent", *wait)
        pipe.write(server.url("0.jpg"))
        expect(server.wait(lambda: server.count("GET") == 1), "the joined program takes nothing")
        until = time.monotonic() + LIMIT
        while not list((WORK / "absent").glob("0.jpg*")):
            expect(time.monotonic() < until, "the picture is not done")
            time.sleep(0.01)
        time.sleep(1)  # its outcome is put by then
        way.cut(True)
        pipe.close()
        expect(pipe.leader.finish().figure("done") == 1, pipe.leader.out)
        late = join(NATS.url("absent"), "absent", *wait)  # belongs to the next list
        way.cut(False)
        expect(worker.finish().figure("done") == 1, worker.out)
        expect(late.process.poll() is None, "a program that has joined later has ended")
        put(NATS.url("absent"), write_list("absent.list", [server.url("1.jpg")]), *wait).finish()
        expect(late.finish().figure("done") == 1, late.out)


def check_replicas():
    """Copies of each entry, which a single server refuses."""
    with serving(picture) as server:
        path = write_list("replicas.list", [server.url("1.jpg")])
        worker = join(NATS.url("replicas?replicas=1"), "replicas")
        put(NATS.url("replicas?replicas=1"), path).finish()
        worker.finish()
        for program in (put(NATS.url("copies?replicas=3"), path), join(NATS.url("copies?replicas=3"), "copies")):
            program.finish(1)
            expect("--queue: " in program.err and "replicas" in program.err, program.err)


def check_usage():
    path, url = write_list("usage.list", ["http://127.0.0.1:1/1.jpg"]), "nats://me:secret@127.0.0.1:1/name"
    for arguments, message in (
            (("--queue", "4"), "--queue needs nats://HOST[:PORT]/NAME; --capacity sets the capacity"),
            (("--queue", "nats://me:secret@host"), "--queue needs nats://HOST[:PORT]/NAME"),
            (("--queue", "nats://me:secret@host/"), "--queue needs nats://HOST[:PORT]/NAME"),
            (("--queue", "nats:///name"), "--queue needs nats://HOST[:PORT]/NAME"),
            (("--queue", "nats://host/a.b"), "--queue: 'a.b' is not a name of 1 to 56 letters, digits, - and _"),
            (("--queue", "nats://host/a?replicas=2"), "--queue: only ?replicas=1, 3 or 5 may follow the name"),
            (("--queue", "nats://host/?replicas=3"), "is not a name of 1 to 56 letters"),
            (("--queue", "nats://host/" + "x" * 57), "is not a name of 1 to 56 letters"),
            (("--queue", "nats://" + "x" * 1100 + "/name"), "--queue: the URL is longer than 1023 bytes"),
            (("--queue", url), "--queue needs --from LIST, to put a list, or --to TARGET, to join in"),
            (("--queue", url, path, "to"), "--queue with --from puts a list, and with --to it joins in"),
            (("--queue", url, "--from", WORK), f"--queue needs a list of URLs, and '{WORK}' is a folder"),
            (("--queue", url, "--from", path, "-s", "3x3"), "--size is for the programs that join in"),
            (("--take", "0"), "--take: '0' is not a number from 1 to 65536"),
            (("--ack-wait", "0"), "--ack-wait: '0' is not a number from 1 to 3600")):
        program = Program(*arguments).finish(2)
        expect(message in program.err and "secret" not in program.err, f"{arguments}: {program.err}")


CHECKS = (check_usage, check_server, check_killed, check_interrupted, check_interrupted_twice, check_stopped,
          check_failures, check_again, check_paused_host, check_resume, check_max_failures, check_leader_interrupted,
          check_put_again_at_the_end, check_large, check_server_killed, check_slow_list,
          check_interrupted_without_server, check_away_at_the_end, check_replicas)

NATS = Nats()
for check in CHECKS:
    if len(sys.argv) == 4 or check.__name__ in sys.argv[4:]:
        check()
