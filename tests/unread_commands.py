"""A program: runs `arxos` for each list of words on stdin, a JSON document a line, while nobody reads what it prints.

Answers with exit code and complaints, likewise. The commands are forks of one process, which has imported what takes
long, and end as any process does.
"""

import json
import os
import sys
import tempfile

from arxos.cli import (
    main,
    session,  # noqa: F401 - takes long
)


def unread(words: list[str]) -> tuple[int, str]:
    """Exit code and complaints; a fork leaves through here, too, by SystemExit."""
    reader, writer = os.pipe()
    os.close(reader)
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(writer, 1)
            os.dup2(said.fileno(), 2)
            sys.argv[1:] = words
            main.main()
        os.close(writer)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read().decode()


if __name__ == "__main__":
    for line in sys.stdin.read().splitlines():
        sys.stdout.write(json.dumps(unread(json.loads(line))) + "\n")
        sys.stdout.flush()
