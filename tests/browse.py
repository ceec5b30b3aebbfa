#!/usr/bin/env python3
"""Drives a headless Chromium over its debugging pipe, for the tests of the page.

    browse.py URL [--size WIDTHxHEIGHT] [--dark] STEP...

A STEP is one of
    eval:EXPRESSION   prints what the JavaScript expression gives (a promise is awaited), as JSON
    wait:EXPRESSION   until it is true, 5 seconds at most
    key:KEY           presses Tab, Enter, Escape, ArrowRight …
    shot:FILE         a picture (PNG)
Whatever the page says on its console, every exception in it and every refused request is printed as a line
'console: …', and makes the exit code 1."""
import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time


class Browser:
    def __init__(self, size):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            sys.exit("browse.py: there is no chromium")
        self.profile = tempfile.mkdtemp(prefix="rs-browse-")
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()

        def place():  # it reads from 3 and writes to 4
            a, b = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-extensions", "--disable-background-networking", "--no-proxy-server",
             "--remote-debugging-pipe", "--user-data-dir=" + self.profile, "--window-size=" + size.replace("x", ","),
             "about:blank"],
            preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.reader, self.writer = os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")
        self.number, self.session, self.said, self.rest = 0, None, [], b""

    def message(self):
        while b"\0" not in self.rest:
            got = os.read(self.reader.fileno(), 1 << 16)
            if not got:
                sys.exit("browse.py: the browser left")
            self.rest += got
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        self.writer.write(json.dumps(request).encode() + b"\0")
        self.writer.flush()
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    sys.exit(f"browse.py: {method}: {message['error']['message']}")
                return message["result"]
            self.hear(message)

    def hear(self, message):
        method, about = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.said.append(" ".join(str(a.get("value", a.get("description"))) for a in about["args"]))
        elif method == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.said.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.said.append(about["entry"]["text"] + " " + about["entry"].get("url", ""))

    def open(self, url, size, dark):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        width, height = (int(n) for n in size.split("x"))
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=url)
        self.wait("document.readyState == 'complete' && location.href != 'about:blank'")

    def eval(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            sys.exit(f"browse.py: {expression}: {result['exceptionDetails'].get('exception', {}).get('description')}")
        return result["result"].get("value")

    def wait(self, expression):
        end = time.monotonic() + 5
        while not self.eval(expression):
            if time.monotonic() > end:
                sys.exit(f"browse.py: in vain for {expression}; the console: {self.said}")
            time.sleep(0.02)

    def key(self, name):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        text = {"text": "\r"} if name == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, code=name,
                  windowsVirtualKeyCode=codes[name], **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, code=name, windowsVirtualKeyCode=codes[name])

    def shot(self, path):
        time.sleep(0.5)  # what glides arrives
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("url")
    parser.add_argument("--size", default="1200x900")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("steps", nargs="*")
    given = parser.parse_intermixed_args()
    browser = Browser(given.size)
    try:
        browser.open(given.url, given.size, given.dark)
        for step in given.steps:
            what, _, rest = step.partition(":")
            result = {"eval": browser.eval, "wait": browser.wait, "key": browser.key, "shot": browser.shot}[what](rest)
            if what == "eval":
                print(json.dumps(result, ensure_ascii=False), flush=True)
        browser.eval("new Promise(done => setTimeout(done, 50))")
    finally:
        browser.close()
    for line in browser.said:
        print("console: " + line)
    return 1 if browser.said else 0


if __name__ == "__main__":
    sys.exit(main())
