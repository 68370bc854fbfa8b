"""The secrets of a new installation."""

import os
import stat

import pytest

from oo.lib.env import read_dotenv
from oo.up.first_run import write_missing

pytestmark = pytest.mark.once


@pytest.fixture
def dotenv(tmp_path):
    return tmp_path / ".env"


def test_the_file_is_the_owner_s_alone_whatever_the_umask(dotenv):
    before = os.umask(0)
    try:
        write_missing(dotenv, {})
    finally:
        os.umask(before)
    assert stat.S_IMODE(dotenv.stat().st_mode) == 0o600


def test_the_product_reads_what_was_written(dotenv):
    assert write_missing(dotenv, {}) == ["DEBUG", "SECRET_KEY", "ENCRYPTION_KEYS"]
    values = read_dotenv(dotenv)
    assert values["DEBUG"] == "yes"
    assert len(values["SECRET_KEY"]) >= 50
    assert len(values["ENCRYPTION_KEYS"]) == 44


def test_a_second_run_changes_nothing(dotenv):
    write_missing(dotenv, {})
    first = dotenv.read_bytes()
    assert write_missing(dotenv, {}) == []
    assert dotenv.read_bytes() == first


def test_what_the_owner_wrote_stays_and_only_what_is_missing_is_added(dotenv):
    dotenv.write_text("# mine\nSECRET_KEY=chosen by hand\nDEBUG=no")
    assert write_missing(dotenv, {}) == ["ENCRYPTION_KEYS"]
    text = dotenv.read_text()
    assert text.startswith("# mine\nSECRET_KEY=chosen by hand\nDEBUG=no\n")
    assert read_dotenv(dotenv)["SECRET_KEY"] == "chosen by hand"


def test_what_the_environment_has_is_not_written_down(dotenv):
    assert write_missing(dotenv, {"SECRET_KEY": "x", "ENCRYPTION_KEYS": "y"}) == ["DEBUG"]


def test_two_installations_have_different_secrets(tmp_path):
    for name in ("a", "b"):
        write_missing(tmp_path / name, {})
    one, two = read_dotenv(tmp_path / "a"), read_dotenv(tmp_path / "b")
    assert one["SECRET_KEY"] != two["SECRET_KEY"]
    assert one["ENCRYPTION_KEYS"] != two["ENCRYPTION_KEYS"]


def test_a_link_to_a_file_elsewhere_stays_a_link(tmp_path, dotenv):
    elsewhere = tmp_path / "kept"
    elsewhere.touch()
    dotenv.symlink_to(elsewhere)
    write_missing(dotenv, {})
    assert dotenv.is_symlink()
    assert "SECRET_KEY" in read_dotenv(elsewhere)


def test_no_half_written_file_is_left_when_the_disk_is_full(dotenv, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        write_missing(dotenv, {})
    assert list(dotenv.parent.iterdir()) == []
