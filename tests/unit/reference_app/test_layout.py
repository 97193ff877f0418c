from monitor.reference_app.layout import WORKERS


def test_the_three_workers_use_the_four_cores_of_one_server() -> None:
    assert sum(worker.concurrency for worker in WORKERS.values()) == 4


def test_the_commands_are_plain_celery() -> None:
    assert [worker.command()[1:] for worker in WORKERS.values()] == [
        f"-m celery -A monitor.reference_app.app worker -n {options} --loglevel=INFO".split()
        for options in (
            "high@%h -Q high --concurrency=2",
            "normal@%h -Q normal --concurrency=1",
            "low@%h -Q low,normal --concurrency=1",
        )
    ]


def test_a_worker_logs_into_a_file_of_its_own_when_asked_to() -> None:
    assert WORKERS["low"].command("/var/log/site")[-1] == "--logfile=/var/log/site/low.log"
