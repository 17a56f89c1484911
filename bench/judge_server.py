#!/usr/bin/env python3
"""A server of the chat-completions protocol that takes its time, and counts.

usage: judge_server.py SECONDS        (standard library alone)

Prints its port and answers each question SECONDS later with a verdict. /counts says how many it had, and the most that
it had at once and in any second.
"""

import collections
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seconds = float(sys.argv[1])
lock = threading.Lock()
arrivals = collections.deque()
counts = {"requests": 0, "at_once": 0, "most_at_once": 0, "most_in_a_second": 0}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(counts)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            now = time.monotonic()
            arrivals.append(now)
            while now - arrivals[0] > 1:
                arrivals.popleft()
            counts["requests"] += 1
            counts["at_once"] += 1
            counts["most_at_once"] = max(counts["most_at_once"], counts["at_once"])
            counts["most_in_a_second"] = max(counts["most_in_a_second"], len(arrivals))
        time.sleep(seconds)
        with lock:
            counts["at_once"] -= 1
        message = {"role": "assistant", "content": "The first one says what was asked. [[A]]"}
        self.reply({"model": "clock", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
