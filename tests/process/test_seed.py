"""The source of random numbers: seeded once, a sequence for each worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from oa_graph.settings import Settings

WORKERS = """
from multiprocessing import current_process, get_context
from oa_graph.settings import settings

def work():
    print(settings().random(current_process().name).random(), flush=True)

if __name__ == "__main__":
    work()
    for _ in range(2):  # as uvicorn starts its workers
        worker = get_context("spawn").Process(target=work)
        worker.start()
        worker.join()
"""


def test_a_seeded_source_is_the_same_at_each_start_and_another_for_each_stream() -> None:
    settings = Settings.model_validate({"seed": 7})
    assert settings.random("worker 1").random() == settings.random("worker 1").random()
    assert settings.random("worker 1").random() != settings.random("worker 2").random()
    assert settings.random("worker 1").random() != Settings.model_validate({"seed": 8}).random("worker 1").random()


def test_without_a_seed_no_two_sources_are_alike() -> None:
    settings = Settings.model_validate({})
    assert settings.random("worker 1").random() != settings.random("worker 1").random()


def test_workers_draw_different_numbers_and_the_same_ones_after_a_restart(tmp_path: Path) -> None:
    program = tmp_path / "workers.py"
    program.write_text(WORKERS)
    command, environment = [sys.executable, str(program)], {"OA_GRAPH_SEED": "7"}
    drawn = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert len({*drawn}) == 3
    here = Settings.model_validate({"seed": 7})  # as any later start
    names = ("MainProcess", "SpawnProcess-1", "SpawnProcess-2")
    assert drawn == [str(here.random(name).random()) for name in names]
