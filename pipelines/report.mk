# The report: one HTML page on the data, the models, and what is best for whom (`make report`).
#
# A comparison (cv.mk) -> OUT/report/*.csv, *.svg -> OUT/report.html, OUT/report.md
#
# It is to be there soon: three folds unless FOLDS says otherwise, QUICK models unless QUICK= does, and lists of the hybrid on
# all ratings that need nothing but what ranks.

report_folds = $(if $(filter command environment,$(firstword $(origin FOLDS))),$(FOLDS),3)
report_quick = $(if $(filter command environment,$(firstword $(origin QUICK))),$(QUICK),1)
quickly = FOLDS=$(report_folds) QUICK=$(report_quick) LISTS=1

.PHONY: report report-lists report-page
report: programs ## one HTML page of the data, the models and who is served best by what: RATINGS=FILE [ITEMS= USERS= OUT=DIR …]
	$(if $(RATINGS)$(and $(TRAIN),$(TEST)),,$(error RATINGS=FILE is missing: which ratings?))$(call check,$(if $(RATINGS),RATINGS,TRAIN TEST))
	$(Q)$(MAKE) -s --no-print-directory $(if $(RATINGS),cv,holdout) $(quickly)
	$(if $(RATINGS),$(Q)$(MAKE) -s --no-print-directory report-lists $(quickly))
	$(Q)$(MAKE) -s --no-print-directory report-page $(quickly)

# The hybrid's lists on all ratings. What it is made of is known once there are ratings: counts are not predicted.
report-lists:
	$(if $(and $(filter hybrid,$(MODELS)),$(hybrid.rank.parents)),$(Q)$(MAKE) -s --no-print-directory model \
	    'MODELS=$(hybrid.rank.parents) hybrid' hybrid.predict.parents=)

# What blends are made of, whose jobs are theirs as well: user-item=baseline+user+item
empty :=
parents = $(foreach b,$(blending),$(b)=$(subst $(empty) ,+,$(strip $(sort $($(b).predict.parents) $($(b).rank.parents)))))

report-page:
	$(Q)PATH="$(abspath $(bin)):$$PATH" MODELS='$(MODELS)' PLAIN='$(plain)' PARENTS='$(parents)' QUICK='$(QUICK)' \
	    SOURCE="$$(set -- $(call in_shell,$(or $(RATINGS),$(TRAIN))); basename -- "$$1")" CELLS='$(cells)' RANKING='$(ranking)' \
	    pipelines/report/report $(OUT) $(if $(RELEVANT),$(RELEVANT),-) $(scores)
