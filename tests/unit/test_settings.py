"""The environment: mistyped variables, lists, secrets in files."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from oa_graph.domain.posts import TextLabel
from oa_graph.settings import Neo4jSettings, Settings
from tests.paths import ROOT


def read(patch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        patch.setenv(name, value)
    return Settings.model_validate({})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("OA_GRAPH_DAAT", "OA_GRAPH_DAAT is not a setting; did you mean OA_GRAPH_DATA?"),
        (
            "OA_GRAPH_LIMITS__MAX_TREE_DEPHT",
            "OA_GRAPH_LIMITS__MAX_TREE_DEPHT is not a setting; did you mean OA_GRAPH_LIMITS__MAX_TREE_DEPTH?",
        ),
        ("OA_GRAPH_MAX_TREE_DEPTH", "did you mean OA_GRAPH_LIMITS__MAX_TREE_DEPTH?"),
        ("OA_GRAPH_LIMIT__SAMPLING", "did you mean OA_GRAPH_LIMITS__SAMPLING?"),
        ("OA_GRAPH_API_KEY__X", "did you mean OA_GRAPH_API_KEY?"),
        ("OA_GRAPH_BLOT_PORT", "did you mean OA_GRAPH_BOLT_PORT?"),
        ("oa_graph_daat", "did you mean OA_GRAPH_DATA?"),
    ],
)
def test_a_variable_that_is_no_setting_is_an_error_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        read(monkeypatch, **{name: "7"})


def test_each_of_several_mistyped_variables_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match=r"(?s)OA_GRAPH_DAAT.*OA_GRAPH_SEDE"):
        read(monkeypatch, OA_GRAPH_DAAT="x", OA_GRAPH_SEDE="7")


def test_a_mistyped_limit_inside_of_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="max_tree_depht is not a limit; did you mean max_tree_depth"):
        read(monkeypatch, OA_GRAPH_LIMITS='{"max_tree_depht": 3}')


@pytest.mark.parametrize(
    "name",
    [
        "OA_GRAPH_SERVICE_HOST",
        "OA_GRAPH_SERVICE_PORT_HTTP",
        "OA_GRAPH_PORT_8080_TCP_ADDR",
        "OA_GRAPH_PORT_8080_TCP",
        "OA_GRAPH_NEO4J_SERVICE_HOST",
        "OA_GRAPH_NEO4J_PORT",
        *re.findall(r"\$\{(OA_GRAPH_\w+)", (ROOT / "docker-compose.yml").read_text("utf-8")),
    ],
)
def test_variables_that_kubernetes_and_compose_set_are_let_be(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert read(monkeypatch, **{name: "tcp://10.0.0.1:8080"}) == Settings.model_validate({})


def test_compose_reads_variables_of_its_own() -> None:
    assert "${OA_GRAPH_PORT" in (ROOT / "docker-compose.yml").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", ()),
        ("[]", ()),
        (" , ", ()),
        ("spam", (TextLabel.SPAM,)),
        ("spam, quality,", (TextLabel.SPAM, TextLabel.QUALITY)),
        ('["spam", "quality"]', (TextLabel.SPAM, TextLabel.QUALITY)),
    ],
)
def test_a_list_is_written_with_commas_or_as_json_and_may_be_empty(
    monkeypatch: pytest.MonkeyPatch, text: str, labels: tuple[TextLabel, ...]
) -> None:
    chosen = read(monkeypatch, OA_GRAPH_LIMITS__MANDATORY_LABELS_INITIAL_PROMPT=text)
    assert chosen.limits.mandatory_labels_initial_prompt == labels


@pytest.mark.parametrize("text", ["", "[]"])
def test_an_empty_list_of_tokens_or_origins_lets_nobody_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    chosen = read(monkeypatch, OA_GRAPH_ROOT_TOKENS=text, OA_GRAPH_CORS_ORIGINS=text)
    assert (chosen.root_tokens, chosen.cors_origins) == ((), ())


def test_an_empty_variable_is_no_value_where_there_may_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = read(monkeypatch, OA_GRAPH_API_KEY="", OA_GRAPH_HEAP_MIB="", OA_GRAPH_SEED="", OA_GRAPH_API_KEY_FILE="")
    assert (chosen.api_key, chosen.heap_mib, chosen.seed) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("OA_GRAPH_HEAP_MIB", "much", "heap_mib"),
        ("OA_GRAPH_POOL_SIZE", "", "pool_size"),
        ("OA_GRAPH_ROOT_TOKENS", "[broken", "root_tokens"),
        ("OA_GRAPH_CORS_ORIGINS", "chat.example", "cors_origins"),
        ("OA_GRAPH_CORS_ORIGINS", "https://chat.example/path", "cors_origins"),
        ("OA_GRAPH_LIMITS__LABELS_INITIAL_PROMPT", "nice", "limits.labels_initial_prompt.0"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, field: str
) -> None:
    with pytest.raises(ValidationError) as error:
        read(monkeypatch, **{name: text})
    assert [".".join(map(str, entry["loc"])) for entry in error.value.errors()] == [field]


def test_languages_are_normalized(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = read(monkeypatch, OA_GRAPH_LIMITS__INIT_PROMPT_DISABLED_LANGS="DE, pt_br,en-us")
    assert chosen.limits.init_prompt_disabled_langs == ("de", "pt-BR", "en-US")


# Secrets in files


def test_secrets_may_stand_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in (("key", "a key\n"), ("tokens", "one\ntwo\n"), ("password", "p, q\n")):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("NEO4J_PASSWORD_FILE", str(tmp_path / "password"))
    chosen = read(
        monkeypatch, OA_GRAPH_API_KEY_FILE=str(tmp_path / "key"), OA_GRAPH_ROOT_TOKENS_FILE=str(tmp_path / "tokens")
    )
    assert chosen.api_key
    assert chosen.api_key.get_secret_value() == "a key"
    assert [token.get_secret_value() for token in chosen.root_tokens] == ["one", "two"]
    assert Neo4jSettings.model_validate({}).password.get_secret_value() == "p, q"
    assert "a key" not in repr(chosen)


def test_an_empty_secret_file_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    with pytest.raises(ValidationError, match=f"{tmp_path / 'key'} is empty"):
        read(monkeypatch, OA_GRAPH_API_KEY_FILE=str(tmp_path / "key"))


def test_an_error_does_not_show_what_may_be_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError) as error:
        read(monkeypatch, OA_GRAPH_ROOT_TOKENS="[a-secret")
    assert "a-secret" not in str(error.value)


# The server


@pytest.mark.parametrize(
    "uri",
    [
        "bolt://127.0.0.1:7687",
        "neo4j://graph",
        "neo4j+s://x.databases.example",
        "bolt+ssc://[::1]:1",
        "neo4j://a?policy=b",
    ],
)
def test_an_address_of_a_server_is_taken(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("NEO4J_URI", uri)
    assert Neo4jSettings.model_validate({}).uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:7474",
        "127.0.0.1:7687",
        "localhost:7687",
        "graph",
        "bolt://",
        "bolt://:7687",
        "bolt+x://a",
        "neo4j://a:port",
        "neo4j://a:99999",
        "bolt://neo4j:s3cret@a",
        "bolt://[::1",
    ],
)
def test_anything_else_is_an_error_that_names_the_variable_and_the_rule(
    monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setenv("NEO4J_URI", uri)
    with pytest.raises(ValidationError, match="NEO4J_URI has to be the address of a server, such as bolt://") as error:
        Neo4jSettings.model_validate({})
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("uri", "content", "why"),
    [
        ("neo4j+s://graph", None, "holds no certificates: .*No such file"),
        ("neo4j+s://graph", "nothing", "holds no certificates: "),
        ("neo4j://graph", "", "NEO4J_CA_FILE needs a NEO4J_URI with"),
        ("neo4j+ssc://graph", "", "NEO4J_CA_FILE needs a NEO4J_URI with"),
    ],
)
def test_authorities_are_looked_at_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uri: str, content: str | None, why: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content or ssl.DER_cert_to_PEM_cert(ssl.create_default_context().get_ca_certs(True)[0]))
    monkeypatch.setenv("NEO4J_URI", uri)
    monkeypatch.setenv("NEO4J_CA_FILE", str(file))
    with pytest.raises(ValidationError, match=why):
        Neo4jSettings.model_validate({})
