# One image for web, worker and beat; docker-compose.yml says which is which.
FROM python:3.13-slim AS build
WORKDIR /app
ENV PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements/runtime.txt requirements/
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements/runtime.txt \
 && /venv/bin/python -m compileall -q /venv
COPY . .
# Collected once, here: every container serves the same names. The secrets this makes stay in the layer below /tmp.
RUN VAR_DIR=/tmp/build STATIC_ROOT=/app/static /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && rm -rf /tmp/build \
 && /venv/bin/python -m compileall -q /app

FROM python:3.13-slim
RUN groupadd --system --gid 10001 attune \
 && useradd --system --uid 10001 --gid attune --no-create-home --home-dir /var/lib/attune attune \
 && install -d -o attune -g attune -m 0700 /var/lib/attune
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ATTUNE_MODE=production \
    VAR_DIR=/var/lib/attune \
    STATIC_ROOT=/app/static
USER attune
VOLUME /var/lib/attune
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 CMD ["python", "-m", "attune_project.probe", "web"]
CMD ["gunicorn", "-c", "python:attune_project.gunicorn", "--bind", "0.0.0.0:8000"]
