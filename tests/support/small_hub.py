"""A small hub on the loopback interface: what huggingface_hub asks of the real one."""

import hashlib
import json
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest
from huggingface_hub import constants

COMMITS = {"main": "a" * 40, "v1": "b" * 40}


class Hub:
    """Repositories: name → revision → folder; and every path that was asked for."""

    def __init__(self, repositories):
        self.repositories, self.asked = repositories, []

    def folder(self, name, revision):
        """Return the folder and the commit of a revision, or Nones."""
        commits = {commit: branch for branch, commit in COMMITS.items()}
        branch = commits.get(revision, revision)
        folder = self.repositories.get(name, {}).get(branch)
        return (Path(folder), COMMITS[branch]) if folder is not None else (None, None)

    def fetched(self, suffix):
        """Return the files with this suffix whose content was sent."""
        return [path for verb, path in self.asked if verb == "GET" and path.endswith(suffix)]


class Answers(BaseHTTPRequestHandler):
    """Answers to GET and HEAD; anything unknown is not found."""

    protocol_version = "HTTP/1.1"

    def __init__(self, hub, *arguments):
        self.hub = hub
        super().__init__(*arguments)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = unquote(urlsplit(self.path).path).strip("/")
        self.hub.asked.append((self.command, path))
        kind, _, rest = path.partition("/models/") if path.startswith("api") else ("file", "", path)
        word = next((f"/{w}/" for w in ("revision", "tree", "resolve") if f"/{w}/" in rest), None)
        name, _, rest = rest.partition(word) if word else (rest, "", "main")
        revision, _, file = rest.partition("/")
        folder, commit = self.hub.folder(name, revision)
        if folder is None:
            known = name in self.hub.repositories
            self.answer(404, code="RevisionNotFound" if known else "RepoNotFound")
        elif kind == "file":
            self.file(folder / file, commit)
        elif word == "/tree/":
            files = [f for f in sorted(folder.rglob("*")) if f.is_file()]
            self.json([entry(f, folder) for f in files])
        else:
            names = [{"rfilename": f.name} for f in sorted(folder.iterdir())]
            self.json({"id": name, "modelId": name, "sha": commit, "siblings": names})

    def json(self, content):
        self.answer(200, json.dumps(content).encode(), kind="application/json")

    def file(self, path, commit):
        if not path.is_file():
            self.answer(404, commit=commit, code="EntryNotFound")
            return
        content = path.read_bytes()
        self.answer(200, content, commit=commit, tag=hashlib.sha1(content).hexdigest())

    def answer(self, status, content=b"", *, kind="text/plain", commit=None, tag=None, code=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        named = {"X-Repo-Commit": commit, "ETag": tag and f'"{tag}"', "X-Error-Code": code}
        for name, value in named.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


def entry(file, folder):
    """Return what the hub says of a file in its list."""
    content = file.read_bytes()
    return {
        "type": "file",
        "path": file.relative_to(folder).as_posix(),
        "size": len(content),
        "oid": hashlib.sha1(content).hexdigest(),
    }


@contextmanager
def hub(repositories):
    """Serve repositories within the block."""
    served = Hub(repositories)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Answers, served))
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def at(address, home, *, offline=False):
    """Let huggingface_hub ask this address and keep files in ``home``, within the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "ENDPOINT", address)
        path = urlsplit(constants.HUGGINGFACE_CO_URL_TEMPLATE).path
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + path)
        patch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
            patch.delenv(name, raising=False)
        if offline:
            patch.setenv("HF_HUB_OFFLINE", "1")
        yield
