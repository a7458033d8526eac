"""A server for crawl: PAGES pages that lead to one another. Prints its port.

    server.py PAGES

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import http.server
import sys

PAGES = int(sys.argv[1])


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        number = int(self.path.strip("/") or 0)
        links = {2 * number + 1, 2 * number + 2, (7 * number + 3) % PAGES, (13 * number + 5) % PAGES}
        self.send_response(200)
        self.end_headers()
        self.wfile.write("".join(f'<a href="/{link}">\n' for link in links if 0 < link < PAGES).encode())

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Page)
print(server.server_port, flush=True)
server.serve_forever()
