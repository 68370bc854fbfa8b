"""Health exports as they come: real ones, broken ones, and ones that mean harm."""

import io
import os
import random
import struct
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.formats.apple_health import CUT_SHORT
from integrations.formats.apple_health_xml import BROKEN, CLINICAL, NOT_ONE
from integrations.formats.apple_health_zip import BOMB, DAMAGED, EMPTY, LOCKED, WITHOUT
from integrations.formats.facts import BadFormat, HealthPull
from integrations.sources import apple_health as source
from integrations.sources.apple_health import TOO_SLOW
from tests.integrations.health_exports import (
    STEPS,
    asleep,
    document,
    lying_zip,
    read,
    record,
    refusal,
    upload,
)
from tests.integrations.samples.apple_health import DAYS, FILE, FILES, packed

SECRET = "Divorce lawyer"
WALK = record(STEPS, "17 12:00", "17 12:10", 7)
FINE = document(WALK, record(STEPS, "16 12:00", "16 12:10", 9, source=SECRET))
# How many spoilt files are tried; the promise is 10 000 of all kinds.
MUTATIONS = int(os.environ.get("OO_MUTATIONS") or 300)


def test_the_sample_is_read_by_the_child_as_it_is_here():
    pull = upload(FILE)
    assert {one.measure: one.value for one in pull.days} == DAYS
    assert pull == read(FILE)
    bare = FILES["apple_health_export/export.xml"].encode()
    assert upload(bare) == pull


def test_every_real_file_goes_through(real_data):
    files = [
        path
        for path in sorted((real_data / "apple-health").iterdir())
        if path.suffix in (".xml", ".zip")
    ]
    assert files
    for path in files:
        data = path.read_bytes()
        assert read(data, keep_days=5000).refused == [], path.name
        again = data if path.suffix == ".zip" else packed({"Salud/exportación.xml": data})
        assert upload(again).refused == [], path.name


def test_a_real_night_comes_out_as_it_was(real_data):
    data = (real_data / "apple-health" / "apple-health-parser_export.redacted.xml").read_bytes()
    (night,) = [one for one in read(data, keep_days=5000).days if one.measure == "sleep"]
    assert (night.day.isoformat(), night.value) == ("2024-01-01", 12)


@pytest.mark.parametrize(
    "before",
    [
        "<!DOCTYPE HealthData [\n<!ELEMENT HealthData ANY>\n]>",
        # As iOS 16 wrote it.
        "<!DOCTYPE HealthData [\n<!ELEMENT HealthData (Record*)\n  value CDATA\n<!ATTLIST\n]>\n",
        "<!DOCTYPE HealthData [<!-- ]> -->]>",
        '<!DOCTYPE HealthData SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        "\ufeff<!-- made by hand -->",
        "",
    ],
)
def test_whatever_document_type_there_is_it_is_not_read(before):
    assert [one.value for one in read(document(WALK, before=before)).days] == [7]


@pytest.mark.parametrize("name", ["&#11;", "\x0b", "&#xFFFF;", "\ufffe", "\u00a0’é", "&#128034;"])
def test_characters_that_xml_forbids_are_passed_over(name):
    walk = record(STEPS, "17 12:00", "17 12:10", 7, source=name)
    assert [one.value for one in read(document(walk)).days] == [7]


def test_bytes_that_are_no_text_are_passed_over():
    assert len(read(FINE.replace(b"Divorce", b"\xff\xfe\xc3")).days) == 2


@pytest.mark.parametrize(
    "inside",
    [
        "&a;",
        '<Record type="x" value="&a;"/>',
        "<Record></HealthData>",
        "<Record",
        "<a>" * 60 + "</a>" * 60,
        '<Record type="a" type="b"/>',
        '<!DOCTYPE x [<!ENTITY a "b">]>',
        f'<Record type="{"x" * 3_000_000}"',
    ],
)
def test_what_is_no_xml_is_refused_whole(inside):
    assert refusal(document(WALK, inside)) in (BROKEN, CUT_SHORT)


def test_a_file_that_ends_too_soon_is_refused_and_says_so():
    assert refusal(FINE[: len(FINE) - 30]) == CUT_SHORT
    assert refusal(packed({"export.xml": FINE})[:-30]) == DAMAGED
    assert refusal(packed({"export.xml": FINE})[:50]) == DAMAGED
    assert refusal(packed({"export.xml": ""})) == DAMAGED


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", EMPTY),
        (b"hello", NOT_ONE),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), NOT_ONE),
        (b"<html><body>Sign in</body></html>", NOT_ONE),
        (b"<" + b"x" * 2_000_000, NOT_ONE),
        (b"<?xml version='1.0'?><ClinicalDocument/>", CLINICAL),
        (packed({}), WITHOUT),
        (packed({"holiday.jpg": b"x" * 100}), WITHOUT),
        (packed({"a/export_cda.xml": "<ClinicalDocument/>"}), CLINICAL),
        (packed({"a/export.xml": "<gpx/>"}), NOT_ONE),
    ],
)
def test_another_file_is_refused_with_what_to_do(data, sentence):
    assert refusal(data) == sentence
    assert len(sentence) < 200


@pytest.mark.parametrize(
    "name",
    [
        "apple_health_export/export.xml",
        "export.xml",
        "apple_health_export\\Export.xml",
        "exportacao_saude_apple/exportar.xml",
        "apple_health_export/Экспорт.xml",
        "../../../../etc/cron.d/export.xml",
        "/export.xml",
    ],
)
def test_the_export_is_found_by_its_name_or_by_what_it_is(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = packed({"a/export_cda.xml": "<ClinicalDocument/>", "r/route.gpx": "", name: FINE})
    assert len(read(data).days) == 2
    assert not list(tmp_path.iterdir()), "nothing is ever unpacked"


def test_zip_bombs_are_refused_before_they_are_unpacked():
    began = time.monotonic()
    heavy = io.BytesIO()
    with (
        zipfile.ZipFile(heavy, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("export.xml", "w") as entry,
    ):
        entry.write(document()[:-13])
        for _ in range(120):
            entry.write(b" " * 1_000_000)
        entry.write(b"</HealthData>")
    assert refusal(heavy.getvalue()) == BOMB
    assert time.monotonic() - began < 60


def test_a_header_that_lies_about_the_size_does_not_help():
    long = document(*[WALK] * 5000)
    assert refusal(lying_zip(long, declared=100)) in (DAMAGED, CUT_SHORT)
    assert refusal(lying_zip(long, declared=2**31)) in (DAMAGED, CUT_SHORT, BOMB)


def test_a_zip_of_very_many_entries_is_refused():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number in range(60_001):
            archive.writestr(str(number), b"")
    assert refusal(held.getvalue()) == BOMB


def test_a_zip_with_a_password_says_so():
    data = bytearray(packed({"export.xml": FINE}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(signature) + at
        flags = struct.unpack_from("<H", data, start)[0]
        struct.pack_into("<H", data, start, flags | 1)
    assert refusal(bytes(data)) == LOCKED


@pytest.mark.skipif(sys.platform == "win32", reason="there, only the clock kills it")
def test_a_reader_that_takes_too_long_is_killed(settings):
    settings.HEALTH_READ_SECONDS = 1
    large = document(*[asleep("17 00:00", "17 07:00")] * 400_000)
    began = time.monotonic()
    with pytest.raises(BadFormat, match="too long"):
        upload(large)
    assert time.monotonic() - began < 30
    assert TOO_SLOW.startswith("This export")


def test_a_reader_that_says_nonsense_or_falls_is_a_sentence(monkeypatch):
    for answer in ("print('no json')", "raise SystemExit(3)", "print('{\"days\": [[1,2,3]]}')"):
        monkeypatch.setattr(
            source, "read_by_lines", lambda *_, hear, a=answer, **__: _told(a, hear)
        )
        with pytest.raises(BadFormat, match="could not be read"):
            upload(FINE)


def _told(answer: str, hear) -> None:
    if "print" in answer:
        hear(answer.split("'")[1].encode())


def test_hundreds_of_spoilt_files_give_days_or_a_sentence_and_never_their_words():
    chance = random.Random(20261118)
    folder = os.environ.get("OO_REAL_DATA")
    real = sorted(Path(folder, "apple-health").glob("*.[xz][mi][lp]")) if folder else []
    seeds = [FINE, FILE, FILES["apple_health_export/export.xml"].encode()]
    seeds += [path.read_bytes() for path in real]
    for number in range(MUTATIONS):
        data = _spoilt(chance, seeds[number % len(seeds)])
        began = time.process_time()
        said = _said(read, data)
        assert time.process_time() - began < 5, number
        assert all(one.endswith(".") and len(one) <= 200 for one in said), number
        assert not any(SECRET in one for one in said), number
        if number % 60 == 0:
            assert _said(upload, data) == said, number


def _said(reading: Callable[[bytes], HealthPull], data: bytes) -> list[str]:
    try:
        return reading(data).refused
    except BadFormat as error:
        return [str(error)]


def _spoilt(chance: random.Random, data: bytes) -> bytes:
    spoilt = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(spoilt))
        match chance.randrange(6):
            case 0:
                spoilt[at] = chance.randrange(256)
            case 1:
                del spoilt[at : at + chance.randint(1, 200)]
            case 2:
                spoilt[at:at] = spoilt[: chance.randint(1, 300)]
            case 3:
                digits = [i for i in range(at, min(at + 60, len(spoilt))) if 48 <= spoilt[i] < 58]
                for i in digits:
                    spoilt[i] = chance.choice(b"0123456789-")
            case 4:
                words = [b"<", b">", b'"', b"&#0;", b"]]>", b"<Record ", b"<!DOCTYPE x [", b"\0"]
                spoilt[at:at] = chance.choice(words)
            case _:
                del spoilt[at:]
        if not spoilt:
            break
    return bytes(spoilt)
