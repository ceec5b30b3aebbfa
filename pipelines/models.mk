# The models that a comparison runs, and how each is made from a matrix.
#
# NAME.predict and NAME.rank are commands that read the cell's matrix ($(matrix)) and write the file $@ with
# which the model predicts ratings and ranks; a model without one does not do that. Those that need
# no file are in `plain`; those that combine others in `blends`. All can be set on make's command line. With QUICK=1 what
# takes longest takes a third and less: on a part of ml-latest-small RMSE .7734 of gibbs instead of .7722, .8184 of svd++
# instead of .8191, NDCG@10 of ials the same.

plain  := random popular global-mean user-mean item-mean baseline
blends := user-item hybrid

MODELS ?= $(plain) user item mf svd++ gibbs ease ials $(blends)

# With FROM=DIR factors go on from those of the same model in that model folder, nearly all of whose ratings are among
# these, in as few sweeps as that takes: a number of them in a command, tuned or QUICK, is for a fit from the beginning.
# The command that makes model $(1) for task $(2):
FROM ?=
command_of = $(if $(call can_go_on,$($(1).$(2))),$(call unswept,$($(1).$(2))) --from $(FROM)/$(1).$(2) --from-matrix $(FROM)/matrix.rs,$($(1).$(2)))
can_go_on  = $(and $(FROM),$(filter rs-factor,$(1)),$(filter gibbs svd++ mf ials,$(1)))
unswept    = $(filter-out --sweeps@%,$(subst --sweeps ,--sweeps@,$(strip $(1))))
if_quick   = $(if $(QUICK),$(if $(FROM),,$(1)))

user.predict ?= rs-sim $(matrix) --side user --metric pearson-baseline --neighbours 300
user.rank    ?= rs-sim $(matrix) --side user --metric cosine --over full --neighbours 50
item.predict ?= rs-sim $(matrix) --side item --metric pearson-baseline --neighbours 300
item.rank    ?= rs-sim $(matrix) --side item --metric cosine --over full --neighbours 50

gibbs.predict ?= rs-factor $(matrix) --method gibbs $(call if_quick,--chains 1 --sweeps 96)
svd++.predict ?= rs-factor $(matrix) --method svd++ $(call if_quick,--max-set 1024)
mf.predict   ?= rs-factor $(matrix) --method mf
ease.rank    ?= rs-factor $(matrix) --method ease
ials.rank    ?= rs-factor $(matrix) --method ials $(call if_quick,--sweeps 6)

# What a blend is made of. The hybrid takes everything that knows something. To rank it also takes expected ratings,
# of the first of svd++ and mf that is there, which have them of all items as fast as others rank: what a user would choose
# and how much it would be liked are two questions. On MovieLens 100K (20 % of each user's ratings left out, five seeds)
# NDCG@10 is .4060 with svd++ and .4001 without, precision@10 .2905 and .2863.
user-item.predict.parents = $(if $(implicit),,baseline user item)
user-item.rank.parents    := user item

known := $(filter-out $(blends),$(MODELS))
hybrid.predict.parents = $(if $(implicit),,$(sort baseline $(filter-out random popular global-mean,$(filter $(predicting),$(known)))))
hybrid.rank.parents    = $(sort $(filter-out random global-mean user-mean item-mean baseline,$(filter $(ranking),$(known))) \
                                $(firstword $(filter $(known),$(if $(implicit),,svd++ mf))))

# Counts hold no ratings to predict: of implicit feedback, which the header of the ratings tells, models only
# rank. Around the cells this is asked when it is needed, since the ratings are made first.
find_implicit = $(shell { head -qc 4096 $(CELL:%=%/train.rs) $(OUT:%=%/ratings.rs) $(OUT:%=%/fold-1/train.rs) \
                2>/dev/null || true; } | LC_ALL=C grep -qa 'feedback.implicit' && echo yes)
ifdef CELL
implicit := $(find_implicit)
else
implicit = $(find_implicit)
endif

# Which of the models do what.
from_file  := $(filter-out $(plain) $(blends),$(MODELS))
predicting = $(if $(implicit),,$(filter-out popular,$(filter $(plain),$(MODELS))) \
              $(foreach m,$(from_file),$(if $($(m).predict),$(m))) $(filter $(blends),$(MODELS)))
ranking    := $(filter $(plain),$(MODELS)) \
              $(foreach m,$(from_file),$(if $($(m).rank),$(m))) $(filter $(blends),$(MODELS))
