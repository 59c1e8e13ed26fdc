# One image for web, worker, beat and the migration job; docker-compose.yml says which command each one runs.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /portal

# Changes rarely, so the layer is kept: wheels with hashes, nothing compiled.
COPY requirements/base.txt requirements/base.txt
RUN pip install --only-binary :all: --require-hashes -r requirements/base.txt

COPY manage.py ./
COPY incentives_portal incentives_portal
COPY accounts accounts
COPY profiles profiles
COPY enrollment enrollment
COPY templates templates
COPY static static
COPY locale locale

# Throw-away values: collecting static files reads the settings, and none of these reaches the running portal.
RUN SECRET_KEY=build FIELD_KEYS=build BLIND_INDEX_KEY=build DATABASE_URL=postgresql://none REDIS_URL=redis://none \
    python manage.py collectstatic --noinput

RUN useradd --system --uid 10001 --no-create-home portal && mkdir -p var/media && chown portal var/media
USER portal
EXPOSE 8000
CMD ["gunicorn", "incentives_portal.wsgi", "--bind=0.0.0.0:8000", "--workers=2", "--timeout=60", "--graceful-timeout=8", "--no-control-socket"]
