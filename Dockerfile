# docker build -t zoo . && docker run --rm -v zoo:/zoo -v "$PWD:/work" zoo explain MODEL photo.jpg -p "a cat"
FROM swift:6.3-bookworm AS build
WORKDIR /source
COPY Tools/dist/prepare.sh Tools/install-packages.sh /tools/
RUN /tools/prepare.sh && /tools/install-packages.sh
COPY . .
RUN make dist

FROM debian:bookworm-slim
COPY --from=build /source/out/dist/*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/zoo_*.deb ca-certificates libpangocairo-1.0-0 fonts-dejavu-core \
  && rm -rf /tmp/zoo_*.deb /var/lib/apt/lists/* && useradd --create-home zoo && install -d -o zoo /zoo /work
USER zoo
ENV ZOO_HOME=/zoo
VOLUME /zoo
WORKDIR /work
ENTRYPOINT ["zoo"]
