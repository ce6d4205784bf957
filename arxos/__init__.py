"""Arxos Workers: asynchronous processing of building data."""
