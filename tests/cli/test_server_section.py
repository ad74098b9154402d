"""`[server]` of the file: strict as every section, and no part of a run."""

from pathlib import Path

import pytest

from nsed.config.file import load_config
from nsed.config.server import ServerSettings, is_loopback
from nsed.protocol.errors import ConfigError


def read(folder: Path, text: str) -> ServerSettings:
    file = folder / "nsed.toml"
    file.write_text(text)
    return load_config(file).server


def test_without_it_the_server_keeps_to_this_machine(tmp_path: Path) -> None:
    server = read(tmp_path, "")

    assert (server.host, server.port, server.keys) == ("127.0.0.1", 8017, None)
    assert server == ServerSettings()


def test_it_is_read_and_a_path_starts_from_the_files_folder(tmp_path: Path) -> None:
    server = read(
        tmp_path,
        '[server]\nhost = "[::1]"\nport = 0\nkeys = "k/keys.json"\n'
        'allowed_hosts = ["NSED.example.org"]\nmax_body_s = 2\n',
    )

    assert (server.host, server.port) == ("::1", 0)
    assert server.keys == str(tmp_path / "k/keys.json")
    assert server.allowed_hosts == ("nsed.example.org",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("prot = 1", "server.prot: unknown key. Did you mean 'port'?"),
        ("port = 70000", "server.port: should be at most 65535, found 70000"),
        ('port = "80"', "server.port: should be a whole number"),
        ("port = 1.5", "server.port: should be a whole number"),
        ('host = "http://x"', "server.host: should be an address or a name"),
        ('host = "127.0.0.1:80"', "server.host: should be an address or a name"),
        ('host = ""', "server.host: should be at least 1 characters"),
        ("host = 1", "server.host: should be text in quotes"),
        ('allowed_hosts = ["*"]', "server.allowed_hosts: should be names"),
        ('allowed_hosts = ["https://a.b"]', "server.allowed_hosts: should be names"),
        ('allowed_hosts = "a.b"', "server.allowed_hosts: should be a list"),
        ("max_depth = 1", "server.max_depth: should be at least 2"),
        ("max_runs = 0", "server.max_runs: should be at least 1"),
        ("session_hours = inf", "server.session_hours: should be a finite number"),
        ('keys = "${KEYS}"', "server.keys: ${…} is for secrets only"),
        ('keys = "~nobody-has-this-name/k"', "server.keys: begins with ~"),
    ],
)
def test_each_mistake_is_a_line(line: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"[server]\n{line}\n")

    (said,) = str(caught.value).splitlines()
    assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("port = 1", "port: unknown key here. It belongs in [server]"),
        ("server = 1", "server: should be a table"),
        ("[sever]", "Did you mean 'server'?"),
        ("[presets.x]\nport = 1", "presets.x.port: unknown key"),
        ("[limits]\nport = 1", "limits.port: unknown key"),
    ],
)
def test_it_stands_where_it_belongs(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nsed\.toml") as caught:
        read(tmp_path, text)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("host", "so"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("localhost.example.org", False),
        ("10.0.0.1", False),
    ],
)
def test_what_is_loopback(host: str, so: bool) -> None:
    assert is_loopback(host) is so
