"""The JSON schemas that editors check the YAML files by.

``python -m security_dilemma_training.config_schemas [FOLDER]`` writes them beside the configs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from security_dilemma_training.benchmark.plan_config import BenchmarkConfig
from security_dilemma_training.config import FourWorldsConfig, RunConfig
from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig
from security_dilemma_training.sections import Frozen
from security_dilemma_training.studies.study_config import StudyConfig
from security_dilemma_training.writing import write_atomically

__all__ = ["SCHEMAS", "json_schema", "write_schemas"]

SCHEMAS: dict[str, type[Frozen]] = {
    "schema.json": RunConfig,
    "four_worlds.schema.json": FourWorldsConfig,
    "benchmark.schema.json": BenchmarkConfig,
    "phase_diagram.schema.json": PhaseDiagramConfig,
    "study.schema.json": StudyConfig,
}
"""The schema files beside the configs, and what they describe."""


def json_schema(kind: type[Frozen]) -> str:
    """Return the JSON schema of a config as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | kind.model_json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Write the schemas beside the configs in ``folder``."""
    for name, kind in SCHEMAS.items():
        write_atomically(folder / name, json_schema(kind))


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else "configs"))
