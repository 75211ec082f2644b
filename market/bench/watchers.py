"""A crowd of watchers of the live feed in one process: they read what comes, and count it.

They have what time the server leaves: on a machine of their own they would take none of its. Says how many are
connected in one line, and what they have read in another when its input ends.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import time

import msgspec

LEAST_URGENT = 19


class Crowd(msgspec.Struct):
    """What is told on the first line of standard input: where to watch. `product`: the only one, or all."""

    port: int
    path: str
    watchers: int
    product: str | None = None


def watch(crowd: Crowd) -> None:
    """Connects everybody, and reads until standard input ends."""
    os.nice(LEAST_URGENT)
    selector = selectors.DefaultSelector()
    query = f"?product_id={crowd.product}" if crowd.product else ""
    request = f"GET {crowd.path}{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    opened = []
    for _ in range(crowd.watchers):
        each = socket.create_connection(("127.0.0.1", crowd.port))
        each.sendall(request)
        if not each.recv(65_536).startswith(b"HTTP/1.1 200 "):
            raise RuntimeError("the feed refused a watcher")
        selector.register(each, selectors.EVENT_READ)
        opened.append(each)
    print(json.dumps({"connected": len(opened)}), flush=True)
    selector.register(sys.stdin, selectors.EVENT_READ)
    size = events = lost = 0
    started = time.process_time()
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                spent = round(time.process_time() - started, 3)
                told = {"bytes": size, "trade_events": events, "lost": lost, "cpu_s": spent}
                print(json.dumps(told), flush=True)
                return
            assert isinstance(key.fileobj, socket.socket)
            data = key.fileobj.recv(1_048_576)
            size += len(data)
            events += data.count(b"event: trade\n")
            if not data:
                lost += 1
                selector.unregister(key.fileobj)


if __name__ == "__main__":
    watch(msgspec.json.decode(sys.stdin.readline(), type=Crowd))
