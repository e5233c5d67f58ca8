"""Damage to the bytes of a file."""


def damaged(content, rng):
    """Return bytes that were cut, changed, or filled with others."""
    at = rng.randrange(len(content) + 1)
    piece = bytes(rng.randrange(256) for _ in range(rng.choice([1, 4, 64])))
    return {
        "cut": content[:at],
        "change": content[:at] + piece + content[at + len(piece) :],
        "flip": bytes(b ^ (1 << rng.randrange(8)) if rng.random() < 0.01 else b for b in content),
        "insert": content[:at] + piece + content[at:],
        "drop": content[:at] + content[at + len(piece) :],
    }[rng.choice(["cut", "change", "flip", "insert", "drop"])]
