# One image for every process of the system; docker-compose.yml says which command each container runs.
# By its digest where deploy/images.env names one: `python -m deploy.pin_images`.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm
FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements/run.txt /build/
RUN pip install --require-hashes --requirement /build/run.txt
COPY pyproject.toml /build/
COPY arxos /build/arxos
RUN pip install --no-index --no-deps --no-build-isolation /build

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --home-dir /var/lib/arxos --create-home arxos \
    && install --directory --owner=arxos /var/lib/arxos/blobs
COPY --from=build /opt/venv /opt/venv
COPY deploy/healthcheck.py /opt/healthcheck.py
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /var/lib/arxos
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "/opt/healthcheck.py", "worker"]
CMD ["arxos", "worker", "--pool", "cpu"]
