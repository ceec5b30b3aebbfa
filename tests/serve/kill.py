#!/usr/bin/env python3
"""Kills rs-serve with SIGKILL at arbitrary moments while clients send feedback, and counts afterwards.

usage: kill.py MODEL JOURNAL KILLS [SEED]

Each event is of a pair of its own and has an id. A client that gets no answer sends the event again with
the same id until one server or another acknowledges it. Afterwards every acknowledged event must be in
the journal once and no event twice. Prints one line and exits 0, or 1 after saying what is wrong."""
import collections
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

CLIENTS = 8
model, journal, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
random.seed(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
os.makedirs(journal, exist_ok=True)
port = None
stop = threading.Event()
acknowledged = [[] for _ in range(CLIENTS)]
retries = [0] * CLIENTS
answers = collections.Counter()


def start():
    """Starts a server and waits until it says where it listens."""
    global port
    server = subprocess.Popen(
        ["rs-serve", "--model", model, "--journal", journal, "--journal-file", "256K",
         "--listen", "127.0.0.1:0", "-q"], stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    if not line:
        sys.exit("the server does not start again: code %d" % server.wait())
    port = int(line.rsplit(":", 1)[1].strip("/\n"))
    return server


def client(number):
    """Sends events one after another, each until it is acknowledged."""
    n, connection, connected = 0, None, None
    while not stop.is_set():
        n += 1
        name = "%d-%d" % (number, n)
        body = json.dumps([{"UserId": "u" + str(number), "ItemId": name, "Value": 3, "EventId": name}])
        while True:
            try:
                if connection is None or connected != port:
                    connected = port
                    connection = http.client.HTTPConnection("127.0.0.1", connected, timeout=5)
                connection.request("POST", "/api/feedback", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                answers[answer.status] += 1
                if answer.status == 200:
                    acknowledged[number].append(name)
                    retries[number] += json.loads(text)["Repeated"]
                    break
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.002)
            if stop.is_set():
                return


server = start()
threads = [threading.Thread(target=client, args=(c,)) for c in range(CLIENTS)]
for thread in threads:
    thread.start()
for _ in range(kills):
    time.sleep(random.uniform(0.005, 0.08))
    server.send_signal(signal.SIGKILL)
    server.wait()
    server = start()
stop.set()
for thread in threads:
    thread.join()
server.terminate()
code = server.wait()

files = sorted(os.path.join(journal, name) for name in os.listdir(journal))
there = collections.Counter()
for path in files:
    if os.path.getsize(path) == 0:
        continue
    rows = subprocess.run(["rs-view", "-f", "csv", "-c", "item", path], capture_output=True, text=True)
    if rows.returncode != 0:
        sys.exit("%s can't be read: %s" % (path, rows.stderr))
    there.update(rows.stdout.split("\n")[1:-1])
sent = [name for names in acknowledged for name in names]
lost = [name for name in sent if there[name] == 0]
twice = [name for name, n in there.items() if n > 1]
print("%d kills, %d files, %d events acknowledged (%d of them sent again after they were written), "
      "%d lost, %d twice, last exit %d"
      % (kills, len(files), len(sent), sum(retries), len(lost), len(twice), code))
sys.exit(1 if lost or twice or code != 0 or len(sent) < kills else 0)
