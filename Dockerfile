# One image for the web server, the worker, the scheduler and the migration: they differ in their command only.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --system --uid 10001 --user-group --home-dir /app --no-create-home app \
    && install --directory --owner=app --group=app --mode=0700 /var/lib/congressus_sync

WORKDIR /app

# The requirements first: a change in our own code then leaves this layer as it is. Hashes are checked.
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --requirement requirements/base.txt

COPY . .
# A database is named so that no keys are looked for; nothing connects to it.
RUN DATABASE_URL=sqlite:////tmp/none python manage.py collectstatic --no-input \
    && python -m compileall -q congressus_sync integrations finance members

# The code belongs to root: who breaks into the process cannot change it.
USER app
ENV VAR_DIR=/var/lib/congressus_sync
EXPOSE 8000

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/', timeout=4)"]

CMD ["gunicorn", "--config", "python:congressus_sync.web", "--bind", "0.0.0.0:8000"]
