"""One file per job kind. No Celery here."""
