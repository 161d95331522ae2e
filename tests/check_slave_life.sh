#!/bin/sh
# The slaves against a server that the test plays; TAP comes from the program.
exec python3 "${top_srcdir:-..}/tests/support/slave_life.py" "${top_builddir:-.}" "${top_srcdir:-..}"
