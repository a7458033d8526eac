# The manual.

dist_man_MANS = \
	man/weir.7 \
	man/weir.hpp.3 \
	man/weir_async.3 \
	man/weir_closable_queue.3 \
	man/weir_command.3 \
	man/weir_deadline.3 \
	man/weir_executor.3 \
	man/weir_future.3 \
	man/weir_nats.3 \
	man/weir_nats.7 \
	man/weir_patterns.7 \
	man/weir_pipeline.3 \
	man/weir_port.3 \
	man/weir_process.3 \
	man/weir_report.3 \
	man/weir_select.3 \
	man/weir_signals.3 \
	man/weir_status.3 \
	man/weir_stoppable_worker.3 \
	man/weir_task_group.3 \
	man/weir_tuning.7 \
	man/weir_version.3
EXTRA_DIST += man/aliases man/types.awk man/weir-make-photos.1 man/weir-thumbs.1
if HAVE_IMAGE_PIPELINE
dist_man_MANS += man/weir-thumbs.1
endif

# The pages of the types, made from the headers.
man/types/stamp: man/types.awk $(weirinclude_HEADERS) include/weir/nats.h $(dist_man_MANS)
	rm -rf man/types && $(MKDIR_P) man/types
	LC_ALL=C $(AWK) -v man="$(top_srcdir)/man" -v out=man/types -f "$(top_srcdir)/man/types.awk" \
	  "$(top_srcdir)"/include/weir/*.h
	: >$@
all-local: man/types/stamp

# Each function has its page by its own name: a line of man/aliases is a name and the page that it is a link to.
install-data-hook: man/types/stamp
	for page in man/types/*.3; do $(INSTALL_DATA) "$$page" "$(DESTDIR)$(man3dir)" || exit 1; done
	cd "$(DESTDIR)$(man3dir)" && while read -r alias page; do \
	  rm -f "$$alias" && $(LN_S) "$$page" "$$alias" || exit 1; \
	done <"$(abs_top_srcdir)/man/aliases"
uninstall-hook: man/types/stamp
	for page in man/types/*.3; do rm -f "$(DESTDIR)$(man3dir)/$${page##*/}"; done
	cd "$(DESTDIR)$(man3dir)" && while read -r alias page; do rm -f "$$alias"; done <"$(abs_top_srcdir)/man/aliases"

# The manual as pages with links between them, html/weir.7.html first.
html-local: man/types/stamp
	@command -v mandoc >/dev/null || { echo "make html needs mandoc" >&2; exit 1; }
	rm -rf html && mkdir html
	for page in "$(top_srcdir)"/man/*.[1-9] man/types/*.3; do \
	  mandoc -T html -O man=%N.%S.html,toc "$$page" >"html/$$(basename "$$page").html" || exit 1; \
	done
	while read -r alias page; do ln -sf "$$page.html" "html/$$alias.html" || exit 1; done <"$(top_srcdir)/man/aliases"
	ln -sf weir.7.html html/index.html
clean-man:
	rm -rf html man/types
.PHONY: clean-man
