"""What a browser would make of a page, for tests without one."""

from html.parser import HTMLParser


class Reader(HTMLParser):
    """What a browser would make of a page: elements, attributes, text outside scripts."""

    VOID = {"meta", "input", "path", "img", "link", "br", "hr"}

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.scripts, self._open = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, f"a stray </{tag}>"

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self.scripts[-1] += data
        elif inside != "style":
            self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())
