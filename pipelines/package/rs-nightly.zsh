#compdef rs-nightly
# The options are read from --help.
_arguments -- '*=FILE*:file:_files' '*=DIR*:folder:_files -/'
