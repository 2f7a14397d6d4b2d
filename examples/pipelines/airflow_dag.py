"""Cleans each day's crawl, and stops the day if too much of it is spam.

Fails closed: `unspam check` exits with 2 when it could not judge something, which fails the
task, and Airflow tries it again; nothing is published that was not judged. To fail open, let
`publish` run with trigger_rule="all_done".

Expects the variable `crawl_folder`, with a folder for each day that holds JSON lines.
"""

from datetime import datetime, timedelta

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2 without the provider
    from airflow.operators.bash import BashOperator

DAY = "{{ var.value.crawl_folder }}/{{ ds }}"

with DAG(
    dag_id="unspam_clean_crawl",
    start_date=datetime(2026, 1, 1),
    schedule="@daily",
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5), "execution_timeout": timedelta(hours=2)},
    tags=["unspam"],
) as dag:
    # One line for each record says pass, flagged, unsure or error. 1 only says that something
    # is flagged, which is what cleaning is for; 2 is an error and stays one.
    check = BashOperator(
        task_id="check",
        bash_command=f"unspam check --json --fail-on spam {DAY}/raw > {DAY}/check.jsonl; test $? -le 1",
    )

    # 99 skips this day's publishing: more than a fifth of the records carry spam.
    enough_left = BashOperator(
        task_id="enough_left",
        bash_command=(
            f"jq -s '(map(select(.result == \"flagged\")) | length) * 5 > length' {DAY}/check.jsonl"
            " | grep -q false || exit 99"
        ),
        skip_on_exit_code=99,
    )

    clean = BashOperator(
        task_id="clean",
        bash_command=f"unspam clean {DAY}/raw -o {DAY}/clean --ledger {DAY}/removed.jsonl.zst",
    )

    # A day that is run again takes the place of what it had published.
    publish = BashOperator(
        task_id="publish", bash_command=f"rm -rf {DAY}/published && mv -T {DAY}/clean {DAY}/published"
    )

    check >> enough_left >> clean >> publish
