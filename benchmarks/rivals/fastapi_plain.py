"""The least that one could do: a bare FastAPI endpoint, one `INSERT … RETURNING` and one commit a request."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

INSERT = "INSERT INTO rival_jobs (kind, payload) VALUES (%s, %s) RETURNING id"
pool: AsyncConnectionPool[Any] = AsyncConnectionPool(os.environ["ARXOS_DATABASE_URL"], open=False, max_size=8)


class Request(BaseModel):
    """A job as little as possible."""

    kind: str
    payload: dict[str, Any]


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with pool:
        yield


app = FastAPI(lifespan=_lifespan)


@app.post("/jobs", status_code=202)
async def submit(request: Request) -> dict[str, int]:
    """Insert and commit."""
    async with pool.connection() as connection:
        cursor = await connection.execute(INSERT, [request.kind, Jsonb(request.payload)])
        row = await cursor.fetchone()
    assert row is not None
    return {"id": row[0]}
