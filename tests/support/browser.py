"""A real browser for tests: chromium, driven over a pipe by its own protocol."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

CHROMIUM = next(
    (p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs chromium, which is not installed"
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-pipe",
]  # fmt: skip
# The protocol speaks over descriptors 3 and 4; the copies keep either from being overwritten.
CONNECT = """
import os, sys
copies = [os.dup(int(fd)) for fd in sys.argv[1:3]]
for fd, copy in zip((73, 74), copies): os.dup2(copy, fd)
os.dup2(73, 3); os.dup2(74, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
LOCAL = ("file:", "data:", "blob:", "about:")


class Page:
    """One page in a browser, and what happened in it.

    Attributes
    ----------
    requests : list of str
        Every address that the page asked for.
    complaints : list of str
        Errors in the console, and exceptions that nobody caught.
    """

    def __init__(self, send, receive):
        self._send, self._receive = send, receive
        self._number, self._session, self._buffer = 0, None, b""
        self.requests, self.complaints = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        found = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """Call the protocol and return its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(60)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def open(self, path, width=1400, height=1000):
        """Open a file, wait until it is ready, and forget what happened before."""
        self.requests.clear()
        self.complaints.clear()
        self.size(width, height)
        self.call("Page.navigate", url=f"file://{path}")
        self.wait("document.documentElement?.dataset.ready === 'yes'")

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip

    def squeeze(self, width=400):
        """Make the window small, and return how wide the page is."""
        self.size(width, 900)
        self.wait(f"innerWidth === {width}")
        return self.run("document.documentElement.scrollWidth")

    def copied(self):
        """Return the first table of each picture as the page copies it, by the picture's anchor."""
        self.run("window.copies = []")
        self.run("navigator.clipboard.writeText = async (text) => { copies.push(text); }")
        return self.run("""Object.fromEntries([...document.querySelectorAll('figure.picture')]
          .filter((f) => f.querySelector('[data-copy=csv]'))
          .map((f) => { f.querySelector('[data-copy=csv]').click();
            return [f.id, copies.pop()]; }))""")

    def saved(self, picture, kind):
        """Save a picture as the page does; return the name of the file and its bytes."""
        self.run("window.offered = []; window.blobs = []")
        self.run("URL.createObjectURL = (blob) => { blobs.push(blob); return 'blob:kept'; }")
        self.run("HTMLAnchorElement.prototype.click = function () { offered.push(this.download); }")
        self.run(
            f"document.getElementById('{picture}').querySelector('[data-save={kind}]').click()"
        )
        self.wait("offered.length === 1")
        text = self.run("""(async () => {
          const bytes = new Uint8Array(await blobs[0].arrayBuffer());
          let text = "";
          for (const byte of bytes) text += String.fromCharCode(byte);
          return btoa(text);
        })()""")
        return self.run("offered[0]"), base64.b64decode(text)

    def pdf(self):
        """Print the page on A4, and return the PDF."""
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(answer["data"])

    def scheme(self, name):
        """Be the browser of a reader who likes pages light, or dark."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def run(self, script):
        """Return the value of an expression; a promise is awaited."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                          awaitPromise=True, userGesture=True)  # fmt: skip
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script, seconds=60):
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"still false after {seconds} s: {script}"
            time.sleep(0.1)

    def _next(self, seconds):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._receive], [], [], seconds)
            assert ready, f"the browser said nothing for {seconds} s"
            piece = os.read(self._receive, 1 << 20)
            assert piece, "the browser is gone"
            self._buffer += piece
        line, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(line)
        self._note(message)
        return message

    def _note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.complaints.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])

    @property
    def outside(self):
        """What was asked for beyond the page itself."""
        return [url for url in self.requests if not url.startswith(LOCAL)]

    @property
    def quiet(self):
        """Whether nothing was complained of, and nothing asked for beyond the page itself."""
        return self.complaints == [] and self.outside == []


@contextlib.contextmanager
def browser():
    """Give a page of a browser of its own, which ends with the block."""
    to_browser, send = os.pipe()
    receive, from_browser = os.pipe()

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-c", CONNECT, str(to_browser), str(from_browser),
             CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield Page(send, receive)
        finally:
            os.close(send)
            os.close(receive)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
