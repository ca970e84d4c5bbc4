# Versity's S3 gateway: an object store that is not MinIO. It keeps objects as files.
FROM golang:1.26-trixie AS build
RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod \
    CGO_ENABLED=0 go install -trimpath -ldflags "-s -w" github.com/versity/versitygw/cmd/versitygw@v1.8.0

FROM debian:trixie-slim
COPY --from=build /go/bin/versitygw /usr/local/bin/
