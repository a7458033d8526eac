"""The peer of bench/flights.c in Python's asyncio: a task for each request, over streams.

    flights.py REQUESTS PORT...

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import asyncio
import resource
import socket
import struct
import sys
import time

LENGTH = 64


async def request(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.write(bytes(LENGTH))
    await reader.readexactly(LENGTH)
    writer.close()


async def main(count, ports):
    await asyncio.gather(*(request(ports[i % len(ports)]) for i in range(count)))


resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
began = time.monotonic()
asyncio.run(main(int(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
took = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"{took:.3f} {used.ru_utime + used.ru_stime:.3f} {used.ru_maxrss}")
