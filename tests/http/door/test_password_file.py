from __future__ import annotations

import statistics
import time
from pathlib import Path

import bcrypt
import pytest

from jettison.http.door import password_file
from jettison.http.door.password_file import PasswordFile
from jettison.oci.errors import Unauthorized, Unavailable


def line(name: str, password: str, cost: int = 4, prefix: bytes = b"2b") -> str:
    """One that `htpasswd -B` could have written."""
    return (
        f"{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost, b'2b')).replace(b'2b', prefix, 1).decode()}\n"
    )


def written(folder: Path, *lines: str) -> PasswordFile:
    """A file of these lines, read."""
    path = folder / "htpasswd"
    path.write_text("".join(lines))
    file = PasswordFile(path)
    file.read()
    return file


@pytest.mark.parametrize("prefix", [b"2a", b"2b", b"2y"])
def test_the_right_password_is_right(tmp_path: Path, prefix: bytes) -> None:
    """By each of the words that programs write for bcrypt."""
    file = written(tmp_path, "# people\n\n", line("ann", "secret", prefix=prefix), f"  {line('bob', 'pässword')}")
    assert file.matches("ann", "secret")
    assert file.matches("bob", "pässword")
    assert not file.matches("ann", "pässword")
    assert not file.matches("ann", "")
    assert not file.matches("carl", "secret")
    assert not file.matches("# people", "")


@pytest.mark.parametrize(
    "kept", ["secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "$apr1$a$b", "", "$2y$05$short", "$1$a$b"]
)
def test_what_is_no_bcrypt_lets_nobody_in(tmp_path: Path, kept: str) -> None:
    """Neither a plain password nor a weak hash; the others of the file are as good as ever."""
    file = written(tmp_path, f"ann:{kept}\n", "no colon\n", ":empty\n", line("bob", "b"))
    assert not file.matches("ann", "secret")
    assert not file.matches("ann", kept)
    assert file.matches("bob", "b")


@pytest.mark.parametrize("cost", ["00", "03", "20", "31", "99"])
def test_a_cost_that_cannot_be_paid_is_nobodys(tmp_path: Path, cost: str) -> None:
    """One line that bcrypt fails at, or works at for hours, keeps none of the others out."""
    kept = line("ann", "secret").strip().partition(":")[2].replace("$04$", f"${cost}$")
    file = written(tmp_path, f"ann:{kept}\n", line("bob", "b"))
    assert not file.matches("ann", "secret")
    assert not file.matches("nobody", "secret")
    assert file.matches("bob", "b")


def test_a_change_counts_at_once(tmp_path: Path) -> None:
    """A password that is another, and a name that is gone, though they were right a moment ago."""
    file = written(tmp_path, line("ann", "old"), line("bob", "b"))
    assert file.matches("ann", "old")
    assert file.matches("bob", "b")
    written(tmp_path, line("ann", "new"))
    assert not file.matches("ann", "old")
    assert file.matches("ann", "new")
    assert not file.matches("bob", "b")


def test_a_file_that_is_gone_lets_nobody_in(tmp_path: Path) -> None:
    """And says so, until it is there again."""
    file = written(tmp_path, line("ann", "a"))
    assert file.matches("ann", "a")
    content = (tmp_path / "htpasswd").read_bytes()
    (tmp_path / "htpasswd").unlink()
    with pytest.raises(Unavailable):
        file.matches("ann", "a")
    (tmp_path / "htpasswd").write_bytes(content)
    assert file.matches("ann", "a")


def test_a_password_of_which_bcrypt_would_drop_the_end_is_told(tmp_path: Path) -> None:
    """72 bytes are the most; the message says how many there were, whoever has that name."""
    file = written(tmp_path, line("ann", "p" * 72))
    assert file.matches("ann", "p" * 72)
    for name in ("ann", "nobody"):
        with pytest.raises(Unauthorized, match=r"has 73 bytes.*first 72"):
            file.matches(name, "p" * 73)
    with pytest.raises(Unauthorized, match="has 80 bytes"):
        file.matches("ann", "ü" * 40)


def test_what_was_right_is_not_hashed_again_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients send the password with every request; what was wrong is hashed each time."""
    file = written(tmp_path, line("ann", "a"))
    hashed: list[bytes] = []
    check = bcrypt.checkpw

    def counted(given: bytes, kept: bytes) -> bool:
        hashed.append(given)
        return check(given, kept)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    assert file.matches("ann", "a")
    assert file.matches("ann", "a")
    assert hashed == [b"a"]
    file.matches("ann", "b")
    file.matches("ann", "b")
    assert hashed == [b"a", b"b", b"b"]
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    file.matches("ann", "a")
    assert hashed[-1] == b"a"
    assert len(hashed) == 4


def test_only_so_many_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no password is among what is."""
    monkeypatch.setattr(password_file, "REMEMBERED", 2)
    file = written(tmp_path, *(line(name, f"secret-{name}") for name in "abcd"))
    for name in "abcd":
        assert file.matches(name, f"secret-{name}")
    assert len(file._right) == 2
    assert not any(b"secret" in seen for seen in file._right)


@pytest.mark.slow
def test_a_name_that_there_is_not_takes_as_long(tmp_path: Path) -> None:
    """As a wrong password of the slowest entry, so that nobody learns which names there are."""
    file = written(tmp_path, line("ann", "a", cost=4), line("bob", "b", cost=9))

    def seconds(name: str) -> float:
        taken = []
        for _ in range(5):
            started = time.process_time()
            assert not file.matches(name, "wrong")
            taken.append(time.process_time() - started)
        return statistics.median(taken)

    assert 0.5 < seconds("nobody") / seconds("bob") < 2


def test_a_file_without_a_line_lets_nobody_in(tmp_path: Path) -> None:
    """Before the first name is in it, a registry may start."""
    assert not written(tmp_path).matches("ann", "a")
    assert [path.name for path in tmp_path.iterdir()] == ["htpasswd"]
