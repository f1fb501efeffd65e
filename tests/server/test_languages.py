"""`/api/languages`: language packs (contract, 5.11)."""

import io
import zipfile

import pytest

from helpers_hub import run

URL = "/api/languages"
META = "author: Ada\nlast_update: 2024-01-01\n"
EMPTY = {"language_packs": {"_core": {"identifier": "_core", "display": "Core", "languages": []}}}


def archive(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return stream.getvalue()


GERMAN = archive(**{"de/meta.yaml": META, "de/LC_MESSAGES/messages.mo": b"x"})


async def upload(client, content, name="de.zip"):
    return await client.post(URL, files={"file": (name, content)})


def test_a_pack_is_listed_replaced_and_removed(tmp_path):
    async def scenario(client, _):
        assert (await client.get(URL)).json() == EMPTY
        german = {
            "locale": "de", "locale_display": "Deutsch", "locale_english": "German", "author": "Ada",
            "last_update": "Mon, 01 Jan 2024 00:00:00 GMT",
        }  # fmt: skip
        answer = await upload(client, GERMAN)
        assert (answer.status_code, answer.json()["language_packs"]["_core"]["languages"]) == (200, [german])
        folder = tmp_path / "translations" / "de"
        assert (folder / "LC_MESSAGES" / "messages.mo").read_bytes() == b"x"
        newer = archive(**{"de/meta.yaml": "author: Eve\nlocale_display: Hochdeutsch\nlocale: zz\n"})
        languages = (await upload(client, newer, "de.tar.gz")).json()["language_packs"]["_core"]["languages"]
        assert [(each["author"], each["locale_display"], each["locale"]) for each in languages] == [
            ("Eve", "Hochdeutsch", "de")
        ]
        assert [entry.name for entry in folder.iterdir()] == ["meta.yaml"]
        assert (await client.get(URL)).json()["language_packs"]["_core"]["languages"] == languages
        assert (await client.delete(f"{URL}/de/other")).json()["language_packs"]["_core"]["languages"] == languages
        assert (await client.delete(f"{URL}/de/_core")).json() == EMPTY
        assert (await client.delete(f"{URL}/de/_core")).status_code == 200
        assert not list((tmp_path / "translations").iterdir())

    run(tmp_path, scenario, user="boss")


def test_packs_of_plugins(tmp_path):
    async def scenario(client, _):
        content = archive(**{"_core/pt_BR/meta.yaml": "", "_plugins/foo/pt_BR/meta.yaml": "author: B\n"})
        packs = (await upload(client, content)).json()["language_packs"]
        assert packs["_core"]["languages"] == [
            {"locale": "pt_BR", "locale_display": "português (BR)", "locale_english": "Portuguese (BR)"}
        ]
        assert [each["author"] for each in packs["foo"]["languages"]] == ["B"]
        assert set((await client.delete(f"{URL}/pt_BR/foo")).json()["language_packs"]) == {"_core"}

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("de.txt", GERMAN, 400, "named *.zip"),
        ("de.zip", b"no archive", 400, "no ZIP archive"),
        ("de.zip", archive(README="x"), 400, "no language pack"),
        ("de.zip", archive(**{"German/meta.yaml": META}), 400, "no language pack"),
        ("de.zip", archive(**{"de/messages.mo": "x"}), 400, "no language pack"),
        ("de.zip", archive(**{"de/meta.yaml": "a: [", "de/x": ""}), 400, "no YAML"),
        ("de.zip", archive(**{"de/meta.yaml": "[1]"}), 400, "named members"),
        ("de.zip", archive(**{"de/meta.yaml": META, "de/../../../evil": "x"}), 400, "not unpacked"),
        ("de.zip", archive(**{"de/meta.yaml": META, "de/x": bytes(60 * 1024 * 1024)}), 413, "unpacked"),
        ("de.zip", bytes(6 * 1024 * 1024), 413, "larger than"),
    ],
)
def test_what_is_refused_changes_nothing(tmp_path, name, content, status, said):
    async def scenario(client, _):
        await upload(client, GERMAN)
        before = (await client.get(URL)).json()
        answer = await upload(client, content, name)
        assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text
        assert (await client.get(URL)).json() == before
        assert [entry.name for entry in (tmp_path / "translations").iterdir()] == ["de"]

    run(tmp_path, scenario, user="boss")


def test_a_form_without_a_file(tmp_path):
    async def scenario(client, _):
        answer = await client.post(URL, files={"other": ("de.zip", GERMAN)})
        assert (answer.status_code, "named file" in answer.json()["error"]) == (400, True)

    run(tmp_path, scenario, user="boss")
