# confab: make help

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

clean:
	rm -rf build

.PHONY: all clean
-include $(wildcard $(O)/*/*.d)
