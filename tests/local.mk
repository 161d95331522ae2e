# Check units (check_*.cpp), SQL (sql/), end to end (e2e/), benchmarks (bench/). Everything speaks TAP.
TEST_LIBS = $(COMMON_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_frame_range
TESTS += tests/check_frame_range
tests_check_frame_range_SOURCES = tests/check_frame_range.cpp tests/support/check_main.h
tests_check_frame_range_LDADD = $(TEST_LIBS)
