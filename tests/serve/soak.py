#!/usr/bin/env python3
"""Has simulated users use a server as in a day, in a short time, and looks at its memory meanwhile.

usage: soak.py SIMULATE MODEL SECONDS [SEED]

A day has 86,400 sessions, one a second, which come as fast as they are answered, for SECONDS at most; then lists
are read that nobody asked for before, for a quarter of that. From when the cache is full, memory may grow by what
the server says it keeps of feedback and by SLACK, and in reading by READING, or this exits 1."""
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

SESSIONS, CACHE = 86400, 4 << 20
EVENT, USER = 100, 600  # bytes: of an event kept and of a user with any, with room to grow
SLACK, READING = 2 << 20, 1 << 19
simulate, model, seconds = os.path.abspath(sys.argv[1]), sys.argv[2], float(sys.argv[3])
seed = sys.argv[4] if len(sys.argv) > 4 else "1"
journal = tempfile.TemporaryDirectory()
server = subprocess.Popen(
    ["rs-serve", "--model", model, "--journal", journal.name, "--listen", "127.0.0.1:0", "--cache", str(CACHE), "-q"],
    stdout=subprocess.PIPE, text=True)
address = server.stdout.readline().strip()


def look():
    """What the server says of itself, by name."""
    text = urllib.request.urlopen(address + "metrics", timeout=20).read().decode()
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    figures = {name: float(value) for name, value in rows}
    figures["requests"] = sum(value for name, value in figures.items() if name.startswith("rs_requests_total"))
    return figures


def owed(figures):
    """Bytes that feedback takes."""
    return EVENT * figures["rs_feedback_kept"] + USER * figures["rs_feedback_users"]


play = [simulate, "--port", address.rsplit(":", 1)[1].strip("/"), "--seed", seed]
users = subprocess.Popen(play + ["--sessions", str(SESSIONS), "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True)
began, samples = time.time(), []
while users.poll() is None:
    time.sleep(min(1, seconds / 20))
    samples.append((time.time() - began, look()))
said = users.stdout.read().splitlines()
samples.append((time.time() - began, look()))
reading = play + ["--only", "uncached", "--sessions", "1000000000", "--seconds", str(seconds / 8)]
subprocess.run(reading, stdout=subprocess.DEVNULL, check=True)  # these answers are larger
before = look()
subprocess.run(reading + ["--connections", "16"], stdout=subprocess.DEVNULL, check=True)
after = look()
read = after["rs_resident_bytes"] - before["rs_resident_bytes"]
server.terminate()
code = server.wait()
full = [sample for _, sample in samples if sample["rs_cache_evicted_total"] > 0]
print("seconds  requests  resident KB  events kept  answers in the cache")
for when, sample in samples[::max(1, len(samples) // 10)]:
    print("%7.1f %9d %12d %12d %21d" % (when, sample["requests"], sample["rs_resident_bytes"] // 1024,
                                      sample["rs_feedback_kept"], sample["rs_cache_answers"]))
grown = full[-1]["rs_resident_bytes"] - full[0]["rs_resident_bytes"] if full else 0
feedback = owed(full[-1]) - owed(full[0]) if full else 0
print("%s; memory grew by %d KB since the cache was full, feedback may take %d KB of it; then by %d KB in "
      "%d requests; exit %d" % (said[0] if said else "nothing", grown // 1024, feedback // 1024, read // 1024,
                                after["requests"] - before["requests"], code))
flat = grown <= feedback + SLACK and read <= READING
sys.exit(0 if users.returncode == 0 and code == 0 and len(full) > 2 and flat else 1)
