"""Where Celery lives."""
