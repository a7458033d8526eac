"""A store on 127.0.0.1 that keeps objects in memory and verifies the signature of each request.

As a program: store.py LOG prints its port, serves until standard input ends, and writes "METHOD STATUS CODE PATH" lines.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import datetime
import http.server
import os
import re
import sys
import threading
import urllib.parse
from xml.sax.saxutils import escape

import sigv4


class Store:
    """The credentials and objects of a store, and its log of requests: (method, path, status, code)."""

    def __init__(self, bucket="thumbs", region="eu-west-9", token=None):
        self.key, self.secret, self.token = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token
        self.bucket, self.region = bucket, region
        self.skew = datetime.timedelta(0)
        self.is_read_only = False
        self.knows_conditions = True
        self.objects = {}  # key: (content type, body)
        self.log = []
        self.lock = threading.Lock()

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + self.skew

    def count(self, method, status):
        with self.lock:
            return sum(entry[0] == method and entry[2] == status for entry in self.log)

    def environment(self):
        """What a program needs to know."""
        credentials = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_REGION": self.region}
        if self.token:
            credentials["AWS_SESSION_TOKEN"] = self.token
        return credentials


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve(b"")

    do_HEAD = do_GET

    def do_PUT(self):
        self.serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def serve(self, body):
        store = self.server.store
        try:
            key = self.check(store, body)
            status, headers, content = self.answer(store, key, body)
            code = "-"
        except sigv4.Refused as refused:
            status, code = refused.status, refused.code
            headers = {"Content-Type": "application/xml"}
            content = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
                       f"<Message>{escape(refused.message)}</Message>"
                       f"<AWSAccessKeyId>{store.key}</AWSAccessKeyId></Error>").encode()
        with store.lock:
            store.log.append((self.command, self.path, status, code))
            if self.server.log is not None:
                self.server.log.write(f"{self.command} {status} {code} {self.path}\n")
                self.server.log.flush()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def check(self, store, body):
        """Returns the key of the object."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        sigv4.verify(store, self.command, self.path, headers, body, store.now())
        _, bucket, key = self.path.partition("?")[0].split("/", 2)
        if bucket != store.bucket:
            raise sigv4.Refused(404, "NoSuchBucket", "The specified bucket does not exist")
        return urllib.parse.unquote_to_bytes(key)

    def answer(self, store, key, body):
        with store.lock:
            found = store.objects.get(key)
            if self.command == "PUT":
                if store.is_read_only:
                    raise sigv4.Refused(403, "AccessDenied", "Access Denied")
                condition = self.headers.get("If-None-Match")
                if condition and not store.knows_conditions:
                    raise sigv4.Refused(501, "NotImplemented", "A header you provided implies functionality that is not "
                                        "implemented.")
                if condition == "*" and found is not None:
                    raise sigv4.Refused(412, "PreconditionFailed", "At least one of the pre-conditions did not hold")
                store.objects[key] = (self.headers.get("Content-Type"), body)
                return 200, {}, b""
        if found is None:
            raise sigv4.Refused(404, "NoSuchKey", "The specified key does not exist.")
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if wanted is None:
            return 200, {"Content-Type": found[0]}, found[1]
        first, last = int(wanted[1]), min(int(wanted[2]), len(found[1]) - 1)
        return 206, {"Content-Type": found[0], "Content-Range": f"bytes {first}-{last}/{len(found[1])}"}, \
            found[1][first:last + 1]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, store, log=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.store, self.log = store, log
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that was killed

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


if __name__ == "__main__":
    with open(sys.argv[1], "a", encoding="utf-8") as log:
        server = Server(Store(), log)
        print(server.server_port, flush=True)
        while os.read(0, 4096):
            pass
