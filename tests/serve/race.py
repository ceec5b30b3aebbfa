#!/usr/bin/env python3
"""Runs a server built with -fsanitize=thread under a mixed load while models are swapped.

usage: race.py SERVER MODEL

Fails when the sanitizer reports anything, when a request fails, or when the server does not end well."""
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

SECONDS, CLIENTS = 10, 12
server_path, model = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
here = os.path.dirname(os.path.abspath(__file__))
folder = tempfile.mkdtemp()
os.chdir(folder)
other = os.path.join(folder, "other")
subprocess.run([os.path.join(here, "model"), os.path.join(here, "../../data/sample"), other, "user"], check=True)
os.symlink(model, "model")
os.mkdir("journal")
server = subprocess.Popen(
    [server_path, "--model", "model", "--journal", "journal", "--listen", "127.0.0.1:0", "-t", "4",
     "--cache", "200K", "--journal-file", "64K"], stdout=subprocess.PIPE, text=True,
    env=dict(os.environ, TSAN_OPTIONS="log_path=race exitcode=66"))
port = int(server.stdout.readline().rsplit(":", 1)[1].strip("/\n"))
until = time.time() + SECONDS
wrong, n = [], [0] * CLIENTS


def client(number):
    """Reads and writes at random."""
    draw = random.Random(number)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    while time.time() < until:
        user, item = draw.randrange(1, 150), draw.randrange(101, 191)
        path = draw.choice(["/api/recommend/%d?n=5" % user, "/api/recommend/%d?category=Drama" % user,
                            "/api/popular?n=%d" % draw.randrange(1, 30), "/api/explain/%d/%d" % (user, item),
                            "/api/user/%d/feedback" % user, "/api/latest?user-id=%d" % user, "/metrics",
                            "/api/item/%d/neighbors" % item,
                            "/api/recommend/%d?context=device:%d" % (user, draw.randrange(1, 4)),
                            "/api/predict/%d/%d?context=device:1&at=2026-11-%02d" % (user, item, draw.randrange(1, 31)),
                            "feedback", "feedback", "delete"])
        if path == "feedback":
            body = json.dumps([{"UserId": str(user), "ItemId": str(item), "Value": draw.randrange(1, 6),
                                "EventId": "%d-%d" % (number, n[number])}])
            connection.request("POST", "/api/feedback", body, {"Content-Type": "application/json"})
        elif path == "delete":
            connection.request("DELETE", "/api/feedback/%d/%d" % (user, item))
        else:
            connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        n[number] += 1
        if answer.status != 200:
            wrong.append("%s: %d" % (path, answer.status))


threads = [threading.Thread(target=client, args=(c,)) for c in range(CLIENTS)]
for thread in threads:
    thread.start()
swaps = 0
while time.time() < until - 1:
    time.sleep(0.7)
    subprocess.run(["rs-model", "-q", "--publish", "model", other if swaps % 2 == 0 else model], check=True)
    swaps += 1
for thread in threads:
    thread.join()
server.terminate()
code = server.wait()
reports = [name for name in os.listdir(".") if name.startswith("race.")]
for name in reports:
    sys.stderr.write(open(name).read())
print("%d requests, %d models, %d failed, %d reports, exit %d" % (sum(n), swaps, len(wrong), len(reports), code))
sys.exit(1 if wrong or reports or code != 0 or sum(n) < 1000 else 0)
