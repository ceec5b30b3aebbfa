# What goes out of the house: manual pages, completions, installation, a tarball, a Debian package, and the server in
# one file.

# Manual pages and completions of the programs come from the same tables as --help; those of other sections are
# written, except for the list of programs.
manual     := $(wildcard common/*/*.[578] tools/*.[578] tools/*/*.[578] pipelines/package/*.[578])
pages      := $(tools:%=build/man/man1/%.1) \
              $(foreach page,$(manual),build/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))
completions := $(tools:%=build/completion/bash/%) $(tools:%=build/completion/zsh/_%)
.PHONY: man completion install uninstall static dist deb
man: $(pages) ## write the manual pages to build/man
$(tools:%=build/man/man1/%.1): build/man/man1/%.1: $(bin)/%
	@mkdir -p $(@D)
	$(Q)$< --man > $@.$$$$ && mv $@.$$$$ $@
vpath %.5 $(sort $(dir $(manual)))
vpath %.7 $(sort $(dir $(manual)))
vpath %.8 $(sort $(dir $(manual)))
build/man/man5/%.5: %.5
	@mkdir -p $(@D)
	$(Q)cp $< $@
build/man/man8/%.8: %.8
	@mkdir -p $(@D)
	$(Q)cp $< $@
build/man/man7/%.7: %.7 $(programs)
	@mkdir -p $(@D)
	$(Q)for program in $(tools); do $(bin)/$$program --help | \
	  sed -n '2{s/^\([a-z-]*\): /.It Xr \1 1\n/;p;q}'; done > $@.$$$$.list; \
	  sed -e "/^\.\\\\\" PROGRAMS$$/{r $@.$$$$.list" -e 'd}' $< > $@.$$$$ && mv $@.$$$$ $@ && rm $@.$$$$.list
completion: $(completions) ## write completions for bash and zsh to build/completion
build/completion/bash/%: $(bin)/%
	@mkdir -p $(@D)
	$(Q)$< --completion=bash > $@.$$$$ && mv $@.$$$$ $@
build/completion/zsh/_%: $(bin)/%
	@mkdir -p $(@D)
	$(Q)$< --completion=zsh > $@.$$$$ && mv $@.$$$$ $@

# The nightly run is shell over make: what it needs of this folder lies in share/rs, as it lies here.
house := $(wildcard pipelines/night/*) \
         $(addprefix pipelines/,nightly jobs far/hosts far/slurm far/ssh far/task night.mk cv.mk given.mk cell.mk models.mk)
services := $(wildcard pipelines/package/*.service pipelines/package/*.timer)
target   := $(DESTDIR)$(PREFIX)
share    := $(target)/share
# Debian's packages have zsh/vendor-completions, and their units in /lib.
ZSH_FOLDER  ?= $(PREFIX)/share/zsh/site-functions
UNIT_FOLDER ?= $(PREFIX)/lib/systemd/system
# What lies where, as SOURCE:TARGET.
installed := $(foreach file,$(house),$(file):$(share)/rs/$(file)) \
             $(foreach page,$(pages),$(page):$(page:build/%=$(share)/%)) \
             $(foreach tool,$(tools),$(bin)/$(tool):$(target)/bin/$(tool) \
                 build/completion/bash/$(tool):$(share)/bash-completion/completions/$(tool) \
                 build/completion/zsh/_$(tool):$(DESTDIR)$(ZSH_FOLDER)/_$(tool)) \
             $(foreach unit,$(services),$(unit):$(DESTDIR)$(UNIT_FOLDER)/$(notdir $(unit))) \
             pipelines/package/rs-nightly.bash:$(share)/bash-completion/completions/rs-nightly \
             pipelines/package/rs-nightly.zsh:$(DESTDIR)$(ZSH_FOLDER)/_rs-nightly \
             pipelines/package/sysusers.conf:$(target)/lib/sysusers.d/rs.conf

install: programs man completion ## install under PREFIX (and DESTDIR)
	$(Q)for pair in $(installed); do \
	  install -D -m $$(test -x $${pair%%:*} && echo 755 || echo 644) $${pair%%:*} $${pair#*:} || exit; done
	$(Q)sed -i 's#/usr/local/#$(PREFIX)/#' $(addprefix $(DESTDIR)$(UNIT_FOLDER)/,$(notdir $(services)))
	$(Q)ln -sf ../share/rs/pipelines/nightly $(target)/bin/rs-nightly
uninstall: ## remove what install put there
	rm -f $(foreach pair,$(installed),$(lastword $(subst :, ,$(pair)))) $(target)/bin/rs-nightly
	$(Q)rmdir $(share)/rs/pipelines/far $(share)/rs/pipelines/night $(share)/rs/pipelines $(share)/rs 2>/dev/null || true

# The server for carrying alone.
static: build/static/rs-serve ## the server in one file that needs no library and nothing beside it: build/static/rs-serve
build/static/rs-serve: $(call objects_of,rs-serve) $(obj)/librs.a pipelines/package/no-tls.c pipelines/package/static
	$(if $(V),,@echo "  LINK    $@")
	$(Q)CC='$(CC)' pipelines/package/static $@ $(filter %.c %.o %.a,$^)

dist: ## a tarball of what is committed, in build/dist; the same bytes whenever it is made
	@pipelines/package/dist build/dist $(or $(patsubst v%,%,$(shell git describe --tags --always 2>/dev/null)),$(version))
deb: ## a Debian package of what is built, in build/deb
	@rm -rf build/deb/root
	$(Q)$(MAKE) -s --no-print-directory install DESTDIR=build/deb/root PREFIX=/usr \
	  ZSH_FOLDER=/usr/share/zsh/vendor-completions UNIT_FOLDER=/lib/systemd/system
	@pipelines/package/deb build/deb $(version)
