# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY --from=build /app/dist ./dist
COPY config ./config
# The data directory of the embedded size; a configuration mounted over /app/config keeps its default ../.rosterd.
RUN chmod +x dist/src/main.js \
  && ln -s /app/dist/src/main.js /usr/local/bin/rosterd \
  && install -d -o node -g node -m 0700 .rosterd
USER node
VOLUME ["/app/.rosterd"]
# Change the port by ROSTERD_HTTP_PORT rather than in the configuration file, so that this check follows.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.ROSTERD_HTTP_PORT||7420)+'/health/live').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["rosterd", "start"]
