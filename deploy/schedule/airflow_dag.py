"""Nightly retraining: prepare, score, train, evaluate and report, each a task that restarts alone.

Every task runs one command through spark-submit. A command reuses the finished artifacts of those before it and resumes
its own, so a retry repeats nothing that is done. For Airflow 3.
"""

import os
import subprocess
from datetime import datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

HOME = os.environ.get("RPO_HOME", "/opt/rpo")
CONFIG = os.environ.get("RPO_CONFIG", "/etc/rpo/nightly.conf")
RUNS = os.environ.get("RPO_RUNS", "/srv/rpo/runs")

# What a person has to mend first: the configuration, the data, a quality gate.
NOT_WORTH_RETRYING = {2, 3, 4}


@dag(
    schedule="0 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10)},
)
def rpo_nightly():
    @task
    def rpo(command: str, ds: str | None = None):
        code = subprocess.run(
            [f"{HOME}/deploy/bin/submit-standalone", command, "--config", CONFIG, "-D", f"rpo.output={RUNS}/{ds}"],
            check=False,
        ).returncode
        if code in NOT_WORTH_RETRYING:
            raise AirflowFailException(f"rpo {command} ended with {code}: see {RUNS}/{ds}/status.json")
        if code != 0:
            raise AirflowException(f"rpo {command} ended with {code}: see {RUNS}/{ds}/status.json")

    previous = None
    for command in ("prepare", "score", "train", "evaluate", "report"):
        current = rpo.override(task_id=command)(command)
        if previous is not None:
            previous >> current
        previous = current


rpo_nightly()
