# confab; `make help` lists the targets.

BUILD ?= release
V ?= 0
O := build/$(BUILD)

CC := $(if $(filter fuzz,$(BUILD)),clang-14,gcc)
CFLAGS_WARN := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion \
	-Wshadow -Wvla -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings \
	-Wundef -Wstrict-prototypes -Wold-style-definition -Wmissing-prototypes \
	-Wredundant-decls -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference \
	-Wformat-signedness -Wlogical-op -Wduplicated-cond -Wduplicated-branches \
	-Warith-conversion -Werror
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	-fstack-clash-protection -fcf-protection=full -fno-strict-overflow -fPIE
LDFLAGS_release := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed
CFLAGS_debug := -O0 -g3
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
LDFLAGS_asan := -fsanitize=address,undefined
CFLAGS_cover := -O0 -g --coverage -fprofile-update=atomic
LDFLAGS_cover := --coverage
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
	-fsanitize=fuzzer-no-link,address,undefined -Wno-unknown-warning-option
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

CFLAGS := $(CFLAGS_WARN) $(CFLAGS_$(BUILD)) -D_GNU_SOURCE -MMD -MP -Ilib -I. \
	-isystem /usr/include/postgresql
# A program loads only the libraries that it uses.
LDFLAGS := -Wl,--as-needed $(LDFLAGS_$(BUILD))
LIBS := -lfcgi -lpq -ljson-c -lsodium -lssl -lcrypto -licuuc

# The rooms of lib/, lowest first; tools/check holds the table of allowed includes.
LIB := $(addprefix base/, address_budget beside buf command_line config crypto error file hex json json_peek logger \
	metrics nearest option_kind port program rate state utf8 uuid version xalloc) \
	$(addprefix event/, acceptor instance listener loop service) \
	$(addprefix pg/, async conn conninfo result schema sync) \
	$(addprefix text/, command_id entities escape html marks sanitise tag url visible) \
	$(addprefix web/, answer content_type fastcgi head multipart overflow prefork request request_id shares \
	strangers worker) \
	$(addprefix auth/, identity jwt jwt_keys login origin provider_jwt provider_remote_user provider_token query \
	requirements) \
	$(addprefix log/, cursor deletions dispatch fence selftest tail window witness) \
	$(addprefix hub/, admission form hub liveness opener opening replayer report roster signal stream transport \
	turns withdraw)
# The objects of each program besides its main().
COMMAND := command command_table envelope rest rest_form server traffic
EVENTS := cgi connection poll report sse
LOGIN := ask log_in mail password
MEDIA := download examine filename filetype store upload
PREVIEW := jpeg png preview sandbox size type webp
BRIDGE := command_client direct frame handshake link reader socket socket_command socket_pace talk tls
JWKS := fetch key list
PROGRAMS := confab confab-jwks confab-command confab-session confab-events confab-bridge confab-media confab-preview

# The place in which tools/setup puts Node.js when the system's is too old for the tests.
export PATH := $(CURDIR)/tests/.node/bin:$(PATH)

PORT ?= 8080
DEMO_DIR ?= .demo

Q := $(if $(filter 1,$(V)),,@)
say = @printf '  %-4s %s\n' $(1) $(2)

all: $(PROGRAMS:%=$(O)/%)

$(O)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(O)/lib/base/version.o: CFLAGS += -DCONFAB_VERSION='"$(file < VERSION)"'
$(O)/lib/base/version.o: VERSION

$(O)/libconfab.a: $(LIB:%=$(O)/lib/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

link = $(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

$(O)/confab: LIBS += -licui18n
$(O)/confab: $(O)/tools/confab.o $(O)/tools/confab_names.o \
		$(O)/tools/confab_operate.o $(O)/tools/confab_upgrade.o $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-jwks: LIBS += -lcurl
$(O)/confab-jwks: $(O)/tools/jwks/main.o $(JWKS:%=$(O)/tools/jwks/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-command: $(O)/fcgi/command/main.o $(COMMAND:%=$(O)/fcgi/command/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-session: $(O)/fcgi/login/main.o $(LOGIN:%=$(O)/fcgi/login/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-events: $(O)/fcgi/events/main.o $(EVENTS:%=$(O)/fcgi/events/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-bridge: $(O)/ws-bridge/main.o $(BRIDGE:%=$(O)/ws-bridge/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link) -lwslay
$(O)/confab-media: $(O)/fcgi/media/main.o $(MEDIA:%=$(O)/fcgi/media/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-preview: LIBS := -lmagic -ljpeg -lpng -lwebp -lseccomp
$(O)/confab-preview: $(PREVIEW:%=$(O)/preview/%.o) $(addprefix $(O)/lib/base/, buf.o command_line.o logger.o \
		version.o xalloc.o)
	$(call say,LD,$@)
	$(link)

# Each unit test is its own program, linked with the library and the objects of the programs.
$(O)/libprograms.a: $(COMMAND:%=$(O)/fcgi/command/%.o) $(MEDIA:%=$(O)/fcgi/media/%.o) $(BRIDGE:%=$(O)/ws-bridge/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
UNIT := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/*_test.c))
$(O)/tests/unit/%_test: $(O)/tests/unit/%_test.o $(O)/libprograms.a $(O)/libconfab.a
	$(call say,LD,$@)
	$(link) -lcmocka $(LIBS_$(@F))
LIBS_preview_test := -ljpeg -lpng -lwebp
LIBS_replay_test := -lwslay
$(O)/tests/unit/preview_test: | $(O)/confab-preview

# The torture test of the log reads with a tail that can be broken on purpose.
TORTURE := bail chance database ledger reader torture trouble writer
$(O)/tests/log/tail.o: lib/log/tail.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -DTAIL_VARIANTS -c -o $@ $<
$(O)/tests/log/torture: $(TORTURE:%=$(O)/tests/log/%.o) $(O)/tests/log/tail.o $(O)/libconfab.a
	$(call say,LD,$@)
	$(link) -pthread

# A clock that jumps, for the programs of the fault suite.
$(O)/tests/faults/clock.so: tests/faults/clock.c
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_WARN) -D_GNU_SOURCE -O2 -fPIC -shared -o $@ $<

# The targets of the fuzz tests for parsers of hostile bytes: with inputs that clang's libFuzzer searches for, and with
# the kept ones.
PARSERS := $(addprefix lib/base/, buf error file hex json json_peek logger utf8 uuid xalloc) \
	$(addprefix lib/text/, command_id entities escape html marks sanitise tag url) \
	$(addprefix lib/auth/, jwt jwt_keys query) \
	lib/log/cursor lib/web/fastcgi lib/web/head fcgi/command/envelope lib/web/multipart \
	ws-bridge/frame ws-bridge/handshake ws-bridge/reader
TARGETS := cursor envelope fastcgi frames handshake jwt multipart query richtext utf8 uuid
CHECKS := $(TARGETS:%=$(O)/tests/fuzz/%_target.o) $(O)/tests/fuzz/grammar.o \
	$(O)/tests/fuzz/base64url.o $(O)/tests/fuzz/target.o
$(O)/tests/unit/sanitise_test: $(O)/tests/fuzz/grammar.o
$(O)/tests/unit/jwt_test: $(O)/tests/fuzz/base64url.o
$(O)/tests/unit/replay_test: $(CHECKS)
$(O)/tests/fuzz/%_fuzzer.o: tests/fuzz/libfuzzer.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -DTARGET=target_$* -c -o $@ $<
$(O)/tests/fuzz/%_fuzzer: $(O)/tests/fuzz/%_fuzzer.o $(CHECKS) $(PARSERS:%=$(O)/%.o)
	$(call say,LD,$@)
	$(link) -lwslay
fuzzers: $(TARGETS:%=$(O)/tests/fuzz/%_fuzzer)

# Programs that the JavaScript tests run.
$(O)/tests/richtext/clean: $(O)/tests/richtext/clean.o $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)

# Programs that measurements run: many clients in one process, and the lower bound of delivery.
SWARM := swarm swarm_client swarm_orders
$(O)/bench/swarm: $(SWARM:%=$(O)/bench/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/bench/bare: $(O)/bench/bare.o $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)

help:
	@echo 'make              build the programs (BUILD=release, debug or asan; V=1 shows the commands)'
	@echo 'make demo         a running chat at http://127.0.0.1:8080/chat/ (PORT=, DEMO_DIR=)'
	@echo 'make demo-reset   forget the demo'\''s data'
	@echo 'make test         everything that shows that it works (BUILD=asan, TESTS="FILE ...")'
	@echo 'make test-faults  one thing after the other is broken, for an hour (FAULTS="NAME ...", ROUNDS=10)'
	@echo 'make test-servers  each web server, plain and behind HAProxy; the table in docs/web-servers.md'
	@echo 'make test-package  the package in a bare Debian, behind each web server (as root)'
	@echo 'make test-fresh    the commands of README.md on a bare Debian (SUITE=bookworm; as root)'
	@echo 'make test-postgres the schema and the log on PostgreSQL 16, 17 and 18 (VERSIONS="18.4.0")'
	@echo 'make torture      the reading rule of the log, for long (SECONDS=600)'
	@echo 'make check        style, layers, documentation of options'
	@echo 'make coverage     how much of each room the tests reach (TESTS="FILE ...")'
	@echo 'make bench        measurements'
	@echo 'make fuzz         looks for input that breaks a parser (SECONDS=60 each, TARGETS="richtext ...")'
	@echo 'make setup        install the packages that make demo needs'
	@echo 'make bundles      the page and the library as few small files, for make install (needs Node.js)'
	@echo 'make deb          a package for Debian and Ubuntu, in build/'
	@echo 'make schema       sql/schema.sql anew, after a change in sql/upgrades'
	@echo 'make screenshots  the pictures in docs/'
	@echo 'make install      programs, SQL, page and configuration (PREFIX=/usr/local, DESTDIR=)'
	@echo 'make clean        remove what was built'

setup:
	@tools/setup demo

# Built in a second make: the headers it needs may have been installed by the first.
demo: setup
	@$(MAKE) --no-print-directory -s -j$$(nproc) all V=$(V)
	@BUILD=$(BUILD) PORT='$(PORT)' DEMO_DIR='$(DEMO_DIR)' exec tools/demo
demo-reset:
	@DEMO_DIR='$(DEMO_DIR)' tools/demo reset

test:
	@tools/setup test
	@$(MAKE) --no-print-directory -j$$(nproc) all unit V=$(V)
	@BUILD=$(BUILD) tests/run
unit: $(UNIT) $(O)/tests/richtext/clean $(O)/tests/log/torture $(O)/tests/faults/clock.so

# What make test does in short form, with every row, and the table of figures.
test-servers:
	@tools/setup test
	@$(MAKE) --no-print-directory -j$$(nproc) all V=$(V)
	@BUILD=$(BUILD) SERVERS_PAGE=$(CURDIR)/docs/web-servers.md TESTS=tests/http/webserver.test.mjs tests/run
	@sed -n '/^<!-- made by/,/^<!-- end/p' docs/web-servers.md

# Repeated faults for a long time: FAULTS="NAME ...", ROUNDS=10.
test-faults:
	@tools/setup test
	@$(MAKE) --no-print-directory -j$$(nproc) all $(O)/tests/faults/clock.so V=$(V)
	@BUILD=$(BUILD) CONFAB_DIR=$(CURDIR)/$(O)/test-faults node tests/faults/run.mjs

# Under another name, because SECONDS is a variable of the shell.
torture: SECONDS ?= 600
torture:
	@tools/setup test
	@$(MAKE) --no-print-directory -j$$(nproc) all unit V=$(V)
	@env -u SECONDS BUILD=$(BUILD) TORTURE_SECONDS=$(SECONDS) tests/log/torture.test

check:
	@tools/setup check
	@$(MAKE) --no-print-directory -j$$(nproc) all V=$(V)
	@BUILD=$(BUILD) tools/check

# Test coverage of each room. The programs run as another user, who must be able to write beside the objects.
coverage: export COVERAGE := $(CURDIR)/build/coverage
coverage:
	@tools/setup test
	@rm -rf build/coverage && mkdir -p build && find build -name '*.gcda' -delete
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=cover all unit V=$(V)
	@chmod -R a+rwX build/cover
	@BUILD=cover tests/run || echo 'some tests failed; what they reached counts all the same'
	@node tools/coverage.mjs build/coverage build/cover

bench:
	@tools/setup bench
	@$(MAKE) --no-print-directory -j$$(nproc) all $(O)/bench/swarm $(O)/bench/bare V=$(V)
	@BUILD=$(BUILD) bench/run

fuzz: SECONDS ?= 60
fuzz:
	@tools/setup fuzz
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=fuzz fuzzers V=$(V)
	@env -u SECONDS tests/fuzz/run $(SECONDS) $(TARGETS)

# The page, the library and the widget as a few minified files. `make install` installs these if they were built,
# otherwise the modules as written, which need nothing but a web server.
BUNDLED := build/htdocs
PAGE ?= $(if $(wildcard $(BUNDLED)/index.html),$(BUNDLED),htdocs)
$(BUNDLED)/index.html: tools/bundle.mjs $(shell find htdocs -type f ! -path '*/types/*')
	$(call say,JS,$(@D))
	$(Q)node tools/bundle.mjs $(@D)
bundles:
	@tools/setup bundles
	@$(MAKE) --no-print-directory $(BUNDLED)/index.html V=$(V)

# The schema that results from the upgrades.
schema: all
	@dir=$$(mktemp -d) && STACK_FSYNC=off tools/stack database $$dir && \
		{ echo '-- What the upgrades add up to; made by make schema, compared by tests/upgrade.test.'; \
		tools/stack schema $$dir; } >sql/schema.sql; tools/stack stop $$dir; rm -rf $$dir

screenshots:
	@tools/setup test
	@$(MAKE) --no-print-directory -j$$(nproc) all V=$(V)
	@BUILD=$(BUILD) tools/screenshots

PREFIX ?= /usr/local
SHARE := $(DESTDIR)$(PREFIX)/share/confab
LIBEXEC := $(DESTDIR)$(PREFIX)/lib/confab
MAN := $(DESTDIR)$(PREFIX)/share/man
# The configuration: of the machine, or of an installation below a folder of somebody's own.
ETC ?= $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)/confab
# Values of @NAME@ in the samples: the paths of an ordinary machine with one site, named confab.
FILL := sed -e 's,@CONF@,$(ETC)/confab.conf,g' -e 's,@BIN@,$(PREFIX)/bin,g' -e 's,@ETC@,$(ETC),g' \
	-e 's,@HTDOCS@,$(PREFIX)/share/confab/htdocs,g' \
	-e 's,@RUN@,/run/confab/confab,g' -e 's,@MEDIA@,/var/lib/confab/confab/media,g' -e 's,@SITE@,confab,g' \
	-e 's,@MOUNT@,/chat/,g' -e 's,@MESSAGING@,/messaging/,g' \
	-e 's,@INTERNAL@,/confab-media/,g' \
	-e 's,@LISTEN@,*:443,g' -e 's,@CERTIFICATE@,/etc/haproxy/site.pem,g' -e 's,@WEB@,127.0.0.1:80,g'

install: all $(filter $(BUNDLED)/%,$(PAGE)/index.html)
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(LIBEXEC)/Confab/Check $(SHARE)/conf $(SHARE)/systemd $(SHARE)/templates
	$(Q)install -d $(DESTDIR)$(ETC)
	$(Q)install -d $(MAN)/man1 $(MAN)/man5 $(MAN)/man8
	$(Q)install $(PROGRAMS:%=$(O)/%) $(DESTDIR)$(PREFIX)/bin
	$(Q)install tools/site/setup tools/site/check tools/site/programs $(LIBEXEC)
	$(Q)install -m 644 tools/site/Confab/*.pm $(LIBEXEC)/Confab
	$(Q)install -m 644 tools/site/Confab/Check/*.pm $(LIBEXEC)/Confab/Check
	$(Q)install -m 644 conf/*.conf.in $(SHARE)/templates
	$(Q)rm -rf $(SHARE)/sql $(SHARE)/htdocs
	$(Q)cp -R sql $(SHARE)
	$(Q)cp -R $(PAGE) $(SHARE)/htdocs
	$(Q)rm -rf $(SHARE)/sql/tests $(SHARE)/htdocs/types
	$(Q)for s in 1 5 8; do install -m 644 docs/man/*.$$s $(MAN)/man$$s || exit; done
	$(Q)install -m 644 conf/confab.conf $(SHARE)/conf/confab.conf
	$(Q)install -m 644 conf/prometheus-alerts.yml $(SHARE)/conf/prometheus-alerts.yml
	$(Q)for s in nginx apache apache-fcgid caddy haproxy; do \
		$(FILL) conf/$$s.conf.in >$(SHARE)/conf/$$s.conf || exit; done
	$(Q)sed -n '/^# confab$$/,$$p' conf/lighttpd.conf.in | $(FILL) >$(SHARE)/conf/lighttpd.conf
	$(Q)cd conf/systemd && for f in *; do $(FILL) $$f >$(SHARE)/systemd/$$f || exit; done
	$(Q)chmod -R a+rX,u+w,go-w $(SHARE)
	$(Q)[ -e $(DESTDIR)$(ETC)/confab.conf ] || install -m 640 conf/confab.conf $(DESTDIR)$(ETC)
	@echo 'installed below $(DESTDIR)$(PREFIX); docs/install.md says how to go on'

# A package for Debian and Ubuntu: build/confab_VERSION_ARCH.deb.
deb: bundles
	@tools/setup deb
	@tools/package

test-postgres: all
	@tools/setup test
	@tests/postgres/run $(VERSIONS)

# OLDER is a package to upgrade from; by default that of the commit in tests/package/older.
test-package: deb
	@tools/setup package
	@tests/package/run build/confab_$(shell cat VERSION)_$$(dpkg --print-architecture).deb '$(ROOT)' \
		"$${OLDER:-$$(tests/package/older)}"

test-fresh:
	@tools/setup package
	@tests/package/fresh

clean:
	rm -rf build

.SECONDARY:
.PHONY: all unit fuzzers help setup demo demo-reset test test-faults test-servers torture check coverage bench fuzz \
	bundles schema screenshots install deb test-package test-postgres test-fresh clean
-include $(wildcard $(O)/*/*.d $(O)/*/*/*.d)
