# Check units (check_*.cpp), SQL (sql/), end to end (e2e/), benchmarks (bench/). Everything speaks TAP.
TEST_LIBS = $(COMMON_LIBS) $(CHECK_LIBS)
