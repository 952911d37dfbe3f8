# Gatehouse as an image:   docker build -t gatehouse .
#
# Runs as user 10001 with a read-only root file system. Writable: /data (DATA_DIR: the SQLite file, and the file of the
# keys unless KEYS_FILE says otherwise) and /tmp. Operator commands:
#   docker run --rm -v gatehouse-data:/data gatehouse dist/src/cli/main.js --help

# Pin a digest here where builds must be repeatable: --build-arg NODE_IMAGE=node:24-slim@sha256:…
ARG NODE_IMAGE=docker.io/library/node:24-slim

# --- compile ----------------------------------------------------------------------------------------------------------
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install script runs in any stage: the two native modules bring their binaries inside the package. The packages beside
# Gatehouse, which the lock file knows as workspaces, are no part of the image.
RUN npm ci --workspaces=false --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY migrations ./migrations
COPY seed ./seed
RUN npm run build

# --- production modules, installed apart so that they depend on the lock file alone and stay cached -----------------------
FROM ${NODE_IMAGE} AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --workspaces=false --ignore-scripts --no-audit --no-fund
COPY deploy/prune.mjs /tmp/prune.mjs
COPY --from=build /app/dist ./dist
RUN node /tmp/prune.mjs /app

# --- what ships -------------------------------------------------------------------------------------------------------
FROM ${NODE_IMAGE}
# Nothing is installed in this image after it is built, so the package managers only add what a scanner reports.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
  && mkdir -m 0700 /data && mkdir -m 0750 /keys && chown 10001:10001 /data /keys
WORKDIR /app
# package.json says "type": "module" and carries the version; the licence travels with the program.
COPY package.json LICENSE* ./
COPY --from=modules /app/node_modules ./node_modules
COPY --from=modules /app/dist ./dist
ENV NODE_ENV=production DATA_DIR=/data
# A number, so that Kubernetes can prove "not root" without looking into /etc/passwd.
USER 10001:10001
EXPOSE 3000
# The liveness of the process alone. A database that is away is no reason to restart: /health/ready tells that.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Exec form and no shell: the SIGTERM of a stop reaches the program itself.
ENTRYPOINT ["node"]
# Space for new objects, in MiB: more only fills with garbage (docs/performance.md).
CMD ["--max-semi-space-size=4", "dist/src/main.js"]
# Last, because they change with every build.
ARG VERSION=dev
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Gatehouse" \
  org.opencontainers.image.description="Self-hosted sign-in, sessions, users and permissions for REST APIs" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"
