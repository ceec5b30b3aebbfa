# The search for parameters: `make tune RATINGS=FILE` tries TRIALS drawn sets for every model, the default among them,
# and leaves the best in OUT/all/tuned.mk for `make cv TUNED=…`. With NESTED=1 it searches within the training data of
# every fold of OUT instead, and the next `make cv` of that OUT uses what was found there, so that nothing of a fold's
# test is seen. Every model gets the same number of trials. What was tried before is not tried again.

TRIALS ?= 20
TUNE   ?= $(from_file)

# Usage, in a recipe: $(check_tuned), which refuses a TUNE that names what nobody can search.
check_tuned = $(call refuse,$(patsubst %,% has nothing to search: see pipelines/tune.mk,$(firstword $(foreach m,$(TUNE),$(if $($(m).predict.space)$($(m).rank.space),,$(m))))),TUNE)

# What is searched: lists of values in ascending order.
user.predict.space ?= --neighbours 100,300,1000 --shrink 10,30,100,300 --voters 10,20,30,60,120 --damping 0,0.1,0.3,1 --amplify 0.7,1,1.4
user.rank.space    ?= --neighbours 20,50,100,200 --shrink 0,5,20 --amplify 1,1.5,2
item.predict.space ?= $(user.predict.space)
item.rank.space    ?= $(user.rank.space)
mf.predict.space    ?= --factors 8,16,32,64 --sweeps 12,24,48
svd++.predict.space ?= --factors 8,16,32,64 --sweeps 16,32,64 --tau 0.3,1,3,10 --attributes 0,0.1,0.2,0.4
gibbs.predict.space ?= --factors 15,31,47 --sweeps 100,200,400
ease.rank.space     ?= --lambda 30,60,125,250,500,1000,2000 --power 0,0.12,0.25,0.5 --dropout 0,0.1,0.25,0.5
ials.rank.space     ?= --factors 32,64,128,256 --lambda 1,2,4,8,16,32 --alpha 0.03,0.1,0.3,1 --sweeps 8,12,16

matrix = @MATRIX@
tune_cells = $(if $(NESTED),$(cells),$(OUT)/all)
tuned_by   = $(foreach m,$(TUNE),$(foreach t,$(if $(implicit),,predict) rank,$(if $(and $($(m).$(t)),$($(m).$(t).space)),$(m).$(t))))
trial_jobs = $(foreach c,$(tune_cells),$(foreach p,$(tuned_by),$(foreach n,$(shell seq 0 $(TRIALS)),$(call lines,pipelines/trial $(c) $(subst .,,$(basename $(p))) $(subst .,,$(suffix $(p))) $(n) $(SEED) '$(subst @MATRIX@,$(c)/inner-1/matrix.rs,$($(p)))' '$($(p).space)'))))
choices    = $(foreach p,$(tuned_by),$(call lines,$(basename $(p))|$(subst .,,$(suffix $(p)))|$(subst @MATRIX@,$$(matrix),$($(p)))|$($(p).space)))

.PHONY: tune search
tune: programs ## search each model's parameters: RATINGS=FILE [OUT=DIR TRIALS=N TUNE="…" NESTED=1]
	$(if $(RATINGS),,$(error RATINGS=FILE is missing: which ratings?))$(call check,RATINGS)$(call check_number,TRIALS 1)$(check_tuned)
	$(Q)$(MAKE) -s --no-print-directory search
search: private JOBS_1 = $(call cell_jobs,$(tune_cells))
search: private JOBS_2 = $(trial_jobs)
search: private JOBS_3 =
search: private export CHOICES = $(choices)
search: $(tune_cells:%=%/train.rs)
	$(Q)$(run_jobs)
	$(Q)for cell in $(tune_cells); do echo "$$cell:"; printf '%s' "$$CHOICES" | sed 's/^ *//' | pipelines/choose $$cell; done
