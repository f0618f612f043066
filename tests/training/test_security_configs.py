"""What a config file from elsewhere cannot do: run code, write outside the working directory, or import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.benchmark.plan_config import load_benchmark
from security_dilemma_training.config import FourWorldsConfig, RunConfig, load
from security_dilemma_training.faults import ConfigError

Loader = Callable[[Path, Sequence[str]], Any]
LOADERS: dict[str, Loader] = {
    "run": lambda path, overrides: load(path, overrides, RunConfig),
    "four worlds": lambda path, overrides: load(path, overrides, FourWorldsConfig),
    "benchmark": load_benchmark,
}
WORLDS = {
    "run": "world: intense\n",
    "four worlds": "worlds: [intense]\n",
    "benchmark": "algorithms: [ppo]\nworlds: [intense]\n",
}
MARK = Path("executed")


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def refused(kind: str, text: str, *overrides: str) -> str:
    """The message that a file is refused with."""
    Path("trial.yaml").write_text(WORLDS[kind] + text)
    with pytest.raises(ConfigError) as caught:
        LOADERS[kind](Path("trial.yaml"), overrides)
    return str(caught.value)


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch executed']",
        "!!python/object/new:os.system ['touch executed']",
        "!!python/name:os.system",
        "!!python/module:os",
    ],
)
def test_yaml_makes_no_objects(kind: str, value: str) -> None:
    assert "correct the YAML there" in refused(kind, f"name: {value}\n")
    assert "correct the YAML there" in refused(kind, "", f"name={value}")
    assert not MARK.exists()


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize(
    "key", ["schedule.agent_steps", "params.war_cost", "learner.learning_rate", "seeds", "game.n_states"]
)
def test_nothing_is_evaluated(kind: str, key: str) -> None:
    code = "__import__('os').system('touch executed')"
    section, _, option = key.partition(".")
    text = f'{section}: {{{option}: "{code}"}}\n' if option else f'{section}: "{code}"\n'
    assert key.split(".")[0] in refused(kind, text)
    assert key.split(".")[0] in refused(kind, "", f"{key}={code}")
    assert not MARK.exists()


def test_values_of_axes_are_not_evaluated_either() -> None:
    code = "__import__('os').system('touch executed')"
    assert "params.war_cost" in refused("benchmark", f'axes: {{params.war_cost: ["{code}", 0.1]}}\n')
    assert "params.war_cost" in refused("benchmark", "", f"params.war_cost={code},0.1")
    assert "correct the YAML there" in refused("benchmark", "", "params.war_cost=!!python/name:os.system,0.1")
    assert not MARK.exists()


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("folder", ["/tmp/elsewhere", "../elsewhere", "runs/../../elsewhere", "link/elsewhere", "link"])
def test_a_file_cannot_choose_a_folder_outside_the_working_directory(kind: str, folder: str) -> None:
    Path("link").symlink_to("..")
    text = f"output: {{folder: {folder}}}\n"
    assert "output.folder" in refused(kind, text)
    assert "must lie inside the working directory" in refused(kind, text)
    assert "must lie inside the working directory" in refused(kind, text, "output.tensorboard=false")
    config = LOADERS[kind](Path("trial.yaml"), [f"output.folder={folder}"])  # asked for on the command line
    assert config.folder == Path(folder)


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("name", ["../../x", "/x", "..", "a/b", "-x", "a\\b", ".hidden"])
def test_names_are_no_paths(kind: str, name: str) -> None:
    assert "name" in refused(kind, f"name: {name!r}\n")


@pytest.mark.parametrize("name", ["../../x", "/x", "..", "a/b", "a\nb"])
@pytest.mark.parametrize(
    "section",
    ["algorithms: {%s: {algorithm: ppo}}", "worlds: {%s: {balance: 0.1}}", "schemes: {%s: {scheme: independent}}"],
)
def test_labels_that_are_parts_of_folders_are_no_paths(section: str, name: str) -> None:
    text = section % ('"' + name.replace("\n", "\\n") + '"')
    Path("trial.yaml").write_text(text)
    with pytest.raises(ConfigError, match="a name must be of the form"):
        load_benchmark(Path("trial.yaml"))


def test_every_run_lies_inside_the_folder_of_the_benchmark() -> None:
    long = "x" * 300
    overrides = [
        f"algorithms={{{long}: {{algorithm: ppo}}}}",
        f"worlds={{{long}: {{balance: 0.1}}, a..b: {{balance: 0.2}}}}",
    ]
    cells = load_benchmark(None, overrides).cells()
    assert all(Path(cell.folder).name == cell.folder and len(cell.folder) < 100 for cell in cells)
    assert len({cell.folder for cell in cells}) == len(cells)


def test_partners_in_a_file_are_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECURITY_DILEMMA_TRUST_IMPORTS", raising=False)
    partners = "{scheme: frozen, policies: ['antigravity:fly']}"
    assert "--trust-imports" in refused("run", f"partners: {partners}\n")
    assert "--trust-imports" in refused("benchmark", f"schemes: [{partners}]\n")
    axis = "schemes: {a: {scheme: frozen}}\naxes: {schemes.a.policies: [['antigravity:fly']]}\n"
    assert "--trust-imports" in refused("benchmark", axis)
    monkeypatch.setenv("SECURITY_DILEMMA_TRUST_IMPORTS", "1")
    Path("trial.yaml").write_text(axis)
    assert load_benchmark(Path("trial.yaml")).cells()[0].config.partners.scheme == "frozen"
