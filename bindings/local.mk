# Bindings to other languages: packages of their own, which `make` does not build. tests/python.sh does.

EXTRA_DIST += bindings/python/MANIFEST.in bindings/python/README.md bindings/python/bench.py \
	bindings/python/ffi_build.py bindings/python/pyproject.toml bindings/python/setup.py \
	bindings/python/tests/test_cpython.py bindings/python/tests/test_pipeline.py bindings/python/tests/test_queue.py \
	bindings/python/weir/__init__.py bindings/python/weir/_items.c bindings/python/weir/_items.h \
	bindings/python/weir/_queue.c bindings/python/weir/_queue.pyi bindings/python/weir/_weir.c \
	bindings/python/weir/_weir.h bindings/python/weir/_weir.pyi bindings/python/weir/pipeline.py \
	bindings/python/weir/py.typed bindings/python/weir/queue.py bindings/python/weir/report.py \
	bindings/python/weir/stage.py
