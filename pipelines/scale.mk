# What each stage costs, fitted to measurements, and what that says of sizes that nobody has measured (`make scale`).
#
# OUT/scale.csv (measured by pipelines/scale/measure) -> OUT/scale.md (fitted by pipelines/scale/fit.awk, checked at a
# size that the fit has not seen). Times are processor seconds, so that a machine with other work to do measures alike.
# pipelines/scale/scale.md is the page of one machine, to be read where there is no time to measure: that takes a quarter of
# an hour.

SCALE_FIT   ?= 1M 10M 25M# numbers of ratings that are fitted
SCALE_CHECK ?= 5M# and one that is held against the fit
scale_out = $(if $(filter command environment,$(firstword $(origin OUT))),$(OUT),build/scale)

.PHONY: scale
scale: programs ## fit the cost of every stage, and foretell it for a billion users: [SCALE_FIT="1M 10M 25M" SCALE_CHECK=5M OUT=DIR]
	@mkdir -p $(scale_out)
	$(Q)$(CC) -O2 -std=c11 -D_GNU_SOURCE -o $(scale_out)/timed pipelines/bench/timed.c
	$(Q)PATH="$(abspath $(bin)):$$PATH" pipelines/scale/measure $(scale_out) '$(SCALE_FIT)' '$(SCALE_CHECK)'
	$(Q)awk -v check='$(SCALE_CHECK)' -f pipelines/scale/fit.awk $(scale_out)/scale.csv > $(scale_out)/scale.md.tmp
	$(Q)mv $(scale_out)/scale.md.tmp $(scale_out)/scale.md
	@cat $(scale_out)/scale.md
