# bash completion for rs-nightly, whose options bash-completion reads from --help
complete -o default -F _longopt rs-nightly
