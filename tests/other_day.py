"""A plugin for pytest: the clock stands elsewhere, and the ids of all collected tests go into a file.

`ARXOS_TEST_DAY` is the time in ISO 8601, `ARXOS_TEST_IDS` the file.
"""

import os
from datetime import datetime
from pathlib import Path

import pytest
import time_machine

time_machine.travel(datetime.fromisoformat(os.environ["ARXOS_TEST_DAY"])).start()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before any are left out."""
    Path(os.environ["ARXOS_TEST_IDS"]).write_text("\n".join(item.nodeid for item in items))
