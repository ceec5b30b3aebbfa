# The report: one HTML page on the data, the models, and what is best for whom (`make report`).
#
# A comparison (cv.mk) -> OUT/report/*.csv, *.svg -> OUT/report.html, OUT/report.md

.PHONY: report report-page
report: programs ## one HTML page of the data, the models and who is served best by what: RATINGS=FILE [ITEMS= USERS= OUT=DIR …]
	$(if $(RATINGS)$(and $(TRAIN),$(TEST)),,$(error RATINGS=FILE is missing: which ratings?))
	$(Q)$(MAKE) -s --no-print-directory $(if $(RATINGS),cv,holdout)
	$(if $(and $(RATINGS),$(filter hybrid,$(MODELS))),$(Q)$(MAKE) -s --no-print-directory model)
	$(Q)$(MAKE) -s --no-print-directory report-page

# What blends are made of, whose jobs are theirs as well: user-item=baseline+user+item
empty :=
parents = $(foreach b,$(blending),$(b)=$(subst $(empty) ,+,$(strip $(sort $($(b).predict.parents) $($(b).rank.parents)))))

report-page:
	$(Q)PATH="$(abspath $(bin)):$$PATH" MODELS='$(MODELS)' PLAIN='$(plain)' PARENTS='$(parents)' \
	    SOURCE='$(notdir $(firstword $(RATINGS) $(TRAIN)))' \
	    pipelines/report/report $(OUT) $(if $(RELEVANT),$(RELEVANT),-) $(scores)
