"""The local stack: private servers and supervised processes under `.local/`.

`setup`, `packages` and what they import use the standard library only: they run before `.venv` exists.
"""
