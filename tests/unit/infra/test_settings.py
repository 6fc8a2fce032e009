"""Settings: unknown names stop the start, secrets are files, children get what the parent means."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.infra.settings import Settings, environment, read_secret


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [n for n in os.environ if n.startswith("CONCORD_")]:
        monkeypatch.delenv(name)


def test_an_unknown_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_PUBLIK_ORIGIN", "https://x")
    with pytest.raises(ValidationError, match="CONCORD_PUBLIK_ORIGIN"):
        Settings()


def test_a_child_reads_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "data_dir": Path("/x"),
        "test_installation": False,
        "tsas": [{"name": "one", "url": "http://127.0.0.1:1/", "roots": [Path("/r.crt")]}],
        "ca_certificates": [Path("/a"), Path("/b")],
        "tls_cert": None,
    }
    for name, value in environment(values).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.data_dir == Path("/x")
    assert settings.test_installation is False
    assert settings.tsas[0].roots == (Path("/r.crt"),)
    assert settings.ca_certificates == (Path("/a"), Path("/b"))
    assert settings.tls_cert is None


def test_a_misspelt_setting_for_a_child_is_refused() -> None:
    with pytest.raises(ValueError, match="no_such"):
        environment({"no_such": 1})


@pytest.mark.parametrize("origin", ["localhost:8080", "ftp://x", "https://x/path"])
def test_a_public_origin_has_scheme_and_host_only(origin: str) -> None:
    with pytest.raises(ValidationError, match="public_origin"):
        Settings(public_origin=origin)


@pytest.mark.parametrize(
    ("origin", "secure"), [("http://localhost:1", True), ("https://a.b", True), ("http://a.b", False)]
)
def test_links_go_out_for_secure_origins_only(origin: str, secure: bool) -> None:
    assert Settings(public_origin=origin).secure_origin is secure


def test_a_weak_keystore_is_refused() -> None:
    with pytest.raises(ValidationError, match="keystore_scrypt_n"):
        Settings(keystore_scrypt_n=2**14)


def test_a_missing_secret_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="log_key_file"):
        read_secret(None, "log_key_file")
    (tmp_path / "s").write_text(" abc\n")
    assert read_secret(tmp_path / "s", "x") == "abc"


def test_signing_keeps_the_recursion_limit_so_that_nested_json_is_refused() -> None:
    import json
    import sys

    before = sys.getrecursionlimit()
    import signing.accounts  # noqa: F401

    assert sys.getrecursionlimit() == before
    with pytest.raises(RecursionError):
        json.loads("[" * 100_000)
