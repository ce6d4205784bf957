"""Where Celery lives."""

import os

# SIGTERM is what supervisors send; Celery's bounded ("soft") shutdown answers to SIGQUIT. billiard reads this when it is
# first imported, so it stands here, before any module of this package can import Celery.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
