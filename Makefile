# confab; `make help` lists the targets.

BUILD ?= release
V ?= 0
O := build/$(BUILD)

CC := gcc
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

CFLAGS := $(CFLAGS_WARN) $(CFLAGS_$(BUILD)) -D_GNU_SOURCE -MMD -MP -Ilib \
	-isystem /usr/include/postgresql
LDFLAGS := $(LDFLAGS_$(BUILD))
LIBS := -lfcgi -lpq -ljson-c -lsodium

LIB := buf command config cursor dispatch error fastcgi http hub hub_open hub_replay \
	identity json logger loop pg pgloop prefork query richtext roster secret service stream \
	tail utf8 uuid window xalloc
EVENTS := events held held_poll held_report held_sse
BRIDGE := asker bridge socket
PROGRAMS := confab confab-command confab-session confab-events confab-bridge

PORT ?= 8080
DEMO_DIR ?= .demo

Q := $(if $(filter 1,$(V)),,@)
say = @printf '  %-4s %s\n' $(1) $(2)

all: $(PROGRAMS:%=$(O)/%)

$(O)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(O)/libconfab.a: $(LIB:%=$(O)/lib/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

link = $(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/confab: $(O)/tools/confab.o $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-command: $(O)/fcgi/command.o $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-session: $(O)/fcgi/session.o $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-events: $(EVENTS:%=$(O)/fcgi/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link)
$(O)/confab-bridge: $(BRIDGE:%=$(O)/ws-bridge/%.o) $(O)/libconfab.a
	$(call say,LD,$@)
	$(link) -lwebsockets

# Each unit test is a program of its own.
UNIT := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/*_test.c))
$(O)/tests/unit/%_test: $(O)/tests/unit/%_test.o $(O)/libconfab.a
	$(call say,LD,$@)
	$(link) -lcmocka

help:
	@echo 'make              build the programs (BUILD=release, debug or asan; V=1 shows the commands)'
	@echo 'make demo         a running chat at http://127.0.0.1:8080/chat/ (PORT=, DEMO_DIR=)'
	@echo 'make demo-reset   forget the demo'\''s data'
	@echo 'make test         everything that shows that it works (BUILD=asan, TESTS="FILE ...")'
	@echo 'make check        style, layers, documentation of options'
	@echo 'make bench        measurements'
	@echo 'make setup        install the packages that make demo needs'
	@echo 'make install      programs, SQL, page and configuration (PREFIX=/usr/local, DESTDIR=)'
	@echo 'make clean        remove what was built'

setup:
	@tools/setup demo

# Built in a second make: the headers it needs may have been installed by the first.
demo: setup
	@$(MAKE) --no-print-directory -s -j$$(nproc) all V=$(V)
	@BUILD=$(BUILD) PORT=$(PORT) DEMO_DIR=$(DEMO_DIR) exec tools/demo
demo-reset:
	@DEMO_DIR=$(DEMO_DIR) tools/demo reset

test:
	@tools/setup test
	@$(MAKE) --no-print-directory -j$$(nproc) all unit V=$(V)
	@BUILD=$(BUILD) tests/run
unit: $(UNIT)

check:
	@tools/check

bench: setup
	@$(MAKE) --no-print-directory -j$$(nproc) all V=$(V)
	@BUILD=$(BUILD) bench/run

PREFIX ?= /usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/confab $(DESTDIR)/etc/confab
	install $(PROGRAMS:%=$(O)/%) $(DESTDIR)$(PREFIX)/bin
	cp -r sql htdocs conf $(DESTDIR)$(PREFIX)/share/confab
	[ -e $(DESTDIR)/etc/confab/confab.conf ] || install -m 640 conf/confab.conf $(DESTDIR)/etc/confab

clean:
	rm -rf build

.SECONDARY:
.PHONY: all unit help setup demo demo-reset test check bench install clean
-include $(wildcard $(O)/*/*.d $(O)/*/*/*.d)
