"""The scripts of this folder write its files; pytest must not import them."""

collect_ignore_glob = ["*.py"]
