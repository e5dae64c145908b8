from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.config.reading import load
from plumbline.config.settings import LogLevel, Settings
from plumbline.config.table import markdown, table
from plumbline.errors import ConfigurationError


def load_from(home: Path, toml: str | None = None, **variables: str) -> Settings:
    if toml is not None:
        (home / "plumbline.toml").write_text(toml)
    return load({"PLUMBLINE_HOME": str(home), **variables})


def test_without_file_and_variables_every_setting_has_its_default(tmp_path: Path) -> None:
    settings = load_from(tmp_path)
    assert settings == Settings(home=tmp_path)
    assert settings.engine_memory_mb == 256
    assert settings.stale_after_hours == 48
    assert settings.key_path == tmp_path / "secret.keys"


def test_the_default_home_is_the_users_data_folder() -> None:
    assert load({}).home.name == "plumbline"


def test_a_file_sets_and_a_variable_wins(tmp_path: Path) -> None:
    toml = 'engine_memory_mb = 512\nlog_level = "info"\n'
    settings = load_from(tmp_path, toml, PLUMBLINE_ENGINE_MEMORY_MB="128")
    assert settings.engine_memory_mb == 128
    assert settings.log_level is LogLevel.INFO


def test_an_empty_variable_counts_as_not_given(tmp_path: Path) -> None:
    assert load_from(tmp_path, PLUMBLINE_LOG_LEVEL="").log_level is LogLevel.WARNING


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("PLUMBLINE_ENGINE_MEMORY_MB", "lots", "a whole number from 64"),
        ("PLUMBLINE_ENGINE_MEMORY_MB", "63", "a whole number from 64"),
        ("PLUMBLINE_ENGINE_MEMORY_MB", "12.5", "a whole number from 64"),
        ("PLUMBLINE_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("PLUMBLINE_STALE_AFTER_HOURS", "0", "from 1 to"),
        ("PLUMBLINE_SECRET_KEY_FILE", "   ", "a path"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_allowed(
    tmp_path: Path, variable: str, value: str, allowed: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_from(tmp_path, **{variable: value})
    told = " ".join(caught.value.lines())
    assert variable in told
    assert repr(value.strip()) in told or repr(value) in told
    assert allowed in told


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("engine_memory_mb = true", "engine_memory_mb"),
        ("engine_memory_mb = [1]", "engine_memory_mb"),
        ("log_level = 3", "log_level"),
        ("engine_memory = 3", "does not exist"),
        ('home = "/elsewhere"', "only the environment"),
        ('secret_keys = "abc"', "only the environment"),
        ("engine_memory_mb 3", "not valid TOML"),
        ("[engine]\nmemory = 3", "does not exist"),
    ],
)
def test_a_wrong_file_is_named_with_the_reason(tmp_path: Path, toml: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        load_from(tmp_path, toml)
    assert str(tmp_path / "plumbline.toml") in " ".join(caught.value.lines())
    assert caught.value.advice


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_from(tmp_path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_from(tmp_path)


def test_secrets_show_neither_in_the_settings_nor_in_errors(tmp_path: Path) -> None:
    settings = load_from(
        tmp_path,
        PLUMBLINE_SECRET_KEYS="hush-keys",
        PLUMBLINE_DATABASE_URL="postgresql://u:hush-word@h/n",
    )
    assert "hush" not in repr(settings)
    with pytest.raises(ConfigurationError) as caught:
        load_from(tmp_path, PLUMBLINE_SECRET_KEYS="hush\0")
    assert "hush" not in " ".join(caught.value.lines())


def outcome(environment: dict[str, str]) -> Settings | ConfigurationError:
    try:
        return load(environment)
    except ConfigurationError as error:
        return error


@given(st.dictionaries(st.sampled_from([row.variable for row in table()]), st.text()))
def test_any_environment_gives_settings_or_names_the_wrong_variable(given: dict[str, str]) -> None:
    found = outcome(given)
    if isinstance(found, Settings):
        assert found.engine_memory_mb >= 64
    else:
        assert any(name in " ".join(found.lines()) for name in given)


def test_every_setting_is_explained_and_has_a_variable() -> None:
    for row in table():
        assert row.help.endswith(".")
        assert row.variable == "PLUMBLINE_" + row.name.upper()


def test_the_settings_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert page.read_text() == markdown(), "python -m plumbline.config > docs/settings.md"


def test_reading_settings_imports_nothing_heavy() -> None:
    code = (
        "import sys; from plumbline.config.reading import load; load(); "
        "heavy = {'django', 'duckdb', 'pyarrow', 'rich', 'typer', 'cryptography'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert told.stdout.strip() == "[]"
