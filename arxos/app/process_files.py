"""What every long-running process does about files before anything else: none of them is for other users."""

import os

from arxos.domain.errors import UnavailableError
from arxos.domain.ports import BlobStore
from arxos.scratch import remove_abandoned
from arxos.storage.blobs import FileBlobStore

OTHERS = 0o007  # read, write and enter, for users of neither our own nor our group


def keep_files_private() -> None:
    """From now on, here and in child processes. What the group may do is the operator's to say."""
    os.umask(os.umask(OTHERS) | OTHERS)


def tidy_files(blobs: BlobStore) -> None:
    """Remove what processes that were killed have left on this machine; close the blob store to other users."""
    remove_abandoned()
    if isinstance(blobs, FileBlobStore):
        try:
            blobs.close_to_others()
            blobs.remove_abandoned()
        except UnavailableError:  # it is told of where it is needed
            return
