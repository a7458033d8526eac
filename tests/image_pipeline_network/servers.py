"""Servers on 127.0.0.1 for the tests of weir-thumbs.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import contextlib
import http.server
import threading
import time


class Server(http.server.ThreadingHTTPServer):
    """Calls `answer(request, number)` for each request, counted from 1. Keeps (method, path, time) of each."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer, address="127.0.0.1", context=None):
        super().__init__((address, 0), Handler)
        self.answer, self.log, self.active, self.most_active = answer, [], 0, 0
        self.lock = threading.Condition()
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def begin(self, request):
        with self.lock:
            self.log.append((request.command, request.path, time.monotonic()))
            self.active += 1
            self.most_active = max(self.active, self.most_active)
            self.lock.notify_all()
            return len(self.log)

    def end(self):
        with self.lock:
            self.active -= 1
            self.lock.notify_all()

    def wait(self, condition, limit=60):
        with self.lock:
            return self.lock.wait_for(condition, limit)

    def count(self, method):
        with self.lock:
            return sum(entry[0] == method for entry in self.log)

    def handle_error(self, request, client_address):
        pass  # a client that has gone away

    def url(self, path="", scheme="http", host="127.0.0.1"):
        return f"{scheme}://{host}:{self.server_port}/{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number = self.server.begin(self)
        self.is_active = True
        try:
            self.server.answer(self, number)
        finally:
            self.leave()

    do_PUT = do_GET

    def leave(self):
        if self.is_active:
            self.server.end()
        self.is_active = False

    def send(self, status, body=b"", **headers):
        self.leave()  # first: the answer makes the client send its next request
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


@contextlib.contextmanager
def serving(answer, **options):
    server = Server(answer, **options)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
