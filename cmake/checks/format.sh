#!/bin/bash
# Every C++ file of ours is as clang-format would write it.
git ls-files -z --cached --others --exclude-standard '*.h' '*.cpp' | xargs -0 -r -P 2 -n 40 clang-format --dry-run --Werror
