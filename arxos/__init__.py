"""Arxos Workers: asynchronous processing of building data."""

__version__ = "0.1.0"
