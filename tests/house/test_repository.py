"""What stands in the repository: no registry's address, nothing big, no dead link, a change log that keeps up."""

import re
import stat
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house.sources import ROOT, Finding, repository_files

FILE_BYTES_MAX = 1_000_000  # a clone over a phone line must stay thinkable
# Assembled from halves, because this file is read by its own rule.
REGISTRY_HOSTS = tuple(
    a + b
    for a, b in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("registry.npm", "js.org"),
        ("npm", "js.com"),
        ("npm", "mirror.com"),
        ("registry.yarn", "pkg.com"),
        ("npm.pkg.git", "hub.com"),
        ("jsde", "livr.net"),
        ("un", "pkg.com"),
        ("anaconda", ".org"),
        ("crates", ".io"),
        ("proxy.go", "lang.org"),
        ("piwhe", "els.org"),
        ("deb.deb", "ian.org"),
        ("registry-1.do", "cker.io"),
    )
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]]*\]\(([^)\s]+)\)")
# `cloud/domain/parcel.py` or `edge/uplink`: something in backticks with a slash that begins like one of our folders.
NAMED_PATH = re.compile(r"`((?:contract|edge|cloud|provisioning|firmware_sim|demo|bench|tests|docs|deploy)/[\w./-]+)`")
HEADING = re.compile(r"^#{1,6} +(.*?) *#*$", re.MULTILINE)
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def registry_hosts(path: str, text: str) -> Iterator[Finding]:
    for host in REGISTRY_HOSTS:
        if host in text.lower():
            yield Finding(path, f"names the registry {host}; every machine has its own mirror")


def anchors(text: str) -> set[str]:
    """Heading anchors the way GitHub makes them: lower case, spaces to dashes, punctuation gone."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def broken_links(path: str, text: str, root: Path = ROOT) -> Iterator[Finding]:
    for plain, picture in LINK.findall(CODE_BLOCK.sub("", text)):
        target, _, anchor = (plain or picture).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        place = root / path if not target else (root / path).parent / target
        if not place.exists():
            yield Finding(path, f"links to {target}, which is not there")
        elif anchor and place.suffix == ".md" and anchor not in anchors(place.read_text(encoding="utf-8")):
            yield Finding(path, f"links to #{anchor} of {place.name}, which has no such heading")


def paths_not_there(path: str, text: str, root: Path = ROOT) -> Iterator[Finding]:
    for named in NAMED_PATH.findall(text):
        if not (root / named).exists():
            yield Finding(path, f"names {named}, which is not there")


@cache
def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def test_a_registry_host_is_found() -> None:
    assert list(registry_hosts("a.txt", "--index-url https://PyPI" + ".org/simple"))
    assert list(registry_hosts("package-lock.json", '"resolved": "https://registry.npm' + 'js.org/leaflet"'))
    assert list(registry_hosts("a.txt", "hatchling==1.33.0 --hash=sha256:00")) == []


@pytest.mark.parametrize("link", ["[x](gone.md)", "![x](gone.png)", "[x](there.md#gone)", "[x](#gone)"])
def test_a_broken_link_is_found(link: str, tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading")
    (tmp_path / "a.md").write_text(f"# Here\n{link}")
    assert list(broken_links("a.md", link, tmp_path))


@pytest.mark.parametrize(
    "link",
    ["[x](there.md)", "[x](there.md#a-heading-of-its-own)", "[x](https://example.org/gone)", "```\n[x](gone.md)\n```"],
)
def test_a_link_that_leads_somewhere_is_left_alone(link: str, tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading, of its own!")
    assert list(broken_links("a.md", link, tmp_path)) == []


def test_a_path_that_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "app.py").touch()
    found = paths_not_there("a.md", "see `edge/app.py`, `edge/gone.py` and `gone.py`", tmp_path)
    assert [str(one) for one in found] == ["a.md: names edge/gone.py, which is not there"]


def test_the_architecture_names_only_files_that_exist() -> None:
    pages = ("ARCHITECTURE.md", "README.md")
    assert [str(found) for page in pages for found in paths_not_there(page, text_of(page))] == []


def test_no_file_names_a_package_registry() -> None:
    assert [str(found) for path in repository_files() for found in registry_hosts(path, text_of(path))] == []


def test_no_file_is_big() -> None:
    assert [path for path in repository_files() if (ROOT / path).stat().st_size > FILE_BYTES_MAX] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    pages = [path for path in repository_files() if path.endswith(".md")]
    assert [str(found) for path in pages for found in broken_links(path, text_of(path))] == []


def test_the_change_log_begins_with_the_version_we_are() -> None:
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## +\[?([0-9][^\]\s]*)", text_of("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == version


def test_the_requirements_are_pinned_and_hashed() -> None:
    blocks = re.split(r"^(?=\S)", text_of("requirements/all.txt"), flags=re.MULTILINE)[1:]
    loose = [block for block in blocks if "==" not in block or "--hash=sha256:" not in block]
    assert blocks
    assert loose == []


def test_what_is_meant_to_be_run_can_be_run() -> None:
    scripts = [path for path in repository_files() if path.endswith(".sh") or path == ".ci/run"]
    assert scripts
    assert [path for path in scripts if not (ROOT / path).stat().st_mode & stat.S_IXUSR] == []


def test_the_continuous_integration_runs_the_same_command_as_people() -> None:
    assert text_of(".ci/run").rstrip().endswith("make test")
    assert text_of(".ci/run").startswith("#!/usr/bin/env bash\n")


def test_every_command_of_the_makefile_is_explained() -> None:
    makefile = text_of("Makefile")
    declared = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert declared is not None
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert explained == set(declared[1].split())
