"""How much memory a piece of code takes, measured in a process of its own."""

import subprocess
import sys

AROUND = """
import sys
from pathlib import Path

def peak():  # of this program alone: ru_maxrss begins with that of the process that started it
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024

{imports}
before = peak()
{code}
print(peak() - before)
"""


def peak_bytes(imports: str, code: str, *arguments: object) -> int:
    """By how much the peak of resident memory grows while `code` runs; it finds the arguments in `sys.argv`."""
    program = AROUND.format(imports=imports, code=code)
    command = [sys.executable, "-c", program, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout.splitlines()[-1])
