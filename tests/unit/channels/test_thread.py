import subprocess
import sys
import threading

import pytest

from monitor.channels.thread import in_thread


async def test_what_blocks_runs_beside_the_loop_and_gives_its_result():
    name = await in_thread(lambda: threading.current_thread().name, "mail")
    assert name == "mail"


async def test_what_it_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 / 0, "mail")


def test_a_thread_that_hangs_does_not_hold_up_the_end():
    code = (
        "import asyncio, contextlib, threading\n"
        "from monitor.channels.thread import in_thread\n"
        "async def main():\n"
        "    with contextlib.suppress(TimeoutError):\n"
        "        async with asyncio.timeout(0.05):\n"
        "            await in_thread(threading.Event().wait, 'mail')\n"
        "asyncio.run(main())"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False).returncode == 0
