# syntax=docker/dockerfile:1
# An image of instantly-mcp: docker build -t instantly-mcp . See docs/install.md.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim-bookworm AS build
WORKDIR /src
COPY setup.py pyproject.toml README.md LICENSE ./
COPY twisted twisted
COPY instantly_mcp instantly_mcp
# The environment is copied as it is, so it has the same path in both stages. The
# program needs no pip, which would only be something to attack.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/instantly-mcp \
    && /opt/instantly-mcp/bin/pip wheel --no-deps --wheel-dir /wheels . \
    && /opt/instantly-mcp/bin/pip install /wheels/*.whl \
    && /opt/instantly-mcp/bin/pip uninstall --yes pip

FROM python:${PYTHON}-slim-bookworm
LABEL org.opencontainers.image.title="instantly-mcp" \
      org.opencontainers.image.description="An on-prem MCP server for Instantly.ai" \
      org.opencontainers.image.licenses="MIT" \
      io.modelcontextprotocol.server.name="io.github.instantly-mcp/instantly-mcp"
COPY --from=build /opt/instantly-mcp /opt/instantly-mcp
# A number, so that Kubernetes can see that it is not root; it needs no entry in
# /etc/passwd. A new volume takes owner and mode from this folder.
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/instantly-mcp
ENV PATH="/opt/instantly-mcp/bin:$PATH" \
    HOME="/var/lib/instantly-mcp" \
    PYTHONDONTWRITEBYTECODE="1" \
    INSTANTLY_MCP_LISTEN="tcp:3000:interface=0.0.0.0" \
    INSTANTLY_MCP_STATE_DIR="/var/lib/instantly-mcp"
USER 10001:10001
VOLUME /var/lib/instantly-mcp
EXPOSE 3000
# instantly-mcp wait would say more, but takes a second of the processor each time.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:3000/ready', timeout=4)"]
ENTRYPOINT ["instantly-mcp"]
CMD ["run"]
