# Debian's packages; tests/packages.sh builds, checks and installs them.

EXTRA_DIST += debian/changelog debian/control debian/copyright debian/rules debian/source/format \
	debian/libweir0.install debian/libweir0.symbols \
	debian/libweir-nats0.install debian/libweir-nats0.symbols debian/libweir-nats-dev.install debian/libweir-dev.docs debian/libweir-dev.install debian/python3-weir.install \
	debian/weir-tools.install debian/tests/control debian/tests/nats debian/tests/python debian/tests/readme debian/tests/thumbs
