#!/usr/bin/env python3
"""A server of slow pages, for tests/examples.sh.

    slow_server.py PORTS MILLISECONDS

Listens at PORTS ports of 127.0.0.1 that the system chooses, and prints them. Each page comes after MILLISECONDS:
/ok/N is one of N bytes; /busy/N is 503 at first, and then the same; /gone is 404; /never does not come. /peak is at once
the greatest number of other requests at a time at its port.
"""
import asyncio
import socket
import sys

DELAY = int(sys.argv[2]) / 1000


class Port:
    def __init__(self):
        self.now = self.peak = 0
        self.seen = set()

    async def page(self, path):
        """Returns the status and the body."""
        if path == '/peak':
            return '200 OK', b'%d\n' % self.peak
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            await asyncio.sleep(DELAY if path != '/never' else 1000000)
        finally:
            self.now -= 1
        kind, _, size = path[1:].partition('/')
        if kind == 'gone':
            return '404 Not Found', b''
        if kind == 'busy' and path not in self.seen:
            self.seen.add(path)
            return '503 Busy', b''
        return '200 OK', b'x' * int(size)

    async def serve(self, reader, writer):
        try:
            while request := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                status, body = await self.page(request.split()[1].decode())
                head = f'HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n'
                writer.write(head.encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


async def main():
    sockets = [socket.create_server(('127.0.0.1', 0), backlog=4096) for _ in range(int(sys.argv[1]))]
    servers = [await asyncio.start_server(Port().serve, sock=one, backlog=4096) for one in sockets]
    print(*(one.getsockname()[1] for one in sockets), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
